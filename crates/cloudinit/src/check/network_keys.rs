//! The keys of a network-config, version 2, as netplan knows them (<https://netplan.readthedocs.io/en/stable/netplan-yaml/>)
//! and cloud-init hands them on.

use super::shape::{
    Field,
    Shape::{self, Address, Any, Bool, Either, List, Mac, Map, Names, Network, Text, Whole, Word},
    field, required,
};

const RENDERER: Shape = Word(&["networkd", "NetworkManager", "sriov"]);
const NAMESERVERS: Shape = Map(&[field("addresses", List(&Address)), field("search", List(&Text))]);
const ROUTE: Shape = Map(&[
    field("to", Text),
    field("via", Address),
    field("from", Text),
    field("metric", Whole),
    field("on-link", Bool),
    field("type", Text),
    field("scope", Text),
    field("table", Whole),
    field("mtu", Whole),
    field("advertised-mss", Whole),
    field("congestion-window", Whole),
    field("advertised-receive-window", Whole),
]);
const OVERRIDES: Shape = Map(&[
    field("hostname", Text),
    field("route-metric", Whole),
    field("send-hostname", Bool),
    field("use-dns", Bool),
    field("use-domains", Either(&[Bool, Text])),
    field("use-hostname", Bool),
    field("use-mtu", Bool),
    field("use-ntp", Bool),
    field("use-routes", Bool),
]);
/// An address alone, or a map from one to its options.
const ADDRESS: Shape = Either(&[Network, Names(&Any)]);

/// What every kind of device has.
macro_rules! device {
    ($($own:expr),* $(,)?) => {
        Map(&[
            field("renderer", RENDERER),
            field("dhcp4", Bool),
            field("dhcp6", Bool),
            field("dhcp4-overrides", OVERRIDES),
            field("dhcp6-overrides", OVERRIDES),
            field("dhcp-identifier", Word(&["mac", "duid"])),
            field("accept-ra", Bool),
            field("addresses", List(&ADDRESS)),
            field("gateway4", Address),
            field("gateway6", Address),
            field("nameservers", NAMESERVERS),
            field("macaddress", Text),
            field("mtu", Whole),
            field("optional", Bool),
            field("optional-addresses", List(&Text)),
            field("critical", Bool),
            field("ignore-carrier", Bool),
            field("activation-mode", Text),
            field("link-local", List(&Text)),
            field("ipv6-privacy", Bool),
            field("ipv6-mtu", Whole),
            field("ipv6-address-generation", Text),
            field("ipv6-address-token", Text),
            field("routes", List(&ROUTE)),
            field("routing-policy", List(&Any)),
            field("neigh-suppress", Bool),
            field("networkmanager", Any),
            $($own),*
        ])
    };
}

const ETHERNET: Shape = device![
    field(
        "match",
        Map(&[field("macaddress", Mac), field("name", Text), field("driver", Either(&[Text, List(&Text)]))])
    ),
    field("set-name", Text),
    field("wakeonlan", Bool),
    field("auth", Any),
    field("emit-lldp", Bool),
    field("virtual-function-count", Whole),
    field("embedded-switch-mode", Text),
    field("link", Text),
    field("receive-checksum-offload", Bool),
    field("transmit-checksum-offload", Bool),
    field("tcp-segmentation-offload", Bool),
    field("generic-segmentation-offload", Bool),
    field("generic-receive-offload", Bool),
    field("large-receive-offload", Bool),
];
const BOND: Shape = device![required("interfaces", List(&Text)), field("parameters", Names(&Any))];
const BRIDGE: Shape = device![field("interfaces", List(&Text)), field("parameters", Names(&Any))];
const VLAN: Shape = device![required("id", Whole), required("link", Text)];

/// The top of version 2.
pub(super) const VERSION_2: &[Field] = &[
    field("version", Whole),
    field("renderer", RENDERER),
    field("ethernets", Names(&ETHERNET)),
    field("bonds", Names(&BOND)),
    field("bridges", Names(&BRIDGE)),
    field("vlans", Names(&VLAN)),
    field("wifis", Names(&Any)),
    field("tunnels", Names(&Any)),
    field("vrfs", Names(&Any)),
    field("modems", Names(&Any)),
    field("dummy-devices", Names(&Any)),
    field("virtual-ethernets", Names(&Any)),
    field("nm-devices", Names(&Any)),
    field("openvswitch", Any),
];
