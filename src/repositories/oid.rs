//! The name of a git object.

use std::{fmt, str::FromStr};

/// A git object's SHA-1 id: 20 bytes, written as 40 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid([u8; 20]);

/// Why a text is no object id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("an object id is 40 hexadecimal digits, not `{0}`")]
pub struct InvalidOid(String);

impl Oid {
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// The first seven digits, as git abbreviates.
    pub fn short(&self) -> String {
        self.to_string().chars().take(7).collect()
    }
}

impl TryFrom<&[u8]> for Oid {
    type Error = InvalidOid;

    fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
        <[u8; 20]>::try_from(bytes)
            .map(Self)
            .map_err(|error| InvalidOid(format!("{} bytes ({error})", bytes.len())))
    }
}

impl From<gix::ObjectId> for Oid {
    /// # Panics
    /// Never: only SHA-1 is compiled in, so every id has 20 bytes.
    fn from(id: gix::ObjectId) -> Self {
        let mut bytes = [0; 20];
        bytes.copy_from_slice(id.as_slice());
        Self(bytes)
    }
}

impl From<Oid> for gix::ObjectId {
    fn from(id: Oid) -> Self {
        Self::Sha1(id.0)
    }
}

impl FromStr for Oid {
    type Err = InvalidOid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        gix::ObjectId::from_hex(text.as_bytes())
            .map(Self::from)
            .map_err(|error| InvalidOid(format!("{text}: {error}")))
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl serde::Serialize for Oid {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Oid {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text() {
        let text = "3f2a91c0b4e5d6f7a8b9c0d1e2f3a4b5c6d7e8f9";

        let id: Oid = text.parse().unwrap();

        assert_eq!(id.to_string(), text);
        assert_eq!(id.short(), "3f2a91c");
    }

    #[test]
    fn half_an_id_is_refused() {
        assert!("3f2a91c".parse::<Oid>().is_err());
    }
}
