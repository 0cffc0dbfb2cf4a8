//! `firstlight init`: a new site, commented. Asks the few things that it must know, or takes them as flags.

mod ask;
mod profiles;
mod text;

use crate::{Failure, Outcome, output, site, tried};
use clap::builder::PossibleValuesParser;
use firstlight_model::Ipv4Net;
use firstlight_site::{Memory, Source, Sources};
use std::{
    fs,
    io::{self, Write},
    net::Ipv4Addr,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Debian's network installer, when its package is installed: something to boot from the first minute.
const INSTALLER: &str = "/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64";
const SITE: &str = "site.hcl";
const PRESEED: &str = "preseed.cfg";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder to make
    site: PathBuf,
    /// The interface that machines boot from
    #[arg(long, value_name = "NAME")]
    interface: Option<String>,
    /// Its network, like 10.20.0.0/24; that of the interface where not given
    #[arg(long, value_name = "NETWORK")]
    subnet: Option<Ipv4Net>,
    /// The server's own address in it; the interface's, or the first one, where not given
    #[arg(long)]
    address: Option<Ipv4Addr>,
    /// The first and last address to hand out, like 10.20.0.100-10.20.0.200; the upper half where not given
    #[arg(long, value_parser = parse_range, value_name = "FIRST-LAST")]
    range: Option<Range>,
    /// The router that machines are told; none where not given
    #[arg(long, value_name = "ADDRESS")]
    gateway: Option<Ipv4Addr>,
    /// A DNS server that machines are told; may be given again
    #[arg(long, value_name = "ADDRESS")]
    dns: Vec<Ipv4Addr>,
    /// A ready profile, which installs that system; may be given again. In place of Debian's installer without answers
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(profiles::NAMES))]
    profile: Vec<String>,
}

/// The first and last address to hand out.
type Range = (Ipv4Addr, Ipv4Addr);

/// What a site must know.
struct Answers {
    interface: String,
    subnet: Ipv4Net,
    address: Ipv4Addr,
    range: Range,
    gateway: Option<Ipv4Addr>,
    dns: Vec<Ipv4Addr>,
}

pub(crate) fn run(args: Args) -> Outcome {
    refuse_to_overwrite(&args.site)?;
    let answers = ask::ask(&args)?;
    let plan = Plan::new(&answers, &args.profile);
    plan.check(&args.site)?;
    plan.write(&args.site)?;
    let name = args.site.display();
    output::print(&format!(
        "\nWrote {name}/{SITE}{}. Next:\n{}  firstlight check {name}\n  firstlight lab run {name}     try it with a virtual machine, on no real network\n  edit it: declare your machines\n  firstlight serve {name}       serve {}: only on a network with no other DHCP server\n",
        plan.besides(),
        plan.fetch(&args.site),
        answers.interface
    ))
}

/// A folder that holds a site, or a file that would be written, is left as it is.
fn refuse_to_overwrite(folder: &Path) -> Outcome {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(tried("read", folder))?,
    };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    match names.into_iter().find(|name| name.ends_with(".hcl") || name == PRESEED) {
        Some(name) => Err(Failure::Failed(format!(
            "{} exists already; nothing was changed. Name a new folder",
            folder.join(name).display()
        ))),
        None => Ok(()),
    }
}

/// What is written.
struct Plan<'a> {
    /// By path in the site's folder, `site.hcl` last: without it there is no site.
    files: Vec<(&'static str, String)>,
    profiles: &'a [String],
    /// Debian's installer is there, and wanted.
    installer: bool,
}

impl<'a> Plan<'a> {
    fn new(answers: &Answers, profiles: &'a [String]) -> Plan<'a> {
        let installer = profiles.is_empty() && Path::new(INSTALLER).is_dir();
        let ready =
            profiles.iter().flat_map(|name| profiles::files(name)).map(|(path, text)| (*path, text.to_string()));
        let mut files: Vec<(&str, String)> = ready.collect();
        // One that was named twice.
        files.sort();
        files.dedup();
        if profiles.is_empty() {
            files.push((PRESEED, text::PRESEED.to_owned()));
            files.push((SITE, text::site(answers, installer)));
        } else {
            files.push((SITE, text::site_with(answers, profiles)));
        }
        Plan { files, profiles, installer }
    }

    /// Where files are to be put that the site needs and that nobody can write here.
    fn assets(&self) -> Vec<PathBuf> {
        let mut assets: Vec<PathBuf> = self.profiles.iter().flat_map(|name| profiles::assets(name)).collect();
        assets.dedup();
        assets
    }

    /// The site's own check, before anything is written: what was answered may not fit together.
    fn check(&self, folder: &Path) -> Outcome {
        let (hcl, others): (Vec<_>, Vec<_>) = self.files.iter().partition(|(path, _)| path.ends_with(".hcl"));
        let files =
            hcl.into_iter().map(|(name, text)| Source { name: (*name).to_owned(), text: text.clone() }).collect();
        let sources = Sources { root: PathBuf::new(), folder: folder.display().to_string(), files };
        let mut there: Vec<_> = others.into_iter().map(|(path, text)| (PathBuf::from(path), text.clone())).collect();
        there.extend(self.assets().into_iter().map(|path| (path, String::new())));
        if self.installer {
            there.extend(["linux", "initrd.gz"].map(|file| (Path::new(INSTALLER).join(file), String::new())));
        }
        let outside = Memory { files: there.into_iter().collect(), ..Memory::default() };
        match firstlight_site::parse(&sources, &outside) {
            Ok(_) => Ok(()),
            Err(report) => {
                site::complain(&report);
                Err(Failure::Failed("these answers make no valid site; nothing was written".to_owned()))
            }
        }
    }

    fn write(&self, folder: &Path) -> Outcome {
        fs::create_dir_all(folder).map_err(tried("make", folder))?;
        let ignored = format!("{}/\n", site::HIDDEN);
        put(folder, ".gitignore", &ignored).or_else(|error| match error.kind() {
            // Somebody's own: the site works all the same.
            io::ErrorKind::AlreadyExists => Ok(()),
            _ => Err(tried("write", &folder.join(".gitignore"))(error)),
        })?;
        self.files
            .iter()
            .try_for_each(|(path, text)| put(folder, path, text).map_err(tried("write", &folder.join(path))))
    }

    /// What the site has and has not.
    fn besides(&self) -> String {
        match (self.profiles, self.installer) {
            ([], true) => String::new(),
            ([], false) => ", without Debian's installer (its package is not installed)".to_owned(),
            (profiles, _) => format!(", with what installs {}", profiles.join(", ")),
        }
    }

    /// The first of the next steps.
    fn fetch(&self, folder: &Path) -> String {
        let files = self.assets();
        let files: Vec<String> = files.iter().map(|path| folder.join(path).display().to_string()).collect();
        match files.is_empty() {
            true => String::new(),
            false => format!("  fetch {}: the .hcl files say from where\n", files.join(", ")),
        }
    }
}

/// Writes a file that is not there yet; one that is a script may be run.
fn put(folder: &Path, path: &str, text: &str) -> io::Result<()> {
    let path = folder.join(path);
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    let mode = if text.starts_with("#!") { 0o777 } else { 0o666 };
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(text.as_bytes())
}

fn parse_range(text: &str) -> Result<Range, String> {
    let wrong = || format!("`{text}` is not a range; expected one like 10.20.0.100-10.20.0.200");
    let (first, last) = text.split_once('-').ok_or_else(wrong)?;
    Ok((first.trim().parse().map_err(|_| wrong())?, last.trim().parse().map_err(|_| wrong())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(range: &str) -> Answers {
        Answers {
            interface: "eth1".to_owned(),
            subnet: "10.20.0.0/24".parse().unwrap(),
            address: "10.20.0.1".parse().unwrap(),
            range: parse_range(range).unwrap(),
            gateway: Some("10.20.0.254".parse().unwrap()),
            dns: vec!["9.9.9.9".parse().unwrap(), "1.1.1.1".parse().unwrap()],
        }
    }

    #[test]
    fn a_range_is_two_addresses() {
        let range = parse_range("10.20.0.100 - 10.20.0.200").unwrap();
        assert_eq!(range, ([10, 20, 0, 100].into(), [10, 20, 0, 200].into()));
        for wrong in ["10.20.0.100", "a-b", "10.20.0.100-", ""] {
            assert!(parse_range(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_written_is_a_valid_site() {
        let answers = answers("10.20.0.100-10.20.0.200");
        for installer in [true, false] {
            let hcl = text::site(&answers, installer);
            let files = vec![(PRESEED, text::PRESEED.to_owned()), (SITE, hcl.clone())];
            assert!(Plan { files, profiles: &[], installer }.check(Path::new("x")).is_ok(), "{hcl}");
            assert_eq!(hcl.contains("\nprofile \"debian\""), installer);
        }
        for name in profiles::NAMES {
            let profiles = [name.to_owned()];
            assert!(Plan::new(&answers, &profiles).check(Path::new("x")).is_ok(), "{name}");
        }
        let all = profiles::NAMES.map(str::to_owned);
        assert!(Plan::new(&answers, &all).check(Path::new("x")).is_ok());
    }

    #[test]
    fn a_range_outside_the_network_is_refused_before_anything_is_written() {
        assert!(Plan::new(&answers("10.21.0.100-10.21.0.200"), &[]).check(Path::new("x")).is_err());
    }

    #[test]
    fn nothing_of_a_site_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let plan = |text: &str| Plan { files: vec![(SITE, text.to_owned())], profiles: &[], installer: false };
        assert!(refuse_to_overwrite(folder.path()).is_ok() && refuse_to_overwrite(Path::new("/nowhere")).is_ok());
        fs::write(folder.path().join(".gitignore"), "mine").unwrap();
        plan("").write(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join(".gitignore")).unwrap(), "mine");
        assert!(refuse_to_overwrite(folder.path()).is_err());
        assert!(plan("other").write(folder.path()).is_err());
        assert_eq!(fs::read_to_string(folder.path().join(SITE)).unwrap(), "");
    }
}
