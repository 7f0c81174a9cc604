//! Where a GitHub may be: at public addresses, in networks that were opened, and wherever the configuration
//! says that it is.
//!
//! Administrators of organisations name the GitHub that is theirs, and need not be those who may reach what
//! else is in the server's own network.

use std::{
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    sync::Arc,
    time::Duration,
};

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;
use tokio::{task::spawn_blocking, time::timeout};
use url::{Host, Origin, Url};

use super::{Hosts, http::BoxError};
use crate::platform::addresses;

/// How long the name of a GitHub is looked up for before nobody waits for that any longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where a GitHub may be. By default at public addresses alone.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    allowed_networks: Arc<[IpNet]>,
    /// Gone to wherever their names lead.
    trusted: Vec<Origin>,
}

/// An address that is not gone to. Which one is not in the sentence: what names mean inside is not for
/// everyone.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{host}` leads to {kind}, where no GitHub is looked for. If that is meant, whoever runs this server adds its \
     network to `repositories.allowed_networks`, or names it in the configuration as `github.web_url`"
)]
pub struct OffLimits {
    host: String,
    kind: &'static str,
}

impl Reach {
    /// Public addresses, and those in these networks.
    pub fn within(allowed_networks: &[IpNet]) -> Self {
        Self { allowed_networks: allowed_networks.into(), trusted: Vec::new() }
    }

    /// The same, and wherever this GitHub is: the configuration names it.
    #[must_use]
    pub fn trusting(mut self, hosts: &Hosts) -> Self {
        self.trusted.extend([hosts.web().origin(), hosts.api().origin()]);
        self
    }

    pub(super) fn trusts(&self, url: &Url) -> bool {
        self.trusted.contains(&url.origin())
    }

    /// Names are checked when they are resolved; an address in the URL is never resolved.
    pub(super) fn check(&self, url: &Url) -> Result<(), OffLimits> {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => address.into(),
            Some(Host::Ipv6(address)) => address.into(),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        if self.trusts(url) {
            return Ok(());
        }
        let refusal = self.refusal(url.host_str().unwrap_or_default(), address);
        refusal.map_or(Ok(()), Err)
    }

    /// The same with names looked up. One that has no address now is nothing to refuse.
    pub(super) async fn look(&self, url: &Url) -> Result<(), OffLimits> {
        self.check(url)?;
        let Some(Host::Domain(name)) = url.host().filter(|_| !self.trusts(url)) else {
            return Ok(());
        };
        let (reach, name) = (self.clone(), name.to_owned());
        let look_up = spawn_blocking(move || reach.look_up(&name));
        let Ok(Ok(Err(error))) = timeout(PATIENCE, look_up).await else { return Ok(()) };
        match error.downcast::<OffLimits>() {
            Ok(off_limits) => Err(*off_limits),
            Err(_no_address) => Ok(()),
        }
    }

    /// The addresses of a name that may be gone to; an error where it has others alone.
    fn look_up(&self, host: &str) -> Result<Vec<SocketAddr>, BoxError> {
        let (mut checked, mut refusal) = (Vec::new(), None);
        for found in (host, 0).to_socket_addrs()? {
            match self.refusal(host, found.ip()) {
                Some(off_limits) => refusal = Some(off_limits),
                None => checked.push(found),
            }
        }
        match refusal {
            Some(off_limits) if checked.is_empty() => Err(off_limits.into()),
            Some(_) | None => Ok(checked),
        }
    }

    fn refusal(&self, host: &str, address: IpAddr) -> Option<OffLimits> {
        if addresses::is_allowed(address, &self.allowed_networks) {
            return None;
        }
        let kind = addresses::refused_kind(address)?;
        Some(OffLimits { host: host.to_owned(), kind })
    }
}

// The client connects to what this returns and to nothing else, so that a name cannot have another address
// when it is used than when it was checked.
impl Resolve for Reach {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.clone();
        Box::pin(async move {
            let checked = spawn_blocking(move || reach.look_up(name.as_str())).await??;
            Ok::<Addrs, _>(Box::new(checked.into_iter()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(reach: &Reach, url: &str) -> bool {
        reach.check(&url.parse().unwrap()).is_ok()
    }

    #[test]
    fn an_address_that_is_written_out_is_checked_as_one_that_a_name_leads_to() {
        let reach = Reach::default();
        for url in [
            "https://10.0.0.1",
            "https://0x7f.1:8443",
            "https://169.254.169.254/latest",
            "https://[::1]",
            "https://[::ffff:10.0.0.1]",
            "https://[fd00::1]",
        ] {
            assert!(!check(&reach, url), "{url}");
        }
        assert!(check(&reach, "https://1.1.1.1"));
        assert!(check(&Reach::within(&["10.0.0.0/8".parse().unwrap()]), "https://10.0.0.1"));
    }

    #[test]
    fn names_lead_to_public_addresses_and_opened_networks_alone() {
        let look_up = |reach: &Reach| reach.look_up("localhost");

        let refused = look_up(&Reach::default()).unwrap_err().to_string();
        assert!(refused.contains("leads to a loopback address"), "{refused}");
        assert!(refused.contains("repositories.allowed_networks"), "{refused}");
        let opened = ["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        assert!(!look_up(&Reach::within(&opened)).unwrap().is_empty());
    }

    #[test]
    fn the_github_of_the_configuration_is_gone_to_wherever_it_is() {
        let hosts = Hosts::new("https://10.0.0.1", Some("https://10.0.0.2/api/v3")).unwrap();
        let reach = Reach::default().trusting(&hosts);

        for url in ["https://10.0.0.1/login/oauth/access_token", "https://10.0.0.2/api/v3/user"] {
            assert!(check(&reach, url), "{url}");
        }
        for url in ["https://10.0.0.1:8443", "http://10.0.0.1", "https://10.0.0.3"] {
            assert!(!check(&reach, url), "{url}");
        }
    }
}
