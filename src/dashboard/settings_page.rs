//! A repository's name and address, and the form that changes them.

use actix_web::{
    http::StatusCode,
    web::{Data, Form, Path},
};
use askama::Template;
use serde::Deserialize;

use super::overview_page::viewing;
use crate::{
    organizations::Rail,
    repositories::{self, Repository, Source},
    tenancy::{ManageRepositories, Saved, Scope, TenantTx},
    web::{
        AppError, Result,
        html::{Crumb, Field, Html, Shell, render},
        icon::Icon,
    },
    work::{self, Change, Refusal, ScanSettings},
};

#[derive(Template)]
#[template(path = "dashboard/repository_settings.html")]
pub(super) struct SettingsPage {
    shell: Shell,
    title: String,
    called: Field,
    address: Field,
    action: String,
    removal: String,
    access: String,
    here: String,
}

/// Shows name and address.
pub(super) async fn settings(
    scope: Scope<ManageRepositories>,
    rail: Data<Rail>,
    path: Path<(String, String)>,
) -> Result<Html<SettingsPage>> {
    let mut tx = scope.begin().await?;
    let repository = find(&mut tx, &path.1).await?;
    let fields = Fields::of(&repository);
    Ok(Html::new(page(&scope, &rail, &repository, fields)))
}

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct Wanted {
    name: String,
    source: String,
}

/// Changes name and address and shows the scan that follows; says beside a field why it cannot be.
pub(super) async fn change(
    scope: Scope<ManageRepositories>,
    rail: Data<Rail>,
    settings: Data<ScanSettings>,
    path: Path<(String, String)>,
    form: Form<Wanted>,
) -> Result<Saved> {
    let links = viewing(&scope).links;
    let mut tx = scope.begin().await?;
    let repository = find(&mut tx, &path.1).await?;
    let refusal = match wanted(&form, &repository, &settings) {
        Err(refusal) => refusal,
        Ok(change) => {
            match work::change(&mut tx, &repository, &change, scope.clock().now()).await? {
                Err(refusal) => refusal,
                Ok(changed) => {
                    let next = changed
                        .scan
                        .map_or_else(|| links.repository(&changed.name), |scan| links.scan(scan));
                    return Ok(tx.commit().await?.see_other(next));
                }
            }
        }
    };
    let page = page(&scope, &rail, &repository, Fields::refused(&form, refusal));
    Ok(tx.refuse(render(StatusCode::UNPROCESSABLE_ENTITY, &page)).await?)
}

/// The present address needs no leave: the command line may have given it.
fn wanted(
    form: &Wanted,
    repository: &Repository,
    settings: &ScanSettings,
) -> Result<Change, Refusal> {
    let text = form.source.trim();
    let source = if text == repository.source {
        None
    } else {
        let parsed = Source::parse(text, &settings.policy);
        Some(parsed.map_err(|error| Refusal::Source(error.to_string()))?)
    };
    Ok(Change { name: Some(form.name.trim().to_owned()), source })
}

struct Fields {
    name: Field,
    source: Field,
}

impl Fields {
    fn of(repository: &Repository) -> Self {
        Self {
            name: Field { value: repository.name.clone(), error: None },
            source: Field { value: repository.source.clone(), error: None },
        }
    }

    /// What was typed, with what is wrong about it.
    fn refused(form: &Wanted, refusal: Refusal) -> Self {
        let (name, source) = match refusal {
            Refusal::Name(text) => (Some(text), None),
            Refusal::Source(text) => (None, Some(text)),
        };
        Self {
            name: Field { value: form.name.clone(), error: name },
            source: Field { value: form.source.clone(), error: source },
        }
    }
}

async fn find(tx: &mut TenantTx, name: &str) -> Result<Repository> {
    repositories::find_named(tx, name).await?.ok_or(AppError::NotFound)
}

fn page(
    scope: &Scope<ManageRepositories>,
    rail: &Rail,
    repository: &Repository,
    fields: Fields,
) -> SettingsPage {
    let links = viewing(scope).links;
    let (here, action) = (links.repository(&repository.name), links.settings(&repository.name));
    let steps = vec![Crumb::new(&repository.name, &here), Crumb::new("Settings", &action)];
    SettingsPage {
        shell: rail.shell(scope, "repositories", steps),
        title: repository.name.clone(),
        called: fields.name,
        address: fields.source,
        removal: links.removal(&repository.name),
        access: links.access(&repository.name),
        action,
        here,
    }
}
