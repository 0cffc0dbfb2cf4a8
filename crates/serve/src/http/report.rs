//! `/r/TOKEN`: the machine's report that it is up. Durable before it is acknowledged.

use super::{Handler, files::unknown_token};
use axum::{
    body::Bytes,
    extract::{ConnectInfo, Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use firstlight_state::What;
use std::net::SocketAddr;

/// How much of the machine's message is kept.
const MESSAGE_LIMIT: usize = 1024;

pub(super) async fn reported(
    State(handler): State<Handler>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Path(token): Path<String>,
    body: Bytes,
) -> Response {
    let Some((_, attempt)) = handler.attempt(&token, "report", from) else { return unknown_token() };
    if attempt.reported {
        // The answer to its first report was lost on the way.
        return "already known\n".into_response();
    }
    let what = What::Reported { attempt: attempt.id.clone(), message: message(&body) };
    let context = handler.http.context.clone();
    let event = context.event(Some(attempt.ask.mac), what);
    let stored = tokio::task::spawn_blocking(move || context.events.record_durable(event)).await;
    match stored {
        Ok(Ok(())) => {
            tracing::info!(mac = %attempt.ask.mac, "reported up");
            handler.http.attempts.mark_reported(&attempt.id);
            "welcome\n".into_response()
        }
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the report could not be stored: try again\n").into_response(),
    }
}

fn message(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(&body[..body.len().min(MESSAGE_LIMIT)]);
    let text: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    (!text.is_empty()).then_some(text)
}
