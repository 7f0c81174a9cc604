//! Whom a budget belongs to.

use std::net::{IpAddr, Ipv6Addr};

use ring::digest::{Context, SHA256};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::Budget;

/// An address, a credential or an account, as a hash: the credential itself is kept nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LimitKey([u8; 32]);

impl LimitKey {
    /// Of an address; a network of 64 bits in the sixth version, which is the least that one customer has.
    pub fn of_address(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::of("address", &address.octets()),
            IpAddr::V6(address) => Self::of("address", &network(address)),
        }
    }

    pub fn of_credential(credential: &SecretString) -> Self {
        Self::of("credential", credential.expose_secret().as_bytes())
    }

    pub fn of_account(account: Uuid) -> Self {
        Self::of("account", account.as_bytes())
    }

    /// The same for one budget, where all budgets are kept in one place.
    pub(super) fn of_budget(self, budget: Budget) -> Self {
        Self::of(budget.as_str(), &self.0)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// One of 65,536 keys in this one's place: as many as two bytes have values.
    pub(super) fn slot(self) -> Self {
        let mut slot = [0; 32];
        for (to, from) in slot.iter_mut().zip(self.0).take(2) {
            *to = from;
        }
        Self(slot)
    }

    fn of(kind: &str, bytes: &[u8]) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(kind.as_bytes());
        context.update(b":");
        context.update(bytes);
        let mut hash = [0; 32];
        for (to, from) in hash.iter_mut().zip(context.finish().as_ref()) {
            *to = *from;
        }
        Self(hash)
    }
}

fn network(address: Ipv6Addr) -> [u8; 8] {
    (address.to_bits() >> 64).to_be_bytes().last_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(address: &str) -> LimitKey {
        LimitKey::of_address(address.parse().unwrap())
    }

    #[test]
    fn one_customer_has_one_budget_in_either_version() {
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:1"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_eq!(key("::ffff:203.0.113.9"), key("203.0.113.9"));
        assert_ne!(key("203.0.113.9"), key("203.0.113.10"));
    }

    #[test]
    fn kinds_do_not_mix() {
        let id = Uuid::from_bytes(*b"sixteen letters!");
        let credential = LimitKey::of_credential(&"sixteen letters!".to_owned().into());

        assert_ne!(LimitKey::of_account(id), credential);
        assert_ne!(credential.of_budget(Budget::SignIn), credential.of_budget(Budget::Webhook));
    }
}
