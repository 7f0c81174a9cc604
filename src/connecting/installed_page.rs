//! The way back from where an App is installed: GitHub is asked whether and where it is.

use actix_web::{
    http::StatusCode,
    web::{Data, Path, Query},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    ENTRY,
    app_page::ReturnedPage,
    form::{find_installation, is_of},
};
use crate::{
    connections::{self, Connection, ConnectionId, Connections, Opened},
    github::{ApiError, Urgency, model::Installation},
    organizations::{
        Rail,
        audit::{self, Event},
    },
    tenancy::{ManageGitHub, Routes, Saved, Scope},
    web::{
        AppError, Result,
        html::{Crumb, render},
    },
};

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/{organization}/github/{connection}/installed", come_back)
        .post("/{organization}/github/{connection}/check", check)
}

/// What GitHub sends the browser back with; it proves nothing.
#[derive(Default, Deserialize)]
struct Returned {
    installation_id: Option<i64>,
    /// `install`, `update`, or `request` where an owner has to agree first.
    setup_action: Option<String>,
}

type Server = (Data<Connections>, Data<Rail>);
type Place = Path<(String, ConnectionId)>;

/// Notes where the App was installed, once GitHub has said so itself.
async fn come_back(
    scope: Scope<ManageGitHub>,
    server: Server,
    path: Place,
    query: Query<Returned>,
) -> Result<Saved> {
    if query.setup_action.as_deref() == Some("request") {
        let words = "The installation was asked for. Once an owner of the GitHub organisation has agreed, the App \
                     shows as installed here by itself.";
        return refuse(&scope, &server.1, words.to_owned()).await;
    }
    note(&scope, &server, path.1, query.installation_id).await
}

/// Looks again where the App is installed.
async fn check(scope: Scope<ManageGitHub>, server: Server, path: Place) -> Result<Saved> {
    note(&scope, &server, path.1, None).await
}

async fn note(
    scope: &Scope<ManageGitHub>,
    (known, rail): &Server,
    id: ConnectionId,
    told: Option<i64>,
) -> Result<Saved> {
    let mut tx = scope.begin().await?;
    let connection = connections::find_connection(&mut tx, id).await?;
    let connection = connection.filter(|found| found.removed_at.is_none());
    let connection = connection.ok_or(AppError::NotFound)?;
    let opened = known.open(&mut tx, id).await?;
    drop(tx);
    let found = match opened {
        Some(Ok(opened)) => find(&opened, &connection, told).await,
        Some(Err(unusable)) => Err(format!("{unusable}.")),
        None => return Err(AppError::NotFound),
    };
    let installation = match found {
        Ok(found) => found,
        Err(words) => return refuse(scope, rail, words).await,
    };
    let mut tx = scope.begin().await?;
    let owner = connection.owner.as_deref();
    let now = scope.clock().now();
    connections::set_installed(&mut tx, id, (owner, &installation), now).await?;
    let event = Event::new("connection.installed", "connection", id, now)
        .detail(json!({"app": connection.app_name, "account": owner}));
    audit::record(&mut tx, event).await?;
    let here = format!("/{}/{ENTRY}/{id}/repositories", scope.organization().slug);
    Ok(tx.commit().await?.see_other(here))
}

/// The installation with the App's owner, as GitHub has it; else what to do, in words.
async fn find(
    opened: &Opened,
    connection: &Connection,
    told: Option<i64>,
) -> Result<Installation, String> {
    let words = |error: ApiError| format!("{error}.");
    let access = opened.app_access(Urgency::Person).map_err(|error| format!("{error}."))?;
    let (Some(access), Some(owner)) = (access, connection.owner.as_deref()) else {
        return Err("This connection is no GitHub App.".to_owned());
    };
    let api = opened.client().by(&access);
    let installation = match told {
        Some(id) => match api.installation(id).await {
            Ok(found) => Some(found),
            Err(ApiError::NotFound) => None,
            Err(error) => return Err(words(error)),
        },
        None => find_installation((opened.client(), &access), owner).await.map_err(words)?,
    };
    let installation = installation.filter(|found| Some(found.app_id) == connection.app_id);
    let Some(installation) = installation else {
        return Err(format!(
            "GitHub says that the App is not installed on {owner}. Install it there."
        ));
    };
    if !is_of(&installation, owner) {
        return Err(format!(
            "This installation is of another account than {owner}, for which the connection was made."
        ));
    }
    Ok(installation)
}

async fn refuse(scope: &Scope<ManageGitHub>, rail: &Rail, problem: String) -> Result<Saved> {
    let here = format!("/{}/{ENTRY}", scope.organization().slug);
    let page = ReturnedPage {
        shell: rail.shell(scope, ENTRY, vec![Crumb::new("Installation", &here)]),
        title: "The App is not installed yet",
        problem,
        here,
    };
    let page = render(StatusCode::UNPROCESSABLE_ENTITY, &page);
    Ok(scope.begin().await?.refuse(page).await?)
}
