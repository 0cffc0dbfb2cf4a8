//! `/r/TOKEN` and below: what a machine tells of its attempt. That it is up or done is durable before it is acknowledged.
//!
//! Only the attempt that counts may tell anything: one that has ended, that was superseded, that is not known, or that is
//! another machine's is refused, recorded and shown.

use super::{Handler, attempts::Attempt, files::unknown_token, refused::refuse, script::still_waits};
use crate::{context::now, lifecycle::Subject};
use axum::{
    body::Bytes,
    extract::{ConnectInfo, Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use firstlight_boot::BootSet;
use firstlight_plan::{Input, Stage};
use firstlight_state::{Event, NotChanged, What, Who};
use std::net::SocketAddr;

/// How much of the machine's message is kept.
const MESSAGE_LIMIT: usize = 1024;

/// `POST /r/TOKEN`: it is up, or its install is done.
pub(super) async fn reported(
    State(handler): State<Handler>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Path(token): Path<String>,
    body: Bytes,
) -> Response {
    let attempt = match handler.own(&token, "report", from) {
        Ok(attempt) => attempt,
        Err(refusal) => return *refusal,
    };
    let input = Input::Reported(attempt.id.clone());
    let what = What::Reported { attempt: attempt.id.clone(), message: message(&body) };
    handler.told(from, &attempt, "report", input, what, "welcome\n").await
}

/// `POST /r/TOKEN/progress`: how far it has come, for the timeline.
pub(super) async fn progress(
    State(handler): State<Handler>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Path(token): Path<String>,
    body: Bytes,
) -> Response {
    let attempt = match handler.own(&token, "progress", from) {
        Ok(attempt) => attempt,
        Err(refusal) => return *refusal,
    };
    let Some(message) = message(&body) else {
        return (StatusCode::BAD_REQUEST, "the body is empty: expected a line of text\n").into_response();
    };
    let what = What::Progress { attempt: attempt.id.clone(), message };
    handler.told(from, &attempt, "progress", Input::Told(attempt.id.clone()), what, "noted\n").await
}

/// `POST /r/TOKEN/failed`: it failed, and why.
pub(super) async fn failed(
    State(handler): State<Handler>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Path(token): Path<String>,
    body: Bytes,
) -> Response {
    let attempt = match handler.own(&token, "failure", from) {
        Ok(attempt) => attempt,
        Err(refusal) => return *refusal,
    };
    let reason = message(&body).unwrap_or_else(|| "no reason was given".to_owned());
    let what = What::ReportedFailure { attempt: attempt.id.clone(), reason: reason.clone() };
    let input = Input::Failed(attempt.id.clone(), reason);
    handler.told(from, &attempt, "failure", input, what, "noted\n").await
}

/// `GET /r/TOKEN/parked`: whether a parked machine still only waits: `wait SECONDS`; or `boot`, where something else is
/// to be booted now. The longer it has waited, the longer it is told to wait: 30 s to ten minutes.
pub(super) async fn parked(
    State(handler): State<Handler>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Path(token): Path<String>,
) -> Response {
    let attempt = match handler.own(&token, "parking", from) {
        Ok(attempt) => attempt,
        Err(refusal) => return *refusal,
    };
    let set = handler.http.context.boot.load_full();
    let standing = handler.http.lifecycle.standing(&crate::lifecycle::who(&set, &attempt.ask));
    match still_waits(&set, &attempt.ask, &standing) {
        true => format!("wait {}\n", (now().since(standing.since).as_secs() / 4).clamp(30, 600)).into_response(),
        false => "boot\n".into_response(),
    }
}

impl Handler {
    /// The attempt that a token belongs to, where it is the requester's; else the refusal.
    pub(super) fn own(&self, token: &str, name: &str, from: SocketAddr) -> Result<Attempt, Box<Response>> {
        let (_, attempt) = self.attempt(token, name, from).ok_or_else(|| Box::new(unknown_token()))?;
        match self.http.lifecycle.foreign(from.ip(), &attempt.who, attempt.ask.mac) {
            Some(why) => Err(Box::new(self.foreign(from, &format!("{name} for {}", attempt.who), &why))),
            None => Ok(attempt),
        }
    }

    /// Takes in what an attempt tells: first where that leads the machine, then the fact; both are on disk before the
    /// answer leaves.
    pub(super) async fn told(
        &self,
        from: SocketAddr,
        attempt: &Attempt,
        name: &str,
        input: Input,
        what: What,
        answer: &'static str,
    ) -> Response {
        let set = self.http.context.boot.load_full();
        let subject = Subject { who: &attempt.who, ask: &attempt.ask, choice: attempt.choice.as_ref() };
        self.recall(&set, &subject, attempt).await;
        if let Err(error) = self.http.lifecycle.take(&set, &subject, input, now()).await {
            if let NotChanged::Refused(why) = &error {
                self.refused(
                    from.ip(),
                    Some(attempt.ask.mac),
                    &format!("{name} for {}", attempt.who),
                    &why.to_string(),
                );
            }
            return refuse(&error);
        }
        let machine = match &attempt.who {
            Who::Machine(name) => Some(name.clone()),
            Who::Stranger(_) => None,
        };
        let event = Event { at: now(), mac: Some(attempt.ask.mac), machine, what };
        tracing::info!(mac = %attempt.ask.mac, "{}", event.summary());
        let events = self.http.context.events.clone();
        match tokio::task::spawn_blocking(move || events.record_durable(event)).await {
            Ok(Ok(())) => answer.into_response(),
            _ => (StatusCode::SERVICE_UNAVAILABLE, "the report could not be stored: try again\n").into_response(),
        }
    }
}

impl Handler {
    /// That a stranger asked, and waits, is not on disk before it has its script, and may be lost with the server. It was its
    /// last script all the same: its attempt counts again as soon as it tells something.
    async fn recall(&self, set: &BootSet, subject: &Subject<'_>, attempt: &Attempt) {
        let standing = self.http.lifecycle.standing(subject.who);
        let counts = standing.attempt.as_ref().is_some_and(|own| own.id == attempt.id);
        let ordered = !matches!(standing.stage, Stage::Unknown | Stage::Parked);
        if counts || ordered || !subject.who.is_stranger() {
            return;
        }
        if self.http.attempts.is_newest(attempt) && still_waits(set, subject.ask, &standing) {
            let asked = Input::Asked(attempt.id.clone());
            if let Err(error) = self.http.lifecycle.take(set, subject, asked, now()).await {
                tracing::debug!("{}: {error}", subject.who);
            }
        }
    }
}

fn message(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(&body[..body.len().min(MESSAGE_LIMIT)]);
    let text: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    (!text.is_empty()).then_some(text)
}
