//! The SQL of disconnected repositories.

use chrono::{DateTime, Utc};

use super::{Disconnected, Meant};
use crate::{repositories::RepositoryId, tenancy::TenantTx};

/// Shows what is disconnected for the statements that follow, or hides it again.
pub(super) async fn show(tx: &mut TenantTx, shown: bool) -> sqlx::Result<()> {
    sqlx::query!("SELECT app_show_disconnected($1)", shown)
        .fetch_one(tx.connection())
        .await
        .map(|_| ())
}

pub(super) async fn set_disconnected(
    tx: &mut TenantTx,
    id: RepositoryId,
    (now, by): (DateTime<Utc>, &str),
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE repositories SET disconnected_at = $2, disconnected_by = $3 WHERE id = $1 AND disconnected_at IS NULL",
        id.as_uuid(),
        now,
        by,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

pub(super) async fn list(
    tx: &mut TenantTx,
    after: DateTime<Utc>,
) -> sqlx::Result<Vec<Disconnected>> {
    sqlx::query_as!(
        Disconnected,
        r#"SELECT id AS "id: RepositoryId", name, source, disconnected_at AS "at!", disconnected_by AS "by!"
           FROM repositories
           WHERE disconnected_at > $1
           ORDER BY disconnected_at DESC, id
           LIMIT 200"#,
        after,
    )
    .fetch_all(tx.connection())
    .await
}

pub(super) async fn list_due(
    tx: &mut TenantTx,
    before: DateTime<Utc>,
) -> sqlx::Result<Vec<Disconnected>> {
    sqlx::query_as!(
        Disconnected,
        r#"SELECT id AS "id: RepositoryId", name, source, disconnected_at AS "at!", disconnected_by AS "by!"
           FROM repositories
           WHERE disconnected_at <= $1
           ORDER BY disconnected_at, id
           LIMIT 200"#,
        before,
    )
    .fetch_all(tx.connection())
    .await
}

pub(super) async fn find(
    tx: &mut TenantTx,
    meant: Meant<'_>,
    after: DateTime<Utc>,
) -> sqlx::Result<Option<Disconnected>> {
    let (id, source, place) = match meant {
        Meant::Id(id) => (Some(id), None, None),
        Meant::Source(key) => (None, Some(key), None),
        Meant::OnGitHub(place) => (None, None, Some(place)),
    };
    sqlx::query_as!(
        Disconnected,
        r#"SELECT id AS "id: RepositoryId", name, source, disconnected_at AS "at!", disconnected_by AS "by!"
           FROM repositories
           WHERE disconnected_at > $1
             AND (id = $2 OR source_key = $3 OR (github_host = $4 AND github_id = $5))
           ORDER BY disconnected_at DESC, id
           LIMIT 1"#,
        after,
        id.map(RepositoryId::as_uuid),
        source,
        place.map(|place| place.host.as_str()),
        place.map(|place| place.id),
    )
    .fetch_optional(tx.connection())
    .await
}

/// Takes the mark away; the first free of its name, `name-2`, `name-3` … becomes its name.
pub(super) async fn reconnect(tx: &mut TenantTx, id: RepositoryId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        r#"UPDATE repositories one
           SET disconnected_at = NULL, disconnected_by = NULL, name = free.name
           FROM (
               SELECT candidate AS name
               FROM repositories r,
                    generate_series(1, 1000) AS n,
                    LATERAL (SELECT CASE WHEN n = 1 THEN r.name ELSE left(r.name, 95) || '-' || n END AS candidate) AS c
               WHERE r.id = $1
                 AND NOT EXISTS (SELECT FROM repositories o WHERE o.name = candidate AND o.disconnected_at IS NULL)
               ORDER BY n
               LIMIT 1
           ) free
           WHERE one.id = $1
             AND one.disconnected_at IS NOT NULL
             AND NOT EXISTS (
                 SELECT FROM repositories o
                 WHERE o.disconnected_at IS NULL
                   AND (o.source_key = one.source_key OR (o.github_host = one.github_host AND o.github_id = one.github_id))
             )
           RETURNING one.name"#,
        id.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await
}

/// Deletes a repository with all that was read from it; false where it was had back meanwhile.
pub(super) async fn delete(
    tx: &mut TenantTx,
    id: RepositoryId,
    before: DateTime<Utc>,
) -> sqlx::Result<bool> {
    tx.plan_anew().await?;
    let result = sqlx::query!(
        "DELETE FROM repositories WHERE id = $1 AND disconnected_at <= $2",
        id.as_uuid(),
        before,
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected() == 1)
}
