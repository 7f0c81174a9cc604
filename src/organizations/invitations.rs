//! Invitations: the word of an administrator that somebody may come, by a link that is good once.

use chrono::{DateTime, Duration, Utc};
use secrecy::SecretString;
use serde_json::json;
use uuid::Uuid;

use super::{
    audit,
    members::{self, allow_role},
    store::invitations as store,
};
use crate::{
    github::Login,
    platform::crypto::{hash_secret, random_secret},
    tenancy::{AccountId, Organization, Origin, Role, SignedIn, SystemTx, TenantTx},
    web::{AppError, Result},
};

/// What can be chosen for how long a link works, in days.
pub const DAYS: [u16; 4] = [1, 7, 14, 30];

/// How long a link works unless said otherwise.
pub const DEFAULT_DAYS: u16 = 7;

/// An invitation as administrators see it.
#[derive(Clone, Debug)]
pub struct Invitation {
    pub id: Uuid,
    /// Who alone may accept it; anybody with the link where it is none.
    pub login: Option<String>,
    pub email: Option<String>,
    pub role: Role,
    pub invited_by: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub accepted_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// Whether whoever invited may still do so.
    pub stands: bool,
}

/// What has become of an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Open,
    Accepted,
    Revoked,
    Expired,
    /// Whoever invited may not do so any longer.
    Void,
}

impl State {
    /// The state of one with these times.
    pub fn of(
        (accepted_at, revoked_at, expires_at): (
            Option<DateTime<Utc>>,
            Option<DateTime<Utc>>,
            DateTime<Utc>,
        ),
        stands: bool,
        now: DateTime<Utc>,
    ) -> Self {
        match (accepted_at, revoked_at) {
            (Some(_), _) => Self::Accepted,
            (None, Some(_)) => Self::Revoked,
            (None, None) if expires_at <= now => Self::Expired,
            (None, None) if !stands => Self::Void,
            (None, None) => Self::Open,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Void => "void",
        }
    }

    /// What whoever opens the link of one that is not open is told.
    const fn words(self) -> &'static str {
        match self {
            Self::Open => "",
            Self::Accepted => "This invitation has been used already; each is good once.",
            Self::Revoked => "This invitation was taken back by whoever sent it.",
            Self::Expired => "This invitation is too old.",
            Self::Void => "Whoever sent this invitation may not invite people any longer.",
        }
    }
}

impl Invitation {
    pub fn state(&self, now: DateTime<Utc>) -> State {
        State::of((self.accepted_at, self.revoked_at, self.expires_at), self.stands, now)
    }
}

/// Whom to invite, and as what.
#[derive(Clone, Debug)]
pub struct Wish {
    pub login: Option<Login>,
    pub email: Option<String>,
    pub role: Role,
    pub days: u16,
}

/// Makes an invitation and gives the secret of its link, which is kept nowhere.
pub async fn invite(
    tx: &mut TenantTx,
    wish: &Wish,
    now: DateTime<Utc>,
) -> Result<(Uuid, SecretString)> {
    let role = members::lock_managing(tx).await?;
    allow_role(role, wish.role)?;
    members::allow_credential(tx, wish.role)?;
    let secret = random_secret("")?;
    let invited_by = tx.actor().name().to_owned();
    let expires_at = now + Duration::days(wish.days.into());
    let new = store::NewInvitation {
        wish,
        secret_hash: hash_secret(&secret),
        invited_by: &invited_by,
        now,
        expires_at,
    };
    let id = store::insert(tx, new).await?;
    let detail = json!({
        "login": wish.login.as_ref().map(Login::as_str),
        "role": wish.role,
        "expires_at": expires_at,
    });
    record(tx, "invitation.created", id, detail, now).await?;
    Ok((id, secret))
}

/// Takes an open invitation back.
pub async fn revoke(tx: &mut TenantTx, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    let role = members::lock_managing(tx).await?;
    let found = find_open(tx, id, now).await?;
    allow_role(role, found.role)?;
    store::revoke(tx, id, now).await?;
    record(tx, "invitation.revoked", id, json!({"login": found.login}), now).await
}

/// Gives an invitation that was not accepted another link, for as long again; the old one ends.
pub async fn renew(tx: &mut TenantTx, id: Uuid, now: DateTime<Utc>) -> Result<SecretString> {
    let role = members::lock_managing(tx).await?;
    let found = store::find(tx, id).await?.ok_or(AppError::NotFound)?;
    allow_role(role, found.role)?;
    members::allow_credential(tx, found.role)?;
    match found.state(now) {
        State::Open | State::Expired | State::Void => {}
        state @ (State::Accepted | State::Revoked) => {
            return Err(AppError::Conflict(state.words().to_owned()));
        }
    }
    let secret = random_secret("")?;
    let expires_at = now + (found.expires_at - found.created_at);
    store::renew(tx, id, &hash_secret(&secret), (now, expires_at)).await?;
    record(tx, "invitation.renewed", id, json!({"login": found.login}), now).await?;
    Ok(secret)
}

async fn find_open(tx: &mut TenantTx, id: Uuid, now: DateTime<Utc>) -> Result<Invitation> {
    let found = store::find(tx, id).await?.ok_or(AppError::NotFound)?;
    match found.state(now) {
        State::Open | State::Void => Ok(found),
        state @ (State::Accepted | State::Revoked | State::Expired) => {
            Err(AppError::Conflict(state.words().to_owned()))
        }
    }
}

async fn record(
    tx: &mut TenantTx,
    action: &'static str,
    id: Uuid,
    detail: serde_json::Value,
    now: DateTime<Utc>,
) -> Result<()> {
    audit::record(tx, super::event(action, "invitation", id.to_string(), detail, now)).await?;
    tx.announce("invitations");
    Ok(())
}

/// What the link of an invitation leads to.
#[derive(Clone, Debug)]
pub struct Found {
    pub id: Uuid,
    pub organization: Organization,
    pub login: Option<String>,
    pub role: Role,
    pub invited_by: String,
    pub state: State,
    pub accepted_by: Option<AccountId>,
}

/// Finds the invitation of a link's secret, of whatever organisation and in whatever state.
pub async fn find_by_secret(
    tx: &mut SystemTx,
    secret: &SecretString,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Found>> {
    store::find_by_secret(tx, &hash_secret(secret), now).await
}

/// Why somebody does not get in by a link.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAccepted {
    #[error("There is no such invitation. Ask for another link")]
    Unknown,
    #[error("{0} Ask {1} for another link")]
    Over(&'static str, String),
    #[error(
        "This invitation is for {login} on GitHub. Sign in as {login}, or ask for one of your own"
    )]
    OtherLogin { login: String },
    #[error("Your membership was deactivated. An administrator can let you in again")]
    Deactivated,
}

impl Found {
    /// Why nobody can accept it any more, where that is so.
    pub fn over(&self) -> Option<NotAccepted> {
        (self.state != State::Open)
            .then(|| NotAccepted::Over(self.state.words(), self.invited_by.clone()))
    }
}

/// What trying to accept an invitation came to.
#[derive(Debug)]
pub struct Attempt {
    pub found: Found,
    pub result: Result<Accepted, NotAccepted>,
}

/// How somebody belongs to the organisation whose invitation they followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// By the invitation, which is used up.
    ByIt,
    /// They did before; an invitation that is for anybody stays for whom it was meant.
    Already,
}

/// Who tries to accept an invitation.
#[derive(Clone, Copy, Debug)]
pub struct Guest<'a> {
    pub account: AccountId,
    /// The names under which GitHub knows them.
    pub logins: &'a [String],
}

/// Makes somebody a member by an invitation's secret.
///
/// The invitation's row is locked: of two who try at once, one gets in. None where there is no such
/// invitation. What came of it is for [`record_attempt`] to write down.
pub async fn accept(
    tx: &mut SystemTx,
    secret: &SecretString,
    guest: Guest<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Attempt>> {
    let hash = hash_secret(secret);
    store::lock(tx, &hash).await?;
    let Some(found) = store::find_by_secret(tx, &hash, now).await? else { return Ok(None) };
    let result = try_accept(tx, &found, guest, now).await?;
    Ok(Some(Attempt { found, result }))
}

async fn try_accept(
    tx: &mut SystemTx,
    found: &Found,
    guest: Guest<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<Result<Accepted, NotAccepted>> {
    if let Some(over) = found.over() {
        return Ok(Err(over));
    }
    if let Some(login) = &found.login
        && !guest.logins.iter().any(|own| own.eq_ignore_ascii_case(login))
    {
        return Ok(Err(NotAccepted::OtherLogin { login: login.clone() }));
    }
    match store::is_active(tx, found.organization.id, guest.account).await? {
        // One that is for them alone is of no use to anybody else.
        Some(true) if found.login.is_none() => return Ok(Ok(Accepted::Already)),
        Some(true) | None => {}
        Some(false) => return Ok(Err(NotAccepted::Deactivated)),
    }
    let is_new = store::accept(tx, found, guest.account, now).await?;
    Ok(Ok(if is_new { Accepted::ByIt } else { Accepted::Already }))
}

/// Has the commit write down what came of an attempt, in the log of the organisation that invited.
pub async fn record_attempt(
    tx: &mut SystemTx,
    attempt: &Attempt,
    account: AccountId,
    (origin, now): (&Origin, DateTime<Utc>),
) -> sqlx::Result<()> {
    let tenant = attempt.found.organization.id;
    match &attempt.result {
        Ok(Accepted::Already) => return Ok(()),
        Ok(Accepted::ByIt) => {
            let event = accepted(attempt.found.id, attempt.found.role, now);
            tx.record_by(account, tenant, origin, &event).await?;
        }
        Err(refusal) => {
            let event = refused(attempt.found.id, refusal, now);
            tx.record_by(account, tenant, origin, &event).await?;
        }
    }
    tx.wake_people().await
}

/// The entry about somebody who came in by an invitation.
pub fn accepted(id: Uuid, role: Role, now: DateTime<Utc>) -> audit::Event<'static> {
    audit::Event::new("invitation.accepted", "invitation", id, now).detail(json!({"role": role}))
}

/// The entry about somebody whom an invitation did not let in.
pub fn refused(id: Uuid, why: &NotAccepted, now: DateTime<Utc>) -> audit::Event<'static> {
    audit::Event::new("invitation.refused", "invitation", id, now)
        .detail(json!({"why": why.to_string()}))
}

/// The names under which a person is known to GitHub.
pub async fn github_logins(tx: &mut SystemTx, person: &SignedIn) -> sqlx::Result<Vec<String>> {
    store::github_logins(tx, person.account).await
}

/// The secret in the address of a link, where `next` is one.
pub fn secret_in(next: &str) -> Option<SecretString> {
    let secret = next.strip_prefix("/invitations/")?;
    let is_plain = secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    (is_plain && !secret.is_empty()).then(|| secret.to_owned().into())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn an_invitation_is_open_until_it_is_used_taken_back_or_too_old() {
        let (then, now) = (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH + Duration::days(1));
        assert_eq!(State::of((None, None, now), true, then), State::Open);
        assert_eq!(State::of((None, None, now), true, now), State::Expired);
        assert_eq!(State::of((None, Some(then), now), true, then), State::Revoked);
        assert_eq!(State::of((Some(then), None, then), true, now), State::Accepted);
        assert_eq!(State::of((None, None, now), false, then), State::Void);
    }

    #[test]
    fn only_the_address_of_a_link_holds_a_secret() {
        let secret = |next| secret_in(next).map(|secret| secret.expose_secret().to_owned());
        assert_eq!(secret("/invitations/a-B_1"), Some("a-B_1".to_owned()));
        for next in ["/", "/invitations/", "/invitations/a/b", "/invitations/a?b", "/acme/x"] {
            assert_eq!(secret(next), None, "{next}");
        }
    }
}
