//! The packets of network boot as values: DHCPv4 ([`dhcp`]), TFTP ([`tftp`]) and the two ICMPv6 messages of router
//! discovery ([`ndp`]). Each module parses bytes to values and encodes values to bytes.
//!
//! No sockets, no clock, no decisions: what to answer is the servers' business.

pub mod dhcp;
pub mod ndp;
pub mod tftp;
