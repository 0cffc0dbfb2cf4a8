//! `/c/TOKEN/NAME`: a config, rendered for the attempt's machine when it is fetched.
//!
//! One with secrets in it is only for the machine while its attempt is under way, and at the address that the attempt
//! began from. What is rendered is neither logged nor recorded.

use super::{Handler, attempts::Attempt, body::respond, files::unknown_token, script::decide_again};
use crate::{
    context::now,
    served::{Served, ServedConfig},
};
use axum::{
    extract::{ConnectInfo, Path, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use firstlight_boot::{BootSet, Content, NotRendered, Recipient, Rendered, Secrets, Token};
use firstlight_state::{Role, Who};
use std::{net::SocketAddr, sync::Arc};

pub(super) async fn config(
    State(handler): State<Handler>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Path((token, name)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let Some((token, attempt)) = handler.attempt(&token, &name, from) else { return unknown_token() };
    let secrets = handler.secrets_for(&attempt, from);
    let (set, mac) = (handler.http.context.boot.load_full(), attempt.ask.mac);
    let order = Order { set, token, attempt, name: name.clone(), secrets };
    let served = (method == Method::GET).then(|| handler.served(&order)).flatten();
    match handler.render(order).await {
        Some(Ok(config)) => {
            served.into_iter().for_each(|(keeper, served)| keeper.keep(served));
            let content = Content::Bytes(config.text.into_bytes().into());
            let mut response = respond(&method, &headers, &content, handler.parcel(Some(mac), Role::Config, &name));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(config.media_type));
            response
        }
        Some(Err(not)) => match secrets {
            Secrets::Withheld(why) if !not.secrets.is_empty() => handler.foreign(from, &name, why),
            _ => {
                tracing::error!(%mac, "the config {name} cannot be rendered: {not}");
                handler.parcel(Some(mac), Role::Config, &name).failed(not.to_string());
                (StatusCode::INTERNAL_SERVER_ERROR, "this config cannot be rendered\n").into_response()
            }
        },
        None => handler.not_found(Some(mac), &name),
    }
}

/// What is to be rendered, for whom.
struct Order {
    set: Arc<BootSet>,
    token: Token,
    attempt: Attempt,
    name: String,
    secrets: Secrets,
}

impl Handler {
    /// Rendering takes the processor for a while: it is done where nobody else waits for it, as many at once as there are
    /// processors.
    async fn render(&self, order: Order) -> Option<Result<Rendered, NotRendered>> {
        let _turn = self.http.renders.acquire().await;
        let network = self.network.clone();
        let rendered = tokio::task::spawn_blocking(move || {
            let Order { set, token, attempt, name, secrets } = order;
            let decision = decide_again(&set, &attempt);
            let recipient =
                Recipient { ask: &attempt.ask, decision: &decision, network: &network, token: &token, secrets };
            set.config(&recipient, &name)
        });
        rendered.await.unwrap_or_else(|_| Some(Err(NotRendered::default())))
    }

    /// What is kept of it once it is served; of strangers nothing is.
    fn served(&self, order: &Order) -> Option<(Served, ServedConfig)> {
        let Who::Machine(machine) = &order.attempt.who else { return None };
        let Attempt { ask, choice, profile, .. } = order.attempt.clone();
        let (set, network, name) = (order.set.clone(), self.network.clone(), order.name.clone());
        let served = ServedConfig { set, network, machine: machine.clone(), ask, choice, profile, name };
        self.http.served.clone().map(|keeper| (keeper, served))
    }

    /// What a request with an attempt's token may see of secrets.
    fn secrets_for(&self, attempt: &Attempt, from: SocketAddr) -> Secrets {
        let standing = self.http.lifecycle.standing(&attempt.who);
        let same = attempt.from == Some(from.ip()) || self.http.context.client(from.ip()) == Some(attempt.ask.mac);
        if attempt.who.is_stranger() {
            Secrets::Withheld("it holds secrets, and nobody declared this machine")
        } else if !standing.is_under_way(&attempt.id, now()) {
            Secrets::Withheld("it holds secrets, and the boot that it was for is over")
        } else if !same || self.http.lifecycle.foreign(from.ip(), &attempt.who, attempt.ask.mac).is_some() {
            Secrets::Withheld("it holds secrets, and the boot that it is for began at another address")
        } else {
            Secrets::Shown
        }
    }
}
