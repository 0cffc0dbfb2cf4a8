//! The functions and filters that templates have besides minijinja's own. docs/configs.md lists them for users.

use super::{fleet::Fleet, yaml::yaml};
use base64::{Engine, engine::general_purpose::STANDARD};
use firstlight_model::Ipv4Net;
use firstlight_site::Files;
use minijinja::{
    Environment, Error, ErrorKind, State, Value,
    value::{Kwargs, Rest},
};
use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};
use sha2::{Digest, Sha256};
use std::{net::Ipv4Addr, sync::Arc};

/// The longest salt of SHA-crypt (<https://www.akkadia.org/drepper/SHA-crypt.txt>), and its letters.
const SALT: usize = 16;
const SALT_LETTERS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

pub(super) fn add(environment: &mut Environment<'static>, fleet: Arc<Fleet>, files: &Files) {
    environment.add_filter("to_yaml", |value: Value| Ok::<_, Error>(yaml(&json(&value)?)));
    environment.add_filter("to_json", to_json);
    environment.add_filter("b64encode", |text: String| STANDARD.encode(text));
    environment.add_filter("b64decode", b64decode);
    environment.add_filter("sha256", |text: String| firstlight_model::Sha256(Sha256::digest(text).into()).to_string());
    environment.add_filter("quote", |text: String| format!("'{}'", text.replace('\'', "'\\''")));
    environment.add_filter("sha512_crypt", sha512_crypt);
    environment.add_function("sha512_crypt", sha512_crypt);
    environment.add_function("of_class", move |class: String| fleet.of_class(&class).map_err(wrong));
    let known = files.clone();
    environment.add_function("file", move |path: String| text(&known, &path).map(str::to_owned));
    let known = files.clone();
    environment.add_function("ssh_keys", move |paths: Rest<String>| ssh_keys(&known, &paths));
    environment.add_function("cidrhost", cidrhost);
    environment.add_function("cidrnetmask", |net: String| Ok::<_, Error>(self::net(&net)?.mask().to_string()));
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

/// A value as JSON. What is not defined is no value.
fn json(value: &Value) -> Result<serde_json::Value, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    serde_json::to_value(value).map_err(|error| wrong(format!("this is no value of JSON: {error}")))
}

/// Unlike minijinja's `tojson`, it escapes nothing for HTML.
fn to_json(value: Value, indent: Option<usize>, named: Kwargs) -> Result<String, Error> {
    let indent = named.get::<Option<usize>>("indent")?.or(indent);
    named.assert_all_used()?;
    let value = json(&value)?;
    let Some(indent) = indent else { return Ok(value.to_string()) };
    let spaces = vec![b' '; indent.min(16)];
    let mut text = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(&spaces));
    value.serialize(&mut serializer).map_err(|error| wrong(error.to_string()))?;
    String::from_utf8(text).map_err(|error| wrong(error.to_string()))
}

fn b64decode(text: String) -> Result<String, Error> {
    let bytes = STANDARD.decode(text.trim()).map_err(|error| wrong(format!("this is not Base64: {error}")))?;
    String::from_utf8(bytes).map_err(|_| wrong("the decoded bytes are not UTF-8 text"))
}

/// A password's hash for `/etc/shadow`. It must be the same at each fetch, so the salt is not random: it is the machine's,
/// which nobody has to guess, and nothing of the password is in it.
fn sha512_crypt(state: &State<'_, '_>, password: String, salt: Option<String>, named: Kwargs) -> Result<String, Error> {
    let given = named.get::<Option<String>>("salt")?.or(salt);
    named.assert_all_used()?;
    let salt = match given {
        Some(salt) if is_salt(&salt) => salt,
        Some(_) => return Err(wrong(format!("a salt is 1 to {SALT} of the letters a-z A-Z 0-9 . /"))),
        None => salt_of(state)?,
    };
    let params =
        sha_crypt::Sha512Params::new(sha_crypt::ROUNDS_DEFAULT).map_err(|_| wrong("no such number of rounds"))?;
    let hash = sha_crypt::sha512_crypt_b64(password.as_bytes(), salt.as_bytes(), &params);
    Ok(format!("$6${salt}${}", hash.map_err(|_| wrong("this password cannot be hashed"))?))
}

fn is_salt(salt: &str) -> bool {
    (1..=SALT).contains(&salt.len()) && salt.bytes().all(|byte| SALT_LETTERS.contains(&byte))
}

fn salt_of(state: &State<'_, '_>) -> Result<String, Error> {
    let name = |object: &str| state.lookup(object).and_then(|value| value.get_attr("name").ok());
    let (Some(site), Some(machine)) = (name("site"), name("machine")) else { return Err(wrong("there is no machine")) };
    let hash = Sha256::digest(format!("{site}\0{machine}"));
    let letter = |byte: &u8| SALT_LETTERS.get(usize::from(byte & 63)).copied().map(char::from);
    Ok(hash.iter().filter_map(letter).take(SALT).collect())
}

fn text<'f>(files: &'f Files, path: &str) -> Result<&'f str, Error> {
    let bytes = files.read(path).map_err(|error| wrong(error.to_string()))?;
    std::str::from_utf8(bytes).map_err(|_| wrong(format!("`{path}` is not UTF-8 text")))
}

/// The keys in files as `ssh-keygen` writes them and `authorized_keys` holds them.
fn ssh_keys(files: &Files, paths: &[String]) -> Result<Value, Error> {
    let mut keys = Vec::new();
    for path in paths {
        let lines = text(files, path)?.lines().map(str::trim);
        let before = keys.len();
        keys.extend(lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned));
        if keys.len() == before {
            return Err(wrong(format!("`{path}` holds no key")));
        }
        if text(files, path)?.contains("PRIVATE KEY") {
            return Err(wrong(format!("`{path}` is a private key: the public one ends in .pub")));
        }
    }
    Ok(Value::from(keys))
}

fn net(text: &str) -> Result<Ipv4Net, Error> {
    text.parse().map_err(|invalid: firstlight_model::Invalid| wrong(invalid.0))
}

/// The `n`th address, as in the site's own `cidrhost`.
fn cidrhost(net: String, n: u32) -> Result<String, Error> {
    let net = self::net(&net)?;
    let bits = net.base().to_bits().checked_add(n).map(Ipv4Addr::from_bits);
    let address = bits.filter(|address| net.contains(*address));
    address.map(|address| address.to_string()).ok_or_else(|| wrong(format!("{net} has no address number {n}")))
}
