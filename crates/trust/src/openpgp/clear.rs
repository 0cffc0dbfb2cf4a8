//! The cleartext signature framework (RFC 9580, 7): a text, its lines that begin with a dash escaped, and its signature.
//! Taken apart here rather than by rPGP, so that it takes linear time and that what was signed is all that comes out.

use super::error::Error;

pub(super) const HEADER: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";

/// A clear-signed text in its parts.
#[derive(Debug)]
pub(super) struct Clear<'a> {
    /// What the signature is of: lines end in CR LF, without blanks before them, and the last without an end.
    pub(super) signed: String,
    /// The armoured signature.
    pub(super) signature: &'a str,
}

/// Takes a clear-signed text apart.
pub(super) fn split(text: &[u8]) -> Result<Clear<'_>, Error> {
    let text = std::str::from_utf8(text).map_err(|_| Error::NotClearSigned("it is not UTF-8"))?;
    let mut rest = text.trim_ascii_start();
    if line(&mut rest).map(str::trim_ascii_end) != Some(HEADER) {
        return Err(Error::NotClearSigned("it does not begin with -----BEGIN PGP SIGNED MESSAGE-----"));
    }
    skip_headers(&mut rest)?;
    let mut signed: Vec<&str> = Vec::new();
    while !rest.starts_with("-----") {
        let Some(line) = line(&mut rest) else { break };
        let line = line.strip_prefix("- ").unwrap_or(line);
        signed.push(line.trim_end_matches([' ', '\t', '\r', '\n']));
    }
    if !rest.starts_with(SIGNATURE) {
        return Err(Error::NotClearSigned("there is no -----BEGIN PGP SIGNATURE----- after the text"));
    }
    Ok(Clear { signed: signed.join("\r\n"), signature: rest })
}

/// Takes the next line off, with its end.
fn line<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let line = rest.split_inclusive('\n').next()?;
    *rest = &rest[line.len()..];
    Some(line)
}

/// The lines up to the first empty one. Only `Hash` may stand there: any other would be read by people as signed.
fn skip_headers(rest: &mut &str) -> Result<(), Error> {
    while let Some(line) = line(rest) {
        match line.trim_ascii_end() {
            "" => return Ok(()),
            header if header.starts_with("Hash:") => {}
            _ => return Err(Error::NotClearSigned("there is something else than `Hash` before its first empty line")),
        }
    }
    Err(Error::NotClearSigned("it ends before its text begins"))
}
