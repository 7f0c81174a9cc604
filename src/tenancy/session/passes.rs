//! Passes: JWTs (RFC 7519) that name a session for a quarter of an hour, signed with Ed25519.

use chrono::{DateTime, Utc};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
};
use serde::{Deserialize, Serialize};

use super::{
    SessionId,
    keys::{PublicKey, SigningKey},
};
use crate::tenancy::grant::AccountId;

/// How long a pass is good for.
pub(super) const MINUTES: i64 = 15;

const ISSUER: &str = "quarterdeck";

#[derive(Deserialize, Serialize)]
struct Claims {
    iss: String,
    /// The account.
    sub: AccountId,
    /// The session.
    sid: SessionId,
    iat: i64,
    exp: i64,
}

pub(super) fn issue(
    key: &SigningKey,
    session: SessionId,
    account: AccountId,
    now: DateTime<Utc>,
) -> anyhow::Result<String> {
    let claims = Claims {
        iss: ISSUER.to_owned(),
        sub: account,
        sid: session,
        iat: now.timestamp(),
        exp: (now + chrono::Duration::minutes(MINUTES)).timestamp(),
    };
    let header = Header { kid: Some(key.id.clone()), ..Header::new(Algorithm::EdDSA) };
    Ok(encode(&header, &claims, &EncodingKey::from_ed_der(&key.pkcs8()))?)
}

/// The key that a pass says it is signed with.
pub(super) fn key_id(pass: &str) -> Option<String> {
    decode_header(pass).ok()?.kid
}

/// The session that a pass is for; none where it is forged, of another kind, or has run out.
pub(super) fn read(pass: &str, key: &PublicKey, now: DateTime<Utc>) -> Option<SessionId> {
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.set_issuer(&[ISSUER]);
    rules.set_required_spec_claims(&["exp", "iss", "sub"]);
    // By our own clock, which tests can move.
    rules.validate_exp = false;
    let claims = decode::<Claims>(pass, &DecodingKey::from_ed_der(&key.bytes), &rules).ok()?.claims;
    (claims.exp > now.timestamp()).then_some(claims.sid)
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-03-01T09:00:00Z".parse().unwrap()
    }

    fn key(seed: u8) -> SigningKey {
        crate::platform::jwt::install();
        SigningKey::of_seed([seed; 32]).unwrap()
    }

    #[test]
    fn a_pass_names_its_session_for_a_quarter_of_an_hour() {
        let (key, session) = (key(1), SessionId::new());
        let pass = issue(&key, session, AccountId::new(), now()).unwrap();

        assert_eq!(key_id(&pass), Some(key.id.clone()));
        let read_at = |minutes| read(&pass, &key.public(), now() + Duration::minutes(minutes));
        assert_eq!(read_at(14), Some(session));
        assert_eq!(read_at(15), None);
    }

    #[test]
    fn a_pass_of_another_key_or_with_other_claims_is_none() {
        let (one, two) = (key(1), key(2));
        let pass = issue(&one, SessionId::new(), AccountId::new(), now()).unwrap();
        let other = issue(&one, SessionId::new(), AccountId::new(), now()).unwrap();
        let mut parts: Vec<_> = pass.split('.').collect();
        parts[1] = other.split('.').nth(1).unwrap();

        assert_eq!(read(&pass, &two.public(), now()), None);
        assert_eq!(read(&parts.join("."), &one.public(), now()), None, "claims of another pass");
        assert_eq!(read("", &one.public(), now()), None);
    }
}
