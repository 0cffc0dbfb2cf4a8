//! `firstlight init`: a new site, commented. Asks the few things that it must know, or takes them as flags.

mod ask;
mod text;

use crate::{Failure, Outcome, output, site, tried};
use firstlight_model::Ipv4Net;
use firstlight_site::{Memory, Source, Sources};
use std::{
    fs,
    net::Ipv4Addr,
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
    let installer = Path::new(INSTALLER).is_dir();
    let hcl = text::site(&answers, installer);
    check(&args.site, &hcl, installer)?;
    write(&args.site, &hcl)?;
    let name = args.site.display();
    output::print(&format!(
        "\nWrote {name}/{SITE}{}. Next:\n  firstlight check {name}\n  firstlight lab run {name}     try it with a virtual machine, on no real network\n  edit it: declare your machines\n  firstlight serve {name}       serve {}: only on a network with no other DHCP server\n",
        if installer { "" } else { ", without Debian's installer (its package is not installed)" },
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

/// The site's own check, before anything is written: what was answered may not fit together.
fn check(folder: &Path, hcl: &str, installer: bool) -> Outcome {
    let files = vec![Source { name: SITE.to_owned(), text: hcl.to_owned() }];
    let sources = Sources { root: PathBuf::new(), folder: folder.display().to_string(), files };
    let mut there = vec![(PathBuf::from(PRESEED), text::PRESEED.to_owned())];
    if installer {
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

fn write(folder: &Path, hcl: &str) -> Outcome {
    fs::create_dir_all(folder).map_err(tried("make", folder))?;
    let ignored = format!("{}/\n", site::HIDDEN);
    for (name, text) in [(".gitignore", ignored.as_str()), (PRESEED, text::PRESEED), (SITE, hcl)] {
        let path = folder.join(name);
        match fs::OpenOptions::new().write(true).create_new(true).open(&path) {
            // Somebody's own: the site works all the same.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && name == ".gitignore" => {}
            file => file
                .and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()))
                .map_err(tried("write", &path))?,
        }
    }
    Ok(())
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
    fn what_is_written_is_a_valid_site_with_and_without_the_installer() {
        for installer in [true, false] {
            let hcl = text::site(&answers("10.20.0.100-10.20.0.200"), installer);
            assert!(check(Path::new("x"), &hcl, installer).is_ok(), "{hcl}");
            assert_eq!(hcl.contains("\nprofile \"debian\""), installer);
        }
    }

    #[test]
    fn a_range_outside_the_network_is_refused_before_anything_is_written() {
        let hcl = text::site(&answers("10.21.0.100-10.21.0.200"), false);
        assert!(check(Path::new("x"), &hcl, false).is_err());
    }

    #[test]
    fn nothing_of_a_site_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        assert!(refuse_to_overwrite(folder.path()).is_ok() && refuse_to_overwrite(Path::new("/nowhere")).is_ok());
        fs::write(folder.path().join(".gitignore"), "mine").unwrap();
        write(folder.path(), "").unwrap();
        assert_eq!(fs::read_to_string(folder.path().join(".gitignore")).unwrap(), "mine");
        assert!(refuse_to_overwrite(folder.path()).is_err());
        assert!(write(folder.path(), "other").is_err());
        assert_eq!(fs::read_to_string(folder.path().join(SITE)).unwrap(), "");
    }
}
