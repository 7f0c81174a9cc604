//! The second factor: codes by time from an authenticator, and codes for when it is lost.
//!
//! [`page`] sets it up, takes it away, and asks for a code. The kernel asks each request whether its
//! session has given one. Invariants: the secret is stored sealed; a code is good once, a recovery
//! code too; five wrong codes within a quarter of an hour are the last ones for its rest.

mod page;
mod store;

use chrono::{DateTime, Duration, Utc};
use secrecy::{ExposeSecret, SecretString};
use totp_rs::{Algorithm, Builder, Secret, Totp};
use zeroize::Zeroizing;

pub(super) use page::routes;

use crate::{
    organizations::audit::Event,
    platform::{
        crypto::{hash_secret, random_secret},
        keyring::Keyring,
    },
    tenancy::{AccountId, Origin, SessionId, SystemTx},
};

const ISSUER: &str = "Quarterdeck";
const SECRET_BYTES: usize = 20;
const STEP_SECONDS: u64 = 30;
const RECOVERY_CODES: usize = 10;
/// How many wrong codes there may be within [`WITHIN`].
const MOST_FAILURES: i32 = 5;
const WITHIN: Duration = Duration::minutes(15);

/// Why a code was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum WrongCode {
    #[error("This is not the code of now, or it was used already. Wait for the next one.")]
    Wrong,
    #[error("Five codes were wrong. Try again in a quarter of an hour.")]
    TooMany,
    #[error("There is no second factor to give a code of.")]
    NoFactor,
    #[error(
        "The second factor cannot be read: the server has lost the key it was sealed with. Give a recovery code, or ask whoever runs the server to put the key back."
    )]
    LostKey,
}

/// Begins anew with a secret that no authenticator has yet.
async fn begin(
    tx: &mut SystemTx,
    keyring: &Keyring,
    account: AccountId,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let mut secret = Zeroizing::new([0_u8; SECRET_BYTES]);
    crate::platform::crypto::fill_random(secret.as_mut_slice())?;
    let sealed = keyring.seal(&place(account), secret.as_slice())?;
    Ok(store::put_factor(tx, account, &sealed, now).await?)
}

/// Takes a code of the authenticator, or a recovery code where the factor is in use.
async fn take(
    tx: &mut SystemTx,
    keyring: &Keyring,
    account: AccountId,
    (login, code): (&str, &str),
    now: DateTime<Utc>,
) -> anyhow::Result<Result<(), WrongCode>> {
    let Some(factor) = store::lock_factor(tx, account).await? else {
        return Ok(Err(WrongCode::NoFactor));
    };
    let counts = factor.failing_since.is_some_and(|since| since + WITHIN > now);
    if counts && factor.failures >= MOST_FAILURES {
        return Ok(Err(WrongCode::TooMany));
    }
    let code: String = code.chars().filter(|character| !character.is_whitespace()).collect();
    let totp = open(keyring, account, login, &factor.sealed).ok();
    let step = totp.as_ref().and_then(|totp| totp.check(&code, now.timestamp().unsigned_abs()));
    let step = step.and_then(|step| i64::try_from(step).ok());
    if let Some(step) = step.filter(|step| *step > factor.last_step) {
        store::take_step(tx, account, step).await?;
        return Ok(Ok(()));
    }
    let hash = hash_secret(&code.to_ascii_lowercase().into());
    if factor.confirmed_at.is_some() && store::use_recovery_code(tx, account, &hash, now).await? {
        return Ok(Ok(()));
    }
    store::count_failure(tx, account, !counts, now).await?;
    Ok(Err(if totp.is_some() { WrongCode::Wrong } else { WrongCode::LostKey }))
}

/// Has the factor count from now on, and gives the codes for when the authenticator is lost.
async fn confirm(
    tx: &mut SystemTx,
    account: AccountId,
    session: SessionId,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<SecretString>> {
    store::confirm_factor(tx, account, now).await?;
    store::confirm_session(tx, session, now).await?;
    let mut codes = Vec::new();
    for _ in 0..RECOVERY_CODES {
        codes.push(recovery_code()?);
    }
    let hashes: Vec<Vec<u8>> = codes.iter().map(hash_secret).collect();
    store::put_recovery_codes(tx, account, &hashes).await?;
    Ok(codes)
}

/// Takes somebody's factor away in the operator's name; false where there is none.
pub async fn remove_factor(
    tx: &mut SystemTx,
    account: AccountId,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    if store::lock_factor(tx, account).await?.is_none() {
        return Ok(false);
    }
    store::delete_factor(tx, account).await?;
    let event = Event::new("factor.removed", "account", account, now);
    for tenant in store::list_tenants(tx, account).await? {
        tx.record_in(tenant, &Origin::default(), &event);
    }
    Ok(true)
}

/// Twelve letters and digits in three groups; some 60 random bits.
fn recovery_code() -> anyhow::Result<SecretString> {
    let random = random_secret("")?;
    let plain = random.expose_secret().chars().filter(char::is_ascii_alphanumeric);
    let letters: Vec<char> = plain.map(|letter| letter.to_ascii_lowercase()).take(12).collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Ok(groups.join("-").into())
}

fn open(keyring: &Keyring, account: AccountId, login: &str, sealed: &str) -> anyhow::Result<Totp> {
    let secret = keyring.open(&place(account), sealed)?;
    let builder = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(STEP_SECONDS)
        .with_secret(Secret::from(secret.to_vec()))
        .with_issuer(Some(ISSUER))
        .with_account_name(login.replace(':', "-"));
    Ok(builder.build()?)
}

fn place(account: AccountId) -> String {
    format!("factors.sealed {account}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_codes_are_three_groups_of_four_and_differ() {
        let (one, two) = (recovery_code().unwrap(), recovery_code().unwrap());

        assert_ne!(one.expose_secret(), two.expose_secret());
        let groups: Vec<_> = one.expose_secret().split('-').collect();
        assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [4, 4, 4]);
    }

    #[test]
    fn codes_are_those_of_rfc_6238() {
        let keyring = Keyring::of_secrets(&"a secret of some length".to_owned().into()).unwrap();
        let account = AccountId::new();
        let sealed = keyring.seal(&place(account), b"12345678901234567890").unwrap();

        let totp = open(&keyring, account, "ada", &sealed).unwrap();

        // Its appendix B gives 94287082 and 07081804; ours are the last six digits.
        assert_eq!(totp.check("287082", 59), Some(1));
        assert_eq!(totp.check("081804", 1_111_111_109), Some(37_037_036));
        assert_eq!(totp.check("287083", 59), None);
    }
}
