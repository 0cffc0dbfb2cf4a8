//! Every mistake alone: what is said, and where.

use crate::common::{report, said};

const NETWORK: &str = "network \"boot\" { subnet = \"10.20.0.0/24\" }\n";

/// What is said of `text` below a network; lines are counted in `text`.
fn below_network(text: &str) -> Vec<String> {
    let below = |line: String| {
        let (number, rest) = line.split_once(':').unwrap();
        format!("{}:{rest}", number.parse::<usize>().unwrap() - 1)
    };
    said(&format!("{NETWORK}{text}")).into_iter().map(below).collect()
}

fn check(cases: &[(&str, &[&str])]) {
    for (text, expected) in cases {
        assert_eq!(&below_network(text), expected, "{text}");
    }
}

#[test]
fn blocks_and_attributes() {
    check(&[
        ("netwrok \"x\" {}", &["1:1 there is no block `netwrok`"]),
        ("profile \"x\" {\n boot = \"disk\"\n titel = 1\n}", &["3:2 `profile` has no attribute `titel`"]),
        ("name = \"x\"", &["1:1 `name` stands outside of any block"]),
        ("site \"x\" {}", &["1:1 `site` takes no name"]),
        ("asset {\n path = \"initrd\"\n}", &["1:1 `asset` takes one name"]),
        ("network \"b\" {\n subnet = \"10.9.0.0/24\"\n dhcp = {}\n}", &["3:2 `dhcp` is a block, not an attribute"]),
        ("class \"c\" {\n vars { a = 1 }\n}", &["2:2 `vars` is an attribute, not a block"]),
        ("site {}\nsite {}", &["2:1 a second `site` block"]),
        ("class \"c\" {}\nclass \"c\" {}", &["2:1 a second class is named `c`"]),
        ("locals { a = 1 }\nlocals { a = 2 }", &["2:10 a second local is named `a`"]),
    ]);
    let two = report("site {}\n# …\nsite {}\n");
    let second = two.problems.iter().find(|p| p.message.contains("second")).unwrap();
    assert_eq!(second.related[0].place.to_string(), "site.hcl:1:1", "both places are shown");
}

#[test]
fn syntax() {
    check(&[
        ("site { name = \"a\" domain = \"b\" }", &["1:19 HCL allows one attribute in a one-line block"]),
        ("site { name = \"a\", domain = \"b\" }", &["1:18 HCL allows one attribute in a one-line block"]),
        ("site {\n name = \"a\n}", &["2:9 this string is not closed"]),
        ("site {\n name = 'a'\n}", &["2:9 a string starts with a double quote"]),
        ("site {\n name: \"a\"\n}", &["2:6 an attribute is set with `=`"]),
        ("site {\n name = \"a\"\n name = \"b\"\n}", &["3:2 `name` is set twice in this block"]),
        ("site {\n name = \"a\"\n", &["1:1 this block is never closed"]),
        ("site {\n\nclass \"a\" {}\n", &["1:1 this block is never closed"]),
        (
            "locals {\n a = { b = 1 c = 2 }\n}",
            &["2:14 the entries of a map stand on lines of their own, or have a comma between them"],
        ),
        // Two broken blocks are two mistakes, and what refers to them is none.
        (
            "asset \"k\" { path = }\nprofile \"p\" { boot = }\nmachine \"m\" {\n serial = \"1\"\n profile = \"p\"\n}",
            &["1:20 a value is missing here", "2:22 a value is missing here"],
        ),
    ]);
}

#[test]
fn networks() {
    let network = |inner: &str| format!("network \"n\" {{\n subnet = \"10.9.0.0/24\"\n{inner}\n}}");
    for (inner, expected) in [
        ("interface = \"eth 0\"", "3:13 `eth 0` is not the name of a network interface"),
        ("gateway = \"10.9.0.255\"", "3:11 `gateway` is `10.9.0.255`, which is no host's address in 10.9.0.0/24"),
        ("gateway = \"10.9.0.300\"", "3:11 `10.9.0.300`: invalid IPv4 address syntax"),
        ("dns = [\"10.9.0.1\", \"dns\"]", "3:20 `dns`: invalid IPv4 address syntax"),
        ("domain = \"a..b\"", "3:10 `a..b` is not a domain name; expected labels like lab.example"),
        ("mtu = 9", "3:7 `mtu` is from 68 to 65535, not `9`"),
        ("mtu = \"big\"", "3:7 `mtu` is a whole number, not a string"),
        ("routes = [{ to = \"10.0.0.0/8\" }]", "3:11 a route has `to` and `via`"),
        (
            "routes = [{ to = \"10.0.0.0/8\", via = \"10.0.0.1\" }]",
            "3:11 `via` is `10.0.0.1`, which lies outside of 10.9.0.0/24",
        ),
        ("router_advertisements = \"maybe\"", "3:25 `router_advertisements` is true or false, not a string"),
        ("dhcp {\n mode = \"proxy\"\n lease = \"1h\"\n}", "5:2 `lease` has no meaning in proxy mode"),
        ("dhcp {\n mode = \"proxy\"\n ranges = []\n}", "5:2 `ranges` has no meaning in proxy mode"),
        ("dhcp { mode = \"prxy\" }", "3:15 `prxy` is not a value of `mode`"),
        ("dhcp { lease = \"59s\" }", "3:16 a lease lasts at least 60s"),
        ("dhcp { lease = \"soon\" }", "3:16 `soon` is not a duration; expected one like 90s, 15m, 12h or 7d"),
        ("dhcp { range = [\"10.9.0.9\"] }", "3:16 a range is its first and its last address"),
        ("dhcp { range = [\"10.9.0.9\", \"10.9.0.8\"] }", "3:16 the range's last address comes before its first"),
        (
            "dhcp { range = [\"10.9.0.9\", \"10.9.1.8\"] }",
            "3:16 `range` is `10.9.1.8`, which lies outside of 10.9.0.0/24",
        ),
        ("dhcp { range = [\"10.9.0.1\", \"10.9.0.8\"] }", "3:16 the range holds the server's own address, `10.9.0.1`"),
        (
            "dhcp { ranges = [[\"10.9.0.5\", \"10.9.0.8\"], [\"10.9.0.8\", \"10.9.0.9\"]] }",
            "3:44 the range 10.9.0.8 to 10.9.0.9 overlaps another",
        ),
    ] {
        check(&[(&network(inner), &[expected])]);
    }
    check(&[
        ("network \"n\" {}", &["1:1 the network `n` has no `subnet`"]),
        (
            "network \"n\" { subnet = \"10.20.0.128/25\" }",
            &["1:24 the subnet `10.20.0.128/25` overlaps that of `boot`"],
        ),
        (
            "network \"n\" { subnet = \"10.9.0.1/24\" }",
            &["1:24 `10.9.0.1/24` has host bits set; did you mean 10.9.0.0/24?"],
        ),
        (
            "network \"a\" {\n subnet = \"10.1.0.0/24\"\n interface = \"eth1\"\n}\nnetwork \"b\" {\n subnet = \"10.2.0.0/24\"\n interface = \"eth1\"\n}",
            &[
                "0:1 the network `boot` has neither `interface` nor `address`",
                "7:14 the interface `eth1` serves `a` already",
            ],
        ),
    ]);
}

#[test]
fn a_network_behind_relays_says_where_the_server_is() {
    let site = |inner: &str| {
        format!(
            "network \"n\" {{\n subnet = \"10.9.0.0/24\"\n interface = \"eth1\"\n}}\nnetwork \"far\" {{\n subnet = \"10.8.0.0/24\"\n{inner}}}\nprofile \"p\" {{ boot = \"disk\" }}\n"
        )
    };
    assert_eq!(said(&site("")), ["5:1 the network `far` has neither `interface` nor `address`"]);
    let outside = "network \"n\" {\n subnet = \"10.9.0.0/24\"\n interface = \"eth1\"\n address = \"10.8.0.1\"\n}\n";
    assert_eq!(said(outside)[0], "4:12 `address` is `10.8.0.1`, which lies outside of 10.9.0.0/24");
    let elsewhere = site(" address = \"10.8.0.1\"\n");
    assert_eq!(said(&elsewhere), ["7:12 `address` is `10.8.0.1`, which no network with an interface has"]);
    assert!(said(&site(" address = \"10.9.0.1\"\n")).is_empty());
}

#[test]
fn urls_of_assets() {
    for (url, expected) in [
        ("gopher://x/y", "`gopher://x/y` is not fetched over `gopher`"),
        ("https://", "the URL `https://` names no server or file"),
        ("https:/x/y", "the URL `https:/x/y` names no server or file"),
        ("https:///y", "the URL `https:///y` names no server or file"),
        ("ipfs://", "the URL `ipfs://` names no server or file"),
        (
            "ipfs://bafy/y",
            "the URL `ipfs://bafy/y`: `bafy` is not a CID: it is damaged, or not written in base32 (b…), base36 (k…), base58 (z… or Qm…) or base16 (f…)",
        ),
        ("https://x/a b", "the URL `https://x/a b` holds a space or a control character"),
        ("https://me:secret@x/a b", "the URL `https://…@x/a b` holds a space or a control character"),
        ("vmlinuz", "`vmlinuz` is not a URL"),
    ] {
        let text = format!("asset \"a\" {{ url = \"{url}\" }}");
        check(&[(&text, &[&format!("1:19 {expected}")])]);
    }
    check(&[
        ("asset \"a\" { url = [] }", &["1:19 `url` holds 0 URLs"]),
        ("asset \"a\" { url = [\"https://x/y\", \"htp://x/y\"] }", &["1:35 `htp://x/y` is not fetched over `htp`"]),
    ]);
    for url in [
        "http://x",
        "https://[::1]:8/y?z#a",
        "ftp://u:p@x/y",
        "file:///srv/y",
        "file:y",
        "ipfs://bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354/y",
    ] {
        check(&[(&format!("asset \"a\" {{ url = \"{url}\" }}"), &[])]);
    }
}

#[test]
fn members_of_archives() {
    check(&[
        ("asset \"a\" { from = \"initrd\" }", &["1:1 the asset `a` has no `path`"]),
        ("asset \"a\" {\n from = \"initr\"\n path = \"x\"\n}", &["2:9 there is no file `initr`"]),
        ("asset \"a\" {\n from = \"initrd\"\n path = \"../x\"\n}", &["3:9 `../x` is no file's path inside an archive"]),
        (
            "asset \"a\" {\n from = \"initrd\"\n path = \"x\"\n url = \"https://x/y\"\n}",
            &["4:2 an asset has `path` or `url`, not both"],
        ),
        (
            "asset \"a\" {\n from = \"b\"\n path = \"x\"\n}\nasset \"b\" {\n from = asset.a\n path = \"x\"\n}",
            &["2:9 the asset `a` is taken out of itself", "6:9 the asset `b` is taken out of itself"],
        ),
    ]);
}

#[test]
fn how_assets_are_pinned() {
    let pinned = |pin: &str| format!("asset \"a\" {{\n url = \"https://x/y\"\n{pin}\n}}");
    let key = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
    let hash = "0".repeat(128);
    for (pin, expected) in [
        (
            "sha512 = \"12\"".to_owned(),
            "3:10 `12` is not a SHA-512 digest; expected 128 hex digits, as sha512sum prints them",
        ),
        (format!("sha512 = \"{hash}\"\nsha256 = \"\""), "3:1 an asset has `sha256` or `sha512`, not both"),
        (
            format!("signed {{ minisign = \"{key}\" }}"),
            "3:1 the `signed` block of `a` names neither a list nor a signature",
        ),
        ("signed { signature = \"https://x/y.sig\" }".to_owned(), "3:1 the `signed` block names no key"),
        (
            format!("signed {{\nlist = \"ipfs://x/y\"\nminisign = \"{key}\"\n}}"),
            "4:8 `ipfs://x/y` is not fetched over `ipfs`",
        ),
        (
            format!("signed {{\nsignature = \"https://x/y\"\nname = \"x\"\nminisign = \"{key}\"\n}}"),
            "5:1 `name` has no effect without `list`",
        ),
        ("signed {\nlist = \"https://x/y\"\nkey = \"no.asc\"\n}".to_owned(), "5:7 there is no file `no.asc`"),
        (
            "signed {\nlist = \"https://x/y\"\nminisign = \"RW\"\n}".to_owned(),
            "5:12 this is not a public key of minisign",
        ),
    ] {
        check(&[(&pinned(&pin), &[expected])]);
    }
    check(&[
        ("assets { gateways = \"ipfs://x\" }", &["1:21 `ipfs://x` is not fetched over `ipfs`"]),
        ("assets { fetch = \"never\" }", &["1:18 `never` is not a value of `fetch`"]),
        ("assets { check = \"5m\" }", &["1:18 upstreams are asked for new versions every 15m at most"]),
        ("assets { peer = \"http://x\" }", &["1:10 `assets` has no attribute `peer`"]),
    ]);
}

#[test]
fn package_caches() {
    let cache = |text: &str| format!("package_cache {{\n{text}\n}}");
    for (text, expected) in [
        ("size = \"1G\"", "1:1 the package cache may ask nobody"),
        (
            "allow = [\"a\", \"*\"]",
            "2:15 `*` is not a server; expected \"deb.example.org\", \"*.example.org\" or \"https://example.org\"",
        ),
        ("allow = \"a\"\nsize = \"1M\"", "3:8 a package cache of 1 MiB is too small to be of use"),
        ("allow = \"a\"\nport = 8080", "3:8 port 8080 is where machines fetch what they boot"),
        ("mirrors = { \"a/b\" = \"http://x\" }", "2:11 `a/b` cannot be the name of a mirror"),
        ("mirrors = { a = \"ftp://x\" }", "2:11 `ftp://x` is not fetched over `ftp`"),
        (
            "mirrors = { a = \"http://me:secret@x/y\" }",
            "2:11 the URL `http://…@x/y` holds a name, a password or a question",
        ),
        ("mirrors = { a = 5 }", "2:11 `mirrors` is a map of URLs, not a number"),
    ] {
        check(&[(&cache(text), &[expected])]);
    }
    check(&[(
        &cache("allow = [\"*.example.org\", \"https://x:8443\"]\nmirrors = { debian = \"https://x/debian/\" }"),
        &[],
    )]);
}

#[test]
fn assets_and_profiles() {
    check(&[
        ("asset \"a\" {}", &["1:1 the asset `a` has none of `path`, `url` and `from`"]),
        ("asset \"a/b\" { path = \"initrd\" }", &["1:7 `a/b` cannot be part of a URL"]),
        ("asset \"a\" { path = \"initrdd\" }", &["1:20 there is no file `initrdd`"]),
        (
            "asset \"a\" {\n url = \"https://x/y\"\n sha256 = \"12\"\n}",
            &["3:11 `12` is not a SHA-256 digest; expected 64 hex digits, as sha256sum prints them"],
        ),
        (
            "asset \"a\" {\n url = \"https://x/y\"\n path = \"initrd\"\n}",
            &["2:2 an asset has `path` or `url`, not both"],
        ),
        ("profile \"p\" {}", &["1:1 the profile `p` boots nothing"]),
        (
            "profile \"p\" {\n boot = \"disk\"\n script = \"a.ipxe\"\n}",
            &["2:2 a profile has one of script, boot, not more"],
        ),
        (
            "profile \"p\" {\n boot = \"disk\"\n args = \"quiet\"\n}",
            &["3:2 `args` has no effect in a profile with `boot`"],
        ),
        ("profile \"p\" { boot = \"disc\" }", &["1:22 `disc` is not a value of `boot`"]),
        ("profile \"p\" { script = \"b.ipxe\" }", &["1:24 `b.ipxe` cannot be read: there is no such file"]),
        (
            "profile \"p\" {\n boot = \"disk\"\n arch = [\"amd64\", \"vax\"]\n}",
            &["3:19 `vax` is not an architecture known here; expected i386, amd64 or arm64"],
        ),
        ("profile \"p\" { kernel = \"k\" }", &["1:24 there is no asset `k`"]),
        ("profile \"p\" { kernel = asset.k }", &["1:24 there is no asset `k`"]),
        (
            "asset \"k\" { path = \"vmlinuz\" }\nprofile \"p\" {\n kernel = \"k\"\n initrd = [\"k\", \"i\"]\n args = \"a\\nb\"\n config = [\"worker.yaml\", \"sub/worker.yaml\"]\n}",
            &[
                "4:17 there is no asset `i`",
                "5:9 the kernel's arguments hold a line break",
                "6:27 a second config is served as `worker.yaml`",
            ],
        ),
    ]);
}

#[test]
fn configs() {
    let with = |config: &str| format!("profile \"p\" {{\n script = \"a.ipxe\"\n config = {config}\n}}");
    for (config, message) in [
        ("1", "3:11 `config` is a file's name, a list of them, or a map of them, not a number"),
        ("\"gone.bu\"", "3:11 `gone.bu` cannot be read: there is no such file"),
        ("{ file = 1 }", "3:11 `file` is a string, not a number"),
        ("[{ name = \"x\" }]", "3:12 this config names no file"),
        ("{ file = \"a.ipxe\", knid = \"text\" }", "3:11 a config has no `knid`"),
        ("{ file = \"a.ipxe\", kind = \"igntion\" }", "3:11 `igntion` is no kind of config"),
        ("{ file = \"a.ipxe\", template = \"no\" }", "3:11 `template` is true or false, not a string"),
        ("{ \"a b\" = \"a.ipxe\" }", "3:11 `a b` cannot be part of a URL"),
    ] {
        assert_eq!(below_network(&with(config)), [message], "{config}");
    }
}

#[test]
fn secrets() {
    check(&[
        ("secret \"s\" {}", &["1:1 the secret `s` needs one of file, age, env and folder"]),
        ("secret \"s\" { file = \"gone\" }", &["1:21 the secret in `gone` cannot be read: there is no such file"]),
        ("secret \"s\" { env = \"GONE\" }", &["1:20 the environment variable `GONE` is not set"]),
        ("secret \"s t\" { env = \"HOME_DOMAIN\" }", &["1:8 `s t` cannot be the name of a secret"]),
        (
            "secret \"s\" {\n env = \"HOME_DOMAIN\"\n key = \"A\"\n}",
            &[
                "2:8 the secret in the variable `HOME_DOMAIN` cannot be used: it has no `A`: expected lines of A=…, or an object of JSON",
            ],
        ),
        (
            "secret \"s\" {\n env = \"HOME_DOMAIN\"\n classes = [\"c\"]\n machines = [\"m\"]\n}",
            &["3:13 there is no class `c`", "4:14 there is no machine `m`"],
        ),
        ("secret \"s\" { folder = \"keys\" }", &["1:23 the folder `keys` holds a file for no declared machine"]),
    ]);
}

#[test]
fn loaders() {
    check(&[
        ("loader \"a\" {\n arch = 22\n path = \"x\"\n over = \"nfs\"\n}", &["4:9 `nfs` is not a value of `over`"]),
        ("loader \"a\" {\n arch = 22\n}", &["1:1 the loader `a` has no `path`"]),
        (
            "loader \"a\" {\n arch = [22, \"arm\", 65536]\n path = \"x\"\n}",
            &[
                "2:14 `arch` of a loader is a number of DHCP option 93, from 0 to 65535",
                "2:21 `arch` of a loader is a number of DHCP option 93, from 0 to 65535",
            ],
        ),
        (
            "loader \"a\" {\n arch = 22\n path = \"x\"\n}\nloader \"b\" {\n arch = [21, 22]\n path = \"y\"\n}",
            &["6:14 firmware of type 22 has the loader `a` already"],
        ),
        (
            "loader \"a\" {\n arch = 7\n path = \"x/\"\n beside = { \"a/b\" = 1 }\n}",
            &["4:11 `a/b` cannot be part of a URL", "4:11 `beside` maps a name to something that is no file's name"],
        ),
    ]);
}

#[test]
fn classes_and_machines() {
    check(&[
        ("class \"a\" { extends = \"a\" }", &["1:23 a class extends itself: a → a"]),
        (
            "class \"x\" { extends = \"b\" }\nclass \"b\" { extends = \"c\" }\nclass \"c\" { extends = \"b\" }",
            &["2:23 a class extends itself: b → c → b"],
        ),
        ("class \"a\" { profile = \"p\" }", &["1:23 there is no profile `p`"]),
    ]);
    // Machines, where a default profile keeps the warning away.
    let machine = |text: &str| format!("{NETWORK}profile \"p\" {{ boot = \"disk\" }}\n{text}");
    for (text, expected) in [
        ("machine \"m\" {}", "3:1 nothing identifies the machine `m`"),
        (
            "machine \"m_1\" { serial = \"1\" }",
            "3:9 `m_1` is not a host name; expected 1 to 63 letters, digits and inner hyphens",
        ),
        (
            "machine \"m\" { mac = \"53:54:00:00:00:01\" }",
            "3:21 the MAC address `53:54:00:00:00:01` is a group address: no machine owns it",
        ),
        (
            "machine \"m\" { mac = \"52:54:00\" }",
            "3:21 `52:54:00` is not a MAC address; expected six bytes like 52:54:00:12:34:56",
        ),
        (
            "machine \"m\" { uuid = \"00000000-0000-0000-0000-000000000000\" }",
            "3:22 this UUID is a filler that many boards share: it identifies nobody",
        ),
        (
            "machine \"a\" { serial = \"1\" }\nmachine \"b\" { serial = \" 1\" }",
            "4:24 the serial number `1` belongs to `a` already",
        ),
        ("machine \"a\" { serial = \"1\" }\nmachine \"A\" { serial = \"2\" }", "4:1 a second machine is named `A`"),
        (
            "machine \"a\" {\n serial = \"1\"\n address = \"10.21.0.5\"\n}",
            "5:12 `10.21.0.5` lies in no network of this site",
        ),
        (
            "machine \"a\" {\n serial = \"1\"\n address = \"10.20.0.1\"\n}",
            "5:12 `10.20.0.1` is the server's own address in `boot`",
        ),
        (
            "machine \"a\" {\n serial = \"1\"\n address = \"10.20.0.255\"\n}",
            "5:12 `10.20.0.255` is the broadcast address",
        ),
        ("machine \"a\" {\n serial = \"1\"\n profile = profile.q\n}", "5:12 there is no profile `q`"),
        ("machine \"a\" {\n count = 3\n serial = \"1\"\n}", "5:11 the serial number `1` belongs to `a-0` already"),
        ("machine \"a\" {\n count = -1\n serial = \"1\"\n}", "4:10 `count` is not a whole number from 0 to 65536"),
        (
            "machine \"a\" {\n count = 1\n for_each = {}\n serial = \"1\"\n}",
            "5:2 a machine has `count` or `for_each`, not both",
        ),
        ("machine \"a\" {\n for_each = [1]\n serial = \"1\"\n}", "4:13 `for_each` takes a map or a list of strings"),
        (
            "machine \"a\" {\n for_each = { \"x.y\" = 1 }\n serial = each.key\n}",
            "3:9 `a-x.y` is not a host name; expected 1 to 63 letters, digits and inner hyphens",
        ),
        ("machine \"a\" {\n leave_by = \"exti\"\n serial = \"1\"\n}", "4:13 `exti` is not a value of `leave_by`"),
    ] {
        assert_eq!(said(&machine(text)), [expected], "{text}");
    }
}

#[test]
fn reservations_clash_with_set_ranges_and_gateways() {
    let site = "network \"n\" {\n subnet = \"10.9.0.0/24\"\n gateway = \"10.9.0.2\"\n dhcp { range = [\"10.9.0.5\", \"10.9.0.8\"] }\n}\n\
                profile \"p\" { boot = \"disk\" }\n\
                machine \"a\" {\n serial = \"1\"\n address = \"10.9.0.2\"\n}\nmachine \"b\" {\n serial = \"2\"\n address = \"10.9.0.8\"\n}\n\
                machine \"c\" {\n serial = \"3\"\n address = \"10.9.0.8\"\n}\n";
    assert_eq!(
        said(site),
        [
            "9:12 `10.9.0.2` is the gateway of `n`",
            "13:12 `10.9.0.8` is reserved here, but also in the dynamic range of `n`",
            "17:12 the address `10.9.0.8` belongs to `b` already",
            "17:12 `10.9.0.8` is reserved here, but also in the dynamic range of `n`",
        ]
    );
}

#[test]
fn the_site_and_the_lab() {
    check(&[
        ("site { unknown = \"boot\" }", &["1:18 `unknown = \"boot\"` needs a `default_profile`"]),
        ("site { unknown = \"parc\" }", &["1:18 `parc` is not a value of `unknown`"]),
        ("site { http_port = 0 }", &["1:20 `http_port` is from 1 to 65535, not `0`"]),
        ("site { default_profile = \"p\" }", &["1:26 there is no profile `p`"]),
        ("site { name = [] }", &["1:15 `name` is a string, not a list"]),
        ("lab {\n machine \"a\" { network = \"bot\" }\n}", &["2:26 there is no network `bot`"]),
        ("lab {\n machine \"a\" { firmware = \"efi\" }\n}", &["2:27 `efi` is not a value of `firmware`"]),
        ("lab {\n machine \"a\" { memory = 512 }\n}", &["2:25 `memory` is `512 B`, which boots nothing"]),
        ("lab {\n machine \"a\" { cpus = 0 }\n}", &["2:23 `cpus` is from 1 to 64, not `0`"]),
        ("lab {\n machine \"a\" { seed = true }\n}", &["2:23 there is nothing to make a seed for `a` from"]),
        (
            "lab {\n machine \"a\" { mac = \"52:54:00:00:00:01\" }\n machine \"b\" { mac = \"52:54:00:00:00:01\" }\n}",
            &["3:22 the MAC address `52:54:00:00:00:01` belongs to `a` already"],
        ),
    ]);
}

#[test]
fn installs() {
    let profile = |install: &str| {
        format!(
            "asset \"k\" {{ path = \"vmlinuz\" }}\nprofile \"p\" {{\n kernel = \"k\"\n args = \"{{{{ report_url }}}}\"\n install {{\n{install}\n}}\n}}"
        )
    };
    for (install, expected) in [
        ("wipe = true", "5:2 the `install` block has no `disk`"),
        ("disk = \"vda\"", "6:8 `vda` is not the name of a disk"),
        ("disk = \"/dev/vda\"\nattempts = 0", "7:12 `attempts` is from 1 to 20, not `0`"),
        ("disk = \"/dev/vda\"\nwipe = \"yes\"", "7:8 `wipe` is true or false, not a string"),
        ("disk {}", "6:1 nothing says which disk"),
        ("disk = \"/dev/vda\"\ndisk { serial = \"1\" }", "7:1 the disk is chosen twice"),
        ("disk { serial = \"\" }", "6:17 no disk has the `serial` ``"),
        ("disk { model = \"ä\" }", "6:16 no disk has the `model` `ä`"),
        (
            "disk { size = \"100G\" }",
            "6:15 `100G` says no size: expected a bound like `>=100G` or `<=2T`, or `smallest` or `largest`",
        ),
        ("disk { size = [\"smallest\", \"largest\"] }", "6:28 only one of `smallest` and `largest` can hold"),
        ("disk { size = [\">=2T\", \"<=1T\"] }", "6:16 no disk is as large and as small as that"),
        ("disk { rotational = 1 }", "6:21 `rotational` is true or false, not a number"),
    ] {
        assert_eq!(below_network(&profile(install)), [expected], "{install}");
    }
    let good = profile("disk = \"/dev/vda\"");
    assert_eq!(below_network(&good), [""; 0]);
    for (more, expected) in [
        ("site {\n parking = \"p\"\n}", "10:12 the profile `p` cannot be the one for parked machines"),
        ("site {\n unknown = \"boot\"\n}", "10:12 `unknown = \"boot\"` with the profile `p`, which installs"),
    ] {
        assert_eq!(below_network(&format!("{good}\n{more}")), [expected], "{more}");
    }
    let on_the_menu = good.replace("install {", "menu = true\n install {");
    assert_eq!(below_network(&on_the_menu), ["5:9 a profile that installs is never on the menu"]);
    let silent = good.replace("{{ report_url }}", "");
    let said = below_network(&silent);
    assert_eq!(said, ["2:1 nothing in the profile `p` says where to report that the install is done"]);
    check(&[(
        "profile \"p\" {\n boot = \"disk\"\n install { disk = \"/dev/vda\" }\n}",
        &["3:2 `install` has no effect in a profile with `boot`"],
    )]);
}

#[test]
fn odd_but_usable_sites_are_warned_about() {
    check(&[("machine \"m\" { serial = \"1\" }", &["1:9 the machine `m` has no profile: it will be parked"])]);
    assert_eq!(said("site {}"), ["1:1 the site has no network: nothing will be served"]);
}

#[test]
fn suggestions_name_what_was_meant() {
    for (text, help) in [
        ("netwrok \"x\" {}", "did you mean `network`?"),
        ("class \"c\" { profle = \"x\" }", "did you mean `profile`?"),
        ("locals { a = uper(\"x\") }", "did you mean `upper`?"),
        ("locals { a = network.bot.subnet }", "did you mean `boot`?"),
        ("locals { a = network.boot.subent }", "did you mean `subnet`?"),
        ("asset \"a\" { path = \"vmlinux\" }", "did you mean `vmlinuz`?"),
        ("locals { a = env(\"X\") }", "set it, or give a default: env(\"X\", \"…\")"),
    ] {
        let report = report(&format!("{NETWORK}{text}\n"));
        assert_eq!(report.problems[0].help.as_deref(), Some(help), "{text}");
    }
}

#[test]
fn dns() {
    let inside = |text: &str| format!("site {{ domain = \"lab.example\" }}\ndns {{\n {text}\n}}");
    let cases = [
        ("upstreams = [\"9.9.9\"]", "3:15 `9.9.9` is not the address of a name server"),
        ("upstreams = \"9.9.9.9:0\"", "3:14 `9.9.9.9:0` is not the address of a name server"),
        ("ttl = \"30d\"", "3:8 `ttl` is at most 7d"),
        ("record \"a..b\" { a = \"10.20.0.5\" }", "3:9 `a..b` is not a name below `lab.example`"),
        ("record \"a\" {}", "3:2 the record `a` is empty"),
        ("record \"a\" { a = \"10.20.0\" }", "3:19 `10.20.0`: invalid IPv4 address syntax"),
        ("record \"a\" { a = \"1.2.3.4\" }\nrecord \"A\" { a = \"1.2.3.4\" }", "4:8 a second record is named `a`"),
        (
            "record \"a\" {\n a = \"1.2.3.4\"\n cname = \"b\"\n}",
            "5:2 a name with a `cname` has no other records (RFC 1034 section 3.6.2)",
        ),
        ("record \"a\" { mx = [{ preference = 1 }] }", "3:21 `target` is missing"),
        ("record \"a\" { srv = [{ target = \"b\" }] }", "3:22 `port` is missing"),
        ("record \"a\" { srv = [{ prot = 1 }] }", "3:22 there is no `prot` in it"),
        ("record \"a\" { srv = [{ port = 70000, target = \"b\" }] }", "3:22 `port` is from 0 to 65535, not `70000`"),
    ];
    for (text, expected) in cases {
        assert_eq!(below_network(&inside(text)), [expected], "{text}");
    }
    check(&[
        ("dns {}", &["1:1 `dns` needs the site's domain, and there is none"]),
        (
            "site { domain = \"lab.example\" }\nmachine \"m\" { serial = \"1\" }\ndns {\n record \"M\" { a = \"1.2.3.4\" }\n}",
            &["2:9 the machine `m` has no profile: it will be parked", "4:9 the machine `m` has this name"],
        ),
    ]);
}

#[test]
fn names_of_classes() {
    check(&[
        ("class \"w\" {\n name_pool = \"star\"\n}", &["2:14 there is no built-in list of names `star`"]),
        (
            "class \"w\" {\n name_pool = [\"a\", \"b_c\", \"a\"]\n}",
            &[
                "2:20 `b_c` is not a host name; expected 1 to 63 letters, digits and inner hyphens",
                "2:27 `a` is twice in this list",
            ],
        ),
        ("class \"w\" {\n name_pool = []\n}", &["2:14 a list of names without a name"]),
        (
            "class \"w\" {\n name_pool = \"stars\"\n name_pattern = \"w{n}\"\n}",
            &["3:17 `name_pattern` beside `name_pool`: a name comes from one of them"],
        ),
        (
            "class \"w\" {\n name_pattern = \"node-{n\"\n}",
            &["2:23 `node-{n` is no pattern of names: this `{` is never closed"],
        ),
        (
            "class \"w\" {\n name_pattern = \"rack{rack}\"\n}",
            &["2:18 `rack{rack}` is no pattern of names: every machine would have the same name"],
        ),
        (
            "class \"w\" {\n name_pattern = \"rack{rack}-{n}\"\n}",
            &["2:17 `rack{rack}-{n}` makes no name for the class `w`: the class has no variable `rack`"],
        ),
        // Whoever extends it may set the variable; who does not is told.
        (
            "class \"r\" {\n name_pattern = \"r{rack}-{n}\"\n}\nclass \"a\" {\n extends = \"r\"\n vars = { rack = 1 }\n}\n\
             class \"b\" {\n extends = \"r\"\n}",
            &["8:1 `r{rack}-{n}` makes no name for the class `b`: the class has no variable `rack`"],
        ),
    ]);
}
