//! A bundle: what one site has fetched, in a place without any network.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use firstlight_tests::{Net, Output, Server, firstlight, run};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

const SITE: &str = r#"
asset "kernel" {
  url = "http://127.0.0.1:9999/kernel"
}
asset "netboot" {
  url = ["http://127.0.0.1:9999/gone", "http://127.0.0.1:9999/netboot.tar"]
}
asset "initrd" {
  from = asset.netboot
  path = "boot/initrd"
}
asset "pinned" {
  url    = "http://127.0.0.1:9999/kernel"
  sha512 = "SHA512"
}
profile "disk" {
  boot = "disk"
}
"#;

const NETWORK: &str = "network \"boot\" {\n  interface = \"eth1\"\n  subnet    = \"10.20.0.0/24\"\n}\n";

/// A shell's line in a folder, with `$FIRSTLIGHT`.
fn shell(mut command: Command, folder: &Path, line: &str) -> Output {
    command.args(["-ec", line]).current_dir(folder).env("FIRSTLIGHT", firstlight());
    run(&mut command, Duration::from_secs(120))
}

fn done(output: &Output) -> &str {
    assert_eq!(output.code, Some(0), "{}", output.text);
    &output.text
}

/// A site's folder, and beside it what its mirror has.
fn make(folder: &Path) {
    let line = "mkdir -p mirror site t/boot && head -c 5000000 /dev/urandom >mirror/kernel
                head -c 3000000 /dev/urandom >t/boot/initrd && tar -C t -cf mirror/netboot.tar ./boot
                sha512sum <mirror/kernel | cut -d ' ' -f 1 >sha512";
    done(&shell(Command::new("sh"), folder, line));
    let sha512 = fs::read_to_string(folder.join("sha512")).unwrap();
    let site = format!("{NETWORK}{}", SITE.replace("SHA512", sha512.trim()));
    fs::write(folder.join("site/site.hcl"), site).unwrap();
}

#[test]
fn a_site_is_served_where_there_is_no_network() {
    let (net, here) = (Net::new(), tempfile::tempdir().unwrap());
    net.give_client("10.20.0.50/24");
    make(here.path());
    let mut mirror = net.on_server("python3");
    mirror.args(["-m", "http.server", "9999", "--bind", "127.0.0.1", "--directory"]).arg(here.path().join("mirror"));
    let mut mirror = mirror.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let up = "for i in $(seq 100); do curl -so /dev/null http://127.0.0.1:9999/ && exit 0; sleep 0.1; done; exit 1";
    done(&shell(net.on_server("sh"), here.path(), up));

    let line = "$FIRSTLIGHT assets export --site site -o bundle && $FIRSTLIGHT assets export --site site >again && cmp bundle again";
    let output = shell(net.on_server("sh"), here.path(), line);
    assert!(done(&output).contains("sha256 of the bundle"), "{}", output.text);
    assert!(output.text.contains("not in it: initrd"), "{}", output.text);
    mirror.kill().unwrap();
    mirror.wait().unwrap();

    // People can look inside, and check by hand.
    let line = "mkdir out && tar -C out -xf bundle && cd out && ls && cd sha256 && for f in *; do echo \"$f  $f\"; done | sha256sum -c";
    let output = shell(Command::new("sh"), here.path(), line);
    assert!(done(&output).contains("firstlight-bundle.json") && output.text.contains(": OK"), "{}", output.text);

    // The site goes over without its lock, its state, and without a network; the first import is cut off.
    let line = "mkdir there && cp site/site.hcl there/ && head -c 4000000 bundle >half
                if unshare -n $FIRSTLIGHT assets import half --site there; then exit 9; fi
                unshare -n $FIRSTLIGHT assets import bundle --site there -json
                unshare -n $FIRSTLIGHT assets import bundle --site there -json >second && grep '\"new\": 0' second";
    let output = shell(Command::new("sh"), here.path(), line);
    assert!(done(&output).contains("it is cut off"), "{}", output.text);
    assert!(fs::read_to_string(here.path().join("there/firstlight.lock")).unwrap().contains("asset \"kernel\""));

    let copy = |folder: &Path| {
        let line = format!("cp -r {}/. .", here.path().join("there").display());
        done(&shell(Command::new("sh"), folder, &line));
    };
    let site = fs::read_to_string(here.path().join("there/site.hcl")).unwrap();
    let server = Server::start_with(&net, site.strip_prefix(NETWORK).unwrap(), |folder| {
        copy(folder);
        // `Server` writes it itself.
        fs::write(folder.join("site.hcl"), &site).unwrap();
    });
    for (name, original) in [("kernel", "mirror/kernel"), ("initrd", "t/boot/initrd"), ("pinned", "mirror/kernel")] {
        let line = format!(
            "curl -sf -m 60 http://10.20.0.1:8080/asset/{name} | cmp - {}",
            here.path().join(original).display()
        );
        let output = net.client(&line);
        assert_eq!(output.code, Some(0), "{name}: {}\n{}", output.text, server.log());
    }
}

#[test]
fn what_is_no_bundle_is_refused_in_a_line() {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("site.hcl"), format!("{NETWORK}profile \"disk\" {{\n boot = \"disk\"\n}}\n")).unwrap();
    let refused = |line: &str| {
        let output = shell(Command::new("sh"), here.path(), line);
        assert_eq!(output.code, Some(1), "{}", output.text);
        output.text
    };
    assert!(refused("$FIRSTLIGHT assets import site.hcl").contains("firstlight: the bundle: this is none"));
    assert!(refused("$FIRSTLIGHT assets import nowhere").contains("cannot read nowhere: No such file or directory"));
}
