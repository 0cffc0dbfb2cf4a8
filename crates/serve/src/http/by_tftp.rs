//! What GRUB asks for by TFTP, where it was loaded by TFTP: its script and what the script names, under the same names as
//! over HTTP and with the same token.

use super::{Entrance, Handler, files::role_of, query::Query, script::decide_again};
use axum::extract::FromRef;
use firstlight_boot::{Content, Outcome, Token};
use firstlight_model::Mac;
use firstlight_state::Role;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// GRUB's part of a network's HTTP server, for TFTP.
pub(crate) struct ByTftp(pub(super) Entrance);

/// A file of an attempt, for the record: it does not name the token.
pub(crate) struct OfAttempt {
    pub(crate) mac: Mac,
    pub(crate) role: Role,
    pub(crate) name: String,
}

impl ByTftp {
    /// True for the names that are GRUB's.
    pub(crate) fn owns(&self, name: &str) -> bool {
        name.starts_with("boot.grub?") || name.starts_with("b/")
    }

    /// The content behind such a name. A script begins an attempt; an unknown token is recorded.
    pub(crate) fn find(&self, name: &str, client: Ipv4Addr) -> Option<Content> {
        if let Some(asked) = name.strip_prefix("boot.grub?") {
            let script = self.handler().grub_script(&Query::parse(asked)?, asked, IpAddr::V4(client));
            return script.map(|script| Content::Bytes(script.into_bytes().into()));
        }
        let (token, asset) = name.strip_prefix("b/")?.split_once('/')?;
        let from = SocketAddr::new(IpAddr::V4(client), 0);
        let (_, attempt) = self.handler().attempt(token, asset, from)?;
        let OfAttempt { mac, role, .. } = self.of_attempt(name)?;
        if role == Role::Kernel {
            self.handler().fetches_kernel(&self.0.http.context.boot.load_full(), &attempt);
        }
        self.0.http.here(asset, Some(mac))
    }

    /// An asset by its plain name. One that is not here is fetched, for when it is asked for again.
    pub(crate) fn asset(&self, name: &str, client: Ipv4Addr) -> Option<Content> {
        let http = &self.0.http;
        http.here(name, http.context.client(IpAddr::V4(client)))
    }

    /// What an attempt's file is; `None` for a script, an unknown token, and what is not of the attempt's profile.
    pub(crate) fn of_attempt(&self, name: &str) -> Option<OfAttempt> {
        let (token, asset) = name.strip_prefix("b/")?.split_once('/')?;
        let attempt = self.0.http.attempts.find(&Token::parse(token)?)?;
        let set = self.0.http.context.boot.load();
        let decision = decide_again(&set, &attempt);
        let Outcome::Profile(profile) = &decision.outcome else { return None };
        Some(OfAttempt { mac: attempt.ask.mac, role: role_of(profile, asset)?, name: asset.to_owned() })
    }

    fn handler(&self) -> Handler {
        Handler::from_ref(&self.0)
    }
}
