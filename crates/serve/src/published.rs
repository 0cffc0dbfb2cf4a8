//! What TFTP publishes on a network: the network boot programs, `autoexec.ipxe` and `grub.cfg`, which lead iPXE and GRUB
//! to their scripts, and the site's assets by their names, for boot programs that speak nothing else. Never configs: they belong to one machine,
//! and TFTP cannot tell who asks.

use crate::{
    Context, Here, Http,
    http::ByTftp,
    tftp::{Failure, Files, Outcome},
};
use firstlight_boot::Content;
use firstlight_model::Mac;
use firstlight_state::{Protocol, Role, What};
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

/// iPXE asks for this beside the file that it was loaded from (<https://ipxe.org/cfg/autoexec>).
const AUTOEXEC: &str = "autoexec.ipxe";

/// GRUB asks for this in the folder that it was built for: Debian's signed one for `grub/grub.cfg`.
const GRUB_CFG: &str = "grub.cfg";

/// What a shim and GRUB ask for and go on without: that is no failure. Revocations and certificates beside the shim;
/// lists of the modules that GRUB's folder could hold.
const OPTIONAL: [&str; 7] = [
    "revocations.efi",
    "revocations_sku.efi",
    "revocations_sbat.efi",
    "command.lst",
    "fs.lst",
    "crypto.lst",
    "terminal.lst",
];

/// True for a name that its client can do without.
pub(crate) fn is_optional(name: &str) -> bool {
    let base = name.rsplit('/').next().unwrap_or(name);
    OPTIONAL.contains(&base) || base.starts_with("shim_certificate_")
}

/// The files that one network's TFTP clients can have.
pub struct Published {
    context: Context,
    here: Arc<Here>,
    grub: ByTftp,
}

impl Published {
    /// What is published on a network, by whose address iPXE is led on. The attempts to boot are those of `http`.
    pub fn new(http: &Http, here: Here) -> Published {
        let here = Arc::new(here);
        Published { grub: http.by_tftp(here.clone()), context: http.context().clone(), here }
    }
}

impl Files for Published {
    fn find(&self, name: &str, client: Ipv4Addr) -> Option<Content> {
        if self.grub.owns(name) {
            return self.grub.find(name, client);
        }
        let set = self.context.boot.load();
        // A loader that was found in a folder asks for what follows in the same folder.
        match name.rsplit('/').next() {
            Some(AUTOEXEC) => Some(Content::Bytes(set.autoexec(&self.here.network()).into_bytes().into())),
            Some(GRUB_CFG) => Some(Content::Bytes(set.first_grub_script().into_bytes().into())),
            _ if set.site.assets.contains_key(name) => self.grub.asset(name, client),
            _ => set.loader(set.loader_file(name)?).cloned(),
        }
    }

    fn finished(&self, outcome: Outcome) {
        let Some((mac, role, name)) = self.subject(&outcome) else { return };
        let what = match outcome.result {
            Ok(served) => What::Sent {
                protocol: Protocol::Tftp,
                role,
                name,
                bytes: served.bytes,
                ms: served.took.as_millis().try_into().unwrap_or(u64::MAX),
                resent: served.resent,
            },
            Err(Failure::SizeOnly) => return,
            Err(Failure::NotFound) if is_optional(&name) => return,
            Err(failure) => {
                tracing::debug!(client = %outcome.client.ip(), "TFTP {name}: {failure}");
                What::SendFailed { protocol: Protocol::Tftp, name, reason: failure.to_string() }
            }
        };
        self.context.record(mac, what);
    }
}

impl Published {
    /// Whose a transfer is, and of what. `None` where there is nothing to record: a script is recorded as it is made, and
    /// a refused token as it is refused.
    fn subject(&self, outcome: &Outcome) -> Option<(Option<Mac>, Role, String)> {
        if self.grub.owns(&outcome.name) {
            let file = self.grub.of_attempt(&outcome.name)?;
            return Some((Some(file.mac), file.role, file.name));
        }
        let name = outcome.name.chars().take(80).collect::<String>();
        let role = match name.as_str() {
            name if name.ends_with(AUTOEXEC) || name.ends_with(GRUB_CFG) => Role::Autoexec,
            name if self.context.boot.load().loader_file(name).is_some() => Role::Loader,
            _ => Role::Asset,
        };
        Some((self.context.client(IpAddr::V4(*outcome.client.ip())), role, name))
    }
}
