//! The SQL of credentials that an owner has pasted.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    platform::ids,
    tenancy::{SystemTx, TenantId},
};

/// What is stored of GitHub's credentials; the secrets sealed, with their last characters beside them.
#[derive(Clone, Debug)]
pub(in crate::accounts::sign_in) struct Stored {
    pub(in crate::accounts::sign_in) web_url: String,
    pub(in crate::accounts::sign_in) client_id: String,
    pub(in crate::accounts::sign_in) client_secret: String,
    pub(in crate::accounts::sign_in) client_secret_hint: String,
    pub(in crate::accounts::sign_in) app_id: Option<i64>,
    pub(in crate::accounts::sign_in) app_name: Option<String>,
    pub(in crate::accounts::sign_in) private_key: Option<String>,
    pub(in crate::accounts::sign_in) private_key_hint: Option<String>,
    pub(in crate::accounts::sign_in) webhook_secret: Option<String>,
    pub(in crate::accounts::sign_in) webhook_secret_hint: Option<String>,
    pub(in crate::accounts::sign_in) version: Uuid,
    pub(in crate::accounts::sign_in) set_by: String,
    pub(in crate::accounts::sign_in) set_at: DateTime<Utc>,
}

pub(in crate::accounts::sign_in) async fn find_credentials(
    tx: &mut SystemTx,
) -> sqlx::Result<Option<Stored>> {
    sqlx::query_as!(
        Stored,
        "SELECT web_url, client_id, client_secret, client_secret_hint, app_id, app_name, private_key, private_key_hint,
                webhook_secret, webhook_secret_hint, version, set_by, set_at
         FROM provider_credentials
         WHERE provider = 'github'",
    )
    .fetch_optional(tx.connection())
    .await
}

/// Stores them in place of what was there, under a new version.
pub(in crate::accounts::sign_in) async fn put_credentials(
    tx: &mut SystemTx,
    new: Stored,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO provider_credentials AS kept (
             provider, web_url, client_id, client_secret, client_secret_hint, app_id, app_name, private_key,
             private_key_hint, webhook_secret, webhook_secret_hint, version, set_by, set_at)
         VALUES ('github', $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (provider) DO UPDATE
         SET web_url = excluded.web_url, client_id = excluded.client_id, client_secret = excluded.client_secret,
             client_secret_hint = excluded.client_secret_hint, app_id = excluded.app_id,
             app_name = excluded.app_name, private_key = excluded.private_key,
             private_key_hint = excluded.private_key_hint, webhook_secret = excluded.webhook_secret,
             webhook_secret_hint = excluded.webhook_secret_hint, version = excluded.version,
             set_by = excluded.set_by, set_at = excluded.set_at",
        new.web_url,
        new.client_id,
        new.client_secret,
        new.client_secret_hint,
        new.app_id,
        new.app_name,
        new.private_key,
        new.private_key_hint,
        new.webhook_secret,
        new.webhook_secret_hint,
        ids::new(),
        new.set_by,
        new.set_at,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Deletes them; false where there were none.
pub(in crate::accounts::sign_in) async fn delete_credentials(
    tx: &mut SystemTx,
) -> sqlx::Result<bool> {
    let result = sqlx::query!("DELETE FROM provider_credentials WHERE provider = 'github'")
        .execute(tx.connection())
        .await?;
    Ok(result.rows_affected() == 1)
}

/// Whether an organisation is the one that was made first, whose owners look after the whole site.
pub(in crate::accounts::sign_in) async fn is_first(
    tx: &mut SystemTx,
    tenant: TenantId,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT $1 = (SELECT tenant_id FROM organizations ORDER BY created_at, tenant_id LIMIT 1) AS "is_first!""#,
        tenant.as_uuid(),
    )
    .fetch_one(tx.connection())
    .await
}
