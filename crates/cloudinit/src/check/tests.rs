use super::*;
use crate::{META_DATA, NETWORK_CONFIG, USER_DATA};

/// The findings as `line:column weight message (help)`.
fn found(name: &str, text: &str) -> Vec<String> {
    let line = |finding: Finding| {
        let weight = if finding.weight == Weight::Error { "error" } else { "warning" };
        let help = finding.help.map(|help| format!(" ({help})")).unwrap_or_default();
        format!("{}:{} {weight}: {}{help}", finding.line, finding.column, finding.message)
    };
    check(name, text).unwrap().into_iter().map(line).collect()
}

fn one(name: &str, text: &str) -> String {
    let mut all = found(name, text);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

#[test]
fn what_is_right_is_let_pass() {
    let user_data = r#"#cloud-config
hostname: kitt
users:
  - default
  - name: ops
    groups: [adm, sudo]
    sudo: ["ALL=(ALL) NOPASSWD:ALL"]
    lock_passwd: no
    passwd: "$6$salt$hash"
    ssh_authorized_keys: [ssh-ed25519 AAAA ops]
write_files:
  - path: /etc/motd
    permissions: "0644"
    content: hello
runcmd:
  - echo hello
  - [touch, /run/x]
bootcmd: [[cloud-init-per, once, x, "true"]]
ntp: { servers: [10.20.0.1] }
growpart: { mode: auto, devices: ["/"] }
packages: [vim, [libpython3, "1.0"]]
phone_home: { url: "http://10.20.0.1/r/T", tries: 3 }
"#;
    assert_eq!(found(USER_DATA, user_data), Vec::<String>::new());
    for text in ["#!/bin/sh\n", "#include\nhttp://a/b\n", "## template: jinja\n#cloud-config\n{{ a }}\n"] {
        assert_eq!(found(USER_DATA, text), Vec::<String>::new());
    }
    assert_eq!(check("preseed.cfg", ""), None);
}

#[test]
fn the_first_line_decides() {
    assert_eq!(
        one(USER_DATA, "# cloud-config\npackages: [vim]\n"),
        "1:1 error: cloud-init would ignore this: it knows user-data by its first line, which is `# cloud-config` \
         (did you mean `#cloud-config`?)"
    );
    assert!(one(USER_DATA, "\n\npackages: [vim]\n").starts_with("3:1 error: cloud-init would ignore this"));
    assert!(one(USER_DATA, "packages: [vim]\n").ends_with("(begin it with the line `#cloud-config`)"));
    assert!(one(USER_DATA, "## template: jinja\npackages: []\n").starts_with("2:1 error"));
    assert!(one(USER_DATA, "\u{feff}#cloud-config\na: 1\n").contains("byte order mark"));
    assert!(one(USER_DATA, "#!/bin/sh\r\necho\r\n").contains("as on Windows"));
}

#[test]
fn yaml_that_is_none_is_shown_at_its_line() {
    let said = one(USER_DATA, "#cloud-config\nusers:\n\t- name: x\n");
    assert!(said.starts_with("3:1 error: this YAML cannot be read: "), "{said}");
    assert!(said.ends_with(" (YAML nests by spaces, never by tabs)"), "{said}");
    assert_eq!(
        one(USER_DATA, "#cloud-config\nruncmd: [a]\nruncmd: [b]\n"),
        "3:1 error: this YAML cannot be read: the key `runcmd` is there twice, first at line 2"
    );
    assert!(one(USER_DATA, "#cloud-config\n").contains("there is nothing in it"));
    assert!(one(USER_DATA, "#cloud-config\n- a\n").starts_with("2:1 error: a cloud-config is a map"));
}

#[test]
fn a_slip_of_the_finger_is_recognised() {
    assert_eq!(
        one(USER_DATA, "#cloud-config\npackage: [vim]\n"),
        "2:1 warning: cloud-init has no module that knows `package` (did you mean `packages`?)"
    );
    assert_eq!(
        one(USER_DATA, "#cloud-config\nusers:\n  - name: x\n    ssh_authorised_keys: [a]\n"),
        "4:5 warning: cloud-init does not know `ssh_authorised_keys` in `users[0]` (did you mean `ssh_authorized_keys`?)"
    );
    assert_eq!(found(USER_DATA, "#cloud-config\nusers:\n  - name: x\n    ssh-authorized-keys: [a]\n").len(), 0);
}

#[test]
fn values_are_of_their_types() {
    assert_eq!(
        found(
            USER_DATA,
            "#cloud-config\nhostname: 7\nruncmd: reboot\nwrite_files:\n  - content: x\nssh_quiet_keygen: 1\n"
        ),
        [
            "2:11 error: `hostname` is a number, and has to be a text (quote it)",
            "3:9 error: `runcmd` is a text, and has to be a list (write it as a list: `- …` on a line of its own)",
            "5:5 error: `path` is missing in `write_files[0]`",
            "6:19 error: `ssh_quiet_keygen` is a number, and has to be true or false",
        ]
    );
}

#[test]
fn a_mode_without_quotes_is_a_number() {
    let file = |mode| format!("#cloud-config\nwrite_files:\n  - path: /x\n    permissions: {mode}\n");
    assert_eq!(
        one(USER_DATA, &file("0644")),
        "4:18 warning: `write_files[0].permissions` is a number, the mode 0644; cloud-init's schema wants a text \
         (quote it, like \"0644\")"
    );
    assert_eq!(
        one(USER_DATA, &file("644")),
        "4:18 error: `write_files[0].permissions` is the number 644 and not what it looks like: the mode 01204 \
         (quote it, like \"0644\")"
    );
    assert!(one(USER_DATA, &file("rw-r--r--")).contains("is no file mode"));
}

#[test]
fn an_archive_is_a_list_of_parts() {
    assert_eq!(found(USER_DATA, "#cloud-config-archive\n- '#!/bin/sh'\n- { content: x, type: text/plain }\n").len(), 0);
    assert!(one(USER_DATA, "#cloud-config-archive\n- { type: text/plain }\n").contains("no `content`"));
    assert!(one(USER_DATA, "#cloud-config-archive\na: 1\n").contains("is a list"));
}

#[test]
fn meta_data_says_which_instance_it_is() {
    assert_eq!(found(META_DATA, "instance-id: kitt\nlocal-hostname: kitt\n").len(), 0);
    assert!(one(META_DATA, "local-hostname: kitt\n").contains("no `instance-id`"));
    assert!(one(META_DATA, "- a\n").contains("is a map"));
}

#[test]
fn what_is_made_here_is_right() {
    let domain = "lab.example".parse().unwrap();
    let kitt = crate::Instance { machine: "kitt", domain: Some(&domain), install: Some("1f"), site: "a: b" };
    assert_eq!(found(META_DATA, &kitt.meta_data()).len(), 0);
    assert_eq!(found(crate::VENDOR_DATA, &crate::vendor_data(Some("http://10.20.0.1:8080/r/T"))).len(), 0);
    assert_eq!(found(crate::VENDOR_DATA, &crate::vendor_data(None)).len(), 0);
    let link = crate::Link {
        network: "no: [name",
        mac: "52:54:00:12:34:56".parse().unwrap(),
        address: "10.20.0.11".parse().ok(),
        subnet: "10.20.0.0/24".parse().unwrap(),
        gateway: "10.20.0.1".parse().ok(),
        dns: &["10.20.0.1".parse().unwrap()],
        search: vec![&domain],
        mtu: Some(1400),
        routes: vec![("10.0.0.0/8".parse().unwrap(), "10.20.0.2".parse().unwrap())],
    };
    assert_eq!(found(NETWORK_CONFIG, &link.network_config()), Vec::<String>::new());
}

#[test]
fn a_network_config_is_looked_at_whole() {
    assert!(one(NETWORK_CONFIG, "ethernets: {}\n").contains("`version` is missing"));
    assert_eq!(found(NETWORK_CONFIG, "network:\n  version: 2\n  ethernets:\n    eth0: { dhcp4: yes }\n").len(), 0);
    let text = "version: 2\nethernets:\n  eth0:\n    adresses: [10.0.0.1/24]\n    gateway4: 10.0.0\n    addresses: [10.0.0.1]\n    match: { macaddress: x }\n";
    assert_eq!(
        found(NETWORK_CONFIG, text),
        [
            "4:5 warning: cloud-init does not know `adresses` in `ethernets.eth0` (did you mean `addresses`?)",
            "5:15 error: `ethernets.eth0.gateway4`: `10.0.0` is no address, like 10.20.0.1",
            "6:17 error: `ethernets.eth0.addresses[0]`: `10.0.0.1` is no address with the length of its prefix, like 10.20.0.11/24",
            "7:26 error: `ethernets.eth0.match.macaddress`: `x` is no hardware address, like 52:54:00:12:34:56",
        ]
    );
    assert!(one(NETWORK_CONFIG, "version: 1\nconfig: [{ type: fysical }]\n").contains("did you mean `physical`"));
}
