//! The SQL of what is sealed: every column that holds such, with the place that it is sealed for.
//!
//! Whoever adds such a column adds it to [`list`], [`count`] and [`replace`]; a test looks for it.

use crate::tenancy::SystemTx;

/// Something sealed, and what for.
pub(super) struct Sealed {
    pub(super) place: String,
    pub(super) sealed: String,
}

/// Lists what was sealed with other keys than one, in the order of its text.
pub(super) async fn list(
    tx: &mut SystemTx,
    but_with: &str,
    after: &str,
    limit: i64,
) -> sqlx::Result<Vec<Sealed>> {
    sqlx::query_as!(
        Sealed,
        r#"SELECT place AS "place!", sealed AS "sealed!"
           FROM (
               SELECT 'factors.sealed ' || account_id AS place, sealed FROM factors
               UNION ALL
               SELECT 'connections.private_key ' || id, private_key FROM connections WHERE private_key IS NOT NULL
               UNION ALL
               SELECT 'connections.client_secret ' || id, client_secret FROM connections WHERE client_secret IS NOT NULL
               UNION ALL
               SELECT 'connections.token ' || id, token FROM connections WHERE token IS NOT NULL
               UNION ALL
               SELECT 'connection_attempts.sealed ' || id, sealed FROM connection_attempts
               UNION ALL
               SELECT 'hooks.secret ' || id, secret FROM hooks WHERE secret IS NOT NULL
               UNION ALL
               SELECT 'hooks.previous_secret ' || id, previous_secret FROM hooks WHERE previous_secret IS NOT NULL
               UNION ALL
               SELECT 'hooks.held_secret ' || id, held_secret FROM hooks WHERE held_secret IS NOT NULL
               UNION ALL
               SELECT 'identities.token ' || provider || ' ' || subject, token FROM identities WHERE token IS NOT NULL
               UNION ALL
               SELECT 'identities.refresh_token ' || provider || ' ' || subject, refresh_token
               FROM identities WHERE refresh_token IS NOT NULL
               UNION ALL
               SELECT 'provider_credentials.client_secret ' || provider, client_secret FROM provider_credentials
               UNION ALL
               SELECT 'provider_credentials.private_key ' || provider, private_key
               FROM provider_credentials WHERE private_key IS NOT NULL
               UNION ALL
               SELECT 'provider_credentials.webhook_secret ' || provider, webhook_secret
               FROM provider_credentials WHERE webhook_secret IS NOT NULL
               UNION ALL
               SELECT 'sessions.successor ' || id, successor FROM sessions WHERE successor IS NOT NULL
               UNION ALL
               -- base64url without padding
               SELECT 'sign_in_attempts.sealed ' || translate(encode(state_hash, 'base64'), '+/=', '-_'), sealed
               FROM sign_in_attempts
               UNION ALL
               SELECT 'signing_keys.sealed', sealed FROM signing_keys
           ) everything
           WHERE split_part(sealed, '.', 1) <> $1
             AND sealed COLLATE "C" > $2
           ORDER BY sealed COLLATE "C"
           LIMIT $3"#,
        but_with,
        after,
        limit,
    )
    .fetch_all(tx.connection())
    .await
}

/// How much is sealed with a key in a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// The key's id.
    pub key: String,
    pub column: String,
    pub count: i64,
}

pub(super) async fn count(tx: &mut SystemTx) -> sqlx::Result<Vec<KeyUse>> {
    sqlx::query_as!(
        KeyUse,
        r#"SELECT split_part(sealed, '.', 1) AS "key!", name AS "column!", count(*) AS "count!"
           FROM (
               SELECT 'factors.sealed' AS name, sealed FROM factors
               UNION ALL
               SELECT 'connections.private_key', private_key FROM connections WHERE private_key IS NOT NULL
               UNION ALL
               SELECT 'connections.client_secret', client_secret FROM connections WHERE client_secret IS NOT NULL
               UNION ALL
               SELECT 'connections.token', token FROM connections WHERE token IS NOT NULL
               UNION ALL
               SELECT 'connection_attempts.sealed', sealed FROM connection_attempts
               UNION ALL
               SELECT 'hooks.secret', secret FROM hooks WHERE secret IS NOT NULL
               UNION ALL
               SELECT 'hooks.previous_secret', previous_secret FROM hooks WHERE previous_secret IS NOT NULL
               UNION ALL
               SELECT 'hooks.held_secret', held_secret FROM hooks WHERE held_secret IS NOT NULL
               UNION ALL
               SELECT 'identities.token', token FROM identities WHERE token IS NOT NULL
               UNION ALL
               SELECT 'identities.refresh_token', refresh_token
               FROM identities WHERE refresh_token IS NOT NULL
               UNION ALL
               SELECT 'provider_credentials.client_secret', client_secret FROM provider_credentials
               UNION ALL
               SELECT 'provider_credentials.private_key', private_key
               FROM provider_credentials WHERE private_key IS NOT NULL
               UNION ALL
               SELECT 'provider_credentials.webhook_secret', webhook_secret
               FROM provider_credentials WHERE webhook_secret IS NOT NULL
               UNION ALL
               SELECT 'sessions.successor', successor FROM sessions WHERE successor IS NOT NULL
               UNION ALL
               SELECT 'sign_in_attempts.sealed', sealed FROM sign_in_attempts
               UNION ALL
               SELECT 'signing_keys.sealed', sealed FROM signing_keys
           ) everything
           GROUP BY 1, 2
           ORDER BY 1, 2"#
    )
    .fetch_all(tx.connection())
    .await
}

/// Puts what was sealed anew in the place of what it was, wherever that still is. No two texts are the
/// same, for each has a nonce of its own; so a text is in one column only.
pub(super) async fn replace(
    tx: &mut SystemTx,
    old: &[String],
    new: &[String],
) -> sqlx::Result<u64> {
    let factors = sqlx::query!(
        "UPDATE factors SET sealed = change.new
         FROM UNNEST($1::text[], $2::text[]) AS change (old, new)
         WHERE sealed = change.old",
        old,
        new,
    );
    let identities = sqlx::query!(
        "UPDATE identities SET token = change.new
         FROM UNNEST($1::text[], $2::text[]) AS change (old, new)
         WHERE token = change.old",
        old,
        new,
    );
    let refresh_tokens = sqlx::query!(
        "UPDATE identities SET refresh_token = change.new
         FROM UNNEST($1::text[], $2::text[]) AS change (old, new)
         WHERE refresh_token = change.old",
        old,
        new,
    );
    let sessions = sqlx::query!(
        "UPDATE sessions SET successor = change.new
         FROM UNNEST($1::text[], $2::text[]) AS change (old, new)
         WHERE successor = change.old",
        old,
        new,
    );
    let attempts = sqlx::query!(
        "UPDATE sign_in_attempts SET sealed = change.new
         FROM UNNEST($1::text[], $2::text[]) AS change (old, new)
         WHERE sealed = change.old",
        old,
        new,
    );
    let signing = sqlx::query!(
        "UPDATE signing_keys SET sealed = change.new
         FROM UNNEST($1::text[], $2::text[]) AS change (old, new)
         WHERE sealed = change.old",
        old,
        new,
    );
    let mut replaced =
        replace_credentials(tx, old, new).await? + replace_hooks(tx, old, new).await?;
    replaced += replace_connections(tx, old, new).await?;
    let updates = [factors, identities, refresh_tokens, sessions, attempts, signing];
    for update in updates {
        replaced += update.execute(tx.connection()).await?.rows_affected();
    }
    Ok(replaced)
}

/// The same for the secrets of hooks.
async fn replace_hooks(tx: &mut SystemTx, old: &[String], new: &[String]) -> sqlx::Result<u64> {
    let secrets = sqlx::query!(
        "UPDATE hooks SET secret = change.new
         FROM UNNEST($1::text[], $2::text[]) AS change (old, new)
         WHERE secret = change.old",
        old,
        new,
    );
    let previous = sqlx::query!(
        "UPDATE hooks SET previous_secret = change.new
         FROM UNNEST($1::text[], $2::text[]) AS change (old, new)
         WHERE previous_secret = change.old",
        old,
        new,
    );
    let held = sqlx::query!(
        "UPDATE hooks SET held_secret = change.new
         FROM UNNEST($1::text[], $2::text[]) AS change (old, new)
         WHERE held_secret = change.old",
        old,
        new,
    );
    let mut replaced = 0;
    for update in [secrets, previous, held] {
        replaced += update.execute(tx.connection()).await?.rows_affected();
    }
    Ok(replaced)
}

/// The same for connections to GitHub.
async fn replace_connections(
    tx: &mut SystemTx,
    old: &[String],
    new: &[String],
) -> sqlx::Result<u64> {
    let keys = sqlx::query!(
        "UPDATE connections SET private_key = change.new
         FROM UNNEST($1::text[], $2::text[]) AS change (old, new)
         WHERE private_key = change.old",
        old,
        new,
    );
    let secrets = sqlx::query!(
        "UPDATE connections SET client_secret = change.new
         FROM UNNEST($1::text[], $2::text[]) AS change (old, new)
         WHERE client_secret = change.old",
        old,
        new,
    );
    let tokens = sqlx::query!(
        "UPDATE connections SET token = change.new
         FROM UNNEST($1::text[], $2::text[]) AS change (old, new)
         WHERE token = change.old",
        old,
        new,
    );
    let attempts = sqlx::query!(
        "UPDATE connection_attempts SET sealed = change.new
         FROM UNNEST($1::text[], $2::text[]) AS change (old, new)
         WHERE sealed = change.old",
        old,
        new,
    );
    let mut replaced = 0;
    for update in [keys, secrets, tokens, attempts] {
        replaced += update.execute(tx.connection()).await?.rows_affected();
    }
    Ok(replaced)
}

/// The same for what an owner has pasted.
async fn replace_credentials(
    tx: &mut SystemTx,
    old: &[String],
    new: &[String],
) -> sqlx::Result<u64> {
    let client_secrets = sqlx::query!(
        "UPDATE provider_credentials SET client_secret = change.new
         FROM UNNEST($1::text[], $2::text[]) AS change (old, new)
         WHERE client_secret = change.old",
        old,
        new,
    );
    let private_keys = sqlx::query!(
        "UPDATE provider_credentials SET private_key = change.new
         FROM UNNEST($1::text[], $2::text[]) AS change (old, new)
         WHERE private_key = change.old",
        old,
        new,
    );
    let webhook_secrets = sqlx::query!(
        "UPDATE provider_credentials SET webhook_secret = change.new
         FROM UNNEST($1::text[], $2::text[]) AS change (old, new)
         WHERE webhook_secret = change.old",
        old,
        new,
    );
    let mut replaced = 0;
    for update in [client_secrets, private_keys, webhook_secrets] {
        replaced += update.execute(tx.connection()).await?.rows_affected();
    }
    Ok(replaced)
}
