//! A registry (OCI distribution 1.1), with the tokens that public ones give to anybody
//! (<https://distribution.github.io/distribution/spec/auth/token/>).

use super::{
    MAX_MANIFEST,
    manifest::ACCEPT,
    reference::{Server, is_here},
};
use crate::sources::{Ask, SourceError, Stream, http::Http};
use base64::Engine;
use firstlight_model::Sha256;
use serde::Deserialize;
use std::cell::RefCell;
use ureq::{
    Body,
    http::{HeaderName, Response, StatusCode, header},
};

const MAX_TOKEN: u64 = 64 << 10;

pub(super) struct Registry<'a> {
    http: &'a Http,
    server: &'a Server,
    /// What the registry has asked to be told with each request.
    authorization: RefCell<Option<String>>,
}

impl<'a> Registry<'a> {
    pub(super) fn new(http: &'a Http, server: &'a Server) -> Self {
        Registry { http, server, authorization: RefCell::new(None) }
    }

    /// A manifest by its digest, else by its tag; `latest` where there is none.
    pub(super) fn manifest(&self, tag: Option<&str>, digest: Option<Sha256>) -> Result<Vec<u8>, SourceError> {
        let named = digest.map_or_else(|| tag.unwrap_or("latest").to_owned(), |digest| format!("sha256:{digest}"));
        let url = format!("{}/v2/{}/manifests/{named}", self.server.base, self.server.name);
        let ask = Ask { url: &url, from: 0, validator: None, have: None };
        let mut response = self.get(&ask, &[(header::ACCEPT, ACCEPT.to_owned())])?;
        match response.status() {
            StatusCode::OK => read(&mut response, MAX_MANIFEST),
            other => Err(SourceError::Status(other.as_u16())),
        }
    }

    pub(super) fn blob(&self, ask: &Ask<'_>, digest: Sha256, size: Option<u64>) -> Result<Stream, SourceError> {
        let url = format!("{}/v2/{}/blobs/sha256:{digest}", self.server.base, self.server.name);
        // Content by its digest never changes: there is nothing to validate.
        let ask = Ask { url: &url, from: ask.from, validator: None, have: None };
        let response = self.get(&ask, &[])?;
        let stream = self.http.stream(&ask, response)?;
        if let (Some(says), Some(expected)) = (stream.total, size)
            && says != expected
        {
            return Err(SourceError::WrongLength { says, expected });
        }
        Ok(Stream { total: stream.total.or(size), validator: Some(digest.to_string()), sha256: Some(digest), ..stream })
    }

    /// Asks, and once more with what the registry wants to be told.
    fn get(&self, ask: &Ask<'_>, headers: &[(HeaderName, String)]) -> Result<Response<Body>, SourceError> {
        let response = self.request(ask, headers)?;
        if response.status() != StatusCode::UNAUTHORIZED || self.authorization.borrow().is_some() {
            return Ok(response);
        }
        let challenge = response.headers().get(header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
        let authorization = self.answer(challenge.unwrap_or_default())?;
        self.authorization.replace(Some(authorization));
        self.request(ask, headers)
    }

    fn request(&self, ask: &Ask<'_>, headers: &[(HeaderName, String)]) -> Result<Response<Body>, SourceError> {
        let authorization = self.authorization.borrow();
        let with = authorization.iter().map(|value| (header::AUTHORIZATION, value.clone()));
        self.http.get(ask, headers.iter().cloned().chain(with))
    }

    /// What to say to a challenge: the user and password of the URL, or a token.
    fn answer(&self, challenge: &str) -> Result<String, SourceError> {
        let (scheme, parameters) = challenge.split_once(' ').unwrap_or((challenge, ""));
        match scheme.to_ascii_lowercase().as_str() {
            "bearer" => self.token(parameters).map(|token| format!("Bearer {token}")),
            _ => self.basic().ok_or(SourceError::Status(401)),
        }
    }

    fn basic(&self) -> Option<String> {
        let login = self.server.login.as_ref()?;
        Some(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(login)))
    }

    /// A token to pull with, from where the registry says.
    fn token(&self, parameters: &str) -> Result<String, SourceError> {
        let bad = |why: &str| SourceError::Final(format!("it wants a token, {why}"));
        let realm = parameter(parameters, "realm").ok_or_else(|| bad("and does not say from where"))?;
        let host = realm.split_once("://").map(|(_, rest)| rest.split(['/', '?']).next().unwrap_or_default());
        let here = self.server.base.starts_with("http:") && host.is_some_and(is_here) && realm.starts_with("http://");
        if !here && !realm.starts_with("https://") {
            return Err(bad("from a place that is not reached over TLS"));
        }
        let scope = format!("repository:{}:pull", self.server.name);
        let service = parameter(parameters, "service").unwrap_or_default();
        let join = if realm.contains('?') { '&' } else { '?' };
        let url = format!("{realm}{join}service={}&scope={}", escaped(&service), escaped(&scope));
        let login = self.basic().map(|value| (header::AUTHORIZATION, value));
        let mut response = self.http.get(&Ask { url: &url, from: 0, validator: None, have: None }, login)?;
        if response.status() != StatusCode::OK {
            return Err(bad(&format!("and {} answers {}", host.unwrap_or_default(), response.status().as_u16())));
        }
        let token: Token =
            serde_json::from_slice(&read(&mut response, MAX_TOKEN)?).map_err(|_| bad("and gets none"))?;
        let token = token.token.or(token.access_token).ok_or_else(|| bad("and gets none"))?;
        if token.bytes().all(|b| b.is_ascii_graphic()) { Ok(token) } else { Err(bad("and gets none")) }
    }
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

/// A body that is short.
fn read(response: &mut Response<Body>, limit: u64) -> Result<Vec<u8>, SourceError> {
    let body = response.body_mut().with_config().limit(limit);
    body.read_to_vec().map_err(|error| match error {
        ureq::Error::BodyExceedsLimit(_) => SourceError::Final(format!("its answer is longer than {limit} bytes")),
        other => SourceError::Other(other.to_string()),
    })
}

/// A parameter of a challenge (RFC 9110, 11.6.1): `realm="https://…",service="…"`.
fn parameter(parameters: &str, name: &str) -> Option<String> {
    let mut rest = parameters;
    loop {
        let (key, after) = rest.split_once('=')?;
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_at(after.find(',').unwrap_or(after.len())),
        };
        if key.trim_matches([' ', ',']).eq_ignore_ascii_case(name) {
            return Some(value.to_owned());
        }
        rest = after;
    }
}

/// For a query: everything but letters, digits and what never has a meaning there.
fn escaped(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges() {
        let text = r#"realm="https://auth.example/token?a=b,c",service="r.example", scope=x"#;
        assert_eq!(parameter(text, "realm").unwrap(), "https://auth.example/token?a=b,c");
        assert_eq!(parameter(text, "Service").unwrap(), "r.example");
        assert_eq!(parameter(text, "scope").unwrap(), "x");
        assert_eq!((parameter(text, "x"), parameter("", "x"), parameter("x=\"", "x")), (None, None, None));
        assert_eq!(escaped("repository:a/b:pull é"), "repository%3Aa%2Fb%3Apull%20%C3%A9");
    }
}
