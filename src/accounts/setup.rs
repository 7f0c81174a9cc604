//! The setup link: the first way in, and the way back in where all others are lost.
//!
//! The command line prints it; whoever opens it within 30 minutes becomes an owner. It works once.

use chrono::{DateTime, Duration, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::{
    model::{Login, PersonName},
    sessions::{self, SignIn},
    store,
};
use crate::{
    organizations::{self, OrganizationName, Slug, audit},
    platform::{
        clock::Clock,
        crypto::{hash_secret, random_secret},
    },
    tenancy::{
        AccountId, Committed, Db, Organization, Origin, Role, SystemReason, SystemTx, TenantId,
    },
    web::{AppError, Result},
};

/// How long a link works.
pub const LIFETIME: Duration = Duration::minutes(30);

/// Makes a link's secret. Without an organisation it opens the first one there is at its use.
pub async fn issue(
    tx: &mut SystemTx,
    organization: Option<TenantId>,
    now: DateTime<Utc>,
) -> anyhow::Result<SecretString> {
    let secret = random_secret("")?;
    store::insert_setup_link(tx, &hash_secret(&secret), organization, now, now + LIFETIME).await?;
    Ok(secret)
}

/// For how long a link that no longer works is known, so that whoever shows it is written down.
pub const REMEMBERED: Duration = Duration::days(30);

/// Deletes the links that have been too old for a while.
pub async fn forget_spent(tx: &mut SystemTx, now: DateTime<Utc>) -> sqlx::Result<u64> {
    store::delete_spent_links(tx, now - REMEMBERED).await
}

/// Whether anybody has ever become a member of anything.
pub async fn is_set_up(tx: &mut SystemTx) -> sqlx::Result<bool> {
    store::has_members(tx).await
}

/// The address of a new link to the first organisation, as long as nobody has signed in.
pub async fn first_link(
    db: &Db,
    clock: &Clock,
    public_url: &str,
) -> anyhow::Result<Option<String>> {
    let mut tx = db.system(SystemReason::Login).await?;
    if store::has_members(&mut tx).await? {
        return Ok(None);
    }
    let secret = issue(&mut tx, None, clock.now()).await?;
    tx.commit().await?;
    Ok(Some(address(public_url, &secret)))
}

/// The address that a link's secret stands in.
pub fn address(public_url: &str, secret: &SecretString) -> String {
    format!("{public_url}/setup/{}", secret.expose_secret())
}

/// What a working link opens: an organisation that is there, or the making of the first.
pub async fn find(
    tx: &mut SystemTx,
    secret: &SecretString,
    now: DateTime<Utc>,
) -> Result<Option<Organization>> {
    let link = store::find_setup_link(tx, &hash_secret(secret), now).await?.ok_or_else(spent)?;
    let target = match link.organization {
        Some(id) => Some(id),
        None => organizations::find_first(tx).await?,
    };
    match target {
        Some(id) => Ok(store::find_organization(tx, id).await?),
        None => Ok(None),
    }
}

fn spent() -> AppError {
    AppError::Gone(
        "This link has been used or is older than 30 minutes. Run `quarterdeck setup-link` on the server for a new one."
            .to_owned(),
    )
}

/// What whoever opens the link fills in.
#[derive(Clone, Debug)]
pub struct Owner {
    pub name: PersonName,
    pub login: Login,
    /// The organisation's name, where it is new or nobody has named it yet.
    pub organization: OrganizationName,
}

/// Where a used link leads.
#[derive(Debug)]
pub struct Opened {
    pub slug: String,
    pub session: SecretString,
    pub committed: Committed,
}

/// Uses the link up: makes the account (or takes the one of this login), the organisation where there
/// is none, the membership as owner, and the session, in one transaction.
pub async fn open(
    mut tx: SystemTx,
    secret: &SecretString,
    owner: &Owner,
    sign_in: &SignIn<'_>,
) -> Result<Opened> {
    let SignIn { origin, now, .. } = *sign_in;
    store::lock_setup(&mut tx).await?;
    let found = find(&mut tx, secret, now).await?;
    if !store::use_setup_link(&mut tx, &hash_secret(secret), now).await? {
        return Err(spent());
    }
    let is_first = !store::has_members(&mut tx).await?;
    let tenant = match &found {
        Some(organization) => organization.id,
        None => create_organization(&mut tx, owner, sign_in).await?,
    };
    let account = find_or_make_account(&mut tx, owner, tenant, now).await?;
    organizations::add_member(&mut tx, tenant, account, Role::Owner, now).await?;
    // The link vouches for them now, and GitHub has not to be asked.
    store::end_reconnection(&mut tx, account).await?;
    if is_first {
        // The server prints a link at each start; the first owner makes the others worthless.
        store::use_other_links(&mut tx, now).await?;
    }
    let session = sessions::start(&mut tx, account, sign_in).await?;
    let grant = tx.grant_of_member(tenant, account).await?.ok_or(AppError::NotFound)?;
    let slug = grant.organization().slug.clone();

    let mut tx = tx.enter(grant).await?;
    if is_first {
        organizations::rename(&mut tx, &owner.organization).await?;
    }
    // The grant of a transaction that has just let somebody in knows no request.
    tx.comes_from(origin);
    let event = audit::Event::new("setup_link.used", "account", account, now)
        .detail(json!({"role": Role::Owner, "login": owner.login.as_str()}));
    audit::record(&mut tx, event).await?;
    Ok(Opened { slug, session, committed: tx.commit().await? })
}

async fn create_organization(
    tx: &mut SystemTx,
    owner: &Owner,
    sign_in: &SignIn<'_>,
) -> Result<TenantId> {
    let (name, now) = (&owner.organization, sign_in.now);
    let slug = Slug::of_name(name.as_str());
    let made = organizations::insert(tx, &slug, name, now).await?;
    let tenant = made.ok_or_else(|| {
        AppError::invalid(
            "organization",
            format!("The address `{slug}` is taken; choose another name."),
        )
    })?;
    let event = audit::Event::new("organization.created", "organization", tenant, now)
        .detail(json!({"name": name.as_str()}))
        .by_unknown(owner.name.as_str());
    tx.record_in(tenant, sign_in.origin, &event);
    Ok(tenant)
}

/// Writes down that a link was shown that does not work any more; nothing of one that never did.
pub async fn record_refusal(
    db: &Db,
    secret: &SecretString,
    origin: &Origin,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let mut tx = db.system(SystemReason::Login).await?;
    let Some(link) = store::find_any_link(&mut tx, &hash_secret(secret)).await? else {
        return Ok(());
    };
    let why = if link.was_used { "used" } else { "too old" };
    let event = audit::Event::new("setup_link.refused", "setup_link", link.id, now)
        .detail(json!({"why": why}));
    match link.organization {
        Some(tenant) => tx.record_in(tenant, origin, &event),
        None => tx.record(None, origin, &event).await?,
    }
    tx.commit().await.map(|_| ())
}

/// Takes the account of this login only where that gives access to nothing but this organisation: a
/// link for one organisation must not open another one that the account belongs to.
async fn find_or_make_account(
    tx: &mut SystemTx,
    owner: &Owner,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<AccountId> {
    match store::find_account(tx, owner.login.as_str(), tenant).await? {
        Some(found) if found.elsewhere => Err(AppError::invalid(
            "login",
            "This login belongs to somebody in another organisation; choose another one.",
        )),
        Some(found) => Ok(found.id),
        None => {
            Ok(store::insert_account(tx, owner.login.as_str(), owner.name.as_str(), now).await?)
        }
    }
}
