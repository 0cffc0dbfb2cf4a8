//! Booted machines: a lab with real firmware, and what became of each machine.

use crate::{Late, firstlight, late::Delay, repository, run, run::run_while};
use std::{
    fs,
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// One lab at a time: two would have half the processors each, and take twice as long.
pub(crate) static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// How long the slowest machine may take on a busy computer with two processors.
const DEADLINE: Duration = Duration::from_secs(240);

/// What the machines here may boot. `ASSETS` is where `make prepare` put the kernels.
const SITE: &str = r#"
site {
  unknown         = "park"
  default_profile = "small"
  menu_timeout    = "2s"
}
network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
  gateway   = "10.20.0.1"
  dns       = ["10.20.0.1"]
}
asset "linux" {
  path = "ASSETS/vmlinuz"
}
asset "linux-initrd" {
  path = "ASSETS/initrd"
}
asset "debian-linux" {
  path = "ASSETS/debian-linux"
}
asset "debian-initrd" {
  path = "ASSETS/debian-initrd.gz"
}
profile "small" {
  kernel = asset.linux
  initrd = asset.linux-initrd
  args   = "console=ttyS0 quiet BOOTIF={{ machine.bootif }} firstlight.report={{ report_url }}"
}
profile "debian" {
  kernel = asset.debian-linux
  initrd = asset.debian-initrd
  config = "preseed.cfg"
  args   = "console=ttyS0 quiet TERM=dumb DEBIAN_FRONTEND=text auto=true priority=critical url={{ config_url }} interface=auto hostname={{ machine.name }} domain=lab.example lowmem=+0"
}
"#;

/// A site with one machine in its lab.
#[derive(Debug)]
pub struct Machine {
    blocks: String,
    lab: String,
    expect: &'static str,
    late: Option<Late>,
}

/// Whether there is Debian's installer to boot: not every distribution has a package with it.
pub fn has_installer() -> bool {
    let there = repository().join("examples/assets/debian-linux").exists();
    if !there {
        eprintln!("SKIPPED: there is no Debian installer to boot here");
    }
    there
}

/// What became of it.
#[derive(Debug)]
pub struct Boot {
    summary: serde_json::Value,
    text: String,
    site: TempDir,
}

impl Machine {
    /// A machine that the site declares, with this profile.
    pub fn declared(firmware: &str, profile: &str) -> Machine {
        let blocks = format!("machine \"kitt\" {{\n  mac = \"52:54:00:00:00:01\"\n  profile = \"{profile}\"\n}}\n");
        Machine { blocks, ..Machine::stranger(firmware) }
    }

    /// A machine that nobody declared.
    pub fn stranger(firmware: &str) -> Machine {
        let lab = format!("mac = \"52:54:00:00:00:01\"\n firmware = \"{firmware}\"\n memory = \"512M\"\n");
        Machine { blocks: String::new(), lab, expect: "reported", late: None }
    }

    /// Gives it an empty disk.
    pub fn with_disk(mut self) -> Machine {
        self.lab.push_str(" disk = \"64M\"\n");
        self
    }

    /// Puts the lab's dnsmasq beside `firstlight serve`: it gives the addresses, and ours says what to boot.
    pub fn beside_another_server(self) -> Machine {
        self.in_a_site_where(
            "  dns       = [\"10.20.0.1\"]\n",
            "  dns       = [\"10.20.0.1\"]\n  dhcp { mode = \"proxy\" }\n",
        )
    }

    /// Keeps the answers of one of the two servers back, longer than the other one takes.
    pub fn where_late_is(mut self, who: Late) -> Machine {
        self.late = Some(who);
        self
    }

    /// Changes the site's text.
    pub fn in_a_site_where(mut self, this: &str, is: &str) -> Machine {
        let site = if self.blocks.contains("network") { self.blocks } else { format!("{SITE}{}", self.blocks) };
        assert!(site.contains(this), "the site has no {this}");
        self.blocks = site.replace(this, is);
        self
    }

    /// Runs the lab until the machine has come to `config`, `reported` or `parked`.
    pub fn until(mut self, expect: &'static str) -> Boot {
        self.expect = expect;
        let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let late = self.late;
        let site = self.site();
        let mut late = late.map(|who| Delay::of(who, site.path()));
        let output = run_while(&mut lab(&site), DEADLINE, |lab| late.as_mut().is_none_or(|late| late.step(lab)));
        let summary = output
            .text
            .find('[')
            .and_then(|at| serde_json::Deserializer::from_str(&output.text[at..]).into_iter().next()?.ok());
        Boot { summary: summary.unwrap_or_default(), text: output.text, site }
    }

    /// Runs the lab until the machine's console says this. Fails, with the console, where it does not within the deadline.
    pub fn until_its_console_says(self, text: &str) -> Boot {
        let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let boot = Boot { summary: Default::default(), text: String::new(), site: self.site() };
        let mut lab = lab(&boot.site).stdout(Stdio::null()).spawn().expect("the lab starts");
        let end = Instant::now() + DEADLINE;
        while !boot.console().contains(text)
            && Instant::now() < end
            && lab.try_wait().is_ok_and(|ended| ended.is_none())
        {
            std::thread::sleep(Duration::from_millis(500));
        }
        let interrupt = format!("kill -INT {}", lab.id());
        run(Command::new("sh").args(["-c", &interrupt]), Duration::from_secs(5));
        lab.wait().expect("the lab ends");
        assert!(boot.console().contains(text), "it never said {text:?}\n--- console\n{}", boot.console());
        boot
    }

    /// The folder of its site.
    fn site(self) -> TempDir {
        let folder = tempfile::tempdir().expect("a folder for the site");
        let assets = repository().join("examples/assets");
        assert!(assets.join("vmlinuz").exists(), "there is nothing to boot: make prepare");
        let site = if self.blocks.contains("network") { self.blocks } else { format!("{SITE}{}", self.blocks) };
        let lab = format!("lab {{\n machine \"kitt\" {{\n {} expect = \"{}\"\n }}\n}}\n", self.lab, self.expect);
        let text = format!("{site}{lab}").replace("ASSETS", &assets.display().to_string());
        fs::write(folder.path().join("site.hcl"), text).expect("the site is written");
        fs::write(folder.path().join("preseed.cfg"), "# for {{ machine.name }}\n").expect("the preseed is written");
        folder
    }
}

/// `firstlight lab run` on a site.
fn lab(site: &TempDir) -> Command {
    let mut command = Command::new(firstlight());
    command.args(["lab", "run", "--json", "--timeout"]).arg((DEADLINE.as_secs() - 20).to_string()).arg(site.path());
    command
}

impl Boot {
    /// Fails, with the console, unless the machine came to where it was expected, by way of these steps.
    pub fn went_by(&self, steps: &[&str]) {
        let machine = &self.summary[0];
        let reached = |step: &&str| machine["steps"].get(*step).is_some();
        let ok = machine["done"].is_number() && steps.iter().all(reached);
        assert!(ok, "{}\n--- console\n{}", self.text, self.console());
    }

    /// The record of events, as it lies on disk.
    pub fn events(&self) -> String {
        let folder = self.site.path().join(".firstlight/lab-state/events");
        let files = fs::read_dir(&folder).expect("the lab's server keeps a record").flatten();
        files.map(|file| String::from_utf8_lossy(&fs::read(file.path()).unwrap_or_default()).into_owned()).collect()
    }

    /// What the machine's serial console showed.
    pub fn console(&self) -> String {
        let log = self.site.path().join(".firstlight/lab/kitt/console.log");
        String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned()
    }
}
