//! `/boot.ipxe` and `/boot.grub`: the decision for a machine, as a script. Each one begins an attempt, and takes the machine
//! further in its life: that is on disk before the script leaves.

use super::{Handler, attempts::id_of, query::Query, refused::refuse};
use crate::{
    context::now,
    lifecycle::{Subject, who},
};
use axum::{
    extract::{ConnectInfo, Query as UrlQuery, RawQuery, State},
    http::{Method, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use firstlight_boot::{Ask, BootSet, Choice, Decision, Outcome, RenderError, Token};
use firstlight_model::Timestamp;
use firstlight_plan::{Boots, Input, Stage, Standing, Transition, step};
use firstlight_site::{Boot, Machine, Profile};
use firstlight_state::{Changed, Leads, NotChanged, Protocol, SCRIPT_KEPT, What, Who};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

const NO_RANDOMNESS: &str = "the system has no randomness to give\n";

/// Who reads the script.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Ipxe,
    Grub,
}

/// A decision and its script; no script where it is "not found" that the machine waits for.
pub(super) type Rendered<'a> = Result<(Decision<'a>, Option<String>), RenderError>;

/// An answer, and the step that it needs first, if any.
struct Prepared<'a> {
    rendered: Rendered<'a>,
    needs: Option<(Input, Standing, Timestamp)>,
}

/// Why there is no script.
pub(super) enum NoScript {
    Foreign(String),
    NoRandomness,
    NotChanged(NotChanged),
}

pub(super) async fn boot(
    State(handler): State<Handler>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    UrlQuery(query): UrlQuery<Query>,
    RawQuery(asked): RawQuery,
    method: Method,
) -> Response {
    if method == Method::HEAD {
        // Whoever only looks must not begin an attempt.
        return (StatusCode::METHOD_NOT_ALLOWED, "a script is asked for with GET\n").into_response();
    }
    let question = match query.ask() {
        Ok(ask) => Question::new(&handler, &query, ask),
        Err(message) => return (StatusCode::BAD_REQUEST, format!("{message}\n")).into_response(),
    };
    let Question { set, ask, who, .. } = &question;
    if who.is_stranger() && set.knows_serials() && !query.tells_serial() {
        return text(set.first_script(&handler.network));
    }
    match question.turn(&handler, Language::Ipxe, from.ip()).answer(asked.unwrap_or_default()).await {
        Ok(Ok(Some(script))) => text(script),
        Ok(Ok(None)) if query.is_from_script() => text(set.leave_script().to_owned()),
        Ok(Ok(None)) => {
            (StatusCode::NOT_FOUND, "nothing to boot from the network: start the local disk\n").into_response()
        }
        Ok(Err(error)) => text(set.failed_script(ask, &handler.network, &error)),
        Err(why) => why.response(),
    }
}

/// The same for GRUB.
pub(super) async fn boot_by_grub(
    State(handler): State<Handler>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    UrlQuery(query): UrlQuery<Query>,
    RawQuery(asked): RawQuery,
    method: Method,
) -> Response {
    let question = match query.ask_by_grub() {
        Ok(ask) => Question::new(&handler, &query, ask),
        Err(message) => return (StatusCode::BAD_REQUEST, format!("{message}\n")).into_response(),
    };
    let turn = question.turn(&handler, Language::Grub, from.ip());
    // GRUB asks for the length of a file first, and then for the file.
    let answer = match method == Method::HEAD {
        true => turn.look(),
        false => turn.answer(asked.unwrap_or_default()).await,
    };
    match answer {
        Ok(Ok(script)) => text(script.unwrap_or_default()),
        Ok(Err(error)) => text(question.set.failed_grub_script(&error)),
        Err(why) => why.response(),
    }
}

impl Handler {
    /// GRUB's script for TFTP, which begins an attempt. Waits for the disk. `asked` is the query as it came in.
    pub(super) fn grub_script(&self, query: &Query, asked: &str, from: IpAddr) -> Option<String> {
        let question = Question::new(self, query, query.ask_by_grub().ok()?);
        match question.turn(self, Language::Grub, from).answer_and_wait(asked.to_owned()).ok()? {
            Ok(script) => script,
            Err(error) => Some(question.set.failed_grub_script(&error)),
        }
    }
}

impl NoScript {
    fn response(self) -> Response {
        match self {
            NoScript::Foreign(why) => (StatusCode::FORBIDDEN, format!("this is not yours: {why}\n")).into_response(),
            NoScript::NoRandomness => (StatusCode::INTERNAL_SERVER_ERROR, NO_RANDOMNESS).into_response(),
            NoScript::NotChanged(error) => refuse(&error),
        }
    }
}

/// A token of random bits.
fn token() -> Result<Token, NoScript> {
    let bits = getrandom::u64().and_then(|high| Ok((high, getrandom::u64()?)));
    let (high, low) = bits.map_err(|_| NoScript::NoRandomness)?;
    Ok(Token::new(u128::from(high) << 64 | u128::from(low)))
}

fn text(script: String) -> Response {
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], script).into_response()
}

/// Who asks for a script, and what was chosen, by the BootSet of the moment.
struct Question {
    set: Arc<BootSet>,
    ask: Ask,
    choice: Option<Choice>,
    who: Who,
}

impl Question {
    fn new(handler: &Handler, query: &Query, ask: Ask) -> Question {
        let set = handler.http.context.boot.load_full();
        Question { who: who(&set, &ask), choice: query.choice(), set, ask }
    }

    fn turn<'q>(&'q self, handler: &'q Handler, language: Language, from: IpAddr) -> Turn<'q> {
        let subject = Subject { who: &self.who, ask: &self.ask, choice: self.choice.as_ref() };
        Turn { handler, set: &self.set, subject, language, from }
    }
}

/// One question for a script, on its way to the answer.
pub(super) struct Turn<'h> {
    pub(super) handler: &'h Handler,
    pub(super) set: &'h BootSet,
    pub(super) subject: Subject<'h>,
    pub(super) language: Language,
    pub(super) from: IpAddr,
}

type Script = Result<Option<String>, RenderError>;

impl<'h> Turn<'h> {
    /// The script as it would be. Nothing changes.
    fn look(&self) -> Result<Script, NoScript> {
        let token = token()?;
        if let Some(script) = self.waits_now(&token, "")? {
            return Ok(Ok(Some(script)));
        }
        Ok(self.foresee(&token)?.0.map(|(_, script)| script))
    }

    /// The script, after the step that it is.
    async fn answer(&self, asked: String) -> Result<Script, NoScript> {
        if let Some(script) = self.repeated(&asked) {
            return Ok(Ok(Some(script)));
        }
        let token = token()?;
        if let Some(script) = self.waits(&token, &asked).await? {
            return Ok(Ok(Some(script)));
        }
        let Prepared { rendered, needs } = self.prepare(&token)?;
        let Some((input, foreseen, now)) = needs else { return Ok(self.tell(rendered, &token, asked)) };
        let made = self.handler.http.lifecycle.take(self.set, &self.subject, input, now).await;
        self.conclude(made, &foreseen, rendered, &token, asked)
    }

    /// The same on a thread that may wait.
    fn answer_and_wait(&self, asked: String) -> Result<Script, NoScript> {
        if let Some(script) = self.repeated(&asked) {
            return Ok(Ok(Some(script)));
        }
        let token = token()?;
        if let Some(script) = self.waits_now(&token, &asked)? {
            return Ok(Ok(Some(script)));
        }
        let Prepared { rendered, needs } = self.prepare(&token)?;
        let Some((input, foreseen, now)) = needs else { return Ok(self.tell(rendered, &token, asked)) };
        let made = self.handler.http.lifecycle.take_and_wait(self.set, &self.subject, input, now);
        self.conclude(made, &foreseen, rendered, &token, asked)
    }

    /// The script that GRUB just was given, where it asks for the same again.
    fn repeated(&self, asked: &str) -> Option<String> {
        let http = &self.handler.http;
        let standing = http.lifecycle.standing(self.subject.who);
        http.attempts.repeats.find(self.subject.ask.mac, (self.from, asked), &standing, now())
    }

    /// Tells the machine what the step has led to.
    fn conclude(
        &self,
        made: Changed,
        foreseen: &Standing,
        rendered: Rendered<'h>,
        token: &Token,
        asked: String,
    ) -> Result<Script, NoScript> {
        let standing = made.as_ref().ok().map(|transition| transition.standing.clone());
        let script = self.tell(self.settle(made, foreseen, rendered, token)?, token, asked.clone());
        if let (Language::Grub, Some(standing), Ok(Some(text))) = (self.language, standing, &script) {
            let repeats = &self.handler.http.attempts.repeats;
            repeats.keep(self.subject.ask.mac, (self.from, &asked), standing, text.clone(), now());
        }
        Ok(script)
    }

    /// Where the question would lead, and the script for there.
    pub(super) fn foresee(&self, token: &Token) -> Result<(Rendered<'h>, Input, Transition, Timestamp), NoScript> {
        let (lifecycle, subject) = (&self.handler.http.lifecycle, &self.subject);
        if let Some(why) = lifecycle.foreign(self.from, subject.who, subject.ask.mac) {
            self.handler.refused(self.from, None, &format!("the script of {}", subject.who), &why);
            return Err(NoScript::Foreign(why));
        }
        let (input, now) = (Input::Asked(id_of(token)), now());
        let standing = lifecycle.standing(subject.who);
        let rules = self.set.rules(subject.ask, subject.choice, &standing);
        let foreseen = step(&standing, &input, &rules, now).map_err(|why| NoScript::NotChanged(why.into()))?;
        Ok((self.render(&foreseen.standing, token), input, foreseen, now))
    }

    /// The script is rendered for where the step will lead before the step is made, so that one that cannot be rendered
    /// uses up no attempt.
    fn prepare(&self, token: &Token) -> Result<Prepared<'h>, NoScript> {
        let (rendered, input, foreseen, now) = self.foresee(token)?;
        let parked = self.subject.who.is_stranger() && foreseen.standing.stage == Stage::Parked;
        match rendered.is_ok() && foreseen.lasting && !parked {
            true => Ok(Prepared { rendered, needs: Some((input, foreseen.standing, now)) }),
            false => {
                if rendered.is_ok() {
                    self.handler.http.lifecycle.take_note(self.set, &self.subject, input, now);
                }
                Ok(Prepared { rendered, needs: None })
            }
        }
    }

    /// Rendered again where something came in between.
    fn settle(
        &self,
        made: Changed,
        foreseen: &Standing,
        rendered: Rendered<'h>,
        token: &Token,
    ) -> Result<Rendered<'h>, NoScript> {
        let made = made.map_err(NoScript::NotChanged)?;
        Ok(if made.standing == *foreseen { rendered } else { self.render(&made.standing, token) })
    }

    fn render(&self, standing: &Standing, token: &Token) -> Rendered<'h> {
        let (ask, network) = (self.subject.ask, &self.handler.network);
        let decision = self.set.decide(ask, self.subject.choice, standing);
        let script = match self.language {
            Language::Ipxe => self.set.script(ask, &decision, network, token)?,
            Language::Grub => Some(self.set.grub_script(ask, &decision, network, token)?),
        };
        Ok((decision, script))
    }

    /// Records what the machine is told.
    fn tell(&self, rendered: Rendered<'_>, token: &Token, asked: String) -> Script {
        match rendered {
            Ok((decision, script)) => {
                self.record(&decision, token, asked, script.as_deref().unwrap_or_default());
                Ok(script)
            }
            Err(error) => {
                self.record_unrendered(&error, &asked);
                Err(error)
            }
        }
    }
}

impl Turn<'_> {
    fn record(&self, decision: &Decision<'_>, token: &Token, asked: String, script: &str) {
        let (http, subject) = (&self.handler.http, &self.subject);
        let what = match &decision.outcome {
            Outcome::Park(reason) => {
                if !self.is_news(reason, &asked) {
                    return;
                }
                tracing::warn!(mac = %subject.ask.mac, "parked: {reason}");
                What::Parked { reason: reason.clone() }
            }
            outcome => {
                let profile = match outcome {
                    Outcome::Profile(profile) => Some(profile.name.clone()),
                    _ => None,
                };
                tracing::info!(mac = %subject.ask.mac, "boots {}", outcome.summary());
                What::Script {
                    attempt: http.attempts.begin(token, subject, profile.clone(), self.from),
                    asked,
                    from: Some(self.from),
                    boots: decision.summary(),
                    leads: leads(decision),
                    profile,
                    reasons: decision.reasons.iter().map(ToString::to_string).collect(),
                    text: kept(script, token),
                }
            }
        };
        self.record_of(decision.machine, what);
    }

    /// A machine that waits asks again and again: that is not recorded each time, but for the first time in each boot.
    pub(super) fn is_news(&self, reason: &str, asked: &str) -> bool {
        let begins =
            matches!(self.language, Language::Ipxe) && !Query::parse(asked).is_some_and(|q| q.is_from_script());
        self.handler.http.attempts.waiting_is_news(self.subject.ask.mac, reason, now()) || begins
    }

    fn record_unrendered(&self, error: &RenderError, asked: &str) {
        let mac = self.subject.ask.mac;
        tracing::error!(%mac, "the boot script cannot be rendered: {error}");
        let reason = format!("it cannot be rendered: {error}");
        if self.is_news(&reason, asked) {
            let name = "the boot script".to_owned();
            let what = What::SendFailed { protocol: Protocol::Http, name, reason };
            self.record_of(self.set.machine_of(self.subject.ask), what);
        }
    }

    fn record_of(&self, machine: Option<&Machine>, what: What) {
        let machine = machine.map(|machine| machine.name.to_string());
        let event = firstlight_state::Event { at: now(), mac: Some(self.subject.ask.mac), machine, what };
        self.handler.http.context.events.record(event);
    }
}

/// What can be expected of a machine that has this script.
fn leads(decision: &Decision<'_>) -> Leads {
    match (&decision.outcome, decision.boots()) {
        (Outcome::Profile(Profile { boot: Boot::Script(_), .. }), _) => Leads::Elsewhere,
        (_, Boots::Disk) => Leads::Disk,
        (_, Boots::Live { reports: false }) => Leads::Silent,
        (_, Boots::Live { reports: true } | Boots::Install(_)) => Leads::System,
        (_, Boots::Elsewhere | Boots::Nothing(_)) => Leads::Elsewhere,
    }
}

/// A script as it is recorded: whoever reads the record cannot report in the machine's name.
fn kept(script: &str, token: &Token) -> String {
    let mut text = script.replace(token.as_str(), Token::placeholder().as_str());
    let end = (0..=text.len().min(SCRIPT_KEPT)).rev().find(|end| text.is_char_boundary(*end));
    text.truncate(end.unwrap_or(0));
    text
}

/// The decision for an attempt: it goes on with the profile that its script named, in the BootSet of the moment.
pub(super) fn decide_again<'a>(set: &'a BootSet, attempt: &super::attempts::Attempt) -> Decision<'a> {
    set.resume(&attempt.ask, attempt.choice.as_ref(), attempt.profile.as_deref())
}

/// The machine that an attempt belongs to would still only wait.
pub(super) fn still_waits(set: &BootSet, ask: &Ask, standing: &Standing) -> bool {
    set.foresee(ask, None, standing, now()).stage.waits()
}
