//! Machines that nobody declared are approved into a class, and have their names from it: assigned once, kept, unique, and
//! free again when the machine is retired.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use firstlight_tests::{Net, Output, Server, firstlight, run};
use std::{
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const SITE: &str = r#"
site {
  domain          = "lab.example"
  unknown         = "park"
  default_profile = "small"
}
network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
  dhcp {
    range = ["10.20.0.100", "10.20.0.200"]
  }
}
dns {
  ttl = "1m"
}
asset "linux" {
  path = "linux"
}
profile "small" {
  kernel = asset.linux
  args   = "hostname={{ machine.name }} class={{ machine.class }}"
}
class "worker" {
  name_pool = ["alpha", "kitt", "beta"]
}
class "rack" {
  vars         = { rack = 7 }
  name_pattern = "rack{rack}-{n:02}"
}
machine "kitt" {
  mac   = "52:54:00:00:00:77"
  class = "worker"
}
"#;

fn serve(net: &Net) -> Server {
    Server::start_whole(net, SITE, &[("linux", b"a kernel")])
}

fn mac(last: u8) -> String {
    format!("52:54:00:00:00:{last:02x}")
}

fn approve(server: &Server, last: u8, class: &str) -> Output {
    server.firstlight(&format!("machines approve {} --class {class} --site", mac(last)))
}

/// The name that it was approved by.
fn approved(server: &Server, last: u8, class: &str) -> String {
    let output = approve(server, last, class);
    assert_eq!(output.code, Some(0), "{}", output.text);
    output.text.split_whitespace().next().unwrap().to_owned()
}

/// What a machine's firmware is told.
fn asks(net: &Net, last: u8) -> String {
    net.client(&format!("curl -sS -m 20 'http://10.20.0.1:8080/boot.ipxe?mac={}&again=1'", mac(last))).text
}

fn dig(net: &Net, what: &str) -> String {
    net.client(&format!("dig @10.20.0.1 +tries=2 +time=5 +short {what}")).text.trim().to_owned()
}

/// DNS follows the site within two seconds.
fn wait_for(net: &Net, what: &str, expected: &str) {
    let end = Instant::now() + Duration::from_secs(10);
    while dig(net, what) != expected {
        assert!(Instant::now() < end, "{what} is {:?}, not {expected:?}", dig(net, what));
        thread::sleep(Duration::from_millis(100));
    }
}

/// Its row among the machines.
fn row(server: &Server, last: u8) -> serde_json::Value {
    let text = server.firstlight("machines --json").text;
    let rows: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let row = rows.as_array().unwrap().iter().find(|row| row["mac"] == mac(last).as_str());
    row.unwrap_or_else(|| panic!("no {last} in {text}")).clone()
}

#[test]
fn a_stranger_is_named_by_its_class_and_dns_and_templates_follow() {
    let net = Net::new();
    let mut server = serve(&net);
    let lease = || net.client("udhcpc -f -q -n -i eth0 -s /bin/true 2>&1").text;
    assert!(lease().contains("lease of 10.20.0.100"));
    net.give_client("10.20.0.100/24");
    assert!(asks(&net, 1).contains("Parked"));
    assert_eq!((dig(&net, "alpha.lab.example"), dig(&net, "-x 10.20.0.100").contains("alpha")), (String::new(), false));

    assert_eq!(approved(&server, 1, "worker"), "alpha");
    wait_for(&net, "alpha.lab.example", "10.20.0.100");
    assert_eq!(dig(&net, "-x 10.20.0.100"), "alpha.lab.example.");
    let script = asks(&net, 1);
    assert!(script.contains("hostname=alpha class=worker"), "{script}");
    let written = std::fs::read_to_string(server.folder().join("approved.hcl")).unwrap();
    assert!(
        written.ends_with("machine \"alpha\" {\n  mac = \"52:54:00:00:00:01\"\n  class = \"worker\"\n}\n"),
        "{written}"
    );
    let (shown, timeline) = (row(&server, 1), server.firstlight("machines show alpha --site").text);
    assert_eq!((&shown["name"], &shown["name_given"]), (&"alpha".into(), &true.into()));
    assert!(timeline.contains("was given the name alpha"), "{timeline}");
    let again = approve(&server, 1, "worker");
    assert!(again.code == Some(1) && again.text.contains("machine alpha has that address already"), "{}", again.text);

    // `kitt` is declared: it is nobody else's.
    assert_eq!(approved(&server, 2, "worker"), "beta");
    server.kill();
    server.start_again(&net);
    assert_eq!(dig(&net, "-x 10.20.0.100"), "alpha.lab.example.", "after a kill");
    let none = approve(&server, 3, "worker");
    for part in ["all 3 of its `name_pool` are taken (site.hcl:24:1)", "firstlight machines retire", "--name"] {
        assert!(none.code == Some(1) && none.text.contains(part), "{part} in {}", none.text);
    }

    // Retired, its name is the next one's, who begins anew.
    let retired = server.firstlight("machines retire alpha --site").text;
    assert!(retired.contains("alpha is retired") && retired.contains("the name alpha is free again"), "{retired}");
    assert!(!std::fs::read_to_string(server.folder().join("approved.hcl")).unwrap().contains("alpha"));
    assert!(asks(&net, 1).contains("it is retired"), "{}", asks(&net, 1));
    wait_for(&net, "alpha.lab.example", "");
    assert_eq!(dig(&net, "-x 10.20.0.100"), "ip-10-20-0-100.lab.example.");
    assert_eq!(row(&server, 1)["name"], serde_json::Value::Null);
    assert_eq!(approved(&server, 3, "worker"), "alpha");
    assert!(asks(&net, 3).contains("hostname=alpha"), "{}", asks(&net, 3));
    assert_eq!(row(&server, 3)["stage"], "booting");
    for command in ["machines show alpha --site", "machines show --json alpha --site"] {
        let shown = server.firstlight(command).text;
        assert!(shown.contains("was given the name alpha") && !shown.contains("retire"), "{shown}");
        assert!(!shown.contains(&mac(1)) && shown.contains(&mac(3)), "the events of who had the name before: {shown}");
    }
    assert!(server.machines(&mac(1)).contains("its name alpha is free again"), "they are still its own");
}

#[test]
fn numbers_are_counted_up_with_and_without_a_server_and_by_many_at_once() {
    let net = Net::new();
    net.give_client("10.20.0.50/24");
    let mut server = serve(&net);
    assert_eq!([approved(&server, 1, "rack"), approved(&server, 2, "rack")], ["rack7-01", "rack7-02"]);
    server.kill();
    assert_eq!(approved(&server, 3, "rack"), "rack7-03");
    server.start_again(&net);
    let start = |last: u8| {
        let mut command = Command::new(firstlight());
        command.args(["machines", "approve", &mac(last), "--class", "rack", "--site"]).arg(server.folder());
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let many: Vec<_> = (0x10..0x18).map(start).collect();
    for child in many {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let listed = run(Command::new(firstlight()).arg("machines").arg(server.folder()), Duration::from_secs(30)).text;
    for number in 1..=11 {
        assert!(listed.contains(&format!("rack7-{number:02} ")), "{number} in {listed}");
    }
    let retired = server.firstlight("machines retire rack7-02 --site").text;
    assert!(retired.contains("the name rack7-02 is free again"), "{retired}");
    assert_eq!(approved(&server, 0x20, "rack"), "rack7-02", "a gap is filled");
    let by_address = server.firstlight(&format!("machines retire {} --site", mac(0x20))).text;
    assert!(by_address.contains("the name rack7-02 is free again"), "{by_address}");
    assert_eq!(approved(&server, 0x20, "rack"), "rack7-02", "one that was retired may come back");
    assert!(asks(&net, 0x20).contains("hostname=rack7-02"), "{}", asks(&net, 0x20));
}

#[test]
fn a_name_that_its_owner_has_declared_elsewhere_stays() {
    let net = Net::new();
    let server = serve(&net);
    let said = approve(&server, 1, "nothing");
    assert!(said.code == Some(1) && said.text.contains("there is no class `nothing`"), "{}", said.text);
    assert_eq!(approved(&server, 1, "rack"), "rack7-01");
    let (from, to) = (server.folder().join("approved.hcl"), server.folder().join("mine.hcl"));
    std::fs::rename(from, to).unwrap();
    let retired = server.firstlight("machines retire rack7-01 --site").text;
    assert!(retired.contains("rack7-01 keeps its name, for it is declared in mine.hcl:"), "{retired}");
    assert_eq!(approved(&server, 2, "rack"), "rack7-02");
    // Taken out by hand, the name is free once the machine is retired again.
    std::fs::remove_file(server.folder().join("mine.hcl")).unwrap();
    assert_eq!(server.firstlight("reload").code, Some(0));
    let again = server.firstlight("machines retire rack7-01 --site").text;
    assert!(again.contains("the name rack7-01 is free again"), "{again}");
}
