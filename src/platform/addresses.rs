//! Which network addresses may be connected to where somebody else has named the server.

use std::net::IpAddr;

use ipnet::IpNet;

/// The blocks that never lead to the public internet, each with the words for it.
///
/// From the IANA special-purpose address registries for IPv4 and IPv6. Addresses that carry
/// another address inside (mapped, 6to4, NAT64, Teredo) are in it too: what they reach depends on
/// the network this runs in.
const REFUSED: &[(&str, &str)] = &[
    ("0.0.0.0/8", "an unspecified address"),
    ("10.0.0.0/8", "a private address"),
    ("100.64.0.0/10", "a carrier's shared address"),
    ("127.0.0.0/8", "a loopback address"),
    ("169.254.0.0/16", "a link-local address"),
    ("172.16.0.0/12", "a private address"),
    ("192.0.0.0/24", "a reserved address"),
    ("192.0.2.0/24", "a documentation address"),
    ("192.88.99.0/24", "a relay address"),
    ("192.168.0.0/16", "a private address"),
    ("198.18.0.0/15", "a benchmarking address"),
    ("198.51.100.0/24", "a documentation address"),
    ("203.0.113.0/24", "a documentation address"),
    ("224.0.0.0/4", "a multicast address"),
    ("240.0.0.0/4", "a reserved address"),
    ("::1/128", "a loopback address"),
    ("::/128", "an unspecified address"),
    ("::ffff:0:0/96", "an IPv4 address written as IPv6"),
    ("64:ff9b::/96", "a NAT64 address"),
    ("64:ff9b:1::/48", "a NAT64 address"),
    ("fc00::/7", "a unique local address"),
    ("fe80::/10", "a link-local address"),
    ("fec0::/10", "a site-local address"),
    ("ff00::/8", "a multicast address"),
    ("2001::/23", "a reserved address"),
    ("2001:db8::/32", "a documentation address"),
    ("2002::/16", "a 6to4 address"),
    ("3fff::/20", "a documentation address"),
];

/// Everything public in IPv6 lies in this block, so that what is not is refused unlisted.
const PUBLIC_V6: &str = "2000::/3";

/// Whether the operator has opened a network that holds the address.
pub fn is_allowed(address: IpAddr, allowed_networks: &[IpNet]) -> bool {
    let plain = address.to_canonical();
    allowed_networks.iter().any(|network| network.contains(&address) || network.contains(&plain))
}

/// What kind of address this is, if it is one that is refused by default.
pub fn refused_kind(address: IpAddr) -> Option<&'static str> {
    let listed = REFUSED.iter().find(|(block, _)| contains(block, address));
    if let Some((_, kind)) = listed {
        return Some(kind);
    }
    (address.is_ipv6() && !contains(PUBLIC_V6, address)).then_some("a reserved address")
}

fn contains(block: &str, address: IpAddr) -> bool {
    block.parse::<IpNet>().is_ok_and(|block| block.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_of_the_table_is_well_formed() {
        for (block, _) in REFUSED.iter().chain([&(PUBLIC_V6, "")]) {
            assert!(block.parse::<IpNet>().is_ok(), "{block}");
        }
    }

    #[test]
    fn the_edges_of_private_blocks_are_where_the_registry_says() {
        for (address, is_refused) in [
            ("172.15.255.255", false),
            ("172.16.0.0", true),
            ("172.31.255.255", true),
            ("172.32.0.0", false),
            ("100.63.255.255", false),
            ("100.127.255.255", true),
            ("1.1.1.1", false),
            ("2606:4700::1", false),
            ("::2", true),
            ("4000::1", true),
        ] {
            let refused = refused_kind(address.parse().unwrap()).is_some();

            assert_eq!(refused, is_refused, "{address}");
        }
    }

    #[test]
    fn an_opened_network_also_opens_its_mapped_form() {
        let opened = ["127.0.0.0/8".parse().unwrap()];

        assert!(is_allowed("::ffff:127.0.0.1".parse().unwrap(), &opened));
        assert!(!is_allowed("::1".parse().unwrap(), &opened));
    }
}
