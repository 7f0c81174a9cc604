//! What is written about somebody whom a provider vouches for.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::{
    gate::Answer,
    refusal::Refusal,
    store::{self, Voucher},
    word::Word,
};
use crate::{
    accounts::store as accounts,
    organizations::{
        audit::Event,
        invitations::{self, Attempt, Guest},
    },
    platform::keyring::Keyring,
    tenancy::{AccountId, Origin, SystemTx},
};

/// Who came back, and what is said of them.
pub(super) struct Arrival<'a> {
    pub(super) word: &'a Word,
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

/// Notes who somebody is, where the provider's word lets them in, and where it does not any longer.
pub(super) async fn receive(
    tx: &mut SystemTx,
    keyring: &Keyring,
    arrival: &Arrival<'_>,
    now: DateTime<Utc>,
) -> anyhow::Result<Outcome> {
    // Two newcomers at once must not both become the first owner.
    accounts::lock_setup(tx).await?;
    let word = arrival.word;
    let known = store::find_identity(tx, &word.provider, &word.subject).await?;
    if let Some(refusal) = refuse_to_add(tx, arrival, known).await? {
        return Ok(Outcome::Refused(refusal));
    }
    let account = match known.or(arrival.account) {
        Some(account) => account,
        None => make_account(tx, word, now).await?,
    };
    note(tx, keyring, word, account, now).await?;
    let judged =
        Judged { account, voucher: Voucher::of_provider(&word.provider), origin: arrival.origin };
    for answer in &word.answers {
        apply(tx, &judged, answer, now).await?;
    }
    // By the link first: the other way accepts it too, and would leave nothing to write down.
    let attempt = accept_link(tx, account, arrival, now).await?;
    accept_by_login(tx, account, arrival, now).await?;
    let tenants = store::list_tenants(tx, account).await?;
    // Somebody who adds an identity is in already, be it nowhere.
    if tenants.is_empty() && arrival.account.is_none() {
        let refusal = refusal(word, attempt);
        return Ok(if known.is_some() {
            Outcome::PutOut(refusal)
        } else {
            Outcome::Refused(refusal)
        });
    }
    Ok(Outcome::In(account, attempt))
}

/// Why the identity cannot be added to the account that it is meant for.
async fn refuse_to_add(
    tx: &mut SystemTx,
    arrival: &Arrival<'_>,
    known: Option<AccountId>,
) -> sqlx::Result<Option<Refusal>> {
    let Some(wanted) = arrival.account else { return Ok(None) };
    if let Some(known) = known {
        return Ok((known != wanted).then_some(Refusal::AnothersIdentity));
    }
    // With two of them, what the provider says of one would put out whom the other lets in.
    let own = store::lock_identities(tx, wanted).await?;
    let has_one = own.iter().any(|identity| identity.provider == arrival.word.provider);
    Ok(has_one.then_some(Refusal::HasOne))
}

/// Accepts the invitation whose link somebody followed.
async fn accept_link(
    tx: &mut SystemTx,
    account: AccountId,
    arrival: &Arrival<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Attempt>> {
    let Some(secret) = invitations::secret_in(arrival.next) else { return Ok(None) };
    let login = arrival.word.github_login().map(str::to_owned);
    let guest = Guest { account, logins: login.as_slice() };
    let attempt = invitations::accept(tx, &secret, guest, now).await?;
    if let Some(attempt) = &attempt {
        invitations::record_attempt(tx, attempt, account, (arrival.origin, now)).await?;
    }
    Ok(attempt)
}

/// Accepts the invitations of somebody's GitHub login.
async fn accept_by_login(
    tx: &mut SystemTx,
    account: AccountId,
    arrival: &Arrival<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let Some(login) = arrival.word.github_login() else { return Ok(()) };
    for accepted in store::accept_invitations(tx, account, login, now).await? {
        let event = invitations::accepted(accepted.id, accepted.role, now);
        tx.record_by(account, accepted.tenant, arrival.origin, &event).await?;
    }
    Ok(())
}

/// Of whom a provider has answered, and to whose request.
pub(super) struct Judged<'a> {
    pub(super) account: AccountId,
    pub(super) voucher: Voucher<'a>,
    pub(super) origin: &'a Origin,
}

/// Lets somebody in, or puts them out, where the provider was certain; true where they were put out.
///
/// The last active owner stays, whatever the provider says: an organisation that nobody can manage would
/// be in the hands of whoever runs the server. They are put out once there is another owner.
pub(super) async fn apply(
    tx: &mut SystemTx,
    judged: &Judged<'_>,
    answer: &Answer,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    match &answer.said {
        Ok(()) => {
            let_in(tx, judged, answer, now).await?;
            Ok(false)
        }
        Err(refusal) if refusal.is_certain() => put_out(tx, judged, answer, now).await,
        Err(_) => Ok(false),
    }
}

async fn let_in(
    tx: &mut SystemTx,
    judged: &Judged<'_>,
    answer: &Answer,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let Judged { account, voucher, origin } = *judged;
    store::lock_members(tx, answer.tenant).await?;
    let Some(role) = store::admit(tx, answer.tenant, account, (voucher, now)).await? else {
        return Ok(());
    };
    let event = Event::new("member.let_in", "member", account, now)
        .detail(json!({"role": role, "by": voucher.name()}));
    tx.record_by(account, answer.tenant, origin, &event).await
}

/// Puts somebody out who is in by the provider's word, but for the last owner; true where they were.
pub(super) async fn put_out(
    tx: &mut SystemTx,
    judged: &Judged<'_>,
    answer: &Answer,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let Judged { account, voucher, origin } = *judged;
    store::lock_members(tx, answer.tenant).await?;
    match store::find_last_owner(tx, answer.tenant, account, voucher).await? {
        None => return Ok(false),
        Some(true) => {
            tracing::warn!(%account, tenant = %answer.tenant, "The last owner of an organisation is not vouched for any longer, and stays as such");
            return Ok(false);
        }
        Some(false) => store::put_out(tx, answer.tenant, account, now).await?,
    }
    let why = answer.said.as_ref().err().map(ToString::to_string);
    let event = Event::new("member.put_out", "member", account, now)
        .detail(json!({"why": why}))
        .by_unknown(voucher.name());
    tx.record_in(answer.tenant, origin, &event);
    Ok(true)
}

async fn note(
    tx: &mut SystemTx,
    keyring: &Keyring,
    word: &Word,
    account: AccountId,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let seal = |place: String, secret: &SecretString| {
        keyring.seal(&place, secret.expose_secret().as_bytes())
    };
    let token = word.token.as_ref();
    let access = token.map(|token| seal(token_place(&word.provider, &word.subject), &token.access));
    let refresh = token.and_then(|token| token.refresh.as_ref());
    let refresh =
        refresh.map(|refresh| seal(refresh_place(&word.provider, &word.subject), refresh));
    let identity = store::NewIdentity {
        provider: &word.provider,
        subject: &word.subject,
        account,
        login: &word.shown,
        token: access.transpose()?,
        refresh_token: refresh.transpose()?,
        token_expires_at: token.and_then(|token| token.expires_at),
        now,
    };
    store::put_identity(tx, identity).await?;
    // GitHub's login is what commits and reviews name; what issuers say is only for a new account.
    if let Some(login) = word.github_login() {
        let login = free_login(tx, login, Some(account)).await?;
        let avatar_url = word.profile.avatar_url.as_deref().unwrap_or_default();
        store::set_profile(tx, account, (&login, &word.profile.name, avatar_url)).await?;
    }
    Ok(())
}

/// What the token of an identity is sealed for.
pub(super) fn token_place(provider: &str, subject: &str) -> String {
    format!("identities.token {provider} {subject}")
}

/// What that is sealed for by which the next token is got.
pub(super) fn refresh_place(provider: &str, subject: &str) -> String {
    format!("identities.refresh_token {provider} {subject}")
}

async fn make_account(
    tx: &mut SystemTx,
    word: &Word,
    now: DateTime<Utc>,
) -> sqlx::Result<AccountId> {
    let login = free_login(tx, &word.profile.login, None).await?;
    accounts::insert_account(tx, &login, &word.profile.name, now).await
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

fn refusal(word: &Word, attempt: Option<Attempt>) -> Refusal {
    if let Some(Attempt { found, result: Err(why) }) = attempt {
        return Refusal::Invitation { tenant: found.organization.id, id: found.id, why };
    }
    let refused = word.answers.iter().find_map(|answer| answer.said.clone().err());
    refused.unwrap_or_else(|| match word.github_login() {
        Some(login) => Refusal::NotInvited { login: login.to_owned() },
        None => Refusal::NoLink { who: word.shown.clone() },
    })
}
