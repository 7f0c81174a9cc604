//! The way to a provider and back.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time},
};
use chrono::{DateTime, Duration, Utc};
use secrecy::{ExposeSecret, SecretString};

use super::store;
use crate::{
    platform::{
        crypto::{hash_secret, random_secret},
        keyring::Keyring,
    },
    tenancy::{AccountId, SystemTx},
};

/// How long somebody may take at the provider.
pub const LIFETIME: Duration = Duration::minutes(10);

const COOKIE: &str = "quarterdeck_sign_in";
const COOKIE_SECURE: &str = "__Host-quarterdeck_sign_in";

/// What has to be there again when the person comes back.
pub(super) struct Begun {
    pub(super) state: SecretString,
    pub(super) cookie: Cookie<'static>,
}

/// What somebody sets out for.
pub(super) struct Purpose<'a> {
    pub(super) provider: &'a str,
    pub(super) verifier: &'a SecretString,
    pub(super) next: &'a str,
    pub(super) account: Option<AccountId>,
}

/// What somebody came back with.
#[derive(Debug)]
pub(super) struct Returned {
    /// Who was asked: `github`, or an issuer's address.
    pub(super) provider: String,
    pub(super) verifier: SecretString,
    pub(super) next: String,
    /// Whose account gets the identity.
    pub(super) account: Option<AccountId>,
}

/// Why somebody who came back has to begin again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoReturn {
    #[error("This sign-in was not begun here, or has been used already. Begin again")]
    Unknown,
    #[error("This sign-in was begun in another browser, or its cookie is gone. Begin again")]
    OtherBrowser,
    #[error("This sign-in has taken longer than ten minutes. Begin again")]
    Late,
}

/// Notes where somebody sets out; the browser's cookie binds the way back to it.
pub(super) async fn begin(
    tx: &mut SystemTx,
    (keyring, https): (&Keyring, bool),
    purpose: &Purpose<'_>,
    now: DateTime<Utc>,
) -> anyhow::Result<Begun> {
    let (state, browser) = (random_secret("")?, random_secret("")?);
    let hash = hash_secret(&state);
    let attempt = store::NewAttempt {
        sealed: keyring.seal(&place(&hash), purpose.verifier.expose_secret().as_bytes())?,
        state: hash,
        browser: hash_secret(&browser),
        provider: purpose.provider,
        next: purpose.next,
        account: purpose.account,
        now,
        expires_at: now + LIFETIME,
    };
    store::insert_attempt(tx, attempt).await?;
    Ok(Begun {
        state,
        cookie: cookie(https, browser.expose_secret().to_owned(), LIFETIME.num_seconds()),
    })
}

/// Takes up where somebody set out; a second time there is nothing to take up.
pub(super) async fn take_up(
    tx: &mut SystemTx,
    (keyring, https): (&Keyring, bool),
    (request, state): (&HttpRequest, &SecretString),
    now: DateTime<Utc>,
) -> anyhow::Result<Result<Returned, NoReturn>> {
    let hash = hash_secret(state);
    let Some(found) = store::use_attempt(tx, &hash, now).await? else {
        return Ok(Err(NoReturn::Unknown));
    };
    let browser = request.cookie(if https { COOKIE_SECURE } else { COOKIE });
    let browser = browser.map(|cookie| hash_secret(&cookie.value().to_owned().into()));
    // Of hashes of random secrets; how far they agree tells nothing of the secrets.
    if browser.as_ref() != Some(&found.browser_hash) {
        return Ok(Err(NoReturn::OtherBrowser));
    }
    if found.expires_at <= now {
        return Ok(Err(NoReturn::Late));
    }
    let Ok(verifier) = keyring.open_text(&place(&hash), &found.sealed) else {
        return Ok(Err(NoReturn::Unknown));
    };
    let store::UsedAttempt { provider, next, account, .. } = found;
    Ok(Ok(Returned { provider, verifier, next, account }))
}

/// Deletes the attempts that are too old.
pub async fn forget(tx: &mut SystemTx, now: DateTime<Utc>) -> sqlx::Result<u64> {
    store::delete_old_attempts(tx, now).await
}

/// Takes the cookie of a sign-in away.
pub(super) fn no_cookie(https: bool) -> Cookie<'static> {
    cookie(https, String::new(), 0)
}

fn cookie(https: bool, value: String, seconds: i64) -> Cookie<'static> {
    Cookie::build(if https { COOKIE_SECURE } else { COOKIE }, value)
        .path("/")
        .http_only(true)
        // The provider's page leads back here, which is another site's link: Lax lets it through.
        .same_site(SameSite::Lax)
        .secure(https)
        .max_age(time::Duration::seconds(seconds))
        .finish()
}

fn place(state: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    format!("sign_in_attempts.sealed {}", URL_SAFE_NO_PAD.encode(state))
}
