//! The address that a request comes from: the peer's, or the one that a trusted proxy forwards for.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use actix_web::{
    HttpRequest,
    http::header::{self, HeaderMap, HeaderName},
    web::Data,
};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The networks whose word about addresses is taken: those of the reverse proxies.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(pub Vec<IpNet>);

impl TrustedProxies {
    fn has(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Goes from the peer towards the client as long as whoever speaks is trusted.
    ///
    /// What stands left of the first untrusted address may have been made up by it, so it is not
    /// read; and a trusted proxy that names no address is itself as far as one can see.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut nearest = peer.to_canonical();
        let said = said_by_proxies(headers);
        for hop in said.iter().rev() {
            if !self.has(nearest) {
                break;
            }
            let Some(address) = parse(hop) else { break };
            nearest = address.to_canonical();
        }
        nearest
    }
}

/// The address of the one who asks: for limits, sessions and logs.
pub fn client_address(request: &HttpRequest) -> IpAddr {
    // Only a server on a Unix socket has no peer's address, and Quarterdeck listens on TCP alone.
    let Some(peer) = request.peer_addr() else { return Ipv4Addr::UNSPECIFIED.into() };
    match request.app_data::<Data<TrustedProxies>>() {
        Some(proxies) => proxies.client(peer.ip(), request.headers()),
        None => peer.ip().to_canonical(),
    }
}

/// The hops as proxies wrote them down, the nearest last.
fn said_by_proxies(headers: &HeaderMap) -> Vec<&str> {
    let lines = |name| headers.get_all(name).map(|value| value.to_str().unwrap_or_default());
    let forwarded_for: Vec<&str> =
        lines(X_FORWARDED_FOR).flat_map(|line| line.split(',')).map(str::trim).collect();
    if !forwarded_for.is_empty() {
        return forwarded_for;
    }
    lines(header::FORWARDED).flat_map(|line| line.split(',')).map(forwarded).collect()
}

/// The `for` of an element of `Forwarded` (RFC 7239); empty where it has none.
fn forwarded(element: &str) -> &str {
    let of = |pair: &'_ str| {
        pair.trim().split_once('=').is_some_and(|(name, _)| name.trim().eq_ignore_ascii_case("for"))
    };
    let pair = element.split(';').find(|pair| of(pair)).and_then(|pair| pair.split_once('='));
    pair.map(|(_, value)| value.trim().trim_matches('"')).unwrap_or_default()
}

/// An address with or without a port; IPv6 with or without brackets.
fn parse(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    bare.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn client(trusted: &[&str], peer: &str, headers: &[(&str, &str)]) -> String {
        let proxies =
            TrustedProxies(trusted.iter().map(|network| network.parse().unwrap()).collect());
        let request = TestRequest::default()
            .app_data(Data::new(proxies))
            .peer_addr(SocketAddr::new(peer.parse().unwrap(), 9));
        let request =
            headers.iter().fold(request, |request, header| request.append_header(*header));
        client_address(&request.to_http_request()).to_string()
    }

    const FORGED: [(&str, &str); 2] =
        [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.9")];

    #[test]
    fn nobody_is_believed_without_trust() {
        assert_eq!(client(&[], "127.0.0.1", &FORGED), "127.0.0.1");
        assert_eq!(client(&["10.0.0.0/8"], "198.51.100.7", &FORGED), "198.51.100.7");
    }

    #[test]
    fn a_trusted_proxy_names_its_client() {
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &FORGED[..1]), "203.0.113.9");
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &FORGED[1..]), "203.0.113.9");
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_a_client_puts_in_front_of_its_address_counts_for_nothing() {
        let chain = [("x-forwarded-for", "127.0.0.1, 1.1.1.1, 203.0.113.9, 10.0.0.2")];

        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &chain), "203.0.113.9");
    }

    #[test]
    fn several_lines_are_one_list() {
        let lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "203.0.113.9, 10.0.0.3")];

        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &lines), "203.0.113.9");
    }

    #[test]
    fn a_chain_of_trusted_ones_ends_at_its_first() {
        let chain = [("x-forwarded-for", "10.0.0.9,10.0.0.2")];

        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &chain), "10.0.0.9");
    }

    #[test]
    fn garbage_ends_the_chain_where_it_stands() {
        for garbage in [
            "",
            "unknown",
            "1.2.3",
            "1.2.3.4.5",
            "::g",
            "[::1",
            "for=1.1.1.1",
            "é",
            "1.1.1.1 2.2.2.2",
        ] {
            let chain = format!("9.9.9.9, {garbage}, 10.0.0.2");
            assert_eq!(
                client(&["10.0.0.0/8"], "10.0.0.1", &[("x-forwarded-for", &chain)]),
                if garbage == "é" { "10.0.0.1" } else { "10.0.0.2" },
                "{garbage}"
            );
        }
        assert_eq!(
            client(&["10.0.0.0/8"], "10.0.0.1", &[("forwarded", "for=_hidden;by=10.0.0.1")]),
            "10.0.0.1"
        );
    }

    #[test]
    fn addresses_of_the_sixth_version_come_in_all_spellings() {
        let trusted = ["fd00::/8", "127.0.0.0/8"];
        for spelling in ["2001:db8::7", "[2001:db8::7]", "[2001:db8::7]:4711"] {
            assert_eq!(
                client(&trusted, "fd00::1", &[("x-forwarded-for", spelling)]),
                "2001:db8::7"
            );
        }
        let standard = [("forwarded", "For=\"[2001:db8::7]:4711\";proto=https, for=127.0.0.1:80")];
        assert_eq!(client(&trusted, "fd00::1", &standard), "2001:db8::7");
        assert_eq!(
            client(&trusted, "::ffff:127.0.0.1", &[("x-forwarded-for", "::ffff:203.0.113.9")]),
            "203.0.113.9",
            "an address of the fourth version in the sixth's clothes is itself"
        );
    }
}
