//! The page of connections: how each of them stands, and the ways to make one.

use actix_web::{http::StatusCode, web::Data};
use askama::Template;
use serde::Deserialize;

use super::{
    ENTRY,
    form::{GITHUB, field},
};
use crate::{
    accounts::sign_in::{Providers, may_adopt},
    connections::{self, Connection, ConnectionKind, Connections, Listed, Unusable},
    organizations::{Rail, listening},
    tenancy::{
        Db, ManageGitHub, ManageSignIn, Permission, Routes, Saved, Scope, SystemReason, TenantTx,
        ViewGitHub,
    },
    web::{
        FieldError, Result,
        html::{Field, Html, Pill, Shell, Tone, render},
        icon::Icon,
        time::{Count, Moment},
    },
};

pub(super) fn routes() -> Routes {
    Routes::default().read("/{organization}/github", list)
}

#[derive(Template)]
#[template(path = "connecting/list.html")]
struct ListPage {
    shell: Shell,
    here: String,
    connections: Vec<Row>,
    /// For whoever may make one.
    form: Option<AppForm>,
}

struct Row {
    title: String,
    href: String,
    pill: Pill,
    host: String,
    account: String,
    repositories: Count,
    repositories_href: String,
    made: Moment,
    /// What is wrong and what to do, in words.
    trouble: Option<String>,
}

struct AppForm {
    action: String,
    web_url: Field,
    owner: Field,
    /// Whether it is to be chosen here that people sign in by the App.
    offers_sign_in: bool,
    signs_in: bool,
    paste_href: String,
    oauth_href: String,
    token_href: String,
    is_refused: bool,
}

/// What the form of a new App sends.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AppWish {
    pub(super) web_url: String,
    pub(super) owner: String,
    pub(super) signs_in: Option<String>,
}

/// What the page needs of the server.
pub(super) type Server = (Data<Db>, Data<Providers>, Data<Connections>, Data<Rail>);

/// How a connection stands, in a word.
pub(super) fn pill(connection: &Connection) -> Pill {
    if connection.removed_at.is_some() {
        return Pill::new(Tone::Quiet, Icon::Clock, "being removed");
    }
    match (connection.kind, connection.installation_id, connection.suspended_at) {
        (ConnectionKind::App, None, _) => Pill::new(Tone::Warn, Icon::Warning, "not installed"),
        (ConnectionKind::App, Some(_), Some(_)) => Pill::new(Tone::Bad, Icon::Alert, "suspended"),
        (ConnectionKind::App, Some(_), None) => Pill::new(Tone::Good, Icon::Check, "installed"),
        (ConnectionKind::Token, ..) => Pill::new(Tone::Good, Icon::Check, "token"),
    }
}

/// Shows the connections.
async fn list(scope: Scope<ViewGitHub>, server: Server) -> Result<Html<ListPage>> {
    Ok(Html::new(page(&scope, &server, &AppWish::default(), &[]).await?))
}

/// The same with what is wrong in the form of an App.
pub(super) async fn refuse(
    scope: &Scope<ManageGitHub>,
    server: &Server,
    (wish, errors): (&AppWish, &[FieldError]),
) -> Result<Saved> {
    let page = page(scope, server, wish, errors).await?;
    let tx = scope.begin().await?;
    Ok(tx.refuse(render(StatusCode::UNPROCESSABLE_ENTITY, &page)).await?)
}

async fn page<P: Permission>(
    scope: &Scope<P>,
    server: &Server,
    wish: &AppWish,
    errors: &[FieldError],
) -> Result<ListPage> {
    let (_, _, opener, rail) = server;
    let here = format!("/{}/{ENTRY}", scope.organization().slug);
    let mut tx = scope.begin().await?;
    let mut rows = Vec::new();
    for listed in connections::list(&mut tx).await? {
        let trouble = trouble(&mut tx, opener, &listed.connection).await?;
        rows.push(row(listed, trouble, (&here, scope.clock().now())));
    }
    drop(tx);
    let form = if scope.may::<ManageGitHub>() {
        Some(form(scope, server, &here, (wish, errors)).await?)
    } else {
        None
    };
    Ok(ListPage {
        shell: listening(rail.shell(scope, ENTRY, Vec::new())),
        connections: rows,
        form,
        here,
    })
}

async fn form<P: Permission>(
    scope: &Scope<P>,
    (db, providers, ..): &Server,
    here: &str,
    (wish, errors): (&AppWish, &[FieldError]),
) -> Result<AppForm> {
    let offers_sign_in = scope.may::<ManageSignIn>() && {
        let mut tx = db.system(SystemReason::Site).await?;
        may_adopt(&mut tx, providers, scope.organization().id).await?
    };
    let web_url = if wish.web_url.is_empty() { GITHUB } else { &wish.web_url };
    Ok(AppForm {
        action: format!("{here}/apps"),
        web_url: field("web_url", web_url, errors),
        owner: field("owner", &wish.owner, errors),
        offers_sign_in,
        signs_in: wish.signs_in.is_some(),
        paste_href: format!("{here}/paste"),
        oauth_href: format!("{here}/oauth"),
        token_href: format!("{here}/token"),
        is_refused: !errors.is_empty(),
    })
}

/// What keeps a connection from being used, with what to do.
async fn trouble(
    tx: &mut TenantTx,
    opener: &Connections,
    connection: &Connection,
) -> Result<Option<String>> {
    if connection.removed_at.is_some() {
        return Ok(None);
    }
    Ok(match opener.open(tx, connection.id).await? {
        Some(Err(unusable)) => Some(format!("{unusable}.")),
        Some(Ok(_)) | None => state_of(connection).map(|unusable| format!("{unusable}.")),
    })
}

/// The same as far as the row itself says it.
pub(super) fn state_of(connection: &Connection) -> Option<Unusable> {
    match (connection.kind, connection.installation_id, connection.suspended_at) {
        (ConnectionKind::App, None, _) => Some(Unusable::NotInstalled),
        (ConnectionKind::App, Some(_), Some(_)) => Some(Unusable::Suspended),
        (ConnectionKind::App, Some(_), None) | (ConnectionKind::Token, ..) => None,
    }
}

fn row(
    listed: Listed,
    trouble: Option<String>,
    (here, now): (&str, chrono::DateTime<chrono::Utc>),
) -> Row {
    let Listed { connection, repositories } = listed;
    Row {
        title: connection.title(),
        href: format!("{here}/{}", connection.id),
        pill: pill(&connection),
        account: connection.account.clone().or(connection.owner.clone()).unwrap_or_default(),
        repositories: Count::from_signed(repositories),
        repositories_href: format!("{here}/{}/repositories", connection.id),
        made: Moment::new(connection.created_at, now),
        host: connection.host,
        trouble,
    }
}
