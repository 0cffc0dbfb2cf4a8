//! Asking upstreams: HTTP and HTTPS, with conditions and ranges, redirects only to where the site allows.

use crate::{Rules, store::Meta, store::one_line};
use std::{io::Read, sync::Arc, time::Duration};
use ureq::http::{HeaderMap, header};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// How long an upstream may say nothing.
const STALL: Duration = Duration::from_secs(60);
const MOST_REDIRECTS: usize = 5;

#[derive(Debug)]
pub(crate) struct Upstream {
    agent: ureq::Agent,
}

/// A question to an upstream.
pub(crate) struct Ask<'a> {
    pub(crate) url: &'a str,
    pub(crate) head_only: bool,
    /// Headers beyond the usual ones.
    pub(crate) headers: Vec<(&'static str, &'a str)>,
}

/// An upstream's answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The size is 0 here.
    pub(crate) meta: Meta,
    pub(crate) length: Option<u64>,
    /// `Content-Range`, of an answer to a range.
    pub(crate) range: Option<String>,
    pub(crate) body: Box<dyn Read + Send>,
}

/// Why an upstream has not answered, in words without what a URL may hold of a password.
pub(crate) type Failed = Arc<str>;

impl Upstream {
    pub(crate) fn new() -> Upstream {
        let config = ureq::Agent::config_builder()
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(STALL))
            .timeout_per_read(Some(STALL))
            .timeout_per_write(Some(STALL))
            .max_redirects(0)
            .http_status_as_error(false)
            .accept_encoding("identity")
            .user_agent(concat!("firstlight/", env!("CARGO_PKG_VERSION")))
            .build();
        Upstream { agent: config.new_agent() }
    }

    /// Asks, and follows redirects.
    pub(crate) fn ask(&self, ask: &Ask<'_>, rules: &Rules) -> Result<Answer, Failed> {
        let mut url = ask.url.to_owned();
        for _ in 0..=MOST_REDIRECTS {
            let request = if ask.head_only { self.agent.head(&url) } else { self.agent.get(&url) };
            let request = ask.headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
            let response = request.call().map_err(|error| format!("the upstream cannot be asked: {error}"))?;
            let status = response.status().as_u16();
            let headers = response.headers();
            match text(headers, header::LOCATION.as_str()) {
                Some(location) if matches!(status, 301 | 302 | 303 | 307 | 308) => {
                    url = rules
                        .redirect(&url, &location)
                        .map_err(|refused| format!("the upstream refers elsewhere, and {refused}"))?;
                }
                _ => return Ok(answer(ask.url, status, response)),
            }
        }
        Err("the upstream refers elsewhere again and again".into())
    }
}

fn answer(url: &str, status: u16, response: ureq::http::Response<ureq::Body>) -> Answer {
    let headers = response.headers();
    let meta = Meta {
        url: url.to_owned(),
        kind: text(headers, "content-type"),
        etag: text(headers, "etag"),
        modified: text(headers, "last-modified"),
        ..Meta::default()
    };
    let range = text(headers, "content-range");
    let length = text(headers, "content-length").and_then(|length| length.parse().ok());
    let body = Box::new(response.into_body().into_with_config().limit(u64::MAX).reader());
    Answer { status, meta, length, range, body }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    one_line(headers.get(name)?.to_str().ok()?).map(str::to_owned)
}
