//! Router discovery: any bytes parse to a message or an error, and what is written reads back.
#![no_main]

use firstlight_wire::ndp::{Advertisement, Solicitation};
use libfuzzer_sys::fuzz_target;
use std::net::Ipv6Addr;

fuzz_target!(|bytes: &[u8]| {
    for (from, hops) in [(Ipv6Addr::UNSPECIFIED, 255), (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1), 255)] {
        if let Ok(asked) = Solicitation::parse(bytes, from, hops) {
            assert_eq!(Solicitation::parse(&asked.encode(), from, hops).as_ref(), Ok(&asked));
        }
    }
    if let Ok(advertised) = Advertisement::parse(bytes) {
        assert_eq!(Advertisement::parse(&advertised.encode()).as_ref(), Ok(&advertised));
    }
});
