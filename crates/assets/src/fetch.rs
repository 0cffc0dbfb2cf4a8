//! Fetching over HTTP, hashed as it arrives.

use crate::Error;
use firstlight_model::Sha256;
use sha2::Digest;
use std::{
    fs::File,
    io::{Read, Write},
    time::Duration,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a server may take to begin its answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Writes what a URL holds into `file` and returns its hash. `told` hears the bytes so far and, where the server says
/// it, the bytes in all.
pub(crate) fn to_file(url: &str, file: &mut File, told: &mut dyn FnMut(u64, Option<u64>)) -> Result<Sha256, Error> {
    let failed = |message: String| Error::Fetch { url: url.to_owned(), message };
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .timeout_recv_response(Some(ANSWER_TIMEOUT))
        .build()
        .into();
    let response = agent.get(url).call().map_err(|error| failed(error.to_string()))?;
    let total = response.body().content_length();
    let mut body = response.into_body().into_with_config().limit(u64::MAX).reader();
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    let mut done = 0;
    loop {
        let n = body.read(&mut buffer).map_err(|error| failed(format!("cut off after {done} bytes: {error}")))?;
        if n == 0 {
            break;
        }
        hasher.update(&buffer[..n]);
        file.write_all(&buffer[..n]).map_err(|error| failed(format!("cannot store it: {error}")))?;
        done += n as u64;
        told(done, total);
    }
    match total {
        Some(total) if done != total => Err(failed(format!("cut off after {done} of {total} bytes"))),
        _ => Ok(Sha256(hasher.finalize().into())),
    }
}
