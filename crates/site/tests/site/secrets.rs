//! Secrets: where they come from, and who may have them.

use firstlight_site::{Memory, Report, Site, Sources, parse};

/// A key that `age-keygen` made, and what `age -a` has encrypted for it: `hunter2`.
const IDENTITY: &str = "AGE-SECRET-KEY-1HLL3TMAFQ23H7QRDV3RG2688NF3SHMNSMGLNAYT3DSV4G2F9NM2SRPT9RE\n";
const ENCRYPTED: &str = "-----BEGIN AGE ENCRYPTED FILE-----\n\
    YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSAzMGpZaW9pN3BlaFczcXlp\n\
    Qlo3OXQxSHF5cElZL0JWbUN6ME5FVkx1VTNJCjlZaTNqNjYzeGVwVGVxSnZ4Tkls\n\
    amRXUHBZbnR2aFEzamxVN2VvSklMQzQKLS0tIGZaNHNWU1pQVUFKL0lZK2dESXc5\n\
    cUJUY2ltNWVwd2Jxc2d1VllxS25RRXcKqvBzLw7DIzEpchMgblqzDPWmcVZkrU5D\n\
    qxEKnDAvpRFKgGz52gXqIA==\n\
    -----END AGE ENCRYPTED FILE-----\n";

const SITE: &str = r#"
network "n" { subnet = "10.9.0.0/24" }
profile "p" { script = "a.ipxe" }
class "base" {}
class "etcd" { extends = class.base }
machine "kitt" {
  serial = "1"
  class  = class.etcd
}
machine "hal" { serial = "2" }
"#;

fn read(blocks: &str, more: &[(&str, &str)]) -> Result<Site, Report> {
    let files = [("a.ipxe", ""), ("key", IDENTITY), ("one.age", ENCRYPTED), ("plain", "open sesame\n")];
    let files = files.iter().chain(more).map(|(name, text)| (format!("site/{name}").into(), (*text).to_owned()));
    let memory = Memory { files: files.collect(), ..Memory::default() };
    parse(&Sources::single("site", format!("{SITE}{blocks}")), &memory).map(|loaded| loaded.site)
}

/// What a machine has of the secret `s`.
fn of(site: &Site, machine: &str) -> Result<String, String> {
    site.secrets["s"].of(site, &site.machines[machine]).map(|text| text.expose().to_owned())
}

fn said(blocks: &str, more: &[(&str, &str)]) -> String {
    read(blocks, more).unwrap_err().problems.iter().map(|problem| format!("{}\n", problem.message)).collect()
}

#[test]
fn an_encrypted_file_is_decrypted_with_the_sites_key() {
    let site = read("site { age_identity = \"key\" }\nsecret \"s\" { age = \"one.age\" }\n", &[]).unwrap();
    assert_eq!(of(&site, "kitt").as_deref(), Ok("hunter2"));
    let shown = firstlight_site::show(&site);
    assert!(shown.contains("age_identity    = \"key\"") && shown.contains("age = \"one.age\""), "{shown}");
    assert!(!format!("{shown} {site:?}").contains("hunter2"));
}

#[test]
fn each_machine_may_have_its_own() {
    let folder = [("keys/kitt", "of kitt\n"), ("keys/hal.age", ENCRYPTED)];
    let site = read("site { age_identity = \"key\" }\nsecret \"s\" { folder = \"keys\" }\n", &folder).unwrap();
    assert_eq!((of(&site, "kitt").as_deref(), of(&site, "hal").as_deref()), (Ok("of kitt"), Ok("hunter2")));
    let site = read("secret \"s\" { folder = \"keys\" }\n", &folder[..1]).unwrap();
    assert_eq!(of(&site, "hal").unwrap_err(), "the secret `s` has nothing for hal: there is no keys/hal");
}

#[test]
fn it_is_for_classes_and_machines() {
    let site = |who: &str| read(&format!("secret \"s\" {{\n file = \"plain\"\n {who}\n}}\n"), &[]).unwrap();
    let by_class = site("classes = [\"base\"]");
    assert_eq!(of(&by_class, "kitt").as_deref(), Ok("open sesame"), "its class extends that one");
    assert_eq!(of(&by_class, "hal").unwrap_err(), "the secret `s` is not for hal");
    let by_name = site("machines = [\"hal\"]");
    assert_eq!((of(&by_name, "hal").is_ok(), of(&by_name, "kitt").is_ok()), (true, false));
}

#[test]
fn what_cannot_be_decrypted_is_said_without_giving_it_away() {
    let age = "secret \"s\" { age = \"one.age\" }\n";
    let with = |identity: &str| format!("site {{ age_identity = \"{identity}\" }}\n{age}");
    assert_eq!(said(age, &[]), "there is no key to decrypt this with\n");
    assert_eq!(said(&with("gone"), &[]), "the secret in `gone` cannot be read: there is no such file\n");
    assert!(said(&with("plain"), &[]).starts_with("the key in `plain` cannot be used: "));
    let encrypted = said(&with("locked"), &[("locked", ENCRYPTED)]);
    assert_eq!(encrypted, "the key in `locked` cannot be used: it is encrypted itself\n");
    let line = |letters: usize| "A".repeat(letters);
    let passphrase = format!("age-encryption.org/v1\n-> scrypt {} 22\n{1}\n--- {1}\n{2}", line(22), line(43), line(32));
    assert_eq!(
        said(&with("key"), &[("one.age", &passphrase)]),
        "the secret in `one.age` cannot be decrypted: it is encrypted with a passphrase, and nobody can be asked for that\n"
    );
    let damaged = said(&with("key"), &[("one.age", "hunter2\n")]);
    assert_eq!(damaged, "the secret in `one.age` cannot be decrypted: it is no file that age has encrypted\n");
}
