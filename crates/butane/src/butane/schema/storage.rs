//! `storage`: disks, volumes, file systems, and what lies on them.

use super::{Type, check, config::RESOURCE, number, object, objects, text, texts, truth};

pub(super) static STORAGE: Type = Type::new(
    "`storage`",
    &[
        objects("directories", &DIRECTORY),
        objects("disks", &DISK),
        objects("files", &FILE),
        objects("filesystems", &FILESYSTEM),
        objects("links", &LINK),
        objects("luks", &LUKS).since(3),
        objects("raid", &RAID),
        objects("trees", &TREE).sugar().since(2),
    ],
);

static DIRECTORY: Type = Type::new(
    "a directory",
    &[object("group", &OWNER), truth("overwrite"), text("path"), object("user", &OWNER), number("mode")],
)
.rule(check::storage::directory);

static FILE: Type = Type::new(
    "a file",
    &[
        object("group", &OWNER),
        truth("overwrite"),
        text("path"),
        object("user", &OWNER),
        objects("append", &RESOURCE),
        object("contents", &RESOURCE),
        number("mode"),
    ],
)
.rule(check::storage::file);

static LINK: Type = Type::new(
    "a link",
    &[object("group", &OWNER), truth("overwrite"), text("path"), object("user", &OWNER), truth("hard"), text("target")],
);

/// A node's user or its group.
static OWNER: Type = Type::new("an owner", &[number("id"), text("name")]);

static DISK: Type =
    Type::new("a disk", &[text("device"), objects("partitions", &PARTITION), truth("wipe_table").json("wipeTable")]);

static PARTITION: Type = Type::new(
    "a partition",
    &[
        text("guid"),
        text("label"),
        number("number"),
        truth("resize").since(3),
        truth("should_exist").json("shouldExist"),
        number("size_mib").json("sizeMiB"),
        number("start_mib").json("startMiB"),
        text("type_guid").json("typeGuid"),
        truth("wipe_partition_entry").json("wipePartitionEntry"),
    ],
);

static FILESYSTEM: Type = Type::new(
    "a file system",
    &[
        text("device"),
        text("format"),
        text("label"),
        texts("mount_options").json("mountOptions").since(2),
        texts("options"),
        text("path"),
        text("uuid"),
        truth("wipe_filesystem").json("wipeFilesystem"),
        truth("with_mount_unit").sugar().since(2),
    ],
)
.rule(check::storage::filesystem);

static LUKS: Type = Type::new(
    "a LUKS volume",
    &[
        object("cex", &CEX).since(6),
        object("clevis", &CLEVIS),
        text("device"),
        truth("discard").since(5),
        object("key_file", &RESOURCE).json("keyFile"),
        text("label"),
        text("name"),
        texts("open_options").json("openOptions").since(5),
        texts("options"),
        text("uuid"),
        truth("wipe_volume").json("wipeVolume"),
    ],
);

pub(super) static CEX: Type = Type::new("`cex`", &[truth("enabled")]);

static CLEVIS: Type =
    Type::new("`clevis`", &[object("custom", &CUSTOM), objects("tang", &TANG), number("threshold"), truth("tpm2")]);

static CUSTOM: Type =
    Type::new("`custom`", &[text("config"), truth("needs_network").json("needsNetwork"), text("pin")]);

pub(super) static TANG: Type =
    Type::new("a Tang server", &[text("thumbprint"), text("url"), text("advertisement").since(5)]);

static RAID: Type =
    Type::new("a RAID", &[texts("devices"), text("level"), text("name"), texts("options"), number("spares")]);

static TREE: Type = Type::new(
    "a tree",
    &[
        object("group", &OWNER).since(7),
        text("local"),
        text("path"),
        object("user", &OWNER).since(7),
        number("file_mode").json("fileMode").since(7),
        number("dir_mode").json("dirMode").since(7),
    ],
)
.rule(check::storage::tree);
