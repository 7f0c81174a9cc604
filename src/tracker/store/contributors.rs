//! The SQL of people on GitHub.

use sqlx::types::{Json, Uuid};

use crate::{
    platform::ids,
    tenancy::{AccountId, TenantTx},
    tracker::{apply::Home, contributors::Mention},
};

/// Writes who is named, each once, where it is newer than what is known. Of one moment the greater counts.
/// Answers the ids of those who have another login now.
///
/// People belong to no repository, and whoever writes them down keeps others from it until their transaction
/// ends. So one who is named as before is written once an hour: until then, a word that comes late with a
/// name from before may count, up to the next word.
pub(in crate::tracker) async fn upsert_contributors(
    tx: &mut TenantTx,
    host: &str,
    mentions: &[Mention],
) -> sqlx::Result<Vec<Uuid>> {
    let tenant = tx.tenant();
    // Who is known as they are named is not touched: others may write down the same people just now.
    sqlx::query_scalar!(
        r#"WITH known AS (
               SELECT id, github_id, login, node_id, avatar_url, is_bot, told_at
               FROM contributors
               WHERE host = $2
                 AND github_id IN (SELECT github_id FROM jsonb_to_recordset($3) AS m (github_id bigint))
           ),
           written AS (
           INSERT INTO contributors (tenant_id, id, host, github_id, login, node_id, avatar_url, is_bot, told_at)
           SELECT $1, n.id, $2, n.github_id, n.login, n.node_id, n.avatar_url, n.is_bot, n.told_at
           FROM ROWS FROM (
               jsonb_to_recordset($3) AS (github_id bigint, login text, node_id text, avatar_url text, is_bot boolean,
                                          told_at timestamptz),
               UNNEST($4::uuid[])
           ) AS n (github_id, login, node_id, avatar_url, is_bot, told_at, id)
           WHERE NOT EXISTS (
               SELECT FROM known k
               WHERE k.github_id = n.github_id
                 AND (k.told_at, k.login COLLATE "C", coalesce(k.avatar_url, '') COLLATE "C", k.is_bot)
                     >= (n.told_at, n.login COLLATE "C", coalesce(n.avatar_url, '') COLLATE "C", n.is_bot)
           )
           AND NOT EXISTS (
               SELECT FROM known k
               WHERE k.github_id = n.github_id
                 AND (k.login, coalesce(k.avatar_url, ''), k.is_bot) = (n.login, coalesce(n.avatar_url, ''), n.is_bot)
                 AND (k.node_id IS NOT NULL OR n.node_id IS NULL)
                 AND n.told_at < k.told_at + interval '1 hour'
           )
           ON CONFLICT (tenant_id, host, github_id) DO UPDATE
           SET login = excluded.login, node_id = coalesce(excluded.node_id, contributors.node_id),
               avatar_url = excluded.avatar_url, is_bot = excluded.is_bot, told_at = excluded.told_at
           WHERE (contributors.told_at, contributors.login COLLATE "C", coalesce(contributors.avatar_url, '') COLLATE "C",
                  contributors.is_bot)
                 < (excluded.told_at, excluded.login COLLATE "C", coalesce(excluded.avatar_url, '') COLLATE "C",
                    excluded.is_bot)
           RETURNING id, login
           )
           SELECT w.id FROM written w JOIN known k ON k.id = w.id WHERE k.login <> w.login"#,
        tenant.as_uuid(),
        host,
        Json(mentions) as _,
        &mentions.iter().map(|_| ids::new()).collect::<Vec<_>>(),
    )
    .fetch_all(tx.connection())
    .await
}

/// Lists the numbers of the issues and pull requests whose tasks name one of these people.
pub(in crate::tracker) async fn list_numbers_naming(
    tx: &mut TenantTx,
    home: &Home,
    people: &[Uuid],
) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar!(
        r#"SELECT number AS "number!" FROM issues
           WHERE repository_id = $1 AND (author_id = ANY ($2) OR assignees && $2)
           UNION
           SELECT number FROM pull_requests
           WHERE repository_id = $1 AND (author_id = ANY ($2) OR assignees && $2)"#,
        home.repository.as_uuid(),
        people,
    )
    .fetch_all(tx.connection())
    .await
}

/// Writes whose account has which identity; only members' accounts are an organisation's to name.
pub(in crate::tracker) async fn link_accounts(
    tx: &mut TenantTx,
    host: &str,
    accounts: &[(i64, AccountId)],
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE contributors c
         SET account_id = m.account_id
         FROM UNNEST($2::bigint[], $3::uuid[]) AS n (github_id, account_id)
         JOIN memberships m ON m.account_id = n.account_id
         WHERE c.host = $1
           AND c.github_id = n.github_id
           AND c.account_id IS DISTINCT FROM m.account_id",
        host,
        &accounts.iter().map(|account| account.0).collect::<Vec<_>>(),
        &accounts.iter().map(|account| account.1.as_uuid()).collect::<Vec<_>>(),
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}
