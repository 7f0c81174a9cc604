//! The check of the token by which an App says who it is: RS256, really verified.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::{DateTime, Utc};
use ring::{
    rsa::KeyPair,
    signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey},
};
use serde_json::Value;

/// The key of every App of this world, in the form in which GitHub hands it out.
pub(crate) const PRIVATE_KEY: &str = include_str!("../keys/app.pem");

/// Whose token it is, or GitHub's words of refusal.
pub(crate) fn issuer(token: &str, now: DateTime<Utc>) -> Result<String, &'static str> {
    let undecodable = "A JSON web token could not be decoded";
    let (message, signature) = token.rsplit_once('.').ok_or(undecodable)?;
    let (header, payload) = message.split_once('.').ok_or(undecodable)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).or(Err(undecodable))?;
    let header = part(header).ok_or(undecodable)?;
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public_key());
    if header["alg"] != "RS256" || key.verify(message.as_bytes(), &signature).is_err() {
        return Err(undecodable);
    }
    check_times(&part(payload).ok_or(undecodable)?, now)
}

fn check_times(claims: &Value, now: DateTime<Utc>) -> Result<String, &'static str> {
    let expires = claims["exp"].as_i64().unwrap_or_default() - now.timestamp();
    let issued = claims["iat"].as_i64().unwrap_or(i64::MAX) - now.timestamp();
    if expires <= 0 {
        return Err(
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which \
            the assertion expires",
        );
    }
    if expires > 600 {
        return Err("'Expiration time' claim ('exp') is too far in the future");
    }
    if issued > 0 {
        return Err(
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
        );
    }
    match &claims["iss"] {
        Value::String(name) => Ok(name.clone()),
        Value::Number(id) => Ok(id.to_string()),
        _ => Err("Missing 'issuer' claim ('iss') in assertion"),
    }
}

fn part(encoded: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()
}

/// The public half as PKCS#1.
fn public_key() -> Vec<u8> {
    let body: String = PRIVATE_KEY.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(body).expect("the key of the world is base64");
    let pair = KeyPair::from_der(&der).expect("the key of the world is a key");
    pair.public().as_ref().to_vec()
}
