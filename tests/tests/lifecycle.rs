//! The life of a machine over HTTP, as its firmware and its installer see it: each step survives a killed server, only
//! the right report counts, and what must not be overwritten is not.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use firstlight_tests::{Net, Server};

const SITE: &str = r#"
site {
  unknown         = "UNKNOWN"
  default_profile = "DEFAULT"
  http_port       = 8080
}
asset "linux" {
  path = "linux"
}
profile "flatcar" {
  kernel = asset.linux
  args   = "up={{ report_url }} to={{ install.disk }}"
  install {
    disk    = "/dev/vda"
    wipe    = true
    timeout = "TIMEOUT"
  }
}
profile "talos" {
  kernel = asset.linux
  args   = "up={{ report_url }}"
  install {
    disk        = "/dev/vda"
    wipe        = true
    reported_by = "system"
  }
}
profile "careful" {
  kernel = asset.linux
  args   = "up={{ report_url }}"
  install { disk = "/dev/vda" }
}
profile "small" {
  kernel = asset.linux
  args   = "up={{ report_url }}"
}
profile "rescue" {
  kernel = asset.linux
  args   = "rescue up={{ report_url }}"
}
machine "kitt" {
  mac      = "52:54:00:00:00:01"
  profile  = "flatcar"
  leave_by = "sanboot"
}
machine "hal" {
  mac     = "52:54:00:00:00:02"
  profile = "small"
}
machine "gort" {
  mac      = "52:54:00:00:00:04"
  profile  = "talos"
  leave_by = "sanboot"
}
machine "tars" {
  mac     = "52:54:00:00:00:03"
  profile = "careful"
}
"#;

fn site(unknown: &str, default: &str, timeout: &str) -> String {
    SITE.replace("UNKNOWN", unknown).replace("DEFAULT", default).replace("TIMEOUT", timeout)
}

fn serve(site: &str) -> (Net, Server) {
    let net = Net::new();
    net.give_client("10.20.0.50/24");
    let server = Server::start(&net, site, &[("linux", b"a kernel")]);
    (net, server)
}

fn curl(net: &Net, arguments: &str) -> String {
    net.client(&format!("curl -sS -m 20 {arguments}")).text
}

/// What a machine's firmware is told.
fn asks(net: &Net, last: u8) -> String {
    curl(net, &format!("'http://10.20.0.1:8080/boot.ipxe?mac=52:54:00:00:00:{last:02x}&again=1'"))
}

fn report_url(script: &str) -> String {
    let rest = script.split_once("up=").unwrap_or_else(|| panic!("nothing to report to in {script}")).1;
    rest.split_whitespace().next().unwrap().to_owned()
}

/// Posts, and gives the status and the text.
fn post(net: &Net, url: &str, body: &str) -> String {
    curl(net, &format!("-w '%{{http_code}}' -d '{body}' {url}"))
}

fn stage(server: &Server, machine: &str) -> (String, String) {
    let text = server.firstlight("machines --json").text;
    let rows: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let row = rows.as_array().unwrap().iter().find(|row| row["name"] == machine || row["mac"] == machine);
    let row = row.unwrap_or_else(|| panic!("no {machine} in {text}"));
    (row["stage"].as_str().unwrap().to_owned(), row["cause"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn an_install_goes_to_the_disk_and_a_server_killed_between_each_step_loses_none() {
    let (net, mut server) = serve(&site("park", "small", "1h"));
    let again = |server: &mut Server| {
        server.kill();
        server.start_again(&net);
    };
    let script = asks(&net, 1);
    assert!(script.contains("/linux") && script.contains("to=/dev/vda"), "{script}");
    again(&mut server);
    assert_eq!(stage(&server, "kitt").0, "installing");
    assert_eq!(post(&net, &format!("{}/progress", report_url(&script)), "wrote 12 of 40 MB"), "noted\n200");
    assert_eq!(post(&net, &report_url(&script), "done"), "welcome\n200");
    again(&mut server);
    assert_eq!(stage(&server, "kitt"), ("installed".to_owned(), "reported that the install is done".to_owned()));
    assert_eq!(post(&net, &report_url(&script), "done"), "this attempt has reported already\n409");
    for _ in 0..2 {
        let disk = asks(&net, 1);
        assert!(disk.contains("sanboot") && !disk.contains("kernel"), "{disk}");
        again(&mut server);
        assert_eq!(stage(&server, "kitt").0, "in-service");
    }
    let armed = server.firstlight("machines arm kitt --site").text;
    assert_eq!(armed, "kitt is armed: armed by order: its next boot installs flatcar\n");
    again(&mut server);
    let anew = asks(&net, 1);
    assert!(anew.contains("to=/dev/vda"), "{anew}");
    assert_eq!(post(&net, &report_url(&script), "done").rsplit('\n').next(), Some("409"), "the token of before");
    again(&mut server);
    assert_eq!(post(&net, &report_url(&anew), "done"), "welcome\n200");
    assert_eq!(stage(&server, "kitt").0, "installed");
    let shown = server.firstlight("machines show kitt --site").text;
    for line in ["wrote 12 of 40 MB", "order", "was refused report for kitt: this attempt has reported already"] {
        assert!(shown.contains(line), "{line} in {shown}");
    }
}

#[test]
fn a_machine_that_never_reports_is_held_with_the_reason() {
    let (net, server) = serve(&site("park", "small", "1h"));
    for _ in 0..3 {
        assert!(asks(&net, 1).contains("to=/dev/vda"));
    }
    let held = asks(&net, 1);
    assert!(!held.contains("kernel") && held.contains("it is held: 3 installs failed, none is left"), "{held}");
    let (stage, cause) = stage(&server, "kitt");
    assert_eq!((stage.as_str(), cause.matches("asked again without having reported").count()), ("held", 3), "{cause}");
    assert!(server.firstlight("machines show kitt --site").text.contains("3 installs failed"));
}

#[test]
fn an_attempt_that_reports_nothing_in_time_has_failed() {
    let (net, server) = serve(&site("park", "small", "1s"));
    asks(&net, 1);
    let event = server.wait_for("stage", "install-failed");
    assert!(event["cause"].as_str().unwrap().starts_with("did not report within "), "{event}");
    assert!(asks(&net, 1).contains("to=/dev/vda"), "tries are left");
}

#[test]
fn tokens_and_scripts_of_other_machines_are_refused_recorded_and_shown() {
    let (net, server) = serve(&site("park", "small", "1h"));
    let (hal, kitt) = (asks(&net, 2), asks(&net, 1));
    assert_eq!(
        post(&net, "http://10.20.0.1:8080/r/00000000000000000000000000000000", "up").rsplit('\n').next(),
        Some("403")
    );
    let newer = asks(&net, 2);
    assert!(post(&net, &report_url(&hal), "up").starts_with("this attempt was superseded"), "superseded");
    // From here on the requester's address is leased to hal.
    net.client("ip address flush dev eth0; ip link set eth0 address 52:54:00:00:00:02");
    let leased = net.client(
        "udhcpc -i eth0 -n -q -f -t 5 -s /bin/true 2>&1 | sed -n 's/.*lease of \\([0-9.]*\\) obtained.*/\\1/p'",
    );
    net.give_client(&format!("{}/24", leased.text.trim()));
    assert!(post(&net, &report_url(&kitt), "up").ends_with("the address is leased to machine hal\n403"));
    assert!(asks(&net, 1).contains("this is not yours: the address is leased to machine hal"));
    assert_eq!(stage(&server, "kitt").0, "installing", "nobody else uses up its attempts");
    assert_eq!(post(&net, &report_url(&newer), "up"), "welcome\n200");
    assert_eq!(stage(&server, "hal").0, "in-service");
    server.wait_for("token-refused", "the script of kitt");
    let shown = server.firstlight("machines show hal --site").text;
    assert!(shown.contains("was refused report for kitt: the address is leased to machine hal"), "{shown}");
}

#[test]
fn nobody_declared_is_given_an_installer_by_whatever_the_site_says() {
    for (unknown, default) in [("park", "flatcar"), ("menu", "flatcar"), ("boot", "small")] {
        let (net, server) = serve(&site(unknown, default, "1h"));
        let base = "http://10.20.0.1:8080/boot.ipxe?mac=52:54:00:00:00:99";
        for query in ["", "&profile=flatcar", "&profile=careful", "&again=1"] {
            let script = curl(&net, &format!("'{base}{query}'"));
            assert!(!script.contains("/dev/vda") && !script.contains("profile-flatcar"), "{unknown}: {script}");
        }
        let refused = server.firstlight("machines arm 52:54:00:00:00:99 --site");
        assert!(
            refused.code == Some(1) && refused.text.contains("only declared machines can be armed"),
            "{}",
            refused.text
        );
    }
}

#[test]
fn what_a_machine_is_made_of_is_kept_from_the_attempt_that_counts_alone() {
    let (net, server) = serve(&site("park", "small", "1h"));
    let older = asks(&net, 2);
    let script = asks(&net, 2);
    let told = |url: &str, body: &str| post(&net, &format!("{url}/inventory"), body);
    let said = r#"{"vendor":"QEMU\u001b[2J","colour":"red","disks":[{"name":"vda","size":67108864,"serial":"D 1"}]}"#;
    assert_eq!(told(&report_url(&script), said), "noted\n200");
    assert!(told(&report_url(&older), said).ends_with("409"), "superseded");
    assert!(told(&format!("http://10.20.0.1:8080/r/{}", "0".repeat(32)), said).ends_with("403"));
    let long = format!(r#"{{"serial":"{}"}}"#, "x".repeat(129));
    assert!(told(&report_url(&script), &long).starts_with("this is no inventory: a text has 129 characters"));
    assert!(told(&report_url(&script), "up").ends_with("\n400"));
    std::fs::write(server.folder().join("long"), "x".repeat((64 << 10) + 1)).unwrap();
    let file = format!("@{}", server.folder().join("long").display());
    assert!(told(&report_url(&script), &file).ends_with("413"));
    let shown = server.firstlight("machines show hal --site").text;
    for line in ["\n  system     QEMU [2J\n", "\n  disk       vda  64 MiB  serial D 1\n", "made of  QEMU [2J, 1 disk"] {
        assert!(shown.contains(line), "{line:?} in {shown}");
    }
    let json = server.firstlight("machines show hal --json --site").text;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["inventory"]["disks"][0]["name"], "vda");
    assert!(!json["inventory"].to_string().contains("colour") && stage(&server, "hal").0 == "booting");
}

#[test]
fn orders_are_carried_out_by_the_server_and_without_one() {
    let (net, mut server) = serve(&site("park", "small", "1h"));
    let waits = asks(&net, 3);
    assert!(waits.contains("has no wipe = true") && !waits.contains("kernel"), "{waits}");
    let said = server.firstlight("machines approve tars --site").text;
    assert_eq!(said, "tars is armed: approved by order, and its profile careful installs\n");
    let held = server.firstlight("machines hold tars --reason disk --site").text;
    assert_eq!(held, "tars is held: by order: disk\n");
    assert!(asks(&net, 3).contains("it is held: by order: disk"));
    let again = server.firstlight("machines boot-once hal --profile flatcar --site");
    assert!(again.code == Some(1) && again.text.contains("cannot be booted once"), "{}", again.text);
    server.firstlight("machines boot-once hal --profile rescue --site");
    let rescue = asks(&net, 2);
    assert!(rescue.contains("rescue up="), "{rescue}");
    let kernel = rescue.split_once("\nkernel ").unwrap().1.split_whitespace().next().unwrap().to_owned();
    assert_eq!(curl(&net, &kernel), "a kernel");
    assert_eq!(post(&net, &report_url(&rescue), "up"), "welcome\n200");
    assert!(!asks(&net, 2).contains("rescue up="), "for one boot only");
    server.kill();
    let offline = server.firstlight("machines approve tars --site").text;
    assert_eq!(offline, "tars is armed: approved by order, and its profile careful installs\n");
    server.start_again(&net);
    assert!(asks(&net, 3).contains("/linux"));
    let unknown = server.firstlight("machines hold nobody --site");
    assert!(unknown.code == Some(1) && unknown.text.contains("nobody is not declared"), "{}", unknown.text);
    let retired = server.firstlight("machines retire hal --site").text;
    assert_eq!(retired, "hal is retired: by order\n");
    assert!(asks(&net, 2).contains("it is retired"));
}

#[test]
fn a_stranger_is_declared_by_approving_it() {
    let (net, server) = serve(&site("park", "small", "1h"));
    assert!(asks(&net, 0x99).contains("Parked"));
    assert_eq!(stage(&server, "52:54:00:00:00:99").0, "parked");
    let mistaken = server.firstlight("machines approve 52:54:00:00:00:99 --name deep --profile nothing --site");
    assert!(mistaken.code == Some(1) && mistaken.text.contains("there is no profile `nothing`"), "{}", mistaken.text);
    assert!(!server.folder().join("approved.hcl").exists());
    let said = server.firstlight("machines approve 52:54:00:00:00:99 --name deep --profile careful --site");
    assert!(said.code == Some(0) && said.text.contains("deep is armed"), "{}", said.text);
    let written = std::fs::read_to_string(server.folder().join("approved.hcl")).unwrap();
    let block = "machine \"deep\" {\n  mac = \"52:54:00:00:00:99\"\n  profile = \"careful\"\n}\n";
    assert!(written.ends_with(block), "{written}");
    assert!(asks(&net, 0x99).contains("/linux"));
    let twice = server.firstlight("machines approve 52:54:00:00:00:99 --name other --site");
    assert!(twice.code == Some(1) && twice.text.contains("machine deep has that address already"), "{}", twice.text);
}

#[test]
fn what_a_parked_machine_tells_is_heard_though_the_server_that_parked_it_was_killed() {
    let parking = "site {\n  unknown = \"park\"\n  parking = \"inventory\"\n}\nasset \"linux\" {\n  path = \"linux\"\n}\n\
        profile \"inventory\" {\n  kernel = asset.linux\n  args = \"up={{ report_url }} tells={{ inventory_url }}\"\n}\n";
    let (net, mut server) = serve(parking);
    let (older, newer) = (report_url(&asks(&net, 0x99)), report_url(&asks(&net, 0x99)));
    let recorded = || server.events().iter().filter(|event| event["event"] == "script").count();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while recorded() < 2 {
        assert!(std::time::Instant::now() < end, "{:#?}", server.events());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    // That it waits was known before; which of its scripts counts is in the server's memory only.
    server.kill();
    server.start_again(&net);
    let told = |url: &str| post(&net, &format!("{url}/inventory"), "{\"vendor\":\"QEMU\"}");
    assert_eq!(told(&newer), "noted\n200");
    assert!(told(&older).ends_with("409"), "another script was given since");
    assert_eq!(stage(&server, "52:54:00:00:00:99").0, "parked");
}

#[test]
fn an_install_that_its_system_reports_is_one_attempt_with_a_restart_between() {
    let (net, server) = serve(&site("park", "small", "1h"));
    let installer = asks(&net, 4);
    let up = report_url(&installer);
    let kernel = installer.split_whitespace().find(|word| word.ends_with("/linux")).unwrap();
    assert_eq!(curl(&net, kernel), "a kernel");
    // The installer starts the machine anew: its firmware asks again.
    let again = asks(&net, 4);
    assert!(again.contains("sanboot") && !again.contains("kernel "), "{again}");
    assert_eq!(stage(&server, "gort").0, "installing");
    assert!(post(&net, &up, "").ends_with("200"), "what started from the disk reports");
    assert_eq!(stage(&server, "gort").0, "installed");
    assert!(asks(&net, 4).contains("sanboot"));
    let shown = server.machines("gort");
    assert!(!shown.contains("failed") && shown.contains("asked again, and starts its disk"), "{shown}");
}
