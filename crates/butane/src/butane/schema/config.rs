//! The top of a configuration, `ignition`, `passwd`, `systemd`, and what several sections use.

use super::{Sugar, Type, boot, check, number, object, objects, storage, text, texts, truth};

/// What says in which language the rest is written.
pub(crate) static HEADER: Type = Type::new("a config", &[text("variant").sugar(), text("version").sugar()]);

pub(crate) static CONFIG: Type = Type::new(
    "a config",
    &[
        text("version").sugar(),
        text("variant").sugar(),
        object("ignition", &IGNITION),
        object("kernel_arguments", &KERNEL_ARGUMENTS).json("kernelArguments").since(4),
        object("passwd", &PASSWD),
        object("storage", &storage::STORAGE),
        object("systemd", &SYSTEMD),
        object("boot_device", &boot::BOOT_DEVICE).sugar().fcos(3),
        object("grub", &boot::GRUB).sugar().fcos(5),
    ],
)
.rule(check::boot::config);

static IGNITION: Type = Type::new(
    "`ignition`",
    &[
        object("config", &IGNITION_CONFIG),
        object("proxy", &PROXY).since(2),
        object("security", &SECURITY),
        object("timeouts", &TIMEOUTS),
    ],
);

static IGNITION_CONFIG: Type =
    Type::new("`ignition.config`", &[objects("merge", &REFERENCE), object("replace", &REFERENCE)]);

static PROXY: Type = Type::new(
    "`proxy`",
    &[text("http_proxy").json("httpProxy"), text("https_proxy").json("httpsProxy"), texts("no_proxy").json("noProxy")],
);

static SECURITY: Type = Type::new("`security`", &[object("tls", &TLS)]);

static TLS: Type = Type::new("`tls`", &[objects("certificate_authorities", &REFERENCE).json("certificateAuthorities")]);

static TIMEOUTS: Type = Type::new(
    "`timeouts`",
    &[number("http_response_headers").json("httpResponseHeaders"), number("http_total").json("httpTotal")],
);

static KERNEL_ARGUMENTS: Type = Type::new(
    "`kernel_arguments`",
    &[texts("should_exist").json("shouldExist"), texts("should_not_exist").json("shouldNotExist")],
);

static PASSWD: Type = Type::new("`passwd`", &[objects("groups", &GROUP), objects("users", &USER)]);

static GROUP: Type = Type::new(
    "a group",
    &[
        number("gid"),
        text("name"),
        text("password_hash").json("passwordHash"),
        truth("should_exist").json("shouldExist").since(3),
        truth("system"),
    ],
);

static USER: Type = Type::new(
    "a user",
    &[
        text("gecos"),
        texts("groups"),
        text("home_dir").json("homeDir"),
        text("name"),
        truth("no_create_home").json("noCreateHome"),
        truth("no_log_init").json("noLogInit"),
        truth("no_user_group").json("noUserGroup"),
        text("password_hash").json("passwordHash"),
        text("primary_group").json("primaryGroup"),
        truth("should_exist").json("shouldExist").since(3),
        texts("ssh_authorized_keys").json("sshAuthorizedKeys"),
        texts("ssh_authorized_keys_local").sugar().since(5),
        text("shell"),
        truth("system"),
        number("uid"),
    ],
)
.sugar(Sugar::User);

static SYSTEMD: Type =
    Type::new("`systemd`", &[objects("units", &UNIT), objects("quadlets", &QUADLET).sugar().since(8)]);

static UNIT: Type = Type::new(
    "a unit",
    &[
        text("contents"),
        text("contents_local").sugar().since(5),
        objects("dropins", &DROPIN),
        truth("enabled"),
        truth("mask"),
        text("name"),
    ],
)
.sugar(Sugar::Unit)
.rule(check::units::unit);

static DROPIN: Type =
    Type::new("a drop-in", &[text("contents"), text("contents_local").sugar().since(5), text("name")])
        .sugar(Sugar::Unit)
        .rule(check::units::unit);

/// It becomes a file, not a unit, so nothing of it has another name in Ignition.
static QUADLET: Type = Type::new(
    "a quadlet",
    &[text("contents"), text("contents_local").sugar(), text("name"), truth("rootful"), objects("dropins", &DROPIN)],
)
.rule(check::units::quadlet);

/// What is fetched or written here, with what it must hash to.
pub(super) static RESOURCE: Type = Type::new(
    "contents",
    &[
        text("compression"),
        objects("http_headers", &HTTP_HEADER).json("httpHeaders").since(2),
        text("source"),
        text("inline").sugar(),
        text("local").sugar().since(2),
        object("verification", &VERIFICATION),
    ],
)
.sugar(Sugar::Resource)
.rule(check::storage::resource);

/// A resource that could only be fetched at first.
static REFERENCE: Type = Type::new(
    "a reference",
    &[
        text("compression").since(2),
        objects("http_headers", &HTTP_HEADER).json("httpHeaders").since(2),
        text("source"),
        text("inline").sugar().since(2),
        text("local").sugar().since(2),
        object("verification", &VERIFICATION),
    ],
)
.sugar(Sugar::Resource)
.rule(check::storage::resource);

static HTTP_HEADER: Type = Type::new("an HTTP header", &[text("name"), text("value")]);

static VERIFICATION: Type = Type::new("`verification`", &[text("hash")]);
