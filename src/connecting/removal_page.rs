//! Removing a connection: a page that says what goes and what stays.

use actix_web::web::{Data, Path};
use askama::Template;
use serde_json::json;

use super::ENTRY;
use crate::{
    connections::{self, Connection, ConnectionId, ConnectionKind, Listed},
    jobs,
    organizations::{
        Rail,
        audit::{self, Event},
        github_teams::{self, Home},
    },
    tenancy::{ManageGitHub, Routes, Saved, Scope, TenantTx},
    web::{
        AppError, Result,
        html::{Crumb, Html, Shell, counted},
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
    /// What becomes of the teams that come by it, if any do.
    teams: Option<String>,
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
    let teams = teams(&mut tx, &connection, &all).await?;
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
        teams,
        app_settings: connection.app_settings_page(),
        action: format!("{here}/removal"),
        host: connection.host,
        here,
    }))
}

/// What becomes of the teams of the connection's organisation; none where there are none.
async fn teams(
    tx: &mut TenantTx,
    connection: &Connection,
    all: &[Listed],
) -> sqlx::Result<Option<String>> {
    let Some(account) = connection.account_id.filter(|_| connection.is_working()) else {
        return Ok(None);
    };
    let home = Home { host: &connection.host, account };
    let count = github_teams::count(tx, home).await?;
    if count == 0 {
        return Ok(None);
    }
    let teams = counted(usize::try_from(count).unwrap_or(usize::MAX), "team", "teams");
    let brings = |other: &Connection| {
        let is_there = other.host == connection.host && other.account_id == Some(account);
        other.id != connection.id && is_there && other.is_working()
    };
    Ok(Some(if all.iter().any(|one| brings(&one.connection)) {
        format!("{teams} from GitHub: another connection brings them, and they go on following it.")
    } else {
        format!(
            "{teams} from GitHub, your own from then on. Members and what they are given stay as they are now, and are \
             changed here: whoever leaves such a team at GitHub stays in it until somebody takes them out. Where this \
             GitHub organisation is connected again, what is said there counts again."
        )
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
        tx.announce("teams");
    }
    Ok(tx.commit().await?.see_other(format!("/{}/{ENTRY}", scope.organization().slug)))
}

async fn find(tx: &mut TenantTx, id: ConnectionId) -> Result<Connection> {
    connections::find_connection(tx, id).await?.ok_or(AppError::NotFound)
}
