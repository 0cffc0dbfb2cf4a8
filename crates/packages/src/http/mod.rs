//! HTTP/1.1 (RFC 9112) as far as package managers speak it: GET and HEAD, one after the other, also before the last
//! answer has come.

mod answer;
mod connection;
mod range;
mod request;

pub(crate) use connection::Connection;
