//! The supervisor: brings a lab up, keeps watch, takes it down.

use crate::{
    Accel, Error, Folder, Programs, Result, Status, address_server,
    control::{self, Control, Request},
    error::{file, system},
    folder::Held,
    machine::{Machine, Media, last_lines},
    namespace, network, process,
    signals::Signals,
};
use firstlight_site::{LabFirmware, LabMachine, Site};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, File},
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    os::{fd::AsFd, unix::net::UnixStream},
    path::{Path, PathBuf},
    process::{Child, Command},
    time::{Duration, Instant},
};

/// How a lab is to be.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The boot server's command line, program first. It runs inside the lab's network, and counts as ready when the
    /// site's HTTP port answers.
    pub server: Vec<OsString>,
    /// How guests run; found out where not set.
    pub accel: Option<Accel>,
    /// Whether disks stay for the next lab.
    pub keep_disks: bool,
    /// The machines to start, by name; all where empty.
    pub machines: Vec<String>,
    /// Whether the machines wait for [`Lab::power_on`].
    pub without_power: bool,
    /// Folders that are removed before the boot server starts, so that it begins anew. That is done only by who holds
    /// the lab's folder: nobody else's server uses them then.
    pub forget: Vec<PathBuf>,
    /// The bytes of the drives with what cloud-init reads, for the machines with `seed`, by name.
    pub seeds: BTreeMap<String, Vec<u8>>,
}

/// Why a lab should end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Somebody said `lab down`.
    Asked,
    /// SIGINT, SIGTERM or SIGHUP came.
    Signal,
    /// The boot server is gone: what it said last.
    ServerEnded(String),
}

/// A running lab. Taken down when dropped.
pub struct Lab {
    // In the order of their dropping: the folder is let go last.
    server: Option<Child>,
    /// Of networks in proxy mode.
    address_servers: Vec<Child>,
    machines: Vec<Machine>,
    /// Those that are to be in it, by the number of their tap.
    specs: Vec<LabMachine>,
    programs: Programs,
    seeds: BTreeMap<String, Vec<u8>>,
    keep_disks: bool,
    /// Those who asked for the end; their connections close when it has come.
    farewell: Vec<UnixStream>,
    control: Control,
    signals: Signals,
    accel: Accel,
    folder: Folder,
    held: Held,
}

/// How long the boot server may take to answer: it checks the assets' hashes first.
const SERVER_PATIENCE: Duration = Duration::from_secs(60);

impl Lab {
    /// Brings the site's lab up, in this process; see the crate's documentation for what that asks of it. Returns when
    /// the boot server answers and the machines have power. The process is in the lab's namespace from then on, also
    /// when the lab has ended, and blocks the signals that [`Lab::wait`] hears until then.
    ///
    /// # Errors
    /// What is missing or fails; nothing stays then. [`Error::Interrupted`] when it is to end before it is up.
    pub fn start(site: &Site, options: &Options) -> Result<Lab> {
        let machines = chosen(site, &options.machines)?;
        let programs = Programs::find(&machines.iter().map(|machine| machine.firmware).collect::<Vec<LabFirmware>>())?;
        let mut lab = Lab::open(Folder::of(&site.root), machines, programs, options)?;
        lab.go_on()?;
        options.forget.iter().try_for_each(|folder| forget(folder))?;
        namespace::enter()?;
        network::make(&lab.programs.ip, &site.networks, &lab.specs)?;
        lab.address_servers = address_server::start(&lab.programs.ip, site, &lab.folder)?;
        lab.start_server(site, &options.server)?;
        let powered = if options.without_power { 0 } else { lab.specs.len() };
        for number in 0..powered {
            lab.go_on()?;
            lab.start_machine(number)?;
        }
        Ok(lab)
    }

    /// Gives a machine power that has had none yet.
    ///
    /// # Errors
    /// The lab has no such machine, or its QEMU does not start.
    pub fn power_on(&mut self, name: &str) -> Result<()> {
        let Some(number) = self.specs.iter().position(|spec| spec.name.as_str() == name) else {
            let known = self.specs.iter().map(|spec| spec.name.as_str()).collect::<Vec<_>>().join(", ");
            return Err(Error::NoMachine { name: name.to_owned(), known });
        };
        let on = self.machines.iter().any(|machine| machine.name == name);
        if on { Ok(()) } else { self.start_machine(number) }
    }

    fn start_machine(&mut self, number: usize) -> Result<()> {
        let Some(spec) = self.specs.get(number) else { return Ok(()) };
        let Some(emulator) = self.programs.emulator(spec.firmware) else { return Ok(()) };
        let tap = network::tap(number);
        let media = Media { keep_disk: self.keep_disks, seed: self.seeds.get(spec.name.as_str()).map(Vec::as_slice) };
        let machine = Machine::start(spec, &tap, self.accel, emulator, &self.folder, &media)?;
        self.machines.push(machine);
        Ok(())
    }

    /// Takes the folder, and with it the right to be this site's lab.
    fn open(folder: Folder, specs: Vec<LabMachine>, programs: Programs, options: &Options) -> Result<Lab> {
        folder.make()?;
        let Some(held) = folder.hold()? else {
            let pid = crate::status(&folder)?.map_or(0, |status| status.pid);
            return Err(Error::Running { pid });
        };
        folder.clean(&held);
        // Signals first: from here on Ctrl-C ends the lab in order, whatever it is doing.
        let (signals, control) = (Signals::take()?, Control::open(&folder)?);
        let accel = options.accel.unwrap_or(Accel::Tcg);
        let mut lab = Lab {
            server: None,
            address_servers: vec![],
            machines: vec![],
            specs,
            programs,
            seeds: options.seeds.clone(),
            keep_disks: options.keep_disks,
            farewell: vec![],
            control,
            signals,
            accel,
            folder,
            held,
        };
        if options.accel.is_none() {
            lab.accel = lab.programs.x86().map_or(Ok(Accel::Tcg), |qemu| Accel::find(qemu, lab.folder.path()))?;
        }
        Ok(lab)
    }

    fn start_server(&mut self, site: &Site, line: &[OsString]) -> Result<()> {
        let Some((program, arguments)) = line.split_first() else { return Ok(()) };
        let path = self.folder.server_log();
        let log = File::create(&path).map_err(file("cannot make", path))?;
        let mut command = Command::new(program);
        command.args(arguments);
        self.server = Some(process::spawn(command, log)?);
        let served = site.networks.iter().find(|network| network.interface.is_some());
        match served.map(|network| SocketAddr::from((network.address, site.http_port))) {
            Some(address) => self.wait_for_server(address),
            None => Ok(()),
        }
    }

    fn wait_for_server(&mut self, address: SocketAddr) -> Result<()> {
        let begin = Instant::now();
        while begin.elapsed() < SERVER_PATIENCE {
            if answers(address).is_ok() {
                return Ok(());
            }
            self.go_on_after(Duration::from_millis(20))?;
        }
        let said = last_lines(&self.folder.server_log(), 20);
        Err(Error::Server { what: "does not answer".to_owned(), said })
    }

    /// Fails when the lab is to end while it is still coming up.
    fn go_on(&mut self) -> Result<()> {
        self.go_on_after(Duration::ZERO)
    }

    fn go_on_after(&mut self, pause: Duration) -> Result<()> {
        match self.wait(pause)? {
            None => Ok(()),
            Some(End::Asked | End::Signal) => Err(Error::Interrupted),
            Some(End::ServerEnded(said)) => Err(Error::Server { what: "did not start".into(), said }),
        }
    }

    /// Keeps watch for this long, or until something asks for the lab's end. Returns early when a child has ended.
    ///
    /// # Errors
    /// The kernel does not let us wait.
    pub fn wait(&mut self, at_most: Duration) -> Result<Option<End>> {
        let timeout = PollTimeout::try_from(at_most).unwrap_or(PollTimeout::MAX);
        let mut polled = [
            PollFd::new(self.signals.descriptor().as_fd(), PollFlags::POLLIN),
            PollFd::new(self.control.listener.as_fd(), PollFlags::POLLIN),
        ];
        match poll(&mut polled, timeout) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(errno) => return Err(system("cannot wait")(errno)),
        }
        let signal = self.signals.asked_to_end().map(|_| End::Signal);
        let asked = self.answer_requests().then_some(End::Asked);
        Ok(signal.or(asked).or_else(|| self.server_ended()))
    }

    /// True when somebody asks for the end.
    fn answer_requests(&mut self) -> bool {
        while let Some((request, stream)) = self.control.next() {
            match request {
                Request::Status => control::answer(&stream, &self.status()),
                Request::Down => self.farewell.push(stream),
            }
        }
        !self.farewell.is_empty()
    }

    fn server_ended(&mut self) -> Option<End> {
        let ended = self.server.as_mut()?.try_wait().ok()??;
        let said = last_lines(&self.folder.server_log(), 20);
        Some(End::ServerEnded(if said.is_empty() { ended.to_string() } else { said }))
    }

    /// How it is now.
    pub fn status(&mut self) -> Status {
        let running = |child: &mut Child| child.try_wait().is_ok_and(|ended| ended.is_none()).then(|| child.id());
        Status {
            pid: std::process::id(),
            server: self.server.as_mut().and_then(running),
            accel: self.accel,
            machines: self.machines.iter_mut().map(Machine::status).collect(),
        }
    }

    /// Takes the power from a machine, so that the others have the processors to themselves.
    ///
    /// # Errors
    /// The lab has no such machine.
    pub fn power_off(&mut self, name: &str) -> Result<()> {
        let Some(machine) = self.machines.iter_mut().find(|machine| machine.name == name) else {
            return Err(Error::NoMachine { name: name.to_owned(), known: names(&self.machines) });
        };
        machine.power_off();
        Ok(())
    }

    /// The lab's folder, where the logs are.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Takes it down: machines first, then the server, so that it sees no machine go missing. The logs stay.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        process::end(self.machines.iter_mut().map(|machine| &mut machine.process));
        process::end(self.server.iter_mut().chain(&mut self.address_servers));
        self.folder.clean(&self.held);
    }
}

/// Whether HTTP is answered there, and not only listened for: the ports are opened before anything is served, and a
/// machine that asks DHCP meanwhile may give up.
fn answers(address: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_millis(500))?;
    stream.set_read_timeout(Some(Duration::from_millis(500)))?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    stream.read_exact(&mut [0])
}

/// Removes a folder and what is in it; a link in its place, and not where that leads.
fn forget(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file("cannot remove", folder)(error)),
        _ => Ok(()),
    }
}

fn names(machines: &[Machine]) -> String {
    machines.iter().map(|machine| machine.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn chosen(site: &Site, names: &[String]) -> Result<Vec<LabMachine>> {
    let all = site.lab.as_ref().map(|lab| &lab.machines).filter(|machines| !machines.is_empty()).ok_or(Error::NoLab)?;
    if names.is_empty() {
        return Ok(all.values().cloned().collect());
    }
    let find = |name: &String| {
        let known = || all.keys().cloned().collect::<Vec<_>>().join(", ");
        all.get(name).cloned().ok_or_else(|| Error::NoMachine { name: name.clone(), known: known() })
    };
    names.iter().map(find).collect()
}
