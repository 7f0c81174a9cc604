//! Ids of commits as GitHub writes them.

use serde::Serialize;

use super::error::{Result, TrackerError};

/// The id of a commit, of whatever length a repository's hash has, as the database takes bytes in JSON.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct HexOid(String);

impl HexOid {
    /// `path` is where in GitHub's answer it stands, for who reads the error.
    pub fn parse(path: &'static str, text: &str) -> Result<Self> {
        let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hex && matches!(text.len(), 40 | 64) {
            return Ok(Self(format!("\\x{}", text.to_ascii_lowercase())));
        }
        Err(TrackerError::Indigestible { path, why: "is no id of a commit" })
    }

    /// None for the id of nothing, which stands for a reference that came or went.
    pub fn parse_or_none(path: &'static str, text: &str) -> Result<Option<Self>> {
        let oid = Self::parse(path, text)?;
        let is_nothing = oid.hex().bytes().all(|byte| byte == b'0');
        Ok((!is_nothing).then_some(oid))
    }

    pub fn hex(&self) -> &str {
        self.0.strip_prefix("\\x").unwrap_or(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_forty_or_sixty_four_digits() {
        let written = HexOid::parse("head.sha", &"A1".repeat(20)).unwrap();

        assert_eq!(
            serde_json::to_string(&written).unwrap(),
            format!("\"\\\\x{}\"", "a1".repeat(20))
        );
        assert!(HexOid::parse("head.sha", &"b".repeat(64)).is_ok());
        for wrong in ["", "abc", &"g".repeat(40), &"é".repeat(20)] {
            let error = HexOid::parse("head.sha", wrong).unwrap_err();
            assert!(error.to_string().contains("`head.sha`"), "{error}");
        }
    }

    #[test]
    fn zeros_are_no_commit() {
        assert_eq!(HexOid::parse_or_none("before", &"0".repeat(40)).unwrap(), None);
        assert!(HexOid::parse_or_none("before", &"1".repeat(40)).unwrap().is_some());
    }
}
