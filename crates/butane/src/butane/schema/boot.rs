//! `boot_device` and `grub`, which only Fedora CoreOS has. All of it is sugar.

use super::{Type, check, number, object, objects, storage, text, texts, truth};

pub(super) static BOOT_DEVICE: Type =
    Type::new("`boot_device`", &[text("layout"), object("luks", &LUKS), object("mirror", &MIRROR)])
        .rule(check::boot::boot_device);

static MIRROR: Type = Type::new("`boot_device.mirror`", &[texts("devices")]).rule(check::boot::mirror);

pub(crate) static LUKS: Type = Type::new(
    "`boot_device.luks`",
    &[
        object("cex", &storage::CEX).fcos(6),
        truth("discard").fcos(5),
        text("device").sugar().fcos(6),
        objects("tang", &storage::TANG),
        number("threshold"),
        truth("tpm2"),
    ],
)
.rule(check::boot::luks);

pub(super) static GRUB: Type = Type::new("`grub`", &[objects("users", &USER)]);

static USER: Type = Type::new("a user of GRUB", &[text("name"), text("password_hash").json("passwordHash")])
    .rule(check::boot::grub_user);
