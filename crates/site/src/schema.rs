//! Which blocks and attributes there are. One table, so that unknown names get the nearest known one.

/// A kind of block.
#[derive(Debug)]
pub(crate) struct Schema {
    /// Its keyword.
    pub(crate) name: &'static str,
    /// Whether it has a label.
    pub(crate) label: bool,
    /// Its attributes. `*` allows any.
    pub(crate) attributes: &'static [&'static str],
    /// The blocks inside it.
    pub(crate) blocks: &'static [Schema],
}

impl Schema {
    pub(crate) fn has_attribute(&self, name: &str) -> bool {
        self.attributes == ["*"] || self.attributes.contains(&name)
    }

    pub(crate) fn block(&self, name: &str) -> Option<&'static Schema> {
        self.blocks.iter().find(|block| block.name == name)
    }
}

const fn block(
    name: &'static str,
    label: bool,
    attributes: &'static [&'static str],
    blocks: &'static [Schema],
) -> Schema {
    Schema { name, label, attributes, blocks }
}

/// The site's folder as a whole, as if it were a block.
pub(crate) static SITE: Schema = block("", false, &[], BLOCKS);

/// An operating system: what of it may differ by channel stands in the channel's block too.
const OS: Schema = block(
    "os",
    true,
    &[
        "title",
        "default",
        "configs",
        "mirror",
        "values",
        "keys",
        "fingerprints",
        "args",
        "script",
        "kernel",
        "initrd",
        "announcements",
    ],
    &[
        block("arch", true, &["configs", "mirror", "values", "args", "script", "kernel", "initrd"], &[]),
        block(
            "channel",
            true,
            &[
                "title",
                "configs",
                "mirror",
                "values",
                "keys",
                "fingerprints",
                "args",
                "script",
                "kernel",
                "initrd",
                "announcements",
            ],
            &[OS_LISTING, OS_FILE],
        ),
        OS_LISTING,
        OS_FILE,
    ],
);
const OS_LISTING: Schema = block("listing", false, &["url", "format", "key", "prefix", "path"], &[]);
const OS_FILE: Schema = block("file", true, &["url", "path", "from", "sums", "signature", "package"], &[]);

static BLOCKS: &[Schema] = &[
    block(
        "site",
        false,
        &[
            "name",
            "domain",
            "http_port",
            "unknown",
            "default_profile",
            "menu_timeout",
            "ipxe_dir",
            "secure_boot",
            "parking",
            "files_dir",
            "age_identity",
        ],
        &[],
    ),
    block("locals", false, &["*"], &[]),
    block(
        "network",
        true,
        &[
            "interface",
            "subnet",
            "address",
            "gateway",
            "dns",
            "ntp",
            "domain",
            "search",
            "mtu",
            "routes",
            "router_advertisements",
        ],
        &[block("dhcp", false, &["mode", "range", "ranges", "lease"], &[])],
    ),
    block("loader", true, &["arch", "path", "beside", "over", "then", "secure_boot"], &[]),
    block(
        "dns",
        false,
        &["upstreams", "ttl", "allow"],
        &[block("record", true, &["a", "aaaa", "cname", "txt", "mx", "srv"], &[])],
    ),
    block(
        "asset",
        true,
        &["path", "url", "from", "sha256", "sha512"],
        &[block("signed", false, &["list", "signature", "name", "key", "minisign"], &[])],
    ),
    OS,
    block("assets", false, &["local", "gateways", "peers", "check", "fetch"], &[]),
    block("package_cache", false, &["port", "size", "allow", "mirrors"], &[]),
    block(
        "profile",
        true,
        &["title", "menu", "arch", "os", "kernel", "initrd", "args", "config", "script", "boot", "leave_by", "vars"],
        &[block(
            "install",
            false,
            &["disk", "wipe", "attempts", "timeout", "reported_by"],
            &[block("disk", false, &["serial", "model", "size", "rotational"], &[])],
        )],
    ),
    block("secret", true, &["file", "age", "env", "folder", "key", "classes", "machines"], &[]),
    block(
        "class",
        true,
        &["extends", "profile", "name_pool", "name_pattern", "config", "leave_by", "secure_boot", "vars"],
        &[],
    ),
    block(
        "machine",
        true,
        &[
            "name",
            "mac",
            "uuid",
            "serial",
            "class",
            "profile",
            "config",
            "address",
            "leave_by",
            "secure_boot",
            "vars",
            "count",
            "for_each",
        ],
        &[],
    ),
    block(
        "lab",
        false,
        &[],
        &[block(
            "machine",
            true,
            &["mac", "uuid", "serial", "network", "firmware", "memory", "cpus", "disk", "seed", "expect"],
            &[],
        )],
    ),
];

/// `firstlight.lock` as a whole.
pub(crate) static LOCK: Schema = block(
    "",
    false,
    &[],
    &[
        block("asset", true, &["url", "size", "sha256", "trust"], &[]),
        block("os", true, &["version", "sha256", "trust"], &[]),
    ],
);

/// What a reference can start with.
pub(crate) const ROOTS: &[&str] =
    &["local", "site", "network", "asset", "profile", "class", "machine", "each", "count"];
