//! What is written about somebody whom GitHub vouches for.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

use super::{
    gate::{self, Answer},
    store::{self, GITHUB},
};
use crate::{
    accounts::store as accounts,
    github::{Error, GitHubUser},
    organizations::invitations::{self, Attempt, Guest, NotAccepted},
    platform::keyring::Keyring,
    tenancy::{AccountId, Origin, SystemTx, TenantId},
};

/// The most characters of a name that are kept.
const MOST: usize = 100;

/// Who came back from GitHub, and what it says of them.
pub(super) struct Arrival<'a> {
    pub(super) user: &'a GitHubUser,
    pub(super) token: &'a SecretString,
    pub(super) answers: &'a [Answer],
    /// The account that the identity is to be added to, by its person.
    pub(super) account: Option<AccountId>,
    /// Where they were going: the link of an invitation lets them in.
    pub(super) next: &'a str,
    pub(super) origin: &'a Origin,
}

/// What came of it.
pub(super) enum Outcome {
    /// The invitation is the one whose link they followed.
    In(AccountId, Option<Attempt>),
    /// Nothing of it may be kept.
    Refused(Refusal),
    /// Somebody known, who is in nowhere any longer; that they were put out is kept.
    PutOut(Refusal),
}

/// Why somebody is not let in.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error(transparent)]
    GitHub(#[from] Error),
    #[error(
        "Nobody has invited {login} to this Quarterdeck. Ask an owner or administrator for an invitation, and give them this GitHub login"
    )]
    NotInvited { login: String },
    #[error(
        "This GitHub account belongs to another person here. Sign in with it, or choose another GitHub account"
    )]
    AnothersIdentity,
    /// The link that they followed lets nobody in, or not them.
    #[error("{why}")]
    Invitation { tenant: TenantId, id: uuid::Uuid, why: NotAccepted },
}

/// Notes who somebody is, where GitHub's word lets them in, and where it does not any longer.
pub(super) async fn receive(
    tx: &mut SystemTx,
    keyring: &Keyring,
    arrival: &Arrival<'_>,
    now: DateTime<Utc>,
) -> anyhow::Result<Outcome> {
    // Two newcomers at once must not both become the first owner.
    accounts::lock_setup(tx).await?;
    let subject = arrival.user.id.to_string();
    let known = store::find_identity(tx, GITHUB, &subject).await?;
    if let (Some(known), Some(wanted)) = (known, arrival.account)
        && known != wanted
    {
        return Ok(Outcome::Refused(Refusal::AnothersIdentity));
    }
    let account = match known.or(arrival.account) {
        Some(account) => account,
        None => make_account(tx, arrival.user, now).await?,
    };
    note(tx, keyring, arrival, (account, &subject), now).await?;
    for answer in arrival.answers {
        apply(tx, account, answer, now).await?;
    }
    // By the link first: the other way accepts it too, and would leave nothing to write down.
    let attempt = accept_link(tx, account, arrival, now).await?;
    let login = arrival.user.login.as_str();
    for accepted in store::accept_invitations(tx, account, login, now).await? {
        let event = invitations::accepted(accepted.id, accepted.role, now);
        tx.record_by(account, accepted.tenant, arrival.origin, &event).await?;
    }
    let tenants = store::list_tenants(tx, account).await?;
    // Somebody who adds an identity is in already, be it nowhere.
    if tenants.is_empty() && arrival.account.is_none() {
        let refusal = refusal(arrival, attempt);
        return Ok(if known.is_some() {
            Outcome::PutOut(refusal)
        } else {
            Outcome::Refused(refusal)
        });
    }
    Ok(Outcome::In(account, attempt))
}

/// Accepts the invitation whose link somebody followed.
async fn accept_link(
    tx: &mut SystemTx,
    account: AccountId,
    arrival: &Arrival<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Attempt>> {
    let Some(secret) = invitations::secret_in(arrival.next) else { return Ok(None) };
    let logins = [arrival.user.login.as_str().to_owned()];
    let guest = Guest { account, logins: &logins };
    let attempt = invitations::accept(tx, &secret, guest, now).await?;
    if let Some(attempt) = &attempt {
        invitations::record_attempt(tx, attempt, account, (arrival.origin, now)).await?;
    }
    Ok(attempt)
}

/// Lets somebody in, or puts them out, where GitHub was certain.
pub(super) async fn apply(
    tx: &mut SystemTx,
    account: AccountId,
    answer: &Answer,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    match &answer.said {
        Ok(()) => store::admit(tx, answer.tenant, account, now).await,
        Err(error) if gate::is_certain(error) => {
            store::put_out(tx, answer.tenant, account, now).await.map(|_| ())
        }
        Err(_) => Ok(()),
    }
}

async fn note(
    tx: &mut SystemTx,
    keyring: &Keyring,
    arrival: &Arrival<'_>,
    (account, subject): (AccountId, &str),
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let user = arrival.user;
    let sealed = keyring.seal(&token_place(subject), arrival.token.expose_secret().as_bytes())?;
    let identity = store::NewIdentity {
        provider: GITHUB,
        subject,
        account,
        login: user.login.as_str(),
        token: Some(sealed),
        now,
    };
    store::put_identity(tx, identity).await?;
    let login = free_login(tx, user.login.as_str(), Some(account)).await?;
    store::set_profile(tx, account, (&login, &name_of(user), &user.avatar_url)).await?;
    Ok(())
}

/// What the token of an identity is sealed for.
pub(super) fn token_place(subject: &str) -> String {
    format!("identities.token {GITHUB} {subject}")
}

async fn make_account(
    tx: &mut SystemTx,
    user: &GitHubUser,
    now: DateTime<Utc>,
) -> sqlx::Result<AccountId> {
    let login = free_login(tx, user.login.as_str(), None).await?;
    accounts::insert_account(tx, &login, &name_of(user), now).await
}

/// The login, with a number behind it where an account of somebody else has it: theirs may come from a
/// setup link, where anybody could type it.
async fn free_login(
    tx: &mut SystemTx,
    login: &str,
    account: Option<AccountId>,
) -> sqlx::Result<String> {
    let mut wanted = login.to_owned();
    for number in 2_u32.. {
        if !store::is_login_taken(tx, &wanted, account).await? {
            break;
        }
        wanted = format!("{}-{number}", login.get(..login.len().min(90)).unwrap_or(login));
    }
    Ok(wanted)
}

fn name_of(user: &GitHubUser) -> String {
    let name: String = user
        .name
        .iter()
        .flat_map(|name| name.chars())
        .filter(|character| !character.is_control())
        .take(MOST)
        .collect();
    if name.trim().is_empty() { user.login.as_str().to_owned() } else { name.trim().to_owned() }
}

fn refusal(arrival: &Arrival<'_>, attempt: Option<Attempt>) -> Refusal {
    if let Some(Attempt { found, result: Err(why) }) = attempt {
        return Refusal::Invitation { tenant: found.organization.id, id: found.id, why };
    }
    let refused = arrival.answers.iter().find_map(|answer| answer.said.clone().err());
    refused.map_or_else(
        || Refusal::NotInvited { login: arrival.user.login.as_str().to_owned() },
        Refusal::GitHub,
    )
}
