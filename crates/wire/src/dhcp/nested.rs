//! Options that have an inner structure: sub-options (43, 82, 175), domain search list (119), classless routes (121).

use firstlight_model::{Domain, Ipv4Net};
use std::net::Ipv4Addr;

/// The sub-options inside an option's value: code, length, value each, perhaps ended by 255. Reading stops where the
/// bytes are no sub-option any more.
#[derive(Clone, Debug)]
pub struct SubOptions<'a> {
    rest: &'a [u8],
}

impl<'a> SubOptions<'a> {
    /// Reads a value.
    pub fn new(value: &'a [u8]) -> Self {
        SubOptions { rest: value }
    }

    /// The value of one sub-option.
    pub fn get(&self, code: u8) -> Option<&'a [u8]> {
        self.clone().find(|(found, _)| *found == code).map(|(_, value)| value)
    }
}

impl<'a> Iterator for SubOptions<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.rest {
                [0, rest @ ..] => self.rest = rest,
                [255, ..] => return None,
                [code, length, rest @ ..] => {
                    let (value, rest) = rest.split_at_checked(usize::from(*length))?;
                    self.rest = rest;
                    return Some((*code, value));
                }
                _ => return None,
            }
        }
    }
}

/// Adds a sub-option to a value that is being made. What is over 255 bytes is cut off.
pub fn sub_option(into: &mut Vec<u8>, code: u8, value: &[u8]) {
    let value = &value[..value.len().min(255)];
    into.extend_from_slice(&[code, value.len() as u8]);
    into.extend_from_slice(value);
}

/// The value of option 119 (RFC 3397), uncompressed: every client reads that.
pub fn domain_search<'a>(domains: impl IntoIterator<Item = &'a Domain>) -> Vec<u8> {
    let mut value = Vec::new();
    for domain in domains {
        for label in domain.as_str().split('.') {
            value.push(label.len() as u8); // a `Domain`'s labels have at most 63 bytes
            value.extend_from_slice(label.as_bytes());
        }
        value.push(0);
    }
    value
}

/// The value of option 121 (RFC 3442): each network with the router that leads to it. A client that reads it ignores
/// option 3, so it must contain the default route too.
pub fn classless_routes(routes: impl IntoIterator<Item = (Ipv4Net, Ipv4Addr)>) -> Vec<u8> {
    let mut value = Vec::new();
    for (network, router) in routes {
        let significant = usize::from(network.prefix().div_ceil(8));
        value.push(network.prefix());
        value.extend(network.base().octets().into_iter().take(significant));
        value.extend_from_slice(&router.octets());
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dhcp::{ipxe, pxe};

    #[test]
    fn sub_options_read_back_and_stop_at_the_end_mark() {
        let mut value = Vec::new();
        sub_option(&mut value, pxe::DISCOVERY_CONTROL, &[pxe::USE_BOOT_FILE]);
        value.push(0);
        sub_option(&mut value, ipxe::NO_PXEDHCP, &[1]);
        value.extend_from_slice(&[255, 1, 1, 1]);
        let read = SubOptions::new(&value);
        assert_eq!(read.get(pxe::DISCOVERY_CONTROL), Some([8].as_slice()));
        assert_eq!(read.collect::<Vec<_>>(), [(6, [8].as_slice()), (176, &[1])]);
        assert_eq!(SubOptions::new(&[6, 2, 8]).next(), None);
    }

    #[test]
    fn rfc_3442s_own_examples_come_out() {
        let router = Ipv4Addr::new(10, 0, 0, 1);
        let route = |text: &str| classless_routes([(text.parse().unwrap(), router)]);
        assert_eq!(route("0.0.0.0/0"), [0, 10, 0, 0, 1]);
        assert_eq!(route("10.17.0.0/16"), [16, 10, 17, 10, 0, 0, 1]);
        assert_eq!(route("10.198.122.47/32"), [32, 10, 198, 122, 47, 10, 0, 0, 1]);
        assert_eq!(route("10.229.0.128/25"), [25, 10, 229, 0, 128, 10, 0, 0, 1]);
    }

    #[test]
    fn a_search_list_is_labels_with_their_lengths() {
        let domains: Vec<Domain> = vec!["lab.example".parse().unwrap(), "eng".parse().unwrap()];
        assert_eq!(domain_search(&domains), b"\x03lab\x07example\0\x03eng\0");
    }
}
