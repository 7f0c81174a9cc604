//! One commit: its message, who and when, and the files it changed.

use actix_web::web::{Data, Path};
use askama::Template;

use super::{
    pages::viewing,
    store,
    views::{CommitRow, Viewing},
};
use crate::{
    organizations::Rail,
    repositories::{self, Oid},
    tenancy::{Scope, ViewWork},
    web::{
        AppError, Result,
        html::{Crumb, Html, Link, Shell},
        icon::Icon,
    },
};

#[derive(Template)]
#[template(path = "work/commit.html")]
pub(super) struct CommitPage {
    shell: Shell,
    commit: CommitRow,
    body: String,
    oid: String,
    parents: Vec<Link>,
    files: Vec<FileRow>,
}

struct FileRow {
    path: String,
    /// None for a binary file.
    lines: Option<(u32, u32)>,
}

/// Shows one commit of a repository.
pub(super) async fn commit(
    scope: Scope<ViewWork>,
    rail: Data<Rail>,
    path: Path<(String, String, String)>,
) -> Result<Html<CommitPage>> {
    let viewing = viewing(&scope);
    let (_, name, oid) = path.into_inner();
    let Ok(oid) = oid.parse::<Oid>() else { return Err(AppError::NotFound) };
    let mut tx = scope.begin().await?;
    let repository = repositories::find_named(&mut tx, &name).await?.ok_or(AppError::NotFound)?;
    let commit =
        store::find_commit(&mut tx, repository.id, oid).await?.ok_or(AppError::NotFound)?;
    let files = store::find_commit_files(&mut tx, repository.id, oid).await?.unwrap_or_default();

    let row = |(path, added, removed): (String, Option<u32>, Option<u32>)| FileRow {
        path,
        lines: added.zip(removed),
    };
    let steps = vec![
        Crumb::new(&name, viewing.links.repository(&name)),
        Crumb::new(oid.short(), viewing.links.commit(&name, &oid.to_string())),
    ];
    Ok(Html::new(CommitPage {
        shell: rail.shell(&scope, "commits", steps),
        parents: parents(&commit.parents, &name, &viewing),
        body: commit.body.trim().to_owned(),
        commit: CommitRow::new(commit, &viewing),
        oid: oid.to_string(),
        files: files.into_iter().map(row).collect(),
    }))
}

fn parents(parents: &[Oid], repository: &str, viewing: &Viewing) -> Vec<Link> {
    parents
        .iter()
        .map(|oid| Link::new(oid.short(), viewing.links.commit(repository, &oid.to_string())))
        .collect()
}
