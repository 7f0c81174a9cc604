//! Credentials that come with an App that was made from a manifest: nobody has to paste them.

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::{
    form::Credentials,
    page::{sealed, told},
};
use crate::{
    accounts::{
        sign_in::{
            providers::{GitHubSettings, Providers},
            store,
        },
        store as accounts,
    },
    organizations::audit::Event,
    tenancy::{AccountId, Db, Origin, SystemReason, SystemTx, TenantId},
};

/// An App that people are to sign in by.
pub struct SignInApp<'a> {
    pub web_url: &'a str,
    pub name: &'a str,
    pub app_id: i64,
    pub private_key: &'a SecretString,
    pub client_id: &'a str,
    pub client_secret: &'a SecretString,
    pub webhook_secret: Option<&'a SecretString>,
}

/// Who gives it: an owner, in a request.
pub struct Giver<'a> {
    pub tenant: TenantId,
    pub account: AccountId,
    pub name: &'a str,
    pub origin: &'a Origin,
}

/// Whether people may be let sign in by an App that is made in this organisation: it was made first, and
/// neither the configuration nor an owner has said how people sign in with GitHub.
pub async fn may_adopt(
    tx: &mut SystemTx,
    providers: &Providers,
    tenant: TenantId,
) -> sqlx::Result<bool> {
    Ok(providers.configured().is_none()
        && store::is_first(tx, tenant).await?
        && store::find_credentials(tx).await?.is_none())
}

/// Lets people sign in by an App; false where that is not to be said here, or was said meanwhile.
pub async fn adopt(
    db: &Db,
    providers: &Providers,
    (giver, app): (&Giver<'_>, &SignInApp<'_>),
    now: DateTime<Utc>,
) -> anyhow::Result<bool> {
    let mut tx = db.system(SystemReason::Site).await?;
    accounts::lock_setup(&mut tx).await?;
    // People of another GitHub would be taken for those of this one.
    if !may_adopt(&mut tx, providers, giver.tenant).await?
        || store::has_github_identities(&mut tx).await?
    {
        return Ok(false);
    }
    let credentials = Credentials {
        settings: GitHubSettings {
            web_url: app.web_url.to_owned(),
            api_url: None,
            client_id: app.client_id.to_owned(),
            client_secret: app.client_secret.clone(),
            app: Some((app.app_id, app.private_key.clone())),
        },
        webhook_secret: app.webhook_secret.cloned(),
    };
    let by = (Some(app.name.to_owned()), giver.name.to_owned());
    let new = sealed(&providers.keyring, &credentials, by, now)?;
    let event = Event::new("provider.credentials_set", "organization", giver.tenant, now)
        .changed(told(None), told(Some(&new)));
    store::put_credentials(&mut tx, new).await?;
    tx.record_by(giver.account, giver.tenant, giver.origin, &event).await?;
    tx.commit().await?;
    Ok(true)
}
