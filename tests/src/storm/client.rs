//! One simulated machine, from its first DISCOVER to its report.

use super::{Counters, dhcp::Switchboard, http::get, tftp::fetch};
use firstlight_model::Mac;
use firstlight_wire::dhcp::{Code, Message, ipxe};
use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

/// A machine: what it says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// Its hardware address.
    pub mac: Mac,
    /// Its UUID as DHCP carries it.
    pub uuid: [u8; 16],
}

impl Machine {
    /// The machine of this number; no two are alike.
    pub fn numbered(number: u16) -> Machine {
        let [high, low] = number.to_be_bytes();
        let mut uuid = [0x5a; 16];
        (uuid[14], uuid[15]) = (high, low);
        Machine { mac: Mac([0x52, 0x54, 0, 0x57, high, low]), uuid }
    }
}

/// How a boot ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It fetched what its script named, and reported.
    Reported,
    /// Its script has it wait.
    Waits,
}

/// A boot.
#[derive(Clone, Debug)]
pub struct Boot {
    /// The address that it was given.
    pub address: Ipv4Addr,
    /// Its loader, as it came by TFTP.
    pub loader: Vec<u8>,
    /// Its script.
    pub script: String,
    /// Its initrd, whole.
    pub initrd: Vec<u8>,
    /// How it ended.
    pub outcome: Outcome,
    /// From the first DISCOVER to the end.
    pub took: Duration,
}

/// How much of its kernel a machine fetches.
const KERNEL_HEAD: usize = 64 << 10;

pub(super) fn boot(machine: &Machine, dhcp: &Switchboard, counters: &Counters) -> Result<Boot, String> {
    let begun = Instant::now();
    let id = u32::from(machine.uuid[14]) << 8 | u32::from(machine.uuid[15]);
    let rom = dhcp.lease(machine.mac, 0x1000_0000 | id, |message| describe_rom(machine, message))?;
    let address = rom.yiaddr;
    let server = rom.options.address(Code::SERVER_ID).ok_or("the ACK names no server")?;
    let next = Some(rom.siaddr).filter(|next| !next.is_unspecified()).unwrap_or(server);
    let loader = fetch(address, next, &rom.boot_file().ok_or("the ROM is given no boot file")?, 4, counters)?;
    let ack = dhcp.lease(machine.mac, 0x2000_0000 | id, |message| describe_ipxe(machine, message))?;
    if ack.yiaddr != address {
        return Err(format!("{address} as a ROM, {} as iPXE", ack.yiaddr));
    }
    let url = ack.boot_file().ok_or("iPXE is given no script")?;
    let (_, script) = expect(get(address, &url, "", None, counters)?, &url, &[200])?;
    let script = String::from_utf8(script).map_err(|_| "the script is no text")?;
    let mut boot = Boot { address, loader, script, initrd: Vec::new(), outcome: Outcome::Waits, took: Duration::ZERO };
    if let Some(kernel) = after(&boot.script, "\nkernel ") {
        let range = format!("Range: bytes=0-{}\r\n", KERNEL_HEAD - 1);
        let (_, head) = expect(get(address, kernel, &range, None, counters)?, kernel, &[206])?;
        if head.len() != KERNEL_HEAD {
            return Err(format!("{kernel}: {} bytes", head.len()));
        }
        let initrd = after(&boot.script, "\ninitrd ").ok_or("the script has no initrd")?;
        boot.initrd = expect(get(address, initrd, "", None, counters)?, initrd, &[200])?.1;
        let report = after(&boot.script, " up=").ok_or("the script has no URL to report to")?;
        expect(get(address, report, "", Some("up"), counters)?, report, &[200])?;
        boot.outcome = Outcome::Reported;
    }
    boot.took = begun.elapsed();
    Ok(boot)
}

/// The word that follows `mark` in a script.
pub(super) fn after<'a>(script: &'a str, mark: &str) -> Option<&'a str> {
    script.split_once(mark)?.1.split_whitespace().next()
}

fn expect(answer: (u16, Vec<u8>), url: &str, wanted: &[u16]) -> Result<(u16, Vec<u8>), String> {
    match wanted.contains(&answer.0) {
        true => Ok(answer),
        false => Err(format!("{url}: {} {}", answer.0, String::from_utf8_lossy(&answer.1))),
    }
}

fn describe_rom(machine: &Machine, message: &mut Message) {
    let options = &mut message.options;
    options.put_text(Code::VENDOR_CLASS, "PXEClient:Arch:00007:UNDI:003016");
    options.put_u16(Code::CLIENT_ARCH, 7);
    options.put(Code::CLIENT_NDI, &[1, 3, 16]);
    options.put(Code::CLIENT_UUID, &[&[0], machine.uuid.as_slice()].concat());
    options.put(Code::PARAMETERS, &[1, 3, 6, 12, 15, 43, 54, 60, 66, 67, 97]);
}

fn describe_ipxe(machine: &Machine, message: &mut Message) {
    describe_rom(machine, message);
    message.options.put_text(Code::USER_CLASS, "iPXE");
    message.options.put(Code::IPXE, &[ipxe::VERSION, 3, 1, 21, 1]);
}
