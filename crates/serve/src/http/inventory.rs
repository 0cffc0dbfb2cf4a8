//! `POST /r/TOKEN/inventory`: what a machine is made of, as JSON. It is read into its type before it is recorded; see
//! [`firstlight_model::Inventory`] for what is taken.

use super::Handler;
use axum::{
    body::Bytes,
    extract::{ConnectInfo, Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use firstlight_model::Inventory;
use firstlight_plan::Input;
use firstlight_state::What;
use std::net::SocketAddr;

pub(super) async fn inventory(
    State(handler): State<Handler>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Path(token): Path<String>,
    body: Bytes,
) -> Response {
    let attempt = match handler.own(&token, "inventory", from) {
        Ok(attempt) => attempt,
        Err(refusal) => return *refusal,
    };
    let inventory: Box<Inventory> = match serde_json::from_slice(&body) {
        Ok(inventory) => inventory,
        Err(error) => return (StatusCode::BAD_REQUEST, format!("this is no inventory: {error}\n")).into_response(),
    };
    let what = What::Inventory { attempt: attempt.id.clone(), inventory };
    handler.told(from, &attempt, "inventory", Input::Told(attempt.id.clone()), what, "noted\n").await
}
