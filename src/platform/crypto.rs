//! Random secrets and their hashes, by `ring`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest::{SHA256, digest},
    rand::{SecureRandom, SystemRandom},
};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// The SHA-256 of a secret: what is stored in its place, and looked up by.
///
/// The secrets have 256 random bits, so that a plain hash cannot be turned back.
pub type SecretHash = Vec<u8>;

/// Fills a place with random bytes.
pub fn fill_random(bytes: &mut [u8]) -> anyhow::Result<()> {
    SystemRandom::new().fill(bytes).or_else(|_| anyhow::bail!("the system gave no random bytes"))
}

/// A random number from 0 to 1, for spreading things out; 0 where the system gives none.
pub fn random_fraction() -> f64 {
    let mut bytes = [0_u8; 4];
    match fill_random(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 0.0,
    }
}

/// Makes a secret of 256 random bits: the prefix, then 43 characters of base64url.
pub fn random_secret(prefix: &str) -> anyhow::Result<SecretString> {
    let mut bytes = [0_u8; 32];
    SystemRandom::new()
        .fill(&mut bytes)
        .or_else(|_| anyhow::bail!("the system gave no random bytes"))?;
    Ok(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes)).into())
}

pub fn hash_secret(secret: &SecretString) -> SecretHash {
    digest(&SHA256, secret.expose_secret().as_bytes()).as_ref().to_vec()
}

/// Compares secrets in a time that tells nothing of where they differ; only that their lengths do.
///
/// Wanted where a text from outside meets a secret. What is looked up by its hash needs it not: whoever
/// measures the time of the look-up learns of the hash, which leads to no secret.
pub fn is_same_secret(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_secrets_differ_and_keep_their_prefix() {
        let (one, two) = (random_secret("qd_").unwrap(), random_secret("qd_").unwrap());

        assert_ne!(one.expose_secret(), two.expose_secret());
        assert!(one.expose_secret().starts_with("qd_"));
        assert_eq!(one.expose_secret().len(), 3 + 43);
    }

    #[test]
    fn secrets_are_the_same_only_where_all_of_them_is() {
        assert!(is_same_secret(b"secret", b"secret"));
        assert!(is_same_secret(b"", b""));
        for other in [&b"secreT"[..], b"Secret", b"secre", b"secrets", b""] {
            assert!(!is_same_secret(b"secret", other));
        }
    }

    #[test]
    fn a_hash_is_that_of_sha_256() {
        let hash = hash_secret(&"abc".to_owned().into());

        assert_eq!(hash.first_chunk(), Some(&[0xba, 0x78, 0x16, 0xbf]));
    }
}
