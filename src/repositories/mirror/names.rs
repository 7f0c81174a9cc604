//! Name resolution that gives out checked addresses only.

use std::{
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{FetchError, guard::Guard};
use crate::platform::addresses;

/// Decides which addresses a request may go to, and resolves names accordingly.
///
/// The client connects to what [`Resolve`] returns and to nothing else, so that a name cannot
/// have another address when it is used than when it was checked.
#[derive(Clone)]
pub(super) struct CheckedNames {
    allowed_networks: Arc<[IpNet]>,
    /// Set while a plain-http request runs: only allowed networks may see one.
    is_plain: Arc<AtomicBool>,
    guard: Arc<Guard>,
}

impl CheckedNames {
    pub(super) fn new(allowed_networks: &[IpNet], guard: Arc<Guard>) -> Self {
        let is_plain = Arc::new(AtomicBool::new(false));
        Self { allowed_networks: allowed_networks.into(), is_plain, guard }
    }

    pub(super) fn set_plain(&self, is_plain: bool) {
        self.is_plain.store(is_plain, Ordering::Relaxed);
    }

    /// Why this address of this host is off limits, if it is.
    pub(super) fn refusal(&self, host: &str, address: IpAddr) -> Option<FetchError> {
        if addresses::is_allowed(address, &self.allowed_networks) {
            return None;
        }
        let plain = self
            .is_plain
            .load(Ordering::Relaxed)
            .then_some("an address that plain http is not spoken with");
        let kind = addresses::refused_kind(address).or(plain)?;
        Some(FetchError::AddressRefused { host: host.to_owned(), address, kind })
    }

    fn look_up(&self, host: &str) -> io::Result<Vec<SocketAddr>> {
        let found = (host, 0).to_socket_addrs().map_err(|error| {
            let reason = error.to_string();
            self.guard.fail(FetchError::NameNotFound { host: host.to_owned(), reason })
        })?;
        let mut refusal = None;
        let mut checked = Vec::new();
        for address in found {
            match self.refusal(host, address.ip()) {
                Some(error) => refusal = Some(error),
                None => checked.push(address),
            }
        }
        match (checked.is_empty(), refusal) {
            (true, Some(error)) => Err(self.guard.fail(error)),
            (true, None) | (false, _) => Ok(checked),
        }
    }
}

impl Resolve for CheckedNames {
    fn resolve(&self, name: Name) -> Resolving {
        let names = self.clone();
        Box::pin(async move {
            let look_up = tokio::task::spawn_blocking(move || names.look_up(name.as_str()));
            let checked = look_up.await??;
            Ok::<Addrs, _>(Box::new(checked.into_iter()))
        })
    }
}
