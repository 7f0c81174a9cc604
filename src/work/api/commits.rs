//! `/api/v2/commits`.

use actix_web::web::{Json, Path, Query};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    parse,
    problems::{OfItem, OfList},
};
use crate::{
    repositories::Oid,
    tenancy::{Routes, Scope, TenantTx, ViewWork},
    web::{AppError, Result, paging::PageOf},
    work::{
        model::{Commit, CommitFilter, CommitKey},
        store,
    },
};

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/api/v2/commits", list_commits)
        .read("/api/v2/commits/{repository}/{oid}", get_commit)
}

/// A commit of a default branch.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Commit)]
pub(super) struct CommitView {
    /// 40 hexadecimal digits.
    oid: String,
    repository_id: Uuid,
    /// The repository's name.
    repository: String,
    /// The ids of the commits it builds on; more than one for a merge.
    parents: Vec<String>,
    author: SignatureView,
    committer: SignatureView,
    subject: String,
    body: String,
    files_changed: i64,
    insertions: i64,
    deletions: i64,
}

/// Who did it, by the repository's mailmap, and when.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Signature)]
pub(super) struct SignatureView {
    name: String,
    email: String,
    at: DateTime<Utc>,
}

impl From<Commit> for CommitView {
    fn from(commit: Commit) -> Self {
        Self {
            oid: commit.oid.to_string(),
            repository_id: commit.repository_id.as_uuid(),
            repository: commit.repository,
            parents: commit.parents.iter().map(Oid::to_string).collect(),
            author: SignatureView {
                name: commit.author_name,
                email: commit.author_email,
                at: commit.authored_at,
            },
            committer: SignatureView {
                name: commit.committer_name,
                email: commit.committer_email,
                at: commit.committed_at,
            },
            subject: commit.subject,
            body: commit.body,
            files_changed: commit.files_changed,
            insertions: commit.insertions,
            deletions: commit.deletions,
        }
    }
}

/// A commit with the files it changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommitDetail)]
pub(super) struct CommitDetailView {
    #[serde(flatten)]
    commit: CommitView,
    /// Compared with the first parent; a merge has none.
    files: Vec<ChangedFileView>,
}

/// A file that a commit changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChangedFile)]
pub(super) struct ChangedFileView {
    path: String,
    /// Lines added; null for binary files.
    added: Option<u32>,
    /// Lines deleted; null for binary files.
    deleted: Option<u32>,
}

impl From<(String, Option<u32>, Option<u32>)> for ChangedFileView {
    fn from((path, added, deleted): (String, Option<u32>, Option<u32>)) -> Self {
        Self { path, added, deleted }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CommitQuery {
    /// Where to go on: the `next` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]+$", nullable = false)]
    cursor: Option<String>,
    /// How many items to answer at most; 50 unless said otherwise.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, nullable = false)]
    limit: Option<String>,
    /// The id or name of a repository.
    #[param(pattern = "^[A-Za-z0-9._-]{1,100}$", nullable = false)]
    repository: Option<String>,
    /// A part of the subject or of the author's name, in any case.
    #[param(nullable = false)]
    q: Option<String>,
}

impl CommitQuery {
    async fn filter(self, tx: &mut TenantTx) -> Result<CommitFilter> {
        let repository = parse::repository_filter(tx, self.repository.as_deref()).await?;
        Ok(CommitFilter { repository, text: parse::text(self.q) })
    }
}

/// List the commits, the latest first
#[utoipa::path(
    get, path = "/api/v2/commits", tag = "commits", security(("bearer" = [])), params(CommitQuery),
    responses((status = 200, description = "A page of commits.", body = PageOf<CommitView>), OfList),
)]
pub(super) async fn list_commits(
    scope: Scope<ViewWork>,
    query: Query<CommitQuery>,
) -> Result<Json<PageOf<CommitView>>> {
    let query = query.into_inner();
    let page = parse::page(query.cursor.as_ref(), query.limit.as_ref())?;
    let mut tx = scope.begin().await?;
    let filter = query.filter(&mut tx).await?;
    let rows = store::list_commits(&mut tx, &filter, &page).await?;
    let key = |last: &Commit| CommitKey {
        committed_at: last.committed_at,
        oid: last.oid,
        repository: last.repository_id,
    };
    Ok(Json(page.page(rows, key)?.map(CommitView::from)))
}

/// Show one commit with the files it changed
#[utoipa::path(
    get, path = "/api/v2/commits/{repository}/{oid}", tag = "commits", security(("bearer" = [])),
    params(
        ("repository" = String, Path, description = "The id or name of the repository.", pattern = "^[A-Za-z0-9._-]{1,100}$"),
        ("oid" = String, Path, description = "The whole id of the commit: 40 hexadecimal digits.",
         pattern = "^[0-9a-fA-F]{40}$"),
    ),
    responses((status = 200, description = "The commit.", body = CommitDetailView), OfItem),
)]
pub(super) async fn get_commit(
    scope: Scope<ViewWork>,
    path: Path<(String, String)>,
) -> Result<Json<CommitDetailView>> {
    let (repository, oid) = path.into_inner();
    let oid: Oid = parse::id("the id of a commit, which has 40 hexadecimal digits", &oid)?;
    let mut tx = scope.begin().await?;
    let repository = parse::repository(&mut tx, &repository).await?.id;
    let commit = store::find_commit(&mut tx, repository, oid).await?.ok_or(AppError::NotFound)?;
    let files = store::find_commit_files(&mut tx, repository, oid).await?.unwrap_or_default();
    Ok(Json(CommitDetailView {
        commit: commit.into(),
        files: files.into_iter().map(Into::into).collect(),
    }))
}
