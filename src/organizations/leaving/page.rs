//! The page that asks before somebody leaves.

use actix_web::{
    http::StatusCode,
    web::{Data, Form},
};
use askama::Template;
use serde::Deserialize;

use super::{
    leave,
    store::{self, Leaving},
};
use crate::{
    organizations::Rail,
    tenancy::{LeaveOrganization, Permission, Routes, Saved, Scope, ViewOrganization},
    web::{
        AppError, Result,
        html::{Crumb, Field, Html, Shell, render},
        icon::Icon,
    },
};

pub(in crate::organizations) fn routes() -> Routes {
    Routes::default().read("/{organization}/leave", ask).post("/{organization}/leave", go)
}

#[derive(Template)]
#[template(path = "organizations/leave.html")]
struct LeavePage {
    shell: Shell,
    name: String,
    slug: String,
    leaving: Leaving,
    field: Field,
    action: String,
}

/// Says what goes and what stays, and asks.
async fn ask(scope: Scope<ViewOrganization>, rail: Data<Rail>) -> Result<Html<LeavePage>> {
    Ok(Html::new(page(&scope, &rail, Field::default()).await?))
}

async fn page<P: Permission>(scope: &Scope<P>, rail: &Rail, field: Field) -> Result<LeavePage> {
    let mut tx = scope.begin().await?;
    let person = tx.person().ok_or(AppError::NotByToken)?;
    let leaving = store::find(&mut tx, person).await?.ok_or(AppError::NotFound)?;
    let organization = scope.organization();
    let action = format!("/{}/leave", organization.slug);
    Ok(LeavePage {
        shell: rail.shell(scope, "organization", vec![Crumb::new("Leave", &action)]),
        name: organization.name.clone(),
        slug: organization.slug.clone(),
        leaving,
        field,
        action,
    })
}

/// What the form sends.
#[derive(Deserialize)]
struct Farewell {
    #[serde(default)]
    slug: String,
}

/// Ends the membership of whoever typed the organisation's short name.
async fn go(
    scope: Scope<LeaveOrganization>,
    rail: Data<Rail>,
    form: Form<Farewell>,
) -> Result<Saved> {
    let slug = &scope.organization().slug;
    if form.slug.trim() != slug {
        let problem = format!("Type `{slug}` to leave; nothing was changed.");
        let field = Field { value: form.slug.clone(), error: Some(problem) };
        let page = render(StatusCode::UNPROCESSABLE_ENTITY, &page(&scope, &rail, field).await?);
        return Ok(scope.begin().await?.refuse(page).await?);
    }
    let mut tx = scope.begin().await?;
    let person = tx.person().ok_or(AppError::NotByToken)?;
    leave(&mut tx, person, scope.clock().now()).await?;
    Ok(tx.commit().await?.see_other("/account"))
}
