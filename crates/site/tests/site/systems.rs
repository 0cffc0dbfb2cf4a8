//! `os = "flatcar/stable"`: what a profile gets of the catalog, of the site's own `os` blocks, and of both.

use crate::common::{self, outside, site};
use firstlight_site::{
    AssetSource, Boot, KnownBy, LOCK_FILE, Linux, Memory, Pin, Site, Source, Sources, Sums, parse, show,
};

const NETWORK: &str = "network \"n\" {\n interface = \"eth1\"\n subnet = \"10.9.0.0/24\"\n}\n";

/// What is said of a site that has a network besides.
fn said(text: &str) -> Vec<String> {
    common::said(&format!("{text}{NETWORK}"))
}

fn with_lock(text: &str, lock: &str) -> Site {
    let mut sources = Sources::single("site", text);
    sources.files.push(Source { name: LOCK_FILE.to_owned(), text: lock.to_owned() });
    parse(&sources, &outside()).unwrap_or_else(|report| panic!("{report}")).site
}

fn linux<'s>(site: &'s Site, profile: &str) -> &'s Linux {
    match &site.profiles[profile].boot {
        Boot::Linux(linux) => linux,
        other => panic!("{other:?}"),
    }
}

fn urls(site: &Site, asset: &str) -> Vec<String> {
    site.assets[asset].urls().to_vec()
}

#[test]
fn a_profile_says_only_os() {
    let text = "profile \"p\" { os = \"flatcar/stable\" }\n";
    let lock = "os \"flatcar/stable\" {\n version = \"4230.2.1\"\n}\n";
    let site = with_lock(text, lock);
    let profile = &site.profiles["p"];
    assert_eq!((&*profile.title, profile.os.as_deref()), ("Flatcar Container Linux", Some("flatcar/stable")));
    assert_eq!(profile.arch.iter().map(ToString::to_string).collect::<Vec<_>>(), ["amd64"]);
    let linux = linux(&site, "p");
    assert_eq!(
        (&*linux.kernel, &linux.initrds[..]),
        ("flatcar-stable-kernel", &["flatcar-stable-initrd".to_owned()][..])
    );
    assert!(linux.args.starts_with("flatcar.first_boot=1 {% if 'ignition' in config_by_kind %}"), "{}", linux.args);
    let url = "https://stable.release.flatcar-linux.net/amd64-usr/4230.2.1/flatcar_production_pxe.vmlinuz";
    assert_eq!(urls(&site, "flatcar-stable-kernel"), [url]);
    let system = &site.systems["flatcar/stable"];
    assert_eq!((system.version.as_deref(), system.known_by), (Some("4230.2.1"), KnownBy::Lock));
    let listing = system.listing.as_ref().unwrap();
    let at = listing.at.values().next().unwrap();
    assert_eq!(at.url, "https://stable.release.flatcar-linux.net/amd64-usr/current/version.txt");
    let file = &system.files["flatcar-stable-kernel"];
    assert_eq!(file.signature, Some(format!("{url}.sig")));
}

#[test]
fn without_a_version_nothing_can_be_fetched_yet() {
    let site = site("profile \"p\" { os = \"flatcar\" }\n");
    let kernel = &site.assets["flatcar-stable-kernel"];
    assert_eq!(kernel.source, AssetSource::Later("flatcar/stable".to_owned()));
    assert_eq!(site.systems["flatcar/stable"].version, None);
}

#[test]
fn a_profile_can_say_which_version_and_the_site_what_is_added() {
    let text = "asset \"extra\" { path = \"initrd\" }\nprofile \"p\" {\n os = \"flatcar/beta/4344.1.1\"\n arch = \"arm64\"\n \
        initrd = asset.extra\n args = \"console=ttyAMA0\"\n title = \"Mine\"\n}\n";
    let site = site(text);
    let linux = linux(&site, "p");
    assert_eq!(linux.kernel, "flatcar-beta-4344.1.1-arm64-kernel");
    assert_eq!(linux.initrds, ["flatcar-beta-4344.1.1-arm64-initrd", "extra"]);
    assert!(linux.args.ends_with(" console=ttyAMA0"), "{}", linux.args);
    assert_eq!(site.profiles["p"].title, "Mine");
    let url = "https://beta.release.flatcar-linux.net/arm64-usr/4344.1.1/flatcar_production_pxe.vmlinuz";
    assert_eq!(urls(&site, "flatcar-beta-4344.1.1-arm64-kernel"), [url]);
    assert_eq!(site.systems["flatcar/beta/4344.1.1"].known_by, KnownBy::Profile);
}

#[test]
fn what_the_maker_stated_of_a_version_is_its_pin() {
    let text = "profile \"p\" { os = \"fedora-coreos/stable\" }\n";
    let hash = "ab".repeat(32);
    let lock = format!(
        "os \"fedora-coreos/stable\" {{\n version = \"44.1.3.0\"\n sha256 = {{ \"fedora-coreos-stable-rootfs\" = \"{hash}\" }}\n \
         trust = \"stated by https://x/\"\n}}\n"
    );
    let site = with_lock(text, &lock);
    assert_eq!(site.assets["fedora-coreos-stable-rootfs"].pin, Pin::Sha256(hash.parse().unwrap()));
    assert_eq!(site.assets["fedora-coreos-stable-kernel"].pin, Pin::Lock, "the listing did not state it");
    let args = &linux(&site, "p").args;
    assert!(args.contains("coreos.live.rootfs_url={{ server.url }}/asset/fedora-coreos-stable-rootfs "), "{args}");

    // What stands in a list of its own has to be found there first.
    let lock = "os \"rocky/9\" {\n version = \"9.6\"\n}\n";
    let site = with_lock("profile \"p\" { os = \"rocky/9\" }\n", lock);
    assert_eq!(site.assets["rocky-9-kernel"].source, AssetSource::Later("rocky/9".to_owned()));
    let sums = &site.systems["rocky/9"].files["rocky-9-kernel"].sums;
    let url = "https://download.rockylinux.org/pub/rocky/9.6/BaseOS/x86_64/os/.treeinfo";
    assert_eq!(sums[..], [Sums::Url(url.to_owned())]);
}

#[test]
fn the_sites_own_block_comes_before_the_catalogs() {
    let text = "os \"debian\" { mirror = \"http://mirror.example/debian/\" }\n\
        os \"flatcar\" {\n keys = \"vmlinuz\"\n channel \"lts\" { title = \"Long\" }\n}\n\
        os \"mine\" {\n default = \"one\"\n configs = \"user-data\"\n arch \"amd64\" {}\n channel \"one\" {}\n \
        values = { tree = \"https://boot.example/{version-minor}/{version-digits}\" }\n \
        listing {\n  url = \"https://boot.example/\"\n  format = \"names\"\n  key = \"v{version}/\"\n }\n \
        file \"kernel\" { url = [\"{tree}/linux\", \"http://mirror.example/{channel}/{arch}\"] }\n args = \"root=/dev/x {version}\"\n}\n\
        profile \"a\" { os = \"debian/12\" }\nprofile \"b\" { os = \"mine/one/1.20.3\" }\nprofile \"c\" { os = \"flatcar/lts/1.2\" }\n";
    let site = site(text);
    let system = &site.systems["debian/12"];
    let at = system.listing.as_ref().unwrap().at.values().next().unwrap();
    assert_eq!(at.url, "http://mirror.example/debian/dists/bookworm/Release");
    let urls = urls(&site, "mine-one-1.20.3-kernel");
    assert_eq!(urls, ["https://boot.example/1.20/1203/linux", "http://mirror.example/one/amd64"]);
    assert_eq!((&*linux(&site, "b").args, linux(&site, "b").initrds.len()), ("root=/dev/x 1.20.3", 0));
    assert_eq!(site.profiles["c"].title, "Long");
    assert!(matches!(&site.assets["flatcar-lts-1.2-kernel"].pin, Pin::Signed(signed) if signed.keys.len() == 1));
}

#[test]
fn an_asset_of_the_sites_own_takes_the_place_of_a_systems() {
    let text = "asset \"flatcar-stable-kernel\" { path = \"vmlinuz\" }\nprofile \"p\" { os = \"flatcar\" }\n";
    assert!(matches!(site(text).assets["flatcar-stable-kernel"].source, AssetSource::Path(_)));
}

#[test]
fn what_lies_on_this_computer_needs_no_lock() {
    let images = "/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64";
    let files = [
        format!("{images}/linux"),
        format!("{images}/initrd.gz"),
        "/boot/vmlinuz-6.1.0-9-amd64".to_owned(),
        "/boot/vmlinuz-6.1.0-40-amd64".to_owned(),
        "/boot/vmlinuz.old".to_owned(),
    ];
    let memory = Memory { files: files.map(|name| (name.into(), String::new())).into(), ..Memory::default() };
    let text = "profile \"p\" { os = \"debian-installer/12\" }\nprofile \"q\" { os = \"linux-image\" }\n";
    let site = parse(&Sources::single("site", text), &memory).unwrap_or_else(|report| panic!("{report}")).site;
    let path = |asset: &str| match &site.assets[asset].source {
        AssetSource::Path(path) => path.to_str().unwrap().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(path("debian-installer-12-initrd"), format!("{images}/initrd.gz"));
    assert_eq!(path("linux-image-installed-kernel"), "/boot/vmlinuz-6.1.0-40-amd64");
    assert_eq!(site.systems["linux-image/installed"].version.as_deref(), Some("6.1.0-40-amd64"));
}

#[test]
fn every_built_in_system_can_be_named_with_each_channel_and_architecture() {
    let named = |os: &str, channel: &str, arch: &str| {
        format!("profile \"p\" {{\n os = \"{os}/{channel}/1.2.3\"\n arch = \"{arch}\"\n}}\n")
    };
    let mut count = 0;
    for (file, text) in firstlight_catalog::SYSTEMS {
        let labels = |kind: &str| {
            let at = format!("{kind} \"");
            let lines = text.lines().filter_map(move |line| line.trim().strip_prefix(&at)?.split('"').next());
            lines.collect::<Vec<_>>()
        };
        let os = labels("os")[0];
        assert_eq!(*file, format!("catalog:{os}.hcl"));
        for channel in labels("channel") {
            for arch in labels("arch") {
                count += 1;
                let text = named(os, channel, arch);
                let problems = said(&text);
                let local = matches!(os, "debian-installer" | "linux-image");
                let expected = problems.iter().all(|problem| local && problem.contains("there is no file"));
                assert!(expected, "{os} {channel} {arch}: {problems:?}");
                if !local {
                    let site = site(&text);
                    // It reads back as the same.
                    let shown = show(&site);
                    let again = Sources::single("site", shown.clone());
                    let again = parse(&again, &outside()).unwrap_or_else(|report| panic!("{report}\n{shown}"));
                    let without =
                        |text: &str| text.lines().filter(|line| !line.contains("# os")).collect::<Vec<_>>().join("\n");
                    assert_eq!(without(&show(&again.site)), without(&shown));
                    assert!(site.systems.values().all(|system| system.listing.is_some()), "{os}");
                    assert!(!shown.contains("{version") && !shown.contains("{mirror"), "{shown}");
                }
            }
        }
    }
    assert!(count > 30, "{count}");
}

#[test]
fn mistakes() {
    let check = |text: &str, expected: &[&str]| assert_eq!(said(text), expected, "{text}");
    let help = |text: &str| common::report(&format!("{text}{NETWORK}")).problems[0].help.clone().unwrap_or_default();
    let profile = |inner: &str| format!("profile \"p\" {{\n{inner}\n}}\n");
    check(&profile("os = \"flatcr/stable\""), &["2:6 there is no os `flatcr`"]);
    assert_eq!(help(&profile("os = \"flatcr/stable\"")), "did you mean `flatcar`?");
    check(&profile("os = \"flatcar/stabel\""), &["2:6 the os `flatcar` has no channel `stabel`"]);
    assert!(help(&profile("os = \"flatcar/stabel\"")).contains("did you mean `stable`?"));
    check(&profile("os = \"flatcar/stable/../x\""), &["2:6 `../x` is not a version"]);
    check(&profile("os = \"arch\"\narch = \"arm64\""), &["3:8 the os `arch` is not offered for arm64"]);
    check(
        &profile("os = \"flatcar\"\narch = [\"amd64\", \"arm64\"]"),
        &["3:18 a profile with `os` is for one architecture"],
    );
    check(&profile("os = \"flatcar\"\nkernel = \"x\""), &["3:1 a profile has one of os, kernel, not more"]);
    check(
        &profile("os = \"netboot.xyz\"\nargs = \"quiet\""),
        &["3:1 `netboot.xyz/stable` boots a script of its own, which takes none of these"],
    );
    check(
        &profile(
            "os = \"debian/12\"\nconfig = [\"a.ipxe\",\n \"worker.yaml\", { name = \"x\", file = \"sub/worker.yaml\", kind = \"kickstart\" }]",
        ),
        &["4:17 nothing in `debian/12` reads a config of the kind `kickstart`"],
    );
    check(
        &format!(
            "{}class \"c\" {{\n profile = \"p\"\n config = {{ file = \"worker.yaml\", kind = \"ignition\" }}\n}}\n",
            profile("os = \"debian/12\"")
        ),
        &["6:11 nothing in `debian/12` reads a config of the kind `ignition`"],
    );
    check(
        &format!(
            "{}machine \"m\" {{\n serial = \"1\"\n profile = \"p\"\n config = {{ file = \"worker.yaml\", kind = \"ignition\" }}\n}}\n",
            profile("os = \"debian/12\"")
        ),
        &["7:11 nothing in `debian/12` reads a config of the kind `ignition`"],
    );
    check(
        &profile("os = \"debian-installer/12\""),
        &["2:6 there is no file `/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64/linux`"],
    );
    assert_eq!(
        help(&profile("os = \"debian-installer/12\"")),
        "install the package `debian-installer-12-netboot-amd64`, which has it"
    );
}

#[test]
fn mistakes_in_os_blocks() {
    let os = |inner: &str| {
        format!("os \"x\" {{\narch \"amd64\" {{}}\nchannel \"c\" {{}}\n{inner}\n}}\nprofile \"p\" {{ os = \"x/c\" }}\n")
    };
    for (inner, expected) in [
        ("", "6:20 the os `x` has no file `kernel`"),
        ("file \"kernel\" {}", "4:1 the file `kernel` has none of `url`, `path` and `from`"),
        ("file \"kernel\" { url = \"https://x/{verion}\" }", "4:23 nothing here is called `{verion}`"),
        ("file \"kernel\" { url = \"https://x/{version}\" }", "6:20 nothing says which version of `x/c` is meant"),
        ("file \"kernel\" { url = \"gopher://x/y\" }", "4:23 `gopher://x/y` is not fetched over `gopher`"),
        (
            "values = { a = \"{b}\", b = \"{a}\" }\nfile \"kernel\" { url = \"https://x/{a}\" }",
            "5:23 `{a}` stands for something that holds itself, or is too long",
        ),
        ("file \"kernel\" {\n from = \"iso\"\n path = \"x\"\n}", "5:9 the os `x` has no file `iso`"),
        ("file \"kernel\" { path = \"nothing\" }", "6:20 there is no file `nothing`"),
        (
            "keys = \"catalog:debain-12\"\nfile \"kernel\" { url = \"https://x/y\" }",
            "4:8 the catalog has no keys `debain-12`",
        ),
        ("keys = \"nothing.asc\"\nfile \"kernel\" { url = \"https://x/y\" }", "4:8 there is no file `nothing.asc`"),
        (
            "listing { url = \"https://x/\" }\nfile \"kernel\" { url = \"https://x/y\" }",
            "4:1 the listing of `x` has no `format`",
        ),
        (
            "listing {\n url = \"https://x/\"\n format = \"nams\"\n}\nfile \"kernel\" { url = \"https://x/y\" }",
            "6:11 `nams` is not a value of `format`",
        ),
        (
            "listing {\n url = \"https://x/\"\n format = \"names\"\n}\nfile \"kernel\" { url = \"https://x/y\" }",
            "4:1 the listing of `x` has no `key`",
        ),
        ("configs = \"ignitoin\"\nfile \"kernel\" { url = \"https://x/y\" }", "4:11 `ignitoin` is no kind of config"),
        ("kernel = \"linux\"\nfile \"kernel\" { url = \"https://x/y\" }", "4:10 the os `x` has no file `linux`"),
        ("chanel \"d\" {}\nfile \"kernel\" { url = \"https://x/y\" }", "4:1 `os` has no block `chanel`"),
    ] {
        assert_eq!(said(&os(inner)), [expected], "{inner}");
    }
    assert_eq!(said("os \"a/b\" {}\n"), ["1:4 `a/b` cannot be part of a URL"]);
    assert_eq!(
        said("os \"a\" {\n arch \"arm\" {}\n}\n"),
        ["2:7 `arm` is not an architecture known here; expected i386, amd64 or arm64"]
    );
}

#[test]
fn the_example_is_a_site_without_any_network() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/catalog");
    let loaded = firstlight_site::load(&folder).unwrap_or_else(|report| panic!("{report}"));
    assert!(loaded.warnings.problems.is_empty(), "{}", loaded.warnings);
    assert_eq!(loaded.site.systems.len(), 9);
    let member = &loaded.site.assets["memtest86plus-stable-kernel"].source;
    assert!(
        matches!(member, AssetSource::Member { path, .. } if path == "mt86p_{version-digits}_x86_64"),
        "{member:?}"
    );
}
