//! `/boot.ipxe` and `/boot.grub`: the decision for a machine, as a script. Each one begins an attempt.

use super::{Handler, query::Query};
use crate::context::now;
use axum::{
    extract::{Query as UrlQuery, RawQuery, State},
    http::{Method, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use firstlight_boot::{Ask, BootSet, Decision, Outcome, Token};
use firstlight_plan::Standing;
use firstlight_state::{SCRIPT_KEPT, What};

const NO_RANDOMNESS: &str = "the system has no randomness to give\n";

pub(super) async fn boot(
    State(handler): State<Handler>,
    UrlQuery(query): UrlQuery<Query>,
    RawQuery(asked): RawQuery,
) -> Response {
    let ask = match query.ask() {
        Ok(ask) => ask,
        Err(message) => return (StatusCode::BAD_REQUEST, format!("{message}\n")).into_response(),
    };
    let set = handler.http.context.boot.load_full();
    let choice = query.choice();
    let decision = set.decide(&ask, choice.as_ref(), &Standing::default());
    if decision.machine.is_none() && set.knows_serials() && !query.tells_serial() {
        return text(set.first_script(&handler.network));
    }
    let Some(token) = token() else {
        return (StatusCode::INTERNAL_SERVER_ERROR, NO_RANDOMNESS).into_response();
    };
    let script = match set.script(&ask, &decision, &handler.network, &token) {
        Ok(script) => script,
        Err(error) => {
            tracing::error!(mac = %ask.mac, "the boot script cannot be rendered: {error}");
            return text(set.failed_script(&ask, &handler.network, &error));
        }
    };
    let kept = script.as_deref().map(|script| kept(script, &token)).unwrap_or_default();
    handler.record(&ask, &decision, &token, choice, asked.unwrap_or_default(), kept);
    match script {
        Some(script) => text(script),
        None if query.is_from_script() => text(set.leave_script().to_owned()),
        None => (StatusCode::NOT_FOUND, "nothing to boot from the network: start the local disk\n").into_response(),
    }
}

/// The same for GRUB.
pub(super) async fn boot_by_grub(
    State(handler): State<Handler>,
    UrlQuery(query): UrlQuery<Query>,
    RawQuery(asked): RawQuery,
    method: Method,
) -> Response {
    // GRUB asks for the length of a file first, and then for the file.
    let asked = (method != Method::HEAD).then(|| asked.unwrap_or_default());
    match handler.grub_script(&query, asked) {
        Ok(script) => text(script),
        Err(message) => (StatusCode::BAD_REQUEST, format!("{message}\n")).into_response(),
    }
}

impl Handler {
    /// GRUB's script, which begins an attempt. `asked` is the query as it came in; `None` where only the script's length
    /// matters.
    pub(super) fn grub_script(&self, query: &Query, asked: Option<String>) -> Result<String, String> {
        let ask = query.ask_by_grub()?;
        let set = self.http.context.boot.load_full();
        let choice = query.choice();
        let decision = set.decide(&ask, choice.as_ref(), &Standing::default());
        let token = token().ok_or(NO_RANDOMNESS)?;
        match set.grub_script(&ask, &decision, &self.network, &token) {
            Ok(script) => {
                if let Some(asked) = asked {
                    self.record(&ask, &decision, &token, choice, asked, kept(&script, &token));
                }
                Ok(script)
            }
            Err(error) => {
                tracing::error!(mac = %ask.mac, "the boot script cannot be rendered: {error}");
                Ok(set.failed_grub_script(&error))
            }
        }
    }
}

/// A token of random bits; `None` where the system has none to give.
fn token() -> Option<Token> {
    let (high, low) = (getrandom::u64().ok()?, getrandom::u64().ok()?);
    Some(Token::new(u128::from(high) << 64 | u128::from(low)))
}

fn text(script: String) -> Response {
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], script).into_response()
}

impl Handler {
    fn record(
        &self,
        ask: &Ask,
        decision: &Decision<'_>,
        token: &Token,
        choice: Option<firstlight_boot::Choice>,
        asked: String,
        text: String,
    ) {
        let what = match &decision.outcome {
            Outcome::Park(reason) => {
                if !self.http.attempts.parked_is_news(ask.mac, reason, now()) {
                    return;
                }
                tracing::warn!(mac = %ask.mac, "parked: {reason}");
                What::Parked { reason: reason.clone() }
            }
            outcome => {
                let profile = match outcome {
                    Outcome::Profile(profile) => Some(profile.name.clone()),
                    _ => None,
                };
                tracing::info!(mac = %ask.mac, "boots {}", outcome.summary());
                What::Script {
                    attempt: self.http.attempts.begin(token, ask.clone(), choice),
                    asked,
                    boots: outcome.summary(),
                    profile,
                    reasons: decision.reasons.iter().map(ToString::to_string).collect(),
                    text,
                }
            }
        };
        let machine = decision.machine.map(|machine| machine.name.to_string());
        let event = firstlight_state::Event { at: now(), mac: Some(ask.mac), machine, what };
        self.http.context.events.record(event);
    }
}

/// A script as it is recorded: whoever reads the record cannot report in the machine's name.
fn kept(script: &str, token: &Token) -> String {
    let mut text = script.replace(token.as_str(), Token::placeholder().as_str());
    let end = (0..=text.len().min(SCRIPT_KEPT)).rev().find(|end| text.is_char_boundary(*end));
    text.truncate(end.unwrap_or(0));
    text
}

/// The decision for an attempt, made again from the BootSet of the moment.
pub(super) fn decide_again<'a>(set: &'a BootSet, attempt: &super::attempts::Attempt) -> Decision<'a> {
    set.decide(&attempt.ask, attempt.choice.as_ref(), &Standing::default())
}
