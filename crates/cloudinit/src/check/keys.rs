//! The keys of a cloud-config: in full for what is used most, by name for the rest. From cloud-init's
//! `schema-cloud-config-v1.json` of 25.1, with what only older ones know.

use super::shape::{
    Field,
    Shape::{self, Any, Bool, Either, List, Map, Mode, Names, Null, Text, Whole, Word},
    field, required,
};

const TEXTS: Shape = List(&Text);
/// A shell's line, or a program's words.
const COMMANDS: Shape = List(&Either(&[Text, TEXTS, Null]));
const TEXT_OR_TEXTS: Shape = Either(&[Text, TEXTS]);

const USER: Shape = Map(&[
    field("name", Text),
    field("snapuser", Text),
    field("gecos", Text),
    field("groups", Either(&[Text, TEXTS, Names(&Any)])),
    field("primary_group", Text),
    field("homedir", Text),
    field("shell", Text),
    field("sudo", Either(&[Text, List(&Either(&[Text, Null])), Bool, Null])),
    field("doas", TEXTS),
    field("passwd", Text),
    field("hashed_passwd", Text),
    field("plain_text_passwd", Text),
    field("lock_passwd", Bool),
    field("ssh_authorized_keys", TEXTS),
    field("ssh_import_id", TEXTS),
    field("ssh_redirect_user", Bool),
    field("uid", Either(&[Whole, Text])),
    field("system", Bool),
    field("no_create_home", Bool),
    field("no_user_group", Bool),
    field("no_log_init", Bool),
    field("create_groups", Bool),
    field("selinux_user", Text),
    field("expiredate", Text),
    field("inactive", Text),
]);

const FILE: Shape = Map(&[
    required("path", Text),
    field("content", Text),
    field("source", Map(&[required("uri", Text), field("headers", Names(&Text))])),
    field("owner", Text),
    field("permissions", Mode),
    field(
        "encoding",
        Word(&["text/plain", "b64", "base64", "gz", "gzip", "gz+b64", "gz+base64", "gzip+b64", "gzip+base64"]),
    ),
    field("append", Bool),
    field("defer", Bool),
]);

const CHPASSWD: Shape = Map(&[
    field("expire", Bool),
    field(
        "users",
        List(&Map(&[
            required("name", Text),
            field("password", Text),
            field("type", Word(&["hash", "text", "RANDOM"])),
        ])),
    ),
    field("list", TEXT_OR_TEXTS),
]);

const NTP: Shape = Either(&[
    Map(&[
        field("enabled", Bool),
        field("servers", TEXTS),
        field("pools", TEXTS),
        field("peers", TEXTS),
        field("allow", TEXTS),
        field("ntp_client", Text),
        field("config", Any),
    ]),
    Null,
]);

const GROWPART: Shape = Map(&[
    field("mode", Either(&[Word(&["auto", "growpart", "gpart", "off"]), Bool])),
    field("devices", TEXTS),
    field("ignore_growroot_disabled", Bool),
]);

const POWER_STATE: Shape = Map(&[
    field("mode", Word(&["poweroff", "reboot", "halt"])),
    field("delay", Either(&[Whole, Text])),
    field("message", Text),
    field("timeout", Whole),
    field("condition", Either(&[Text, Bool, TEXTS])),
]);

const PHONE_HOME: Shape =
    Map(&[required("url", Text), field("post", TEXT_OR_TEXTS), field("tries", Either(&[Whole, Text]))]);

const FILE_SYSTEM: Shape = Map(&[
    field("label", Text),
    field("filesystem", Text),
    field("device", Text),
    field("partition", Either(&[Text, Whole])),
    field("overwrite", Bool),
    field("replace_fs", Text),
    field("extra_opts", TEXT_OR_TEXTS),
    field("cmd", TEXT_OR_TEXTS),
]);

const CA_CERTS: Shape = Map(&[field("remove_defaults", Bool), field("remove-defaults", Bool), field("trusted", TEXTS)]);

/// What is checked.
pub(super) const KEYS: &[Field] = &[
    field("hostname", Text),
    field("fqdn", Text),
    field("prefer_fqdn_over_hostname", Bool),
    field("preserve_hostname", Bool),
    field("create_hostname_file", Bool),
    field("manage_etc_hosts", Either(&[Bool, Word(&["localhost", "template"])])),
    field("users", Either(&[List(&Either(&[USER, Text, TEXTS])), Text, Names(&Any)])),
    field("user", Either(&[USER, Text])),
    field("groups", Either(&[List(&Either(&[Text, Names(&Any)])), Text, Names(&Any)])),
    field("ssh_authorized_keys", TEXTS),
    field("ssh_pwauth", Either(&[Bool, Text])),
    field("ssh_keys", Names(&Text)),
    field("ssh_deletekeys", Bool),
    field("ssh_genkeytypes", List(&Word(&["dsa", "rsa", "ecdsa", "ed25519"]))),
    field("ssh_import_id", TEXTS),
    field("ssh_quiet_keygen", Bool),
    field("disable_root", Bool),
    field("disable_root_opts", Text),
    field("allow_public_ssh_keys", Bool),
    field("no_ssh_fingerprints", Bool),
    field("password", Text),
    field("chpasswd", CHPASSWD),
    field("write_files", List(&FILE)),
    field("bootcmd", COMMANDS),
    field("runcmd", COMMANDS),
    field("packages", List(&Either(&[Text, TEXTS, Names(&Any)]))),
    field("package_update", Bool),
    field("package_upgrade", Bool),
    field("package_reboot_if_required", Bool),
    field("apt", Names(&Any)),
    field("ntp", NTP),
    field("growpart", GROWPART),
    field("resize_rootfs", Either(&[Bool, Word(&["noblock"])])),
    field("mounts", List(&List(&Any))),
    field("mount_default_fields", List(&Any)),
    field("swap", Map(&[field("filename", Text), field("size", Any), field("maxsize", Any)])),
    field("disk_setup", Names(&Names(&Any))),
    field("fs_setup", List(&FILE_SYSTEM)),
    field("device_aliases", Names(&Text)),
    field("timezone", Text),
    field("locale", Either(&[Text, Bool])),
    field("locale_configfile", Text),
    field(
        "keyboard",
        Map(&[required("layout", Text), field("model", Text), field("variant", Text), field("options", Text)]),
    ),
    field("ca_certs", CA_CERTS),
    field("ca-certs", CA_CERTS),
    field("manage_resolv_conf", Bool),
    field("phone_home", PHONE_HOME),
    field("power_state", POWER_STATE),
    field("final_message", Text),
    field("output", Names(&Any)),
];

/// What is only known by name. The last line has what installers read that use cloud-init.
pub(super) const OTHERS: &[&str] = &[
    "ansible",
    "apk_repos",
    "apt_pipelining",
    "apt_reboot_if_required",
    "apt_update",
    "apt_upgrade",
    "authkey_hash",
    "byobu_by_default",
    "chef",
    "cloud_config_modules",
    "cloud_final_modules",
    "cloud_init_modules",
    "datasource",
    "datasource_list",
    "debug",
    "disable_ec2_metadata",
    "drivers",
    "fan",
    "grub-dpkg",
    "grub_dpkg",
    "landscape",
    "launch-index",
    "lxd",
    "mcollective",
    "merge_how",
    "merge_type",
    "migrate",
    "network",
    "package_update_upgrade",
    "puppet",
    "random_seed",
    "reporting",
    "resolv_conf",
    "rh_subscription",
    "rsyslog",
    "salt_minion",
    "snap",
    "spacewalk",
    "ssh",
    "ssh_fp_console_blacklist",
    "ssh_key_console_blacklist",
    "ssh_publish_hostkeys",
    "system_info",
    "ubuntu_advantage",
    "ubuntu_pro",
    "updates",
    "vendor_data",
    "vendor_data2",
    "version",
    "wireguard",
    "yum_repo_dir",
    "yum_repos",
    "zypper",
    "autoinstall",
    "coreos",
    "k3os",
    "nix",
    "rancher",
    "stages",
];
