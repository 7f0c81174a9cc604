//! The SQL of commits.
#![expect(
    clippy::as_conversions,
    reason = "`as` in a query's arguments is how sqlx is told their type; it converts nothing"
)]

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::types::{Json, Uuid};

use crate::{
    repositories::{Oid, RepositoryId, history},
    tenancy::TenantTx,
    web::paging::PageRequest,
    work::model::{Commit, CommitFilter, CommitKey},
};

struct Record {
    oid: Vec<u8>,
    repository_id: RepositoryId,
    repository: String,
    parents: Vec<Vec<u8>>,
    author_name: String,
    author_email: String,
    authored_at: DateTime<Utc>,
    committer_name: String,
    committer_email: String,
    committed_at: DateTime<Utc>,
    subject: String,
    body: String,
    files_changed: i64,
    insertions: i64,
    deletions: i64,
}

impl TryFrom<Record> for Commit {
    type Error = sqlx::Error;

    fn try_from(record: Record) -> Result<Self, Self::Error> {
        let oid = |bytes: &Vec<u8>| {
            Oid::try_from(bytes.as_slice()).map_err(|error| sqlx::Error::Decode(error.into()))
        };
        Ok(Self {
            oid: oid(&record.oid)?,
            repository_id: record.repository_id,
            repository: record.repository,
            parents: record.parents.iter().map(oid).collect::<Result<_, _>>()?,
            author_name: record.author_name,
            author_email: record.author_email,
            authored_at: record.authored_at,
            committer_name: record.committer_name,
            committer_email: record.committer_email,
            committed_at: record.committed_at,
            subject: record.subject,
            body: record.body,
            files_changed: record.files_changed,
            insertions: record.insertions,
            deletions: record.deletions,
        })
    }
}

/// Lists commits, the latest first, a page at a time.
pub async fn list_commits(
    tx: &mut TenantTx,
    filter: &CommitFilter,
    page: &PageRequest<CommitKey>,
) -> sqlx::Result<Vec<Commit>> {
    let after = page.after.as_ref();
    let records = sqlx::query_as!(
        Record,
        r#"SELECT c.oid, c.repository_id AS "repository_id: RepositoryId", r.name AS repository, c.parents, c.author_name,
                  c.author_email, c.authored_at, c.committer_name, c.committer_email, c.committed_at, c.subject, c.body,
                  c.files_changed, c.insertions, c.deletions
           FROM commits c
           JOIN repositories r ON r.tenant_id = c.tenant_id AND r.id = c.repository_id
           WHERE ($1::uuid IS NULL OR c.repository_id = $1)
             AND ($2::text IS NULL OR c.subject ILIKE $2 OR c.author_name ILIKE $2)
             AND ($3::timestamptz IS NULL OR (c.committed_at, c.oid, c.repository_id) < ($3, $4, $5))
           ORDER BY c.committed_at DESC, c.oid DESC, c.repository_id DESC
           LIMIT $6"#,
        filter.repository.map(RepositoryId::as_uuid),
        filter.text.as_deref().map(super::tasks::contains),
        after.map(|key| key.committed_at),
        after.map(|key| key.oid.as_bytes().to_vec()),
        after.map(|key| key.repository.as_uuid()) as Option<Uuid>,
        page.fetch(),
    )
    .fetch_all(tx.connection())
    .await?;
    records.into_iter().map(Commit::try_from).collect()
}

/// Finds a commit of a repository.
pub async fn find_commit(
    tx: &mut TenantTx,
    repository: RepositoryId,
    oid: Oid,
) -> sqlx::Result<Option<Commit>> {
    let record = sqlx::query_as!(
        Record,
        r#"SELECT c.oid, c.repository_id AS "repository_id: RepositoryId", r.name AS repository, c.parents, c.author_name,
                  c.author_email, c.authored_at, c.committer_name, c.committer_email, c.committed_at, c.subject, c.body,
                  c.files_changed, c.insertions, c.deletions
           FROM commits c
           JOIN repositories r ON r.tenant_id = c.tenant_id AND r.id = c.repository_id
           WHERE c.repository_id = $1
             AND c.oid = $2"#,
        repository.as_uuid(),
        oid.as_bytes().as_slice(),
    )
    .fetch_optional(tx.connection())
    .await?;
    record.map(Commit::try_from).transpose()
}

/// A changed file: path, lines added, lines deleted (none for binary files).
pub(crate) type ChangedFile = (String, Option<u32>, Option<u32>);

/// Lists the files that a commit changed.
pub async fn find_commit_files(
    tx: &mut TenantTx,
    repository: RepositoryId,
    oid: Oid,
) -> sqlx::Result<Option<Vec<ChangedFile>>> {
    let files = sqlx::query_scalar!(
        r#"SELECT files AS "files: Json<Vec<ChangedFile>>" FROM commits WHERE repository_id = $1 AND oid = $2"#,
        repository.as_uuid(),
        oid.as_bytes().as_slice(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(files.map(|files| files.0))
}

/// Counts commits; of one repository where it is given.
pub async fn count_commits(
    tx: &mut TenantTx,
    repository: Option<RepositoryId>,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM commits WHERE $1::uuid IS NULL OR repository_id = $1"#,
        repository.map(RepositoryId::as_uuid) as Option<Uuid>,
    )
    .fetch_one(tx.connection())
    .await
}

/// Lists the ids of a repository's commits that are stored.
pub(crate) async fn list_known_commits(
    tx: &mut TenantTx,
    repository: RepositoryId,
) -> sqlx::Result<HashSet<Oid>> {
    // In one value: a row for each of a hundred thousand ids takes ten times as long.
    let oids = sqlx::query_scalar!(
        r#"SELECT coalesce(string_agg(oid, ''), '') AS "oids!" FROM commits WHERE repository_id = $1"#,
        repository.as_uuid()
    )
    .fetch_one(tx.connection())
    .await?;
    let (oids, _) = oids.as_chunks::<20>();
    Ok(oids.iter().map(|oid| Oid::from_bytes(*oid)).collect())
}

/// How many commits go into one statement.
const CHUNK: usize = 2_000;

/// Adds commits; those that are there already stay as they are.
pub(crate) async fn insert_commits(
    tx: &mut TenantTx,
    repository: RepositoryId,
    commits: &[history::Commit],
) -> sqlx::Result<()> {
    for chunk in commits.chunks(CHUNK) {
        insert_chunk(tx, repository, chunk).await?;
    }
    Ok(())
}

async fn insert_chunk(
    tx: &mut TenantTx,
    repository: RepositoryId,
    commits: &[history::Commit],
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    let column = |of: fn(&history::Commit) -> &str| {
        commits.iter().map(|commit| clean(of(commit))).collect::<Vec<_>>()
    };
    let number = |of: fn(&history::Commit) -> u64| {
        commits.iter().map(|commit| signed(of(commit))).collect::<Vec<_>>()
    };
    sqlx::query!(
        r#"INSERT INTO commits (tenant_id, repository_id, oid, parents, author_name, author_email, authored_at,
                                authored_offset, committer_name, committer_email, committed_at, committed_offset,
                                subject, body, insertions, deletions, files_changed, files)
           SELECT $1, $2, c.oid, c.parents::bytea[], c.author_name, c.author_email, c.authored_at, c.authored_offset,
                  c.committer_name, c.committer_email, c.committed_at, c.committed_offset, c.subject, c.body,
                  c.insertions, c.deletions, c.files_changed, c.files
           FROM UNNEST($3::bytea[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::smallint[], $9::text[],
                       $10::text[], $11::timestamptz[], $12::smallint[], $13::text[], $14::text[], $15::bigint[],
                       $16::bigint[], $17::bigint[], $18::jsonb[])
                AS c (oid, parents, author_name, author_email, authored_at, authored_offset, committer_name,
                      committer_email, committed_at, committed_offset, subject, body, insertions, deletions,
                      files_changed, files)
           -- A commit whose parent was missing could not be counted before.
           ON CONFLICT (tenant_id, repository_id, oid) DO UPDATE
           SET insertions = excluded.insertions, deletions = excluded.deletions,
               files_changed = excluded.files_changed, files = excluded.files
           WHERE (commits.insertions, commits.deletions, commits.files_changed, commits.files)
                 IS DISTINCT FROM
                 (excluded.insertions, excluded.deletions, excluded.files_changed, excluded.files)"#,
        tenant.as_uuid(),
        repository.as_uuid(),
        &commits.iter().map(|commit| commit.oid.as_bytes().to_vec()).collect::<Vec<_>>(),
        &commits.iter().map(|commit| array_literal(&commit.parents)).collect::<Vec<_>>(),
        &column(|commit| &commit.author.name),
        &column(|commit| &commit.author.email),
        &commits.iter().map(|commit| commit.authored_at.at).collect::<Vec<_>>(),
        &commits.iter().map(|commit| commit.authored_at.offset_minutes).collect::<Vec<_>>(),
        &column(|commit| &commit.committer.name),
        &column(|commit| &commit.committer.email),
        &commits.iter().map(|commit| commit.committed_at.at).collect::<Vec<_>>(),
        &commits.iter().map(|commit| commit.committed_at.offset_minutes).collect::<Vec<_>>(),
        &column(|commit| &commit.subject),
        &column(|commit| &commit.body),
        &number(|commit| commit.insertions),
        &number(|commit| commit.deletions),
        &number(|commit| u64::from(commit.files_changed)),
        &commits.iter().map(files).collect::<Vec<_>>(),
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Deletes commits that the default branch no longer reaches.
pub(crate) async fn delete_commits(
    tx: &mut TenantTx,
    repository: RepositoryId,
    dropped: &HashSet<Oid>,
) -> sqlx::Result<u64> {
    let oids: Vec<Vec<u8>> = dropped.iter().map(|oid| oid.as_bytes().to_vec()).collect();
    let result = sqlx::query!(
        "DELETE FROM commits c
         USING UNNEST($2::bytea[]) AS gone (oid)
         WHERE c.repository_id = $1
           AND c.oid = gone.oid",
        repository.as_uuid(),
        &oids,
    )
    .execute(tx.connection())
    .await?;
    Ok(result.rows_affected())
}

/// Postgres' text form of a `bytea[]`: arrays of arrays of different lengths cannot be bound.
fn array_literal(oids: &[Oid]) -> String {
    let elements: Vec<String> = oids.iter().map(|oid| format!(r#""\\x{oid}""#)).collect();
    format!("{{{}}}", elements.join(","))
}

fn files(commit: &history::Commit) -> Value {
    commit.files.iter().map(|file| json!([clean(&file.path), file.added, file.deleted])).collect()
}

/// Postgres' texts hold every character but NUL.
pub(super) fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
