//! Configs made at random from the schema, of values that are likely to be right, or just wrong, or to meet each other.

use firstlight_butane::ignition::{
    Version,
    schema::{CONFIG, Field, Kind, Type},
};
use serde_json::{Map, Value, json};

/// Numbers that follow from a seed (SplitMix64).
pub(crate) struct Random {
    state: u64,
    /// Whether values may be wrong.
    mistakes: bool,
}

impl Random {
    pub(crate) fn new(seed: u64, mistakes: bool) -> Self {
        Self { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15), mistakes }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of the values that may be right, or of the others too.
    fn pick<'a>(&mut self, right: &[&'a str], wrong: &[&'a str]) -> &'a str {
        let count = right.len() + if self.mistakes { wrong.len() } else { 0 };
        let index = self.below(count);
        right.get(index).or_else(|| wrong.get(index - right.len())).unwrap()
    }

    /// A config that claims this version.
    pub(crate) fn config(&mut self, version: Version) -> Value {
        let mut config = self.mapping(&CONFIG, version);
        config["ignition"]["version"] = json!(version.to_string());
        config
    }

    fn mapping(&mut self, kind: &'static Type, version: Version) -> Value {
        let mut map = Map::new();
        for field in kind.fields(version) {
            let needed = matches!(field.name, "ignition" | "storage" | "path" | "device" | "name" | "url" | "number");
            let skipped = if needed { self.mistakes && self.one_in(12) } else { self.below(3) == 0 };
            if !skipped || field.name == "ignition" {
                map.insert(field.name.to_owned(), self.field(field, version));
            }
        }
        if self.mistakes && self.one_in(20) {
            map.insert("unknown".to_owned(), json!(1));
        }
        Value::Object(map)
    }

    fn field(&mut self, field: &Field, version: Version) -> Value {
        if self.mistakes && self.one_in(60) && field.name != "ignition" {
            return Value::Null;
        }
        let count = self.below(4);
        match field.kind {
            Kind::Bool => json!(self.one_in(2)),
            Kind::Int => json!(self.number(field.name)),
            Kind::Text => json!(self.text(field.name, version)),
            Kind::Mapping(kind) => self.mapping(kind, version),
            Kind::Texts(_) => (0..count).map(|_| json!(self.text(field.name, version))).collect(),
            Kind::Mappings(kind, _) => (0..count).map(|_| self.mapping(kind, version)).collect(),
        }
    }

    fn number(&mut self, field: &str) -> i64 {
        let few = self.below(5) as i64;
        match field {
            "mode" if self.mistakes => [0o644, 0o755, 0o600, 0o4755, -1][self.below(5)],
            "mode" => [0o644, 0o755][self.below(2)],
            "startMiB" => few * 8,
            "sizeMiB" => [0, 1, 8, 9, 16][self.below(5)],
            "spares" if !self.mistakes => 0,
            _ => few,
        }
    }

    fn text(&mut self, field: &str, version: Version) -> String {
        let text = match field {
            "path" => self.pick(
                &["/a", "/a/b", "/c", "/c/d/e", "/etc/systemd/system/a.service", "/f", "/g"],
                &["a", "/a/", "", "/a/../b", "/etc/systemd/system/a.service.d/x.conf"],
            ),
            "device" | "devices" => self.pick(&["/dev/sda", "/dev/sdb", "/dev/disk/by-label/x"], &["sda", ""]),
            "source" => self.source(version),
            "compression" => self.pick(&["", "gzip"], &["xz"]),
            "hash" => return self.hash(version),
            "format" => {
                self.pick(&["ext4", "btrfs", "xfs", "swap", "vfat"], &["", "none", "ext3", "virtiofs", "virtiofs"])
            }
            "label" => self.pick(&["a", "b", "root"], &["a:b", "", "longer-than-twelve", LONG]),
            "guid" | "typeGuid" => self.pick(&["", "01234567-89AB-CDEF-EDCB-A98765432101"], &["x", "0123"]),
            "level" => self.pick(&["raid1", "raid10", "stripe", "0"], &["", "raid7"]),
            "pin" => self.pick(&["tpm2", "tang", "sss"], &["", "x"]),
            "url" => self.pick(&["https://a", "http://b:80"], &["ftp://x", "", "http://[", ":x"]),
            "httpProxy" => self.pick(&["http://p", "https://p"], &["p", "socks5://p", "http://%zz"]),
            "httpsProxy" => self.pick(&["https://p"], &["http://p", "", "http://a b"]),
            "target" => self.pick(&["/a", "../c", "b"], &[""]),
            "contents" => self.pick(
                &["[Install]\nWantedBy=a\n", "# x\n[Service]\nA=b\\\n c\n\n[Install]\nAlias=x", ""],
                &[
                    "[Service]\nExecStart=/x\n",
                    "[Service\n",
                    "[Unit] x\n",
                    "[Unit]\nfoo\n",
                    "[Unit]\nfoo",
                    "[Install]\n",
                ],
            ),
            "advertisement" => self.pick(&["", "{}", "[1, {\"a\": null}]"], &["{", "x", "[1,]"]),
            "value" => self.pick(&["1", "2"], &[""]),
            "name" => self.pick(&["a.service", "b.conf", "a@.service", "a@b.service"], &["a", "", "a/b", "c.timer"]),
            _ => self.pick(&["x", "y", "z"], &["", "/", "%", "<&>\u{2028}"]),
        };
        text.to_owned()
    }

    fn source(&mut self, version: Version) -> &'static str {
        let newer = if version >= Version::V3_2 { "gs://b/o" } else { "tftp://t/f" };
        self.pick(
            &["data:,x", "data:;base64,eA==", "https://h/p", "http://h", "s3://b/o?versionId=1", newer],
            &[
                "",
                "ftp://x",
                "gs://b/o",
                "arn:aws:s3:::b/o",
                "arn:aws:s3:::b/o?versionId=",
                "arn:aws:s3:::b",
                "arn:aws:iam:::b/o",
                "arn:aws:s3:r:1:accesspoint/p",
                "arn:aws:s3:r:1:accesspoint/p/o",
                "arn:b/o",
                "data:;base64,@",
                "data:;base64,eA",
                "data:x,y",
                "data:text/plain;a=\"b\",%zz",
                "http://[::1",
                "s3://b/o?versionId=",
                "http://h:port/",
                "x:y:z",
                "data:;base64,eA=\n=",
                "data:;base64",
                "data:text/plain",
                "data:;charset=%zz,",
                "data:,é",
                "data:;é",
                "//h/p",
                "a b://c",
                "HTTP://H:/p?q#%",
                "http://u:p@h@x/",
                "http://[fe80::1%25e]/",
                "http://h%20/",
                "*",
                "%",
            ],
        )
    }

    fn hash(&mut self, version: Version) -> String {
        let sha256 = if version >= Version::V3_1 { format!("sha256-{:064}", 0) } else { format!("sha512-{:0128}", 1) };
        let right = [format!("sha512-{:0128}", 0), sha256];
        let wrong = ["x", "md5-0", "sha512-0", "sha256-"];
        let right: Vec<&str> = right.iter().map(String::as_str).collect();
        self.pick(&right, &wrong).to_owned()
    }
}

const LONG: &str = "a label that is longer than any label may be, on any filesystem";
