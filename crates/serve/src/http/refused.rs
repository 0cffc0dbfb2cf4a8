//! Refusals: told in a line of text, recorded, and shown with the machine.

use super::Handler;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use firstlight_model::Mac;
use firstlight_state::{NotChanged, What};
use std::net::{IpAddr, SocketAddr};

/// What a machine is told whose step was not made.
pub(super) fn refuse(error: &NotChanged) -> Response {
    let status = match error {
        NotChanged::Refused(_) => StatusCode::CONFLICT,
        NotChanged::NotStored(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, format!("{error}\n")).into_response()
}

impl Handler {
    /// A request that is another machine's: recorded with the one that made it.
    pub(super) fn foreign(&self, from: SocketAddr, name: &str, why: &str) -> Response {
        self.refused(from.ip(), None, name, why);
        (StatusCode::FORBIDDEN, format!("this is not yours: {why}\n")).into_response()
    }

    /// Recorded with the machine that the address is leased to, else with the one that the token belongs to.
    pub(super) fn refused(&self, from: IpAddr, owner: Option<Mac>, name: &str, why: &str) {
        tracing::warn!("{from} was refused {name}: {why}");
        let what = What::TokenRefused { from, name: name.to_owned(), why: Some(why.to_owned()) };
        self.http.context.record(self.http.context.client(from).or(owner), what);
    }
}
