//! Fourth phase: tell the server that booted us that the machine is up. Goes on, with growing pauses, until the server
//! takes it.

use crate::{
    console::say,
    http,
    node::{BackOff, Node},
};
use std::{fs, time::Duration};

pub(crate) fn run(node: &mut Node) -> Result<(), String> {
    let Some(url) = &node.arguments.report else {
        say("no firstlight.report= among the kernel's arguments: nothing to report to");
        return Ok(());
    };
    let (mut last, mut again) = (String::new(), false);
    for pause in BackOff::new(Duration::from_millis(500), Duration::from_secs(30)) {
        match http::post(url, &body(), again) {
            Ok(()) => {
                say("reported up");
                break;
            }
            Err(cause) if cause != last => {
                say(format_args!("cannot report yet: {cause}"));
                last = cause;
            }
            Err(_) => {}
        }
        again = true;
        node.signals.pause(Some(pause));
    }
    Ok(())
}

/// One line about the machine. What the kernel does not tell is left out.
fn body() -> String {
    let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let parts = [
        Some(text("/proc/sys/kernel/hostname").trim().to_owned()),
        Some(format!("Linux {}", text("/proc/sys/kernel/osrelease").trim())),
        memory_mib(&text("/proc/meminfo")).map(|mib| format!("{mib} MiB")),
        uptime_ms(&text("/proc/uptime")).map(|ms| format!("up {ms} ms")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn memory_mib(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    Some(line.split_ascii_whitespace().next()?.parse::<u64>().ok()? / 1024)
}

/// `12.34 56.78`: seconds since the kernel began, in hundredths.
fn uptime_ms(uptime: &str) -> Option<u64> {
    let (seconds, hundredths) = uptime.split_ascii_whitespace().next()?.split_once('.')?;
    seconds.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(hundredths.parse::<u64>().ok()?.checked_mul(10)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_numbers_are_read() {
        assert_eq!(memory_mib("MemFree: 1 kB\nMemTotal:      488012 kB\n"), Some(476));
        assert_eq!(uptime_ms("12.34 56.78\n"), Some(12_340));
        assert_eq!((memory_mib(""), uptime_ms("x")), (None, None));
    }

    #[test]
    fn the_report_of_this_machine_has_all_four_parts() {
        let body = body();
        assert_eq!(body.split(", ").count(), 4, "{body}");
        assert!(body.len() < 1024 && body.contains("Linux ") && body.ends_with(" ms"), "{body}");
    }
}
