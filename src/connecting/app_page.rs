//! Making a GitHub App from a manifest: the way to GitHub, and the way back with what it hands out once.

use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Form, Query},
};
use askama::Template;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use tracing::warn;

use super::{
    ENTRY,
    form::{hosts, look, owner},
    list_page::{self, AppWish, Server},
    manifest::{manifest, takes_deliveries},
};
use crate::{
    accounts::sign_in::{Giver, SignInApp, adopt},
    connections::{
        self, ConnectionId, Connections, NewApp,
        attempts::{self, Purpose},
    },
    github::{ApiError, Hosts, api, subscription::SUBSCRIPTIONS},
    organizations::{
        Rail,
        audit::{self, Event},
    },
    tenancy::{Actor, ManageGitHub, ManageSignIn, Routes, Saved, Scope, SessionId, origin},
    web::{
        AppError, FieldError, Result,
        headers::FormTarget,
        html::{Crumb, Shell, render},
        icon::Icon,
        middleware::Site,
    },
    webhooks,
};

pub(super) fn routes() -> Routes {
    Routes::default()
        .post("/{organization}/github/apps", begin)
        .read("/{organization}/github/callback", come_back)
}

#[derive(Template)]
#[template(path = "connecting/manifest.html")]
struct ManifestPage {
    shell: Shell,
    /// At GitHub.
    action: String,
    manifest: String,
    owner: String,
    host: String,
    name: String,
    permissions: Vec<&'static str>,
    /// Where GitHub will deliver to; none where it cannot.
    deliveries: Option<String>,
    here: String,
}

#[derive(Template)]
#[template(path = "connecting/returned.html")]
pub(super) struct ReturnedPage {
    pub(super) shell: Shell,
    pub(super) title: &'static str,
    pub(super) problem: String,
    pub(super) here: String,
}

/// Notes that somebody sets out, and shows the form that leads to GitHub.
async fn begin(
    scope: Scope<ManageGitHub>,
    server: Server,
    site: Data<Site>,
    form: Form<AppWish>,
) -> Result<Saved> {
    let (hosts, owner) = match parse(&form, (&server.2, &site.origin)).await {
        Ok(parsed) => parsed,
        Err(errors) => return list_page::refuse(&scope, &server, (&form, &errors)).await,
    };
    let (Actor::Account { id: account, .. }, Some(session)) = (scope.actor(), scope.session())
    else {
        return Err(AppError::NotByToken);
    };
    let purpose = Purpose {
        connection: ConnectionId::new(),
        account: *account,
        session: session.as_uuid(),
        web_url: hosts.web().as_str().trim_end_matches('/').to_owned(),
        owner,
        signs_in: form.signs_in.is_some() && scope.may::<ManageSignIn>(),
    };
    let (_, _, opener, rail) = &server;
    let now = scope.clock().now();
    let mut tx = scope.begin().await?;
    // The App would be made at GitHub, and could not be stored here.
    connections::check_room(&mut tx).await?;
    let state = attempts::begin(&mut tx, opener.keyring(), &purpose, now).await?;
    let event = Event::new("connection.begun", "connection", purpose.connection, now)
        .detail(json!({"owner": purpose.owner, "github": purpose.web_url}));
    audit::record(&mut tx, event).await?;
    let page = manifest_page(&scope, (rail, &site), &purpose, &state);
    let mut answer = render(StatusCode::OK, &page);
    answer.extensions_mut().insert(FormTarget(hosts.web().origin().ascii_serialization()));
    Ok(tx.commit().await?.answer(answer))
}

async fn parse(
    wish: &AppWish,
    (connections, site): (&Connections, &str),
) -> Result<(Hosts, String), Vec<FieldError>> {
    match (hosts(&wish.web_url, site), owner(&wish.owner)) {
        (Ok(hosts), Ok(owner)) => {
            look(connections, &hosts).await.map_err(|error| vec![error])?;
            Ok((hosts, owner.as_str().to_owned()))
        }
        (hosts, owner) => Err(hosts.err().into_iter().chain(owner.err()).collect()),
    }
}

fn manifest_page(
    scope: &Scope<ManageGitHub>,
    (rail, site): (&Rail, &Site),
    purpose: &Purpose,
    state: &SecretString,
) -> ManifestPage {
    use secrecy::ExposeSecret;

    let slug = &scope.organization().slug;
    let here = format!("/{slug}/{ENTRY}");
    let manifest = manifest((&site.origin, slug), purpose);
    let Purpose { web_url, owner, .. } = purpose;
    let state = state.expose_secret();
    ManifestPage {
        shell: rail.shell(scope, ENTRY, vec![Crumb::new("New App", format!("{here}/apps"))]),
        action: format!("{web_url}/organizations/{owner}/settings/apps/new?state={state}"),
        name: manifest.get("name").and_then(|name| name.as_str()).unwrap_or_default().to_owned(),
        manifest: manifest.to_string(),
        owner: owner.clone(),
        host: web_url.clone(),
        permissions: SUBSCRIPTIONS.iter().map(|(name, _)| *name).collect(),
        deliveries: takes_deliveries(&site.origin, web_url)
            .then(|| format!("{}/api/v2/webhooks/github", site.origin)),
        here,
    }
}

/// What GitHub sends the browser back with.
#[derive(Deserialize)]
struct Returned {
    #[serde(default)]
    code: SecretString,
    #[serde(default)]
    state: SecretString,
}

/// Changes the code for the App, stores it, and leads on to where it is installed.
async fn come_back(
    scope: Scope<ManageGitHub>,
    request: HttpRequest,
    (server, site): (Server, Data<Site>),
    query: Query<Returned>,
) -> Result<Saved> {
    let (now, opener) = (scope.clock().now(), &server.2);
    let account = scope.actor().id().map(crate::tenancy::AccountId::from_uuid);
    let session = scope.session().map(SessionId::as_uuid);
    let mut tx = scope.begin().await?;
    let told = (&query.state, account, session);
    let taken = attempts::take_up::<Purpose>(&mut tx, opener.keyring(), told, now).await?;
    tx.commit().await?;
    let purpose = match taken {
        Ok(purpose) => purpose,
        Err(why) => return refuse(&scope, &server.3, format!("{why}.")).await,
    };
    let hosts = connections::host_of(&purpose.web_url, &site.origin);
    let hosts = hosts.map_err(|error| AppError::Internal(error.into()))?;
    let app = match opener.client(&hosts)?.convert_manifest(&query.code).await {
        Ok(app) => app,
        Err(error) => return refuse(&scope, &server.3, words(&error)).await,
    };
    let install = store(&scope, &server, (&purpose, &hosts, &app)).await?;
    if purpose.signs_in && scope.may::<ManageSignIn>() {
        give_sign_in(&scope, &server, (&purpose, &app), &request).await;
    }
    Ok(install)
}

fn words(error: &ApiError) -> String {
    match error {
        ApiError::NotFound => {
            "GitHub does not take the code: it is older than an hour, or was used before. Begin again.".to_owned()
        }
        other => format!("{other}. Begin again, and delete the App at GitHub if it was made."),
    }
}

async fn store(
    scope: &Scope<ManageGitHub>,
    (_, _, opener, _): &Server,
    (purpose, hosts, app): (&Purpose, &Hosts, &api::NewApp),
) -> Result<Saved> {
    let now = scope.clock().now();
    let mut tx = scope.begin().await?;
    let new = NewApp {
        id: purpose.connection,
        hosts,
        // Where somebody made the App in another organisation's name, that is whose it is.
        owner: app.owner.name().unwrap_or(&purpose.owner),
        app_id: app.id,
        slug: &app.slug,
        name: &app.name,
        private_key: &app.pem,
        client: Some((&app.client_id, &app.client_secret)),
    };
    connections::add_app(&mut tx, opener.keyring(), &new, now).await?;
    if let Some(secret) = &app.webhook_secret {
        let name = webhooks::HookName::of_app(&app.name, app.id);
        let of = (&name, purpose.connection, app.id);
        webhooks::create_of_app(&mut tx, opener.keyring(), of, secret.clone(), now).await?;
    }
    let install = format!("{}/apps/{}/installations/new", purpose.web_url, app.slug);
    Ok(tx.commit().await?.see_other(install))
}

/// Lets people sign in by the App. That it fails takes nothing from the connection; it can be pasted.
async fn give_sign_in(
    scope: &Scope<ManageGitHub>,
    (db, providers, ..): &Server,
    (purpose, app): (&Purpose, &api::NewApp),
    request: &HttpRequest,
) {
    let origin = origin(request);
    let giver = Giver {
        tenant: scope.organization().id,
        account: purpose.account,
        name: scope.actor().name(),
        origin: &origin,
    };
    let app = SignInApp {
        web_url: &purpose.web_url,
        name: &app.name,
        app_id: app.id,
        private_key: &app.pem,
        client_id: &app.client_id,
        client_secret: &app.client_secret,
        webhook_secret: app.webhook_secret.as_ref(),
    };
    let adopted = adopt(db, providers, (&giver, &app), scope.clock().now()).await;
    match adopted {
        Ok(true) => {}
        Ok(false) => warn!("People do not sign in by the new App: that is set up already"),
        Err(error) => warn!("That people sign in by the new App could not be stored: {error:#}"),
    }
}

/// Says why whoever came back has connected nothing.
pub(super) async fn refuse(
    scope: &Scope<ManageGitHub>,
    rail: &Rail,
    problem: String,
) -> Result<Saved> {
    let here = format!("/{}/{ENTRY}", scope.organization().slug);
    let page = ReturnedPage {
        shell: rail.shell(scope, ENTRY, vec![Crumb::new("Not connected", &here)]),
        title: "GitHub is not connected",
        problem,
        here,
    };
    let page = render(StatusCode::UNPROCESSABLE_ENTITY, &page);
    Ok(scope.begin().await?.refuse(page).await?)
}
