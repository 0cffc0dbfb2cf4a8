//! DHCPv4 messages (RFC 2131) and their options (RFC 2132 and those that network boot adds).
//!
//! [`Message::parse`] is as tolerant as the servers in use: a missing end option, a too short message, options in any
//! order. [`Message::encode`] is strict. No state, no lease, no decision is taken here.

mod code;
mod describe;
mod encode;
mod message;
mod nested;
mod options;
mod parse;
mod read;

pub use code::{Code, ipxe, pxe};
pub use message::{Message, MessageType, Op};
pub use nested::{SubOptions, classless_routes, domain_search, sub_option};
pub use options::Options;
pub use parse::ParseError;
