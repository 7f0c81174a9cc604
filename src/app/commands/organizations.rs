//! Commands about organisations, their first owners, and tokens.

use anyhow::Context;
use chrono::TimeDelta;
use secrecy::ExposeSecret;

use super::say;
use crate::{
    accounts::{
        setup,
        tokens::{self, NewToken},
    },
    app::{cli::TokenArguments, database},
    organizations::{self, OrganizationName, Slug, audit},
    platform::{
        clock::Clock,
        config::{Config, Environment},
    },
    tenancy::{Db, Grant, Origin, SystemReason},
};

pub(in crate::app) async fn create_organization(
    config: &Config,
    environment: &Environment,
    slug: &str,
    name: Option<&str>,
    if_missing: bool,
) -> anyhow::Result<()> {
    let slug: Slug = slug.parse()?;
    let name: OrganizationName = name.unwrap_or(slug.as_str()).parse()?;
    let opened = database::open(config, environment).await?;
    let mut tx = opened.db.system(SystemReason::CommandLine).await?;
    let now = Clock::system().now();
    let made = organizations::insert(&mut tx, &slug, &name, now).await?;
    if let Some(tenant) = made {
        let event = audit::Event::new("organization.created", "organization", tenant, now)
            .detail(serde_json::json!({"name": name.as_str()}));
        tx.record_in(tenant, &Origin::default(), &event);
    }
    tx.commit().await?;
    opened.close().await;
    match made {
        Some(_) => say(&format!("Made the organisation `{slug}`.")),
        None if if_missing => say(&format!("The organisation `{slug}` is there.")),
        None => anyhow::bail!("there is an organisation `{slug}` already"),
    }
    Ok(())
}

pub(in crate::app) async fn list_organizations(
    config: &Config,
    environment: &Environment,
) -> anyhow::Result<()> {
    let opened = database::open(config, environment).await?;
    let mut tx = opened.db.system(SystemReason::CommandLine).await?;
    let all = organizations::list_all(&mut tx).await?;
    drop(tx);
    opened.close().await;
    for (slug, name) in all {
        say(&format!("{slug}\t{name}"));
    }
    Ok(())
}

pub(in crate::app) async fn setup_link(
    config: &Config,
    environment: &Environment,
    organization: Option<&str>,
) -> anyhow::Result<()> {
    let opened = database::open(config, environment).await?;
    let link = issue_link(&opened.db, organization, &config.public_url()).await?;
    opened.close().await;
    say(&link);
    Ok(())
}

/// Makes the link; one for a named organisation is written to its log.
async fn issue_link(
    db: &Db,
    organization: Option<&str>,
    public_url: &str,
) -> anyhow::Result<String> {
    let now = Clock::system().now();
    let mut tx = db.system(SystemReason::CommandLine).await?;
    let Some(slug) = organization else {
        let secret = setup::issue(&mut tx, None, now).await?;
        let event = audit::Event::new("setup_link.issued", "organization", "", now);
        tx.record(None, &Origin::default(), &event).await?;
        tx.commit().await?;
        return Ok(setup::address(public_url, &secret));
    };
    let grant = operator(&mut tx, slug).await?;
    let secret = setup::issue(&mut tx, Some(grant.organization().id), now).await?;
    let mut tx = tx.enter(grant).await?;
    let event = audit::Event::new("setup_link.issued", "organization", tx.tenant(), now)
        .detail(serde_json::json!({"name": slug}));
    audit::record(&mut tx, event).await?;
    tx.commit().await?;
    Ok(setup::address(public_url, &secret))
}

pub(in crate::app) async fn create_token(
    config: &Config,
    environment: &Environment,
    arguments: &TokenArguments,
) -> anyhow::Result<()> {
    let opened = database::open(config, environment).await?;
    let mut tx = opened.db.system(SystemReason::CommandLine).await?;
    let grant = operator(&mut tx, &arguments.organization).await?;
    let mut tx = tx.enter(grant).await?;
    let now = Clock::system().now();
    let expires_at = arguments.expires_days.map(|days| now + TimeDelta::days(days.into()));
    let wanted = NewToken {
        name: &arguments.name,
        scope: arguments.scope,
        role: arguments.role,
        person: None,
        expires_at,
    };
    let token = tokens::create(&mut tx, &wanted, now).await?;
    tx.commit().await?;
    opened.close().await;
    say(&token.expose_secret());
    Ok(())
}

/// The operator's grant for an organisation that has to be there.
pub(super) async fn operator(
    tx: &mut crate::tenancy::SystemTx,
    slug: &str,
) -> anyhow::Result<Grant> {
    tx.grant_of_operator(slug).await?.with_context(|| {
        format!("there is no organisation `{slug}`; make it with `quarterdeck organization create {slug}`")
    })
}
