//! User-data of several parts: a MIME message (RFC 2046), as `cloud-init devel make-mime` makes one.
//!
//! By itself cloud-init lets a later `#cloud-config` replace whole keys of an earlier one: the class's `packages` would
//! be gone where a machine has some of its own. Each part of ours says in its `Merge-Type` how it goes together with
//! those before it: lists are joined, maps are merged, and of two other values the more particular one stays. cloud-init
//! has no type that merges maps and lets a later number or truth value win, only one that lets the earlier stay. So the
//! more particular parts come first, and each list is put before what is already there: `packages` of the profile, then
//! the class's, then the machine's.
//!
//! Scripts have nothing to be merged. They are run in the order of their names, which are numbered: the profile's first.

use crate::Kind;
use std::fmt::Write;

/// How a cloud-config goes together with those before it.
const MERGE_TYPE: &str = "list(prepend)+dict(no_replace,recurse_list)+str()";
/// The longest line of a part that is written as it is (RFC 5322, 2.1.1).
const LONGEST_LINE: usize = 998;

/// One part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    /// What it is called: its file's name, of letters, digits and `._-`.
    pub name: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// Why parts cannot be put together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unjoined {
    /// cloud-init would ignore it.
    #[error("`{0}` does not begin with a line that cloud-init knows, such as #cloud-config")]
    Unknown(String),
    /// A message in a message would lose how its parts are merged.
    #[error("`{0}` is a MIME message already, which cannot be a part of another")]
    Mime(String),
}

/// Puts parts together, given from the most general to the most particular. One part stays as it is; none is an empty
/// cloud-config.
///
/// # Errors
/// A part that cannot be one of several.
pub fn join(parts: &[Part<'_>]) -> Result<String, Unjoined> {
    match parts {
        [] => Ok("#cloud-config\n{}\n".to_owned()),
        [one] => Ok(one.text.to_owned()),
        several => {
            let parts = several.iter().enumerate().map(|(at, part)| Entity::of(at, part));
            Ok(message(parts.collect::<Result<_, _>>()?))
        }
    }
}

/// A part with what its headers say.
struct Entity<'a> {
    kind: Kind,
    merged: bool,
    name: String,
    text: &'a str,
}

impl<'a> Entity<'a> {
    fn of(at: usize, part: &Part<'a>) -> Result<Entity<'a>, Unjoined> {
        let kind = Kind::of(part.text).ok_or_else(|| Unjoined::Unknown(part.name.to_owned()))?;
        if kind == Kind::Mime {
            return Err(Unjoined::Mime(part.name.to_owned()));
        }
        let merged = kind.inner(part.text) == Some(Kind::CloudConfig);
        Ok(Entity { kind, merged, name: format!("{:02}-{}", at + 1, part.name), text: part.text })
    }

    fn write(&self, to: &mut String) {
        let plain = self.text.is_ascii() && self.text.lines().all(|line| line.len() <= LONGEST_LINE);
        // Writing to a String cannot fail.
        let _ = writeln!(to, "Content-Type: {}; charset=\"utf-8\"", self.kind.mime_type());
        let _ = writeln!(to, "MIME-Version: 1.0");
        let _ = writeln!(to, "Content-Transfer-Encoding: {}", if plain { "7bit" } else { "base64" });
        let _ = writeln!(to, "Content-Disposition: attachment; filename=\"{}\"", self.name);
        if self.merged {
            let _ = writeln!(to, "Merge-Type: {MERGE_TYPE}");
        }
        to.push('\n');
        match plain {
            true => to.push_str(self.text),
            false => base64(self.text.as_bytes(), to),
        }
    }
}

fn message(mut parts: Vec<Entity<'_>>) -> String {
    // The particular cloud-configs first; the rest in the order that it came in.
    parts.sort_by_key(|part| !part.merged);
    let merged = parts.iter().take_while(|part| part.merged).count();
    parts.get_mut(..merged).unwrap_or_default().reverse();
    let boundary = boundary(&parts);
    let mut text = format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\nMIME-Version: 1.0\n");
    for part in &parts {
        // The line break before a boundary belongs to the boundary.
        let _ = write!(text, "\n--{boundary}\n");
        part.write(&mut text);
    }
    let _ = write!(text, "\n--{boundary}--\n");
    text
}

/// A line that no part holds.
fn boundary(parts: &[Entity<'_>]) -> String {
    let mut number = 0_u32;
    loop {
        let boundary = format!("==firstlight-{number}==");
        if !parts.iter().any(|part| part.text.contains(&boundary)) {
            return boundary;
        }
        number += 1;
    }
}

/// RFC 4648 in lines of 76 characters (RFC 2045, 6.8).
fn base64(bytes: &[u8], to: &mut String) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for line in bytes.chunks(57) {
        for group in line.chunks(3) {
            let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
            for place in 0..4 {
                let six = (bits >> (18 - 6 * place)) as usize & 63;
                to.push(if place <= group.len() { ALPHABET[six] as char } else { '=' });
            }
        }
        to.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: Part<'_> = Part { name: "profile", text: "#cloud-config\npackages: [vim]\n" };
    const CLASS: Part<'_> = Part { name: "class", text: "#!/bin/sh\necho class\n" };
    const MACHINE: Part<'_> = Part { name: "machine", text: "#cloud-config\npackages: [git]\n" };

    #[test]
    fn one_part_stays_as_it_is() {
        assert_eq!(join(&[PROFILE]).unwrap(), PROFILE.text);
        assert_eq!(join(&[]).unwrap(), "#cloud-config\n{}\n");
    }

    #[test]
    fn the_machines_cloud_config_comes_first_and_scripts_are_numbered() {
        assert_eq!(
            join(&[PROFILE, CLASS, MACHINE]).unwrap(),
            r#"Content-Type: multipart/mixed; boundary="==firstlight-0=="
MIME-Version: 1.0

--==firstlight-0==
Content-Type: text/cloud-config; charset="utf-8"
MIME-Version: 1.0
Content-Transfer-Encoding: 7bit
Content-Disposition: attachment; filename="03-machine"
Merge-Type: list(prepend)+dict(no_replace,recurse_list)+str()

#cloud-config
packages: [git]

--==firstlight-0==
Content-Type: text/cloud-config; charset="utf-8"
MIME-Version: 1.0
Content-Transfer-Encoding: 7bit
Content-Disposition: attachment; filename="01-profile"
Merge-Type: list(prepend)+dict(no_replace,recurse_list)+str()

#cloud-config
packages: [vim]

--==firstlight-0==
Content-Type: text/x-shellscript; charset="utf-8"
MIME-Version: 1.0
Content-Transfer-Encoding: 7bit
Content-Disposition: attachment; filename="02-class"

#!/bin/sh
echo class

--==firstlight-0==--
"#
        );
    }

    #[test]
    fn what_is_not_ascii_is_encoded_for_cloud_init_would_garble_it() {
        let text = "#cloud-config\nfqdn: ä\n";
        let joined = join(&[PROFILE, Part { name: "machine", text }]).unwrap();
        assert!(joined.contains("base64\n"), "{joined}");
        assert!(joined.contains("\nI2Nsb3VkLWNvbmZpZwpmcWRuOiDDpAo=\n"), "{joined}");
    }

    #[test]
    fn a_part_cannot_end_the_message() {
        let text = "#!/bin/sh\n# --==firstlight-0==--\n";
        let joined = join(&[PROFILE, Part { name: "class", text }]).unwrap();
        assert!(joined.contains("boundary=\"==firstlight-1==\""), "{joined}");
    }

    #[test]
    fn what_cannot_be_a_part_is_refused_by_its_name() {
        let nothing = Part { name: "class", text: "packages: [vim]\n" };
        assert_eq!(join(&[PROFILE, nothing]), Err(Unjoined::Unknown("class".to_owned())));
        let message = join(&[PROFILE, MACHINE]).unwrap();
        let message = Part { name: "machine", text: &message };
        assert_eq!(join(&[PROFILE, message]), Err(Unjoined::Mime("machine".to_owned())));
    }
}
