//! The SQL of connected repositories.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::{Oid, Repository, RepositoryId, RepositoryKey, SourceKind};
use crate::{connections::ConnectionId, tenancy::TenantTx, web::paging::PageRequest};

/// A repository to connect.
#[derive(Clone, Debug)]
pub struct NewRepository<'a> {
    pub id: RepositoryId,
    pub name: &'a str,
    pub source_kind: SourceKind,
    pub source: &'a str,
    /// Equal for two ways of writing the same place.
    pub source_key: &'a str,
    /// What [`Repository::trusted_roots`] is to be.
    pub trusted_roots: &'a [PathBuf],
    pub created_at: DateTime<Utc>,
}

struct Record {
    id: RepositoryId,
    name: String,
    source_kind: SourceKind,
    source: String,
    trusted_roots: Vec<String>,
    mirror_bytes: Option<i64>,
    default_branch: Option<String>,
    head: Option<Vec<u8>>,
    history_complete: bool,
    scanned_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl From<Record> for Repository {
    fn from(record: Record) -> Self {
        Self {
            id: record.id,
            name: record.name,
            source_kind: record.source_kind,
            source: record.source,
            trusted_roots: record.trusted_roots.into_iter().map(PathBuf::from).collect(),
            mirror_bytes: record.mirror_bytes.and_then(|bytes| u64::try_from(bytes).ok()),
            default_branch: record.default_branch,
            head: record.head.and_then(|bytes| Oid::try_from(bytes.as_slice()).ok()),
            history_complete: record.history_complete,
            scanned_at: record.scanned_at,
            created_at: record.created_at,
        }
    }
}

/// Connects a repository; the first free of `name`, `name-2`, `name-3` … becomes its name.
///
/// `None` where another request has taken the name or the source in the same moment.
pub async fn insert(tx: &mut TenantTx, new: &NewRepository<'_>) -> sqlx::Result<Option<String>> {
    let tenant = tx.tenant();
    sqlx::query_scalar!(
        r#"INSERT INTO repositories (tenant_id, id, name, source_kind, source, source_key, trusted_roots, created_at)
           SELECT $1, $2, candidate, $4, $5, $6, $7, $8
           FROM generate_series(1, 1000) AS n,
                LATERAL (SELECT CASE WHEN n = 1 THEN $3 ELSE left($3, 95) || '-' || n END AS candidate) AS c
           WHERE NOT EXISTS (SELECT FROM repositories r WHERE r.name = candidate)
           ORDER BY n
           LIMIT 1
           ON CONFLICT DO NOTHING
           RETURNING name"#,
        tenant.as_uuid(),
        new.id.as_uuid(),
        new.name,
        new.source_kind.as_str(),
        new.source,
        new.source_key,
        &texts(new.trusted_roots),
        new.created_at,
    )
    .fetch_optional(tx.connection())
    .await
}

pub async fn find(tx: &mut TenantTx, id: RepositoryId) -> sqlx::Result<Option<Repository>> {
    let record = sqlx::query_as!(
        Record,
        r#"SELECT id AS "id: RepositoryId", name, source_kind AS "source_kind: SourceKind", source, trusted_roots,
                  mirror_bytes, default_branch, head, history_complete, scanned_at, created_at
           FROM repositories
           WHERE id = $1"#,
        id.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(record.map(Into::into))
}

/// By what GitHub is asked about a repository, where that was said.
pub async fn find_connection(
    tx: &mut TenantTx,
    id: RepositoryId,
) -> sqlx::Result<Option<ConnectionId>> {
    let found = sqlx::query_scalar!(
        r#"SELECT connection_id AS "connection: ConnectionId" FROM repositories WHERE id = $1"#,
        id.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(found.flatten())
}

pub async fn find_named(tx: &mut TenantTx, name: &str) -> sqlx::Result<Option<Repository>> {
    let record = sqlx::query_as!(
        Record,
        r#"SELECT id AS "id: RepositoryId", name, source_kind AS "source_kind: SourceKind", source, trusted_roots,
                  mirror_bytes, default_branch, head, history_complete, scanned_at, created_at
           FROM repositories
           WHERE name = $1"#,
        name,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(record.map(Into::into))
}

/// Finds the repository that was connected from the source with this key.
pub async fn find_source(tx: &mut TenantTx, key: &str) -> sqlx::Result<Option<Repository>> {
    let record = sqlx::query_as!(
        Record,
        r#"SELECT id AS "id: RepositoryId", name, source_kind AS "source_kind: SourceKind", source, trusted_roots,
                  mirror_bytes, default_branch, head, history_complete, scanned_at, created_at
           FROM repositories
           WHERE source_key = $1"#,
        key,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(record.map(Into::into))
}

/// Lists repositories by name, a page at a time.
pub async fn list(
    tx: &mut TenantTx,
    page: &PageRequest<RepositoryKey>,
) -> sqlx::Result<Vec<Repository>> {
    let records = sqlx::query_as!(
        Record,
        r#"SELECT id AS "id: RepositoryId", name, source_kind AS "source_kind: SourceKind", source, trusted_roots,
                  mirror_bytes, default_branch, head, history_complete, scanned_at, created_at
           FROM repositories
           WHERE $1::text IS NULL OR name > $1
           ORDER BY name
           LIMIT $2"#,
        page.after.as_ref().map(|key| key.name.as_str()),
        page.fetch(),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(records.into_iter().map(Into::into).collect())
}

/// Lists the names of all repositories, for filters; at most 500.
pub async fn list_all(tx: &mut TenantTx) -> sqlx::Result<Vec<(RepositoryId, String)>> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id: RepositoryId", name FROM repositories ORDER BY name LIMIT 500"#
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// What the last whole scan found a repository to be.
#[derive(Clone, Copy, Debug)]
pub struct RepositoryState<'a> {
    pub branch: Option<&'a str>,
    pub head: Option<Oid>,
    /// Whether every commit that the head reaches was read.
    pub history_complete: bool,
    pub mirror_bytes: u64,
}

/// Records what the last whole scan found.
pub async fn set_scanned(
    tx: &mut TenantTx,
    id: RepositoryId,
    state: &RepositoryState<'_>,
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE repositories
         SET default_branch = $2, head = $3, history_complete = $4, scanned_at = $5, mirror_bytes = $6
         WHERE id = $1",
        id.as_uuid(),
        state.branch,
        state.head.as_ref().map(|head| head.as_bytes().as_slice()),
        state.history_complete,
        at,
        i64::try_from(state.mirror_bytes).unwrap_or(i64::MAX),
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Lets one transaction at a time ask for a repository's scan.
pub async fn lock(tx: &mut TenantTx, id: RepositoryId) -> sqlx::Result<()> {
    sqlx::query!("SELECT id FROM repositories WHERE id = $1 FOR NO KEY UPDATE", id.as_uuid())
        .fetch_optional(tx.connection())
        .await
        .map(|_| ())
}

/// Lets every later scan read these directories, wherever they lie.
pub async fn trust(tx: &mut TenantTx, id: RepositoryId, roots: &[PathBuf]) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE repositories SET trusted_roots = $2 WHERE id = $1",
        id.as_uuid(),
        &texts(roots),
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

fn texts(roots: &[PathBuf]) -> Vec<String> {
    roots.iter().map(|root| root.to_string_lossy().into_owned()).collect()
}

/// Gives a repository another name; one that another has is a violation of uniqueness.
pub async fn rename(tx: &mut TenantTx, id: RepositoryId, name: &str) -> sqlx::Result<()> {
    sqlx::query!("UPDATE repositories SET name = $2 WHERE id = $1", id.as_uuid(), name)
        .execute(tx.connection())
        .await
        .map(|_| ())
}

/// Where a repository is fetched from.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub kind: SourceKind,
    pub source: &'a str,
    /// Equal for two ways of writing the same place.
    pub key: &'a str,
}

/// Gives a repository another source, and a name; what the command line trusted it trusts no more.
pub async fn move_to(
    tx: &mut TenantTx,
    id: RepositoryId,
    name: &str,
    place: &Place<'_>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE repositories
         SET name = $2, source_kind = $3, source = $4, source_key = $5, trusted_roots = '{}'
         WHERE id = $1",
        id.as_uuid(),
        name,
        place.kind.as_str(),
        place.source,
        place.key,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Lists the ids of all repositories: whose mirrors are kept.
pub(super) async fn list_ids(tx: &mut TenantTx) -> sqlx::Result<Vec<RepositoryId>> {
    sqlx::query_scalar!(r#"SELECT id AS "id: RepositoryId" FROM repositories"#)
        .fetch_all(tx.connection())
        .await
}

/// Notes that a repository's mirror was deleted.
pub async fn forget_mirror(tx: &mut TenantTx, id: RepositoryId) -> sqlx::Result<()> {
    sqlx::query!("UPDATE repositories SET mirror_bytes = NULL WHERE id = $1", id.as_uuid())
        .execute(tx.connection())
        .await
        .map(|_| ())
}
