//! Assets and loaders.

use super::{
    Handler, Http, NOT_ASSETS,
    attempts::Attempt,
    body::{Parcel, respond},
    growing,
    script::decide_again,
};
use crate::{Found, context::now, lifecycle::Subject, published::is_optional};
use axum::{
    extract::{ConnectInfo, Path, State},
    http::{HeaderMap, Method, Request, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use firstlight_boot::{BootSet, Content, Outcome, Token};
use firstlight_model::Mac;
use firstlight_plan::Input;
use firstlight_site::{Boot, Profile};
use firstlight_state::{Role, What};
use std::net::SocketAddr;

/// After how many seconds to ask again for what is being fetched.
const AGAIN_SECONDS: &str = "5";

/// `/b/TOKEN/NAME`: a kernel or an initrd of the attempt's profile. Other assets are not served under its name.
pub(super) async fn attempt_asset(
    State(handler): State<Handler>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Path((token, name)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let Some((_, attempt)) = handler.attempt(&token, &name, from) else { return unknown_token() };
    let set = handler.http.context.boot.load_full();
    let decision = decide_again(&set, &attempt);
    let role = match &decision.outcome {
        Outcome::Profile(profile) => role_of(profile, &name),
        _ => None,
    };
    let Some(role) = role else { return handler.not_found(Some(attempt.ask.mac), &name) };
    if role == Role::Kernel {
        handler.fetches_kernel(&set, &attempt);
    }
    let parcel = handler.parcel(Some(attempt.ask.mac), role, &name);
    handler.deliver(&set, &method, &headers, parcel).await
}

pub(super) fn role_of(profile: &Profile, asset: &str) -> Option<Role> {
    match &profile.boot {
        Boot::Linux(linux) if linux.kernel == asset => Some(Role::Kernel),
        Boot::Linux(linux) if linux.initrds.iter().any(|initrd| initrd == asset) => Some(Role::Initrd),
        _ => None,
    }
}

/// `/loader/FILE`: a network boot program, for UEFI HTTP boot, and `autoexec.ipxe` beside it.
pub(super) async fn loader(
    State(handler): State<Handler>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Path(file): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let set = handler.http.context.boot.load_full();
    let (content, role) = match file.rsplit('/').next() {
        // iPXE asks for it beside the file that it was loaded from.
        Some("autoexec.ipxe") => {
            (Some(Content::Bytes(set.autoexec(&handler.network).into_bytes().into())), Role::Autoexec)
        }
        _ => (set.loader_file(&file).and_then(|name| set.loader(name)).cloned(), Role::Loader),
    };
    handler.public(content, role, &file, from, &method, &headers)
}

/// `/grub/grub.cfg`: what leads GRUB to its script, where it was itself loaded by HTTP.
pub(super) async fn grub_cfg(
    State(handler): State<Handler>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let text = handler.http.context.boot.load().first_grub_script();
    let content = Some(Content::Bytes(text.into_bytes().into()));
    handler.public(content, Role::Autoexec, "grub.cfg", from, &method, &headers)
}

/// `/asset/NAME`: any asset.
pub(super) async fn asset(
    State(handler): State<Handler>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Path(name): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let set = handler.http.context.boot.load_full();
    let parcel = handler.parcel(handler.http.context.client(from.ip()), Role::Asset, &name);
    handler.deliver(&set, &method, &headers, parcel).await
}

/// `/sha256/HEX`: an asset by its hash, for another Firstlight that wants the same (its `peers`). Only what is here and
/// verified, and of this generation; nothing is fetched for it, so that two that ask each other do not wait for ever.
pub(super) async fn by_hash(
    State(handler): State<Handler>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Path(hash): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let set = handler.http.context.boot.load_full();
    let found = hash.parse().ok().and_then(|hash| set.asset_by_hash(hash));
    let name = found.map_or(&*hash, |(name, _)| name);
    handler.public(found.map(|(_, content)| content.clone()), Role::Asset, name, from, &method, &headers)
}

pub(super) fn unknown_token() -> Response {
    (StatusCode::FORBIDDEN, "this boot attempt is not known here: boot again\n").into_response()
}

impl Http {
    /// Answers what small responses are mostly for, an asset by its plain name, without the router, which costs more than
    /// all the rest. `None` where the router has to look.
    pub(super) fn shortcut(&self, request: &Request<()>, from: SocketAddr) -> Option<Response> {
        let path = request.uri().path().strip_prefix('/')?;
        let name = path.strip_prefix("asset/").unwrap_or(path);
        let plain = !name.contains(['/', '%']) && !NOT_ASSETS.contains(&path);
        if !plain || ![Method::GET, Method::HEAD].contains(request.method()) {
            return None;
        }
        let set = self.context.boot.load();
        let parcel = self.parcel(self.context.client(from.ip()), Role::Asset, name);
        Some(respond(request.method(), request.headers(), set.asset(name)?, parcel))
    }

    fn parcel(&self, mac: Option<Mac>, role: Role, name: &str) -> Parcel {
        Parcel { context: self.context.clone(), shelf: self.shelf.clone(), mac, role, name: name.to_owned() }
    }
}

impl Handler {
    /// Answers with an asset, wherever it is: at once, as it grows, or when it is whole. Whoever would have to wait long
    /// is told when to ask again: some give a server no more than ten seconds (Ignition), and try again by themselves.
    async fn deliver(&self, set: &BootSet, method: &Method, headers: &HeaderMap, parcel: Parcel) -> Response {
        match self.http.settled(set, &parcel.name, parcel.mac).await {
            None => self.not_found(parcel.mac, &parcel.name),
            Some(Found::Here(content)) => respond(method, headers, &content, parcel),
            Some(Found::Coming { growing: Some(growing), .. }) => growing::respond(method, growing, parcel),
            Some(found) => {
                let why = found.awaited(&parcel.name).map(|awaited| awaited.to_string()).unwrap_or_default();
                parcel.failed(format!("not here yet: {why}"));
                let body = format!("it is being fetched: {why}\n");
                (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, AGAIN_SECONDS)], body).into_response()
            }
        }
    }

    /// What anybody may have; the machine is known by its lease, if at all.
    fn public(
        &self,
        content: Option<Content>,
        role: Role,
        name: &str,
        from: SocketAddr,
        method: &Method,
        headers: &HeaderMap,
    ) -> Response {
        let mac = self.http.context.client(from.ip());
        match content {
            Some(content) => respond(method, headers, &content, self.parcel(mac, role, name)),
            None => self.not_found(mac, name),
        }
    }

    /// A boot-once is over with the boot that fetched its kernel, and an install may have been done from then on. Nobody
    /// else's standing changes by that.
    pub(super) fn fetches_kernel(&self, set: &BootSet, attempt: &Attempt) {
        let standing = self.http.lifecycle.standing(&attempt.who);
        let once = standing.once.is_some_and(|once| once.attempt.as_ref() == Some(&attempt.id));
        let installs = |own: firstlight_plan::Attempt| own.id == attempt.id && own.installs && !own.fetched;
        if once || standing.attempt.is_some_and(installs) {
            let subject = Subject { who: &attempt.who, ask: &attempt.ask, choice: None };
            self.http.lifecycle.take_note(set, &subject, Input::FetchedKernel(attempt.id.clone()), now());
        }
    }

    pub(super) fn parcel(&self, mac: Option<Mac>, role: Role, name: &str) -> Parcel {
        self.http.parcel(mac, role, name)
    }

    /// The attempt that a token belongs to; an unknown one is recorded.
    pub(super) fn attempt(&self, token: &str, name: &str, from: SocketAddr) -> Option<(Token, Attempt)> {
        let known = |token: Token| self.http.attempts.find(&token).map(|attempt| (token, attempt));
        let found = Token::parse(token).and_then(known);
        if found.is_none() {
            let what = What::TokenRefused { from: from.ip(), name: name.chars().take(80).collect(), why: None };
            self.http.context.record(self.http.context.client(from.ip()), what);
        }
        found
    }

    pub(super) fn not_found(&self, mac: Option<Mac>, name: &str) -> Response {
        if mac.is_some() && !is_optional(name) {
            self.parcel(mac, Role::Asset, &name.chars().take(80).collect::<String>()).failed("not found".to_owned());
        }
        (StatusCode::NOT_FOUND, "not found\n").into_response()
    }
}
