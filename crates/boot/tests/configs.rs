//! Configs: composed of what a profile, a class and a machine bring, rendered with what templates see and can do, secrets
//! among it.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use firstlight_boot::{
    Ask, BootSet, ConfigProblem, Decision, NotRendered, Recipient, Rendered, Secrets, Token, check_configs,
};
use firstlight_plan::Standing;
use firstlight_site::{Memory, Site, Sources, parse};
use std::collections::BTreeMap;

const SITE: &str = r#"
site { domain = "lab.example" }
network "boot" { subnet = "10.20.0.0/24" }
asset "linux" { path = "vmlinuz" }

secret "join" {
  file    = "secrets/join"
  classes = ["etcd"]
}
secret "key" { folder = "secrets/keys" }

profile "debian" {
  kernel = asset.linux
  config = "base/preseed.cfg"
  vars   = { tier = "none", mirror = "deb.example" }
}
class "base" {
  profile = profile.debian
  config  = "class.preseed"
}
class "etcd" {
  extends = class.base
  config  = ["etcd.preseed", "join.txt"]
  vars    = { tier = "one" }
}
class "worker" { extends = class.base }

machine "etcd" {
  for_each = toset(["a", "b", "c"])
  serial   = "E-${each.key}"
  class    = class.etcd
  address  = cidrhost(network.boot.subnet, 10 + lookup({ a = 1, b = 2, c = 3 }, each.key, 0))
}
machine "worker" {
  mac    = "52:54:00:00:00:09"
  class  = class.worker
  config = { "preseed.cfg" = "worker.preseed" }
}
"#;

const JOIN: &str =
    "{% for peer in peers %}{{ peer.name }}={{ peer.address }}{% if not loop.last %},{% endif %}{% endfor %}";

/// The site with these files besides the usual ones.
fn read(text: &str, files: &[(&str, &str)]) -> Site {
    let usual = [
        ("vmlinuz", ""),
        (
            "base/preseed.cfg",
            "d-i mirror/http/hostname string {{ vars.mirror }}\nd-i netcfg/get_hostname string {{ machine.fqdn }}",
        ),
        ("class.preseed", "d-i a/b string {{ vars.tier }}\n"),
        ("etcd.preseed", "d-i a/c string of etcd\n"),
        ("worker.preseed", "d-i a/c string of worker\n"),
        ("join.txt", JOIN),
        ("secrets/join", "hunter2\n"),
        ("secrets/keys/etcd-a", "key of a\n"),
        ("secrets/keys/worker", "key of worker\n"),
    ];
    let all: BTreeMap<&str, &str> = usual.into_iter().chain(files.iter().copied()).collect();
    let files = all.into_iter().map(|(path, text)| (format!("site/{path}").into(), text.to_owned())).collect();
    let memory = Memory { files, ..Memory::default() };
    match parse(&Sources::single("site", text), &memory) {
        Ok(loaded) => loaded.site,
        Err(report) => panic!("{report}"),
    }
}

fn set(text: &str, files: &[(&str, &str)]) -> BootSet {
    BootSet::new(read(text, files), BTreeMap::new(), BTreeMap::new(), 1)
}

fn with<T>(set: &BootSet, machine: &str, secrets: Secrets, ask: impl FnOnce(&Recipient<'_>, &Decision<'_>) -> T) -> T {
    let who = Ask::of(&set.site.machines[machine]);
    let decision = set.decide(&who, None, &Standing::default());
    let (network, token) = (&set.site.networks[0], Token::new(7));
    ask(&Recipient { ask: &who, decision: &decision, network, token: &token, secrets }, &decision)
}

fn config(set: &BootSet, machine: &str, name: &str, secrets: Secrets) -> Result<Rendered, NotRendered> {
    with(set, machine, secrets, |recipient, _| set.config(recipient, name).expect("such a config"))
}

fn text(set: &BootSet, machine: &str, name: &str) -> String {
    config(set, machine, name, Secrets::Shown).unwrap().text
}

/// A template's result for the machine etcd-a.
fn of_template(template: &str, files: &[(&str, &str)]) -> Result<String, String> {
    let files: Vec<(&str, &str)> = [("join.txt", template)].into_iter().chain(files.iter().copied()).collect();
    let rendered = config(&set(SITE, &files), "etcd-a", "join.txt", Secrets::Shown);
    rendered.map(|rendered| rendered.text).map_err(|not| not.to_string())
}

fn problems(files: &[(&str, &str)]) -> Vec<ConfigProblem> {
    check_configs(&read(SITE, files))
}

#[test]
fn the_site_is_in_order() {
    assert_eq!(problems(&[]), []);
}

#[test]
fn a_preseed_is_the_profiles_then_the_classes_then_the_machines() {
    let set = set(SITE, &[]);
    assert_eq!(
        text(&set, "etcd-a", "preseed.cfg"),
        "d-i mirror/http/hostname string deb.example\nd-i netcfg/get_hostname string etcd-a.lab.example\n\
         d-i a/b string one\nd-i a/c string of etcd\n"
    );
    assert_eq!(
        text(&set, "worker", "preseed.cfg"),
        "d-i mirror/http/hostname string deb.example\nd-i netcfg/get_hostname string worker.lab.example\n\
         d-i a/b string none\nd-i a/c string of worker\n"
    );
    let names = |machine| {
        with(&set, machine, Secrets::Shown, |_, decision| {
            set.documents(decision).unwrap().into_iter().map(|document| document.name).collect::<Vec<_>>()
        })
    };
    assert_eq!(names("etcd-a"), ["preseed.cfg", "join.txt"]);
    assert_eq!(names("worker"), ["preseed.cfg"]);
}

#[test]
fn a_join_list_writes_itself() {
    let set = set(SITE, &[]);
    assert_eq!(text(&set, "etcd-a", "join.txt"), "etcd-b=10.20.0.12,etcd-c=10.20.0.13");
    assert_eq!(text(&set, "etcd-c", "join.txt"), "etcd-a=10.20.0.11,etcd-b=10.20.0.12");
    let more = SITE.replace("[\"a\", \"b\", \"c\"]", "[\"a\", \"b\", \"c\", \"d\"]").replace("c = 3", "c = 3, d = 4");
    assert_eq!(
        text(&self::set(&more, &[]), "etcd-a", "join.txt"),
        "etcd-b=10.20.0.12,etcd-c=10.20.0.13,etcd-d=10.20.0.14"
    );
}

#[test]
fn machines_of_any_class_are_known_and_nothing_of_their_secrets() {
    let names = |list: &str| of_template(&format!("{{{{ {list} | map(attribute='name') | join(' ') }}}}"), &[]);
    assert_eq!(names("members").as_deref(), Ok("etcd-a etcd-b etcd-c"));
    assert_eq!(names("of_class('worker')").as_deref(), Ok("worker"));
    assert_eq!(names("of_class('base')").as_deref(), Ok("etcd-a etcd-b etcd-c worker"), "and of those that extend it");
    assert_eq!(of_template("{{ of_class('worker')[0].vars.tier }}", &[]).as_deref(), Ok("none"));
    assert_eq!(of_template("{{ of_class('worker')[0].fqdn }}", &[]).as_deref(), Ok("worker.lab.example"));
    let unknown = of_template("{{ of_class('wroker') }}", &[]).unwrap_err();
    assert!(unknown.contains("there is no class `wroker`; known here: base, etcd, worker"), "{unknown}");
    assert!(of_template("{{ peers[0].secrets.join }}", &[]).unwrap_err().contains("undefined"));
}

#[test]
fn templates_have_what_people_expect() {
    let files =
        [("files/ops.pub", "# ops\nssh-ed25519 AAAA ops@example\n\nssh-rsa BBBB two\n"), ("files/a/motd", "hello\n")];
    for (template, result) in [
        ("{{ vars | to_yaml }}", "mirror: deb.example\ntier: one"),
        ("{{ {'a': ['<&>']} | to_json }}", "{\"a\":[\"<&>\"]}"),
        ("{{ {'a': 1} | to_json(indent=2) }}", "{\n  \"a\": 1\n}"),
        ("{{ 'hällo' | b64encode }}", "aMOkbGxv"),
        ("{{ 'aMOkbGxv' | b64decode }}", "hällo"),
        ("{{ 'abc' | sha256 }}", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("{{ \"it's\" | quote }}", "'it'\\''s'"),
        ("{{ ssh_keys('ops.pub') | join('|') }}", "ssh-ed25519 AAAA ops@example|ssh-rsa BBBB two"),
        ("{{ file('a/motd') }}", "hello\n"),
        ("{{ cidrhost(network.subnet, 9) }} {{ cidrnetmask('10.0.0.0/9') }}", "10.20.0.9 255.128.0.0"),
        ("{{ \"a\\nb\" | indent(2) }}", "a\n  b"),
        // `openssl passwd -6 -salt saltstring 'Hello world!'`, which is also in the specification of SHA-crypt.
        (
            "{{ 'Hello world!' | sha512_crypt(salt='saltstring') }}",
            "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
        ),
    ] {
        assert_eq!(of_template(template, &files).as_deref(), Ok(result), "{template}");
    }
    for (template, cause) in [
        ("{{ file('b') }}", "there is no `b` in `files`"),
        ("{{ file('../site.hcl') }}", "leads out of the site's folder of files"),
        ("{{ 'x' | sha512_crypt(salt='ä') }}", "a salt is 1 to 16 of the letters"),
        ("{{ '!' | b64decode }}", "this is not Base64"),
        ("{{ nothing | to_yaml }}", "undefined"),
        ("{{ cidrhost(network.subnet, 256) }}", "10.20.0.0/24 has no address number 256"),
    ] {
        let error = of_template(template, &files).unwrap_err();
        assert!(error.starts_with("join.txt:1: ") && error.contains(cause), "{template}: {error}");
    }
}

#[test]
fn a_password_hash_is_the_same_at_each_fetch_and_another_for_each_machine() {
    let set = set(SITE, &[("join.txt", "{{ sha512_crypt('hunter2') }}")]);
    let (a, b) = (text(&set, "etcd-a", "join.txt"), text(&set, "etcd-b", "join.txt"));
    assert!(a.starts_with("$6$") && a.len() == 3 + 16 + 1 + 86, "{a}");
    assert_eq!(a, text(&set, "etcd-a", "join.txt"));
    assert_ne!(a, b);
}

#[test]
fn a_secret_is_shown_redacted_or_withheld() {
    let set = set(SITE, &[("join.txt", "token {{ secrets.join }} {{ secrets.join | b64encode }}\n")]);
    let shown = config(&set, "etcd-a", "join.txt", Secrets::Shown).unwrap();
    assert_eq!((shown.text.as_str(), &shown.secrets[..]), ("token hunter2 aHVudGVyMg==\n", &["join".to_owned()][..]));
    let redacted = config(&set, "etcd-a", "join.txt", Secrets::Redacted).unwrap();
    assert_eq!(redacted.text, "token (secret join) KHNlY3JldCBqb2luKQ==\n");
    let withheld = config(&set, "etcd-a", "join.txt", Secrets::Withheld("it is over")).unwrap_err();
    assert!(withheld.to_string().contains("the secret `join` is not given here: it is over"), "{withheld}");
    assert_eq!(withheld.secrets, ["join"]);
    let other = config(&set, "etcd-a", "preseed.cfg", Secrets::Withheld("it is over")).unwrap();
    assert_eq!(other.secrets, [""; 0], "a config without secrets is not withheld");
}

#[test]
fn a_secret_is_for_whom_it_is_for() {
    let found = problems(&[("worker.preseed", "d-i a/c string {{ secrets.join }}\n")]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].finding.message.contains("the secret `join` is not for worker"), "{found:?}");
    let found = problems(&[("class.preseed", "d-i a/b string {{ secrets.key }}\n")]);
    let said: Vec<_> = found.iter().map(|p| (p.finding.message.as_str(), p.machines.join(" "))).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].0.contains("nothing for etcd-b: there is no secrets/keys/etcd-b") && said[0].1 == "etcd-b");
    let unknown = of_template("{{ secrets.jion }}", &[]).unwrap_err();
    assert!(unknown.contains("there is no secret `jion`; known here: join, key"), "{unknown}");
}

#[test]
fn no_message_quotes_a_secret() {
    let template = "{% if secrets.join == 'hunter2' %}{{ secrets.join | b64decode }}{% endif %}";
    let error = config(&set(SITE, &[("join.txt", template)]), "etcd-a", "join.txt", Secrets::Shown).unwrap_err();
    assert!(error.to_string().contains("shows only with the secrets in it"), "{error}");
    let template = "{{ of_class(secrets.join) }}";
    let error = config(&set(SITE, &[("join.txt", template)]), "etcd-a", "join.txt", Secrets::Shown).unwrap_err();
    assert!(error.to_string().contains("`(secret join)`") && !error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn a_script_holds_no_secret() {
    let site = SITE
        .replace("config = \"base/preseed.cfg\"", "config = \"base/preseed.cfg\"\n  args = \"key={{ secrets.key }}\"");
    let found = check_configs(&read(&site, &[]));
    assert!(!found.is_empty());
    assert!(
        found.iter().all(|p| p.finding.file == "site.hcl" && p.finding.message.contains("put it into a config")),
        "{found:?}"
    );
}

#[test]
fn a_mistake_for_many_machines_is_said_once() {
    let found = problems(&[
        ("etcd.preseed", "d-i a/c string x\nnonsense\n"),
        ("class.preseed", "d-i a/b string {{ vars.teir }}\n"),
    ]);
    let said: Vec<String> = found.iter().map(|p| format!("{} {}", p.finding, p.machines.join(" "))).collect();
    assert_eq!(
        said,
        [
            "class.preseed:1: this template cannot be rendered: undefined value: `vars.teir` is undefined etcd-a etcd-b etcd-c worker",
        ],
        "{said:?}"
    );
    let found =
        problems(&[("etcd.preseed", "d-i a/c string x\n\n{% if true %}\nnonsense {{ machine.name }}\n{% endif %}\n")]);
    assert!(found[0].finding.warning);
    assert!(found[0].finding.message.ends_with("(line 3 of the rendered text: `nonsense etcd-a`)"), "{found:?}");
}

#[test]
fn what_cloud_init_renders_itself_is_left_alone() {
    let site = SITE.replace("config = \"base/preseed.cfg\"", "config = [\"base/preseed.cfg\", \"node.yaml\"]");
    let node = "## template: jinja\n#cloud-config\nhostname: {{ v1.local_hostname }}\n";
    let set = set(&site, &[("node.yaml", node)]);
    assert_eq!(text(&set, "worker", "user-data"), node);
}
