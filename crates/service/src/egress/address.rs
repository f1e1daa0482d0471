//! Which kind of address an address is, whatever it is wrapped in.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// What reaching an address would mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressClass {
    /// The public internet.
    Public,
    /// This machine.
    Loopback,
    /// A network of the operator: RFC 1918, RFC 6598, RFC 4193, RFC 2544.
    Private,
    /// A metadata or platform service of a cloud, which hands out credentials to whoever asks.
    Metadata,
    /// Link-local (RFC 3927, RFC 4291 §2.5.6): where metadata services live, and neighbours.
    LinkLocal,
    /// Multicast and broadcast.
    Multicast,
    /// "This host", "this network" and what IANA reserved.
    Reserved,
    /// An IPv4 address inside an IPv6 one by a mechanism that leads through somebody else's relay
    /// (6to4, Teredo) or that no network uses (IPv4-compatible).
    Tunnel,
}

impl AddressClass {
    /// The class as logged.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::Metadata => "metadata",
            Self::LinkLocal => "link_local",
            Self::Multicast => "multicast",
            Self::Reserved => "reserved",
            Self::Tunnel => "tunnel",
        }
    }
}

impl fmt::Display for AddressClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Platform services outside the link-local ranges: Alibaba, Azure, Oracle.
const METADATA_V4: [Ipv4Addr; 3] = [
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(192, 0, 0, 192),
];
/// Metadata service of AWS over IPv6.
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254);

/// The class of `address`.
pub fn classify(address: IpAddr) -> AddressClass {
    match address {
        IpAddr::V4(address) => classify_v4(address),
        IpAddr::V6(address) => classify_v6(address),
    }
}

fn classify_v4(address: Ipv4Addr) -> AddressClass {
    if METADATA_V4.contains(&address) {
        return AddressClass::Metadata;
    }
    match address.octets() {
        [127, ..] => AddressClass::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] | [198, 18..=19, ..] => {
            AddressClass::Private
        }
        [169, 254, ..] => AddressClass::LinkLocal,
        [255, 255, 255, 255] | [224..=239, ..] => AddressClass::Multicast,
        [0 | 240..=255, ..] | [192, 0, 0, _] => AddressClass::Reserved,
        // The anycast relays of 6to4 (RFC 7526).
        [192, 88, 99, _] => AddressClass::Tunnel,
        _ => AddressClass::Public,
    }
}

#[expect(clippy::unnested_or_patterns, reason = "one line per mechanism reads better")]
fn classify_v6(address: Ipv6Addr) -> AddressClass {
    if address == METADATA_V6 {
        return AddressClass::Metadata;
    }
    if address.is_loopback() {
        return AddressClass::Loopback;
    }
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        classify_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => AddressClass::Reserved,
        // IPv4-mapped, and NAT64 (RFC 6052): the address inside is the one that is reached.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        // IPv4-compatible, IPv4-translated (RFC 2765), local NAT64 (RFC 8215), Teredo, 6to4; and ISATAP interface
        // identifiers (RFC 5214 §6.1), which hide an IPv4 address in the low half.
        [0, 0, 0, 0, 0, 0, ..]
        | [0, 0, 0, 0, 0xffff, 0, ..]
        | [0x64, 0xff9b, 1, ..]
        | [0x2001, 0, ..]
        | [0x2002, ..]
        | [_, _, _, _, 0 | 0x0200, 0x5efe, ..] => AddressClass::Tunnel,
        [0xfe80..=0xfebf, ..] => AddressClass::LinkLocal,
        [0xff00..=0xffff, ..] => AddressClass::Multicast,
        [0xfc00..=0xfdff, ..] => AddressClass::Private,
        // Global unicast is 2000::/3 alone; site-local, discard-only and the rest were never handed out.
        [0x2000..=0x3fff, ..] => AddressClass::Public,
        _ => AddressClass::Reserved,
    }
}
