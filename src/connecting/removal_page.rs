//! Removing a connection: a page that says what goes and what stays.

use actix_web::web::{Data, Path};
use askama::Template;
use serde_json::json;

use super::ENTRY;
use crate::{
    connections::{self, Connection, ConnectionId, ConnectionKind},
    jobs,
    organizations::{
        Rail,
        audit::{self, Event},
    },
    tenancy::{ManageGitHub, Routes, Saved, Scope, TenantTx},
    web::{
        AppError, Result,
        html::{Crumb, Html, Shell},
        icon::Icon,
        time::Count,
    },
    webhooks::RemoveConnection,
};

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/{organization}/github/{connection}/removal", confirm)
        .post("/{organization}/github/{connection}/removal", remove)
}

#[derive(Template)]
#[template(path = "connecting/removal.html")]
struct RemovalPage {
    shell: Shell,
    title: String,
    is_app: bool,
    host: String,
    /// How many repositories lose it.
    repositories: Count,
    /// Where an owner deletes the App itself.
    app_settings: Option<String>,
    action: String,
    here: String,
}

/// Shows what goes with the connection.
async fn confirm(
    scope: Scope<ManageGitHub>,
    rail: Data<Rail>,
    path: Path<(String, ConnectionId)>,
) -> Result<Html<RemovalPage>> {
    let mut tx = scope.begin().await?;
    let connection = find(&mut tx, path.1).await?;
    let all = connections::list(&mut tx).await?;
    let known = all.iter().find(|one| one.connection.id == connection.id);
    let repositories = known.map_or(0, |one| one.repositories);
    let here = format!("/{}/{ENTRY}/{}", scope.organization().slug, connection.id);
    let steps = vec![
        Crumb::new(connection.title(), &here),
        Crumb::new("Remove", format!("{here}/removal")),
    ];
    Ok(Html::new(RemovalPage {
        shell: rail.shell(&scope, ENTRY, steps),
        title: connection.title(),
        is_app: connection.kind == ConnectionKind::App,
        repositories: Count::from_signed(repositories),
        app_settings: connection.app_settings_page(),
        action: format!("{here}/removal"),
        host: connection.host,
        here,
    }))
}

/// Takes the connection out of use at once; its hooks at GitHub are deleted by a job, and then its secrets.
async fn remove(scope: Scope<ManageGitHub>, path: Path<(String, ConnectionId)>) -> Result<Saved> {
    let now = scope.clock().now();
    let mut tx = scope.begin().await?;
    let connection = find(&mut tx, path.1).await?;
    if connections::set_removed(&mut tx, connection.id, now).await? {
        jobs::enqueue(&mut tx, &RemoveConnection { connection: connection.id }, now).await?;
        let event = Event::new("connection.removed", "connection", connection.id, now)
            .detail(json!({"title": connection.title(), "host": connection.host}));
        audit::record(&mut tx, event).await?;
        tx.announce("connections");
    }
    Ok(tx.commit().await?.see_other(format!("/{}/{ENTRY}", scope.organization().slug)))
}

async fn find(tx: &mut TenantTx, id: ConnectionId) -> Result<Connection> {
    connections::find_connection(tx, id).await?.ok_or(AppError::NotFound)
}
