//! Who we are to one git server.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Origin, Url};
use zeroize::Zeroizing;

/// A token that is said to the servers of one origin and to no other, wherever a redirect leads. `Debug`
/// shows where it counts and not what it is.
#[derive(Clone)]
pub struct Credential {
    origin: Origin,
    authorization: HeaderValue,
}

impl Credential {
    /// For the server of an address, as GitHub takes tokens for git; none where the token would travel in
    /// the clear to another machine, or is no token.
    pub fn token(at: &Url, token: &SecretString) -> Option<Self> {
        if at.scheme() != "https" && !is_loopback(at) {
            return None;
        }
        let pair = Zeroizing::new(format!("x-access-token:{}", token.expose_secret()));
        let line = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
        let mut authorization = HeaderValue::from_str(&line).ok()?;
        authorization.set_sensitive(true);
        Some(Self { origin: at.origin(), authorization })
    }

    /// What to say to the server of an address; nothing where it is another one.
    pub(in crate::repositories) fn at(&self, url: &Url) -> Option<&HeaderValue> {
        (url.origin() == self.origin).then_some(&self.authorization)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = self.origin.ascii_serialization();
        formatter.debug_struct("Credential").field("origin", &origin).finish_non_exhaustive()
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn a_token_is_said_to_its_own_server_alone() {
        let credential = Credential::token(&url("https://github.com"), &"ghs_1".into()).unwrap();

        let said = credential.at(&url("https://github.com/acme/shop.git/info/refs")).unwrap();
        assert_eq!(said.to_str().unwrap(), "Basic eC1hY2Nlc3MtdG9rZW46Z2hzXzE=");
        for other in
            ["https://github.com.evil.example/x", "http://github.com/x", "https://github.com:444/x"]
        {
            assert_eq!(credential.at(&url(other)), None, "{other}");
        }
    }

    #[test]
    fn a_token_does_not_travel_in_the_clear_and_is_not_shown() {
        assert!(Credential::token(&url("http://git.acme.example"), &"ghs_1".into()).is_none());

        let local = Credential::token(&url("http://127.0.0.1:4000"), &"ghs_1".into()).unwrap();
        assert_eq!(format!("{local:?}"), "Credential { origin: \"http://127.0.0.1:4000\", .. }");
    }
}
