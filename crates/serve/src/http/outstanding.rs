//! How much of what was sent a client has not acknowledged: the system call without a safe wrapper that tells it.
#![allow(unsafe_code)]

use nix::libc;
use std::os::fd::{AsFd, AsRawFd};

/// Bytes in the socket's send buffer that the other side has not acknowledged (`SIOCOUTQ`, tcp(7)). 0 where the system
/// does not tell.
pub(super) fn outstanding(socket: impl AsFd) -> usize {
    let mut bytes: libc::c_int = 0;
    // SAFETY: TIOCOUTQ, which is SIOCOUTQ, writes one int to where the pointer says, which lives until the call is over.
    let result = unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
    if result == 0 { usize::try_from(bytes).unwrap_or(0) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    #[test]
    fn what_was_taken_is_no_longer_outstanding() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut sender = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut taker, _) = listener.accept().unwrap();
        sender.set_nonblocking(true).unwrap();
        let (mut sent, mut taken) = (0, 0);
        while let Ok(n) = sender.write(&[0; 65536]) {
            sent += n;
        }
        let before = outstanding(&sender);
        assert!(before > 0);
        let mut buffer = [0; 65536];
        while taken < sent {
            taken += taker.read(&mut buffer).unwrap();
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
        assert_eq!(outstanding(&sender), 0);
    }
}
