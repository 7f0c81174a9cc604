//! Removing a repository: a page that says what goes with it and asks for its name.

use actix_web::{
    http::StatusCode,
    web::{Data, Form, Path},
};
use askama::Template;
use serde::Deserialize;

use super::{overview_page::viewing, store};
use crate::{
    organizations::Rail,
    repositories::{self, Repository},
    tenancy::{ManageRepositories, Saved, Scope, TenantTx},
    web::{
        AppError, Result,
        html::{Crumb, Field, Html, Shell, render},
        icon::Icon,
        time::Count,
    },
    work,
};

#[derive(Template)]
#[template(path = "dashboard/removal.html")]
pub(super) struct RemovalPage {
    shell: Shell,
    name: String,
    source: String,
    projects: Count,
    tasks: Count,
    commits: Count,
    field: Field,
    action: String,
    here: String,
}

/// Shows what goes with the repository.
pub(super) async fn confirm(
    scope: Scope<ManageRepositories>,
    rail: Data<Rail>,
    path: Path<(String, String)>,
) -> Result<Html<RemovalPage>> {
    let mut tx = scope.begin().await?;
    let repository = find(&mut tx, &path.1).await?;
    Ok(Html::new(page(&scope, &rail, &mut tx, repository, Field::default()).await?))
}

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct Removal {
    name: String,
}

/// Removes the repository where its name was typed.
pub(super) async fn remove(
    scope: Scope<ManageRepositories>,
    rail: Data<Rail>,
    path: Path<(String, String)>,
    form: Form<Removal>,
) -> Result<Saved> {
    let mut tx = scope.begin().await?;
    let repository = find(&mut tx, &path.1).await?;
    if form.name.trim() == repository.name {
        work::disconnect(&mut tx, &repository, scope.clock().now()).await?;
        return Ok(tx.commit().await?.see_other(viewing(&scope).links.repositories()));
    }
    let problem = format!("Type `{}` to remove it; nothing was removed.", repository.name);
    let field = Field { value: form.name.clone(), error: Some(problem) };
    let page = page(&scope, &rail, &mut tx, repository, field).await?;
    Ok(tx.refuse(render(StatusCode::UNPROCESSABLE_ENTITY, &page)).await?)
}

async fn find(tx: &mut TenantTx, name: &str) -> Result<Repository> {
    repositories::find_named(tx, name).await?.ok_or(AppError::NotFound)
}

async fn page(
    scope: &Scope<ManageRepositories>,
    rail: &Rail,
    tx: &mut TenantTx,
    repository: Repository,
    field: Field,
) -> Result<RemovalPage> {
    let links = viewing(scope).links;
    let totals = store::count_all(tx, Some(repository.id)).await?;
    let here = links.repository(&repository.name);
    let steps = vec![
        Crumb::new(&repository.name, &here),
        Crumb::new("Remove", links.removal(&repository.name)),
    ];
    Ok(RemovalPage {
        shell: rail.shell(scope, "repositories", steps),
        projects: Count::from_signed(totals.projects),
        tasks: Count::from_signed(totals.open_tasks + totals.done_tasks),
        commits: Count::from_signed(totals.commits),
        action: links.removal(&repository.name),
        name: repository.name,
        source: repository.source,
        field,
        here,
    })
}
