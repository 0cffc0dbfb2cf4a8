//! `meta-data`: which instance this is, and what it is called.
//!
//! cloud-init does its first-boot work once for each `instance-id`: it makes users and host keys, runs `runcmd`. So the id
//! stays while a machine is the same, and changes when it is installed anew.

use crate::quote::quoted;
use firstlight_model::Domain;

/// A machine, as cloud-init sees it.
#[derive(Debug, Clone, Copy)]
pub struct Instance<'a> {
    /// Its name.
    pub machine: &'a str,
    /// The domain that its name is in.
    pub domain: Option<&'a Domain>,
    /// What its id has behind its name, so that it is another instance than before: of a machine that is being installed,
    /// the attempt.
    pub install: Option<&'a str>,
    /// The site, which cloud-init calls the availability zone.
    pub site: &'a str,
}

impl Instance<'_> {
    /// Its id.
    pub fn id(&self) -> String {
        match self.install {
            Some(install) => format!("{}-{install}", self.machine),
            None => self.machine.to_owned(),
        }
    }

    /// The part itself.
    pub fn meta_data(&self) -> String {
        let name = match self.domain {
            Some(domain) => format!("{}.{}", self.machine, domain.as_str()),
            None => self.machine.to_owned(),
        };
        format!(
            "instance-id: {}\nlocal-hostname: {}\navailability-zone: {}\n",
            quoted(&self.id()),
            quoted(&name),
            quoted(self.site)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_the_machines_and_another_for_each_install() {
        let domain = "lab.example".parse().unwrap();
        let kitt = Instance { machine: "kitt", domain: Some(&domain), install: None, site: "fra1" };
        assert_eq!(
            kitt.meta_data(),
            "instance-id: \"kitt\"\nlocal-hostname: \"kitt.lab.example\"\navailability-zone: \"fra1\"\n"
        );
        assert_eq!(Instance { install: Some("1f0c"), ..kitt }.id(), "kitt-1f0c");
    }
}
