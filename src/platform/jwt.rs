//! Signatures of JSON web tokens by `ring`: the provider that `jsonwebtoken` asks for them.
//!
//! The crate's own providers are aws-lc, which would bring a second cryptographic library and a C
//! build, and the `rsa` crate, whose private-key operations leak timing. [`install`] comes before
//! the first token of the process: without it `jsonwebtoken` panics at that token.
//!
//! Invariant: RS256 (which other services ask for) and `EdDSA` (short and quick) are all there is.
//! A token that names any other algorithm has no signer and no verifier, whatever its key.

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result},
    jwk::{EllipticCurve, ThumbprintHash},
    signature::{Error as SignatureError, Signer, Verifier},
};
use ring::{
    digest,
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{
        ED25519, Ed25519KeyPair, KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
        UnparsedPublicKey,
    },
};

/// Makes `ring` the provider of this process; a second call changes nothing.
///
/// For a JWK of an Ed25519 key take [`jsonwebtoken::jwk::Jwk::from_decoding_key`] and the public
/// half: `from_encoding_key` knows the form without it alone, and `ring` makes the longer one.
pub fn install() {
    // Refused only where it has been installed before.
    PROVIDER.install_default().ok();
}

const PROVIDER: &CryptoProvider = &CryptoProvider {
    signer_factory: new_signer,
    verifier_factory: new_verifier,
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: rsa_components,
        rsa_pub_components_from_public_key: |_| Err(ErrorKind::UnsupportedAlgorithm.into()),
        ec_pub_components_from_private_key: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
        ed_pub_components_from_private_key: ed_component,
        compute_digest,
    },
};

/// A private key of PKCS#1 DER, with at least 2,048 bits.
struct Rs256Signer(RsaKeyPair);

/// A private key of PKCS#8 DER; `ring`'s own and RFC 8410's without the public half are taken.
struct EdDsaSigner(Ed25519KeyPair);

struct Rs256Verifier(DecodingKey);

struct EdDsaVerifier(DecodingKey);

#[expect(clippy::trivially_copy_pass_by_ref, reason = "it is the shape that the provider wants")]
fn new_signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    match (algorithm, key.family()) {
        (Algorithm::RS256, AlgorithmFamily::Rsa) => {
            Ok(Box::new(Rs256Signer(rsa_key(key.as_bytes())?)))
        }
        (Algorithm::EdDSA, AlgorithmFamily::Ed) => {
            Ok(Box::new(EdDsaSigner(ed_key(key.as_bytes())?)))
        }
        _ => Err(ErrorKind::UnsupportedAlgorithm.into()),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "it is the shape that the provider wants")]
fn new_verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    match (algorithm, key.family()) {
        (Algorithm::RS256, AlgorithmFamily::Rsa) => Ok(Box::new(Rs256Verifier(key.clone()))),
        (Algorithm::EdDSA, AlgorithmFamily::Ed) => Ok(Box::new(EdDsaVerifier(key.clone()))),
        _ => Err(ErrorKind::UnsupportedAlgorithm.into()),
    }
}

impl Signer<Vec<u8>> for Rs256Signer {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, SignatureError> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(unspecified)?;
        Ok(signature)
    }
}

impl Signer<Vec<u8>> for EdDsaSigner {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, SignatureError> {
        Ok(self.0.sign(message).as_ref().to_vec())
    }
}

impl Verifier<Vec<u8>> for Rs256Verifier {
    fn verify(
        &self,
        message: &[u8],
        signature: &Vec<u8>,
    ) -> std::result::Result<(), SignatureError> {
        let parameters = &RSA_PKCS1_2048_8192_SHA256;
        match self.0.kind() {
            DecodingKeyKind::SecretOrDer(der) => {
                UnparsedPublicKey::new(parameters, der).verify(message, signature)
            }
            DecodingKeyKind::RsaModulusExponent { n, e } => {
                PublicKeyComponents { n, e }.verify(parameters, message, signature)
            }
        }
        .map_err(unspecified)
    }
}

impl Verifier<Vec<u8>> for EdDsaVerifier {
    fn verify(
        &self,
        message: &[u8],
        signature: &Vec<u8>,
    ) -> std::result::Result<(), SignatureError> {
        let key = self.0.try_get_as_bytes().map_err(SignatureError::from_source)?;
        UnparsedPublicKey::new(&ED25519, key).verify(message, signature).map_err(unspecified)
    }
}

impl JwtSigner for Rs256Signer {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

impl JwtSigner for EdDsaSigner {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

impl JwtVerifier for Rs256Verifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

impl JwtVerifier for EdDsaVerifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

fn rsa_key(der: &[u8]) -> Result<RsaKeyPair> {
    Ok(RsaKeyPair::from_der(der).map_err(|error| ErrorKind::InvalidRsaKey(error.to_string()))?)
}

fn ed_key(der: &[u8]) -> Result<Ed25519KeyPair> {
    Ok(Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).or(Err(ErrorKind::InvalidEddsaKey))?)
}

/// Modulus and exponent, as a JWK has them.
fn rsa_components(private_key: &[u8]) -> Result<(Vec<u8>, Vec<u8>)> {
    let key = rsa_key(private_key)?;
    let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(key.public());
    Ok((n, e))
}

fn ed_component(private_key: &[u8], curve: &EllipticCurve) -> Result<Vec<u8>> {
    if *curve != EllipticCurve::Ed25519 {
        return Err(ErrorKind::UnsupportedAlgorithm.into());
    }
    Ok(ed_key(private_key)?.public_key().as_ref().to_vec())
}

#[expect(clippy::needless_pass_by_value, reason = "it is the shape that the provider wants")]
fn compute_digest(data: &[u8], hash: ThumbprintHash) -> Result<Vec<u8>> {
    match hash {
        ThumbprintHash::SHA256 => Ok(digest::digest(&digest::SHA256, data).as_ref().to_vec()),
        _ => Err(ErrorKind::UnsupportedAlgorithm.into()),
    }
}

/// `ring` says no more than that it failed, and neither do we.
fn unspecified(_: ring::error::Unspecified) -> SignatureError {
    SignatureError::new()
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use jsonwebtoken::{Header, Validation, decode, encode, jwk::Jwk};
    use serde::{Deserialize, Serialize};

    use super::*;

    const RSA: &[u8] = include_bytes!("../../tests/data/keys/rsa.pem");
    const RSA_PUBLIC: &[u8] = include_bytes!("../../tests/data/keys/rsa.public.pem");
    const OTHER_RSA: &[u8] = include_bytes!("../../tests/data/keys/other-rsa.pem");

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Claims {
        sub: String,
        exp: u64,
    }

    fn claims() -> Claims {
        Claims { sub: "ada".to_owned(), exp: 4_000_000_000 }
    }

    fn rsa() -> EncodingKey {
        install();
        EncodingKey::from_rsa_pem(RSA).unwrap()
    }

    fn rsa_public() -> DecodingKey {
        DecodingKey::from_rsa_pem(RSA_PUBLIC).unwrap()
    }

    fn ed() -> (EncodingKey, DecodingKey) {
        install();
        let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(der.as_ref()).unwrap();
        (
            EncodingKey::from_ed_der(der.as_ref()),
            DecodingKey::from_ed_der(pair.public_key().as_ref()),
        )
    }

    fn sign(algorithm: Algorithm, key: &EncodingKey) -> String {
        encode(&Header::new(algorithm), &claims(), key).unwrap()
    }

    fn read(token: &str, key: &DecodingKey, algorithm: Algorithm) -> Result<Claims> {
        decode::<Claims>(token, key, &Validation::new(algorithm)).map(|data| data.claims)
    }

    /// The token with another header, its payload and signature as they were.
    fn with_header(token: &str, header: &str) -> String {
        let (_, rest) = token.split_once('.').unwrap();
        format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header))
    }

    #[test]
    fn what_is_signed_is_read_back() {
        let (private, public) = ed();

        let by_ed = read(&sign(Algorithm::EdDSA, &private), &public, Algorithm::EdDSA);
        let by_rsa = read(&sign(Algorithm::RS256, &rsa()), &rsa_public(), Algorithm::RS256);

        assert_eq!(by_ed, Ok(claims()));
        assert_eq!(by_rsa, Ok(claims()));
    }

    #[test]
    fn a_key_of_pkcs8_signs_as_well_as_one_of_pkcs1() {
        install();
        let key = EncodingKey::from_rsa_pem(OTHER_RSA).unwrap();
        let public =
            DecodingKey::from_jwk(&Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap());

        let read = read(&sign(Algorithm::RS256, &key), &public.unwrap(), Algorithm::RS256);

        assert_eq!(read, Ok(claims()));
    }

    #[test]
    fn the_published_keys_read_what_the_private_ones_sign() {
        let (private, public) = ed();
        let of_rsa = Jwk::from_encoding_key(&rsa(), Algorithm::RS256).unwrap();
        let of_ed = Jwk::from_decoding_key(&public, Some(Algorithm::EdDSA)).unwrap();

        for (algorithm, key, published) in
            [(Algorithm::EdDSA, private, of_ed), (Algorithm::RS256, rsa(), of_rsa)]
        {
            let token = sign(algorithm, &key);
            let read = read(&token, &DecodingKey::from_jwk(&published).unwrap(), algorithm);
            assert_eq!(read, Ok(claims()));
            assert!(published.thumbprint(ThumbprintHash::SHA256).is_ok());
        }
    }

    #[test]
    fn a_forged_signature_is_refused() {
        let (private, public) = ed();
        let other_rsa = EncodingKey::from_rsa_pem(OTHER_RSA).unwrap();
        let strangers_ed = sign(Algorithm::EdDSA, &ed().0);
        let strangers_rsa = sign(Algorithm::RS256, &other_rsa);

        let invalid = Err(ErrorKind::InvalidSignature.into());
        assert_eq!(read(&strangers_ed, &public, Algorithm::EdDSA), invalid);
        assert_eq!(read(&strangers_rsa, &rsa_public(), Algorithm::RS256), invalid);
        for (algorithm, key, public) in
            [(Algorithm::EdDSA, private, public), (Algorithm::RS256, rsa(), rsa_public())]
        {
            let token = sign(algorithm, &key);
            let (header, rest) = token.split_once('.').unwrap();
            let (_, signature) = rest.split_once('.').unwrap();
            let owner = URL_SAFE_NO_PAD.encode(r#"{"sub":"eve","exp":4000000000}"#);
            let changed = format!("{header}.{owner}.{signature}");
            let cut = token.split_at(token.len() - 8).0;
            assert_eq!(read(&changed, &public, algorithm), invalid);
            assert!(read(cut, &public, algorithm).is_err());
            assert_eq!(read(&format!("{header}.{owner}."), &public, algorithm), invalid);
        }
    }

    #[test]
    fn a_token_without_a_signature_has_no_algorithm() {
        let token = with_header(&sign(Algorithm::RS256, &rsa()), r#"{"alg":"none","typ":"JWT"}"#);

        assert!(read(&token, &rsa_public(), Algorithm::RS256).is_err());
        assert!(read(token.rsplit_once('.').unwrap().0, &rsa_public(), Algorithm::RS256).is_err());
    }

    #[test]
    fn a_token_cannot_choose_another_algorithm() {
        let (ed_private, ed_public) = ed();
        // The classic: the public key, which everybody knows, taken for the secret of an HMAC.
        let confused = with_header(&sign(Algorithm::RS256, &rsa()), r#"{"alg":"HS256"}"#);
        let (ed_token, rsa_token) =
            (sign(Algorithm::EdDSA, &ed_private), sign(Algorithm::RS256, &rsa()));

        let refused = Err(ErrorKind::InvalidAlgorithm.into());
        assert_eq!(read(&confused, &rsa_public(), Algorithm::RS256), refused);
        assert_eq!(read(&ed_token, &rsa_public(), Algorithm::RS256), refused);
        assert_eq!(read(&rsa_token, &ed_public, Algorithm::EdDSA), refused);
    }

    #[test]
    fn there_are_two_algorithms_and_no_more() {
        let secret = EncodingKey::from_secret(b"a secret that everybody could guess");
        let unsupported = Some(ErrorKind::UnsupportedAlgorithm);
        let kind =
            |result: Result<String>| result.err().map(jsonwebtoken::errors::Error::into_kind);

        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            install();
            let made = encode(&Header::new(algorithm), &claims(), &secret);
            assert_eq!(kind(made), unsupported, "{algorithm:?}");
        }
        for algorithm in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS512] {
            let made = encode(&Header::new(algorithm), &claims(), &rsa());
            assert_eq!(kind(made), unsupported, "{algorithm:?}");
        }
        let confused = with_header(&sign(Algorithm::RS256, &rsa()), r#"{"alg":"PS256"}"#);
        assert_eq!(
            read(&confused, &rsa_public(), Algorithm::PS256),
            Err(ErrorKind::UnsupportedAlgorithm.into())
        );
    }

    #[test]
    fn what_is_no_key_says_so_when_it_signs() {
        install();
        let rsa = EncodingKey::from_rsa_der(b"no key");
        let ed = EncodingKey::from_ed_der(b"no key");

        assert!(encode(&Header::new(Algorithm::RS256), &claims(), &rsa).is_err());
        assert!(encode(&Header::new(Algorithm::EdDSA), &claims(), &ed).is_err());
    }
}
