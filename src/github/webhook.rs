//! The envelope of a delivery: whose signature it has, and the payload in its body.

use std::borrow::Cow;

use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use url::form_urlencoded;

/// Why a delivery is not GitHub's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadSignature {
    #[error("the delivery is not signed: it has no X-Hub-Signature-256")]
    Missing,
    #[error("X-Hub-Signature-256 is not `sha256=` and 64 hexadecimal digits")]
    Malformed,
    #[error("the signature is not by the hook's secret")]
    Wrong,
}

/// How a hook writes its body, from `Content-Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Json,
    Form,
}

/// Why there is no payload in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unreadable {
    #[error("a delivery is application/json or application/x-www-form-urlencoded")]
    ContentType,
    #[error("the form has no field `payload`")]
    NoPayload,
}

/// What `X-Hub-Signature-256` holds, be it right or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature([u8; 32]);

impl Signature {
    /// From the header. This takes no body yet.
    pub fn parse(header: Option<&str>) -> Result<Self, BadSignature> {
        let tag = signature(header.ok_or(BadSignature::Missing)?);
        tag.map(Self).ok_or(BadSignature::Malformed)
    }

    /// Checks it over the raw body. During a rotation there are several secrets.
    ///
    /// Without a secret nothing is right, and an empty one is none: anybody could sign by it.
    pub fn check(&self, secrets: &[SecretString], body: &[u8]) -> Result<(), BadSignature> {
        let is_by = |secret: &SecretString| {
            let secret = secret.expose_secret().as_bytes();
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
            !secret.is_empty() && hmac::verify(&key, body, &self.0).is_ok()
        };
        // All of them, each in constant time: the answer takes as long whichever it is.
        let is_by_one = secrets.iter().fold(false, |found, secret| found | is_by(secret));
        if is_by_one { Ok(()) } else { Err(BadSignature::Wrong) }
    }
}

/// The JSON in a body. An absent `Content-Type` is taken for JSON.
pub fn payload<'body>(
    content_type: Option<&str>,
    body: &'body [u8],
) -> Result<Cow<'body, [u8]>, Unreadable> {
    match encoding(content_type)? {
        Encoding::Json => Ok(Cow::Borrowed(body)),
        Encoding::Form => form_urlencoded::parse(body)
            .find(|(name, _)| name == "payload")
            .map(|(_, value)| Cow::Owned(value.into_owned().into_bytes()))
            .ok_or(Unreadable::NoPayload),
    }
}

fn encoding(content_type: Option<&str>) -> Result<Encoding, Unreadable> {
    let kind = content_type.unwrap_or("application/json").split(';').next().unwrap_or_default();
    match kind.trim().to_ascii_lowercase().as_str() {
        "application/json" => Ok(Encoding::Json),
        "application/x-www-form-urlencoded" => Ok(Encoding::Form),
        _ => Err(Unreadable::ContentType),
    }
}

fn signature(header: &str) -> Option<[u8; 32]> {
    let digits = header.trim().strip_prefix("sha256=")?.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut tag = [0; 32];
    for (byte, pair) in tag.iter_mut().zip(digits.chunks_exact(2)) {
        let &[high, low] = pair else { return None };
        *byte = digit(high)? * 16 + digit(low)?;
    }
    Some(tag)
}

fn digit(character: u8) -> Option<u8> {
    let value = char::from(character).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    const SECRET: &str = "It's a Secret to Everybody";
    const BODY: &[u8] = b"Hello, World!";
    const SIGNATURE: &str =
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn check(secrets: &[&str], body: &[u8], header: Option<&str>) -> Result<(), BadSignature> {
        let secrets: Vec<SecretString> = secrets.iter().map(|&secret| secret.into()).collect();
        Signature::parse(header)?.check(&secrets, body)
    }

    #[test]
    fn githubs_own_example_is_right() {
        assert_eq!(check(&[SECRET], BODY, Some(SIGNATURE)), Ok(()));
        assert_eq!(check(&["new", SECRET], BODY, Some(SIGNATURE)), Ok(()));
        let shouted = SIGNATURE.replace("757107ea", "757107EA");
        assert_eq!(check(&[SECRET], BODY, Some(&shouted)), Ok(()));
    }

    #[test]
    fn what_is_changed_is_wrong() {
        assert_eq!(check(&[SECRET], b"Hello, World?", Some(SIGNATURE)), Err(BadSignature::Wrong));
        assert_eq!(check(&["another"], BODY, Some(SIGNATURE)), Err(BadSignature::Wrong));
        assert_eq!(check(&[], BODY, Some(SIGNATURE)), Err(BadSignature::Wrong));
    }

    #[test]
    fn an_empty_secret_lets_nobody_in() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"");
        let mut signed = "sha256=".to_owned();
        for byte in hmac::sign(&key, BODY).as_ref() {
            write!(signed, "{byte:02x}").unwrap();
        }

        assert_eq!(check(&[""], BODY, Some(&signed)), Err(BadSignature::Wrong));
    }

    #[test]
    fn what_is_no_signature_is_told_apart() {
        assert_eq!(check(&[SECRET], BODY, None), Err(BadSignature::Missing));
        let cut = SIGNATURE.strip_suffix('7').unwrap();
        for header in ["", "sha1=757107ea", "sha256=", cut, &format!("{cut}g"), &format!("{cut}é")]
        {
            let refused = check(&[SECRET], BODY, Some(header));
            assert_eq!(refused, Err(BadSignature::Malformed), "{header}");
        }
    }

    #[test]
    fn a_payload_comes_as_json_or_in_a_form() {
        let form = "application/x-www-form-urlencoded";

        let json = payload(Some("application/json; charset=utf-8"), b"{}").unwrap();
        let unsaid = payload(None, b"{}").unwrap();
        let posted = payload(Some(form), b"a=b&payload=%7B%22zen%22%3A+1%7D").unwrap();

        assert_eq!((&*json, &*unsaid), (&b"{}"[..], &b"{}"[..]));
        assert_eq!(&*posted, b"{\"zen\": 1}");
        assert_eq!(payload(Some(form), b"a=b"), Err(Unreadable::NoPayload));
        assert_eq!(payload(Some("text/xml"), b"{}"), Err(Unreadable::ContentType));
    }
}
