//! The boot services: DHCP, TFTP, HTTP, DNS and router advertisements. They answer from one immutable
//! [`firstlight_boot::BootSet`], read anew for each request, and record what happened. They never plan and never print.

mod content;
mod context;
pub mod control;
pub mod dhcp;
pub mod dns;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod held;
mod here;
mod http;
mod lifecycle;
mod limits;
mod memory;
mod neighbour;
mod on_demand;
mod published;
mod pulse;
pub mod ra;
mod served;
mod stop;
pub mod tftp;
mod udp;

pub use content::{Opened, open};
pub use context::{Context, MacOf, now};
pub use held::Held;
pub use here::Here;
pub use http::Http;
pub use lifecycle::Lifecycle;
pub use limits::raise_open_files;
pub use memory::give_back_memory;
pub use on_demand::{Fetch, Found, Growing, NoFetch};
pub use published::Published;
pub use pulse::{BEAT, Pulse};
pub use served::{Served, ServedWriter};
pub use stop::{LAST_CALL, Stop};
