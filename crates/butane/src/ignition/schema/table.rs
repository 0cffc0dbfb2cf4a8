//! The table itself. Fields stand in the order in which the reference writes them.

use super::{Field, Form, Key, Merge, Type, flag, int, many, one, text, texts};
use crate::ignition::{
    rules::{config, disks, files, filesystems, luks, nothing, raid, resources, units},
    version::Version,
};

/// A whole config.
pub static CONFIG: Type = Type {
    parts: &[&[
        one("ignition", &IGNITION),
        one("kernelArguments", &KERNEL_ARGUMENTS).since(Version::V3_3),
        one("passwd", &PASSWD),
        one("storage", &STORAGE),
        one("systemd", &SYSTEMD),
    ]],
    key: Key::None,
    rule: config::config,
};

static IGNITION: Type = Type {
    parts: &[&[
        one("config", &IGNITION_CONFIG),
        one("proxy", &PROXY).since(Version::V3_1),
        one("security", &SECURITY),
        one("timeouts", &TIMEOUTS),
        text("version").form(Form::Required),
    ]],
    key: Key::None,
    rule: config::ignition,
};

static IGNITION_CONFIG: Type = Type {
    parts: &[&[
        many("merge", &CONFIG_REFERENCE).until(Version::V3_0),
        many("merge", &RESOURCE).since(Version::V3_1),
        one("replace", &CONFIG_REFERENCE).until(Version::V3_0),
        one("replace", &RESOURCE).since(Version::V3_1),
    ]],
    key: Key::None,
    rule: config::references,
};

/// What 3.0.0 has where the others have resources.
static CONFIG_REFERENCE: Type = Type {
    parts: &[&[text("source").form(Form::Nullable), one("verification", &VERIFICATION)]],
    key: Key::Text("source"),
    rule: resources::reference,
};

static CA_REFERENCE: Type = Type {
    parts: &[&[text("source").form(Form::Required), one("verification", &VERIFICATION)]],
    key: Key::Text("source"),
    rule: resources::authority,
};

static RESOURCE: Type = Type {
    parts: &[&[
        text("compression"),
        many("httpHeaders", &HTTP_HEADER).since(Version::V3_1),
        text("source"),
        one("verification", &VERIFICATION),
    ]],
    key: Key::Text("source"),
    rule: resources::resource,
};

static HTTP_HEADER: Type = Type {
    parts: &[&[text("name").form(Form::Required), text("value")]],
    key: Key::Text("name"),
    rule: resources::header,
};

static VERIFICATION: Type = Type { parts: &[&[text("hash")]], key: Key::None, rule: resources::verification };

static PROXY: Type =
    Type { parts: &[&[text("httpProxy"), text("httpsProxy"), texts("noProxy")]], key: Key::None, rule: config::proxy };

static SECURITY: Type = Type { parts: &[&[one("tls", &TLS)]], key: Key::None, rule: nothing };

static TLS: Type = Type {
    parts: &[&[
        many("certificateAuthorities", &CA_REFERENCE).until(Version::V3_0),
        many("certificateAuthorities", &RESOURCE).since(Version::V3_1),
    ]],
    key: Key::None,
    rule: config::tls,
};

static TIMEOUTS: Type =
    Type { parts: &[&[int("httpResponseHeaders"), int("httpTotal")]], key: Key::None, rule: nothing };

static KERNEL_ARGUMENTS: Type = Type {
    parts: &[&[
        texts("shouldExist").merged(Merge::Shared("argument")),
        texts("shouldNotExist").merged(Merge::Shared("argument")),
    ]],
    key: Key::None,
    rule: nothing,
};

static PASSWD: Type =
    Type { parts: &[&[many("groups", &PASSWD_GROUP), many("users", &PASSWD_USER)]], key: Key::None, rule: nothing };

static PASSWD_GROUP: Type = Type {
    parts: &[&[
        int("gid"),
        text("name").form(Form::Required),
        text("passwordHash"),
        flag("shouldExist").since(Version::V3_2),
        flag("system"),
    ]],
    key: Key::Text("name"),
    rule: nothing,
};

static PASSWD_USER: Type = Type {
    parts: &[&[
        text("gecos"),
        texts("groups"),
        text("homeDir"),
        text("name").form(Form::Required),
        flag("noCreateHome"),
        flag("noLogInit"),
        flag("noUserGroup"),
        text("passwordHash"),
        text("primaryGroup"),
        texts("sshAuthorizedKeys"),
        text("shell"),
        flag("shouldExist").since(Version::V3_2),
        flag("system"),
        int("uid"),
    ]],
    key: Key::Text("name"),
    rule: nothing,
};

static STORAGE: Type = Type {
    parts: &[&[
        many("directories", &DIRECTORY).merged(Merge::Shared("path")),
        many("disks", &DISK),
        many("files", &FILE).merged(Merge::Shared("path")),
        many("filesystems", &FILESYSTEM),
        many("links", &LINK).merged(Merge::Shared("path")),
        many("luks", &LUKS).since(Version::V3_2),
        many("raid", &RAID),
    ]],
    key: Key::None,
    rule: files::storage,
};

/// What files, directories and links have in common.
static NODE: [Field; 4] =
    [one("group", &OWNER), flag("overwrite"), text("path").form(Form::Required), one("user", &OWNER)];

static OWNER: Type = Type { parts: &[&[int("id"), text("name")]], key: Key::None, rule: files::owner };

static DIRECTORY: Type = Type { parts: &[&NODE, &[int("mode")]], key: Key::Text("path"), rule: files::directory };

static FILE: Type = Type {
    parts: &[&NODE, &[many("append", &RESOURCE).merged(Merge::Append), one("contents", &RESOURCE), int("mode")]],
    key: Key::Text("path"),
    rule: files::file,
};

static LINK: Type = Type {
    parts: &[
        &NODE,
        &[flag("hard"), text("target").form(Form::Required).until(Version::V3_2), text("target").since(Version::V3_3)],
    ],
    key: Key::Text("path"),
    rule: files::link,
};

static DISK: Type = Type {
    parts: &[&[text("device").form(Form::Required), many("partitions", &PARTITION), flag("wipeTable")]],
    key: Key::Text("device"),
    rule: disks::disk,
};

static PARTITION: Type = Type {
    parts: &[&[
        text("guid"),
        text("label"),
        int("number").form(Form::Plain),
        flag("resize").since(Version::V3_2),
        flag("shouldExist"),
        int("sizeMiB"),
        int("startMiB"),
        text("typeGuid"),
        flag("wipePartitionEntry"),
    ]],
    key: Key::Partition,
    rule: disks::partition,
};

static FILESYSTEM: Type = Type {
    parts: &[&[
        text("device").form(Form::Required),
        text("format"),
        text("label"),
        texts("mountOptions").merged(Merge::Append).since(Version::V3_1),
        texts("options").merged(Merge::Append),
        text("path"),
        text("uuid"),
        flag("wipeFilesystem"),
    ]],
    key: Key::Text("device"),
    rule: filesystems::filesystem,
};

static RAID: Type = Type {
    parts: &[&[
        texts("devices").form(Form::Nullable).until(Version::V3_2),
        texts("devices").since(Version::V3_3),
        text("level").form(Form::Required).until(Version::V3_2),
        text("level").since(Version::V3_3),
        text("name").form(Form::Required),
        texts("options").merged(Merge::Append),
        int("spares"),
    ]],
    key: Key::Text("name"),
    rule: raid::raid,
};

static LUKS: Type = Type {
    parts: &[&[
        one("cex", &CEX).since(Version::V3_5),
        one("clevis", &CLEVIS).form(Form::Optional).until(Version::V3_2),
        one("clevis", &CLEVIS).since(Version::V3_3),
        text("device"),
        flag("discard").since(Version::V3_4),
        one("keyFile", &RESOURCE),
        text("label"),
        text("name").form(Form::Required),
        texts("openOptions").since(Version::V3_4),
        texts("options").merged(Merge::Append),
        text("uuid"),
        flag("wipeVolume"),
    ]],
    key: Key::Text("name"),
    rule: luks::luks,
};

static CEX: Type = Type { parts: &[&[flag("enabled")]], key: Key::None, rule: nothing };

static CLEVIS: Type = Type {
    parts: &[&[
        one("custom", &CLEVIS_CUSTOM).form(Form::Optional).until(Version::V3_2),
        one("custom", &CLEVIS_CUSTOM).since(Version::V3_3),
        many("tang", &TANG),
        int("threshold"),
        flag("tpm2"),
    ]],
    key: Key::None,
    rule: nothing,
};

static CLEVIS_CUSTOM: Type = Type {
    parts: &[&[
        text("config").form(Form::Required).until(Version::V3_2),
        text("config").since(Version::V3_3),
        flag("needsNetwork"),
        text("pin").form(Form::Required).until(Version::V3_2),
        text("pin").since(Version::V3_3),
    ]],
    key: Key::None,
    rule: luks::custom,
};

static TANG: Type = Type {
    parts: &[&[text("advertisement").since(Version::V3_4), text("thumbprint"), text("url").form(Form::Plain)]],
    key: Key::Text("url"),
    rule: luks::tang,
};

static SYSTEMD: Type = Type { parts: &[&[many("units", &UNIT)]], key: Key::None, rule: units::systemd };

static UNIT: Type = Type {
    parts: &[&[
        text("contents"),
        many("dropins", &DROPIN),
        flag("enabled"),
        flag("mask"),
        text("name").form(Form::Required),
    ]],
    key: Key::Text("name"),
    rule: units::unit,
};

static DROPIN: Type = Type {
    parts: &[&[text("contents"), text("name").form(Form::Required)]],
    key: Key::Text("name"),
    rule: units::dropin,
};
