//! An OAuth App, for teams that cannot make a GitHub App: whoever lets it in at GitHub gives the connection
//! its token. This is the way there; [`super::authorized_page`] is the way back.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{HeaderValue, REFRESH},
    },
    web::{Data, Form},
};
use askama::Template;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::{
    ENTRY,
    form::{GITHUB, field, hosts, typed, wrong},
};
use crate::{
    connections::{
        ConnectionId, Connections,
        attempts::{self, OAuthPurpose},
    },
    github::{Error, Hosts, OAuthApp, OAuthRefusal, Pkce},
    organizations::{
        Rail,
        audit::{self, Event},
    },
    tenancy::{Actor, ManageGitHub, Routes, Saved, Scope},
    web::{
        AppError, FieldError, Result,
        html::{Crumb, Field, Html, Shell, render},
        icon::Icon,
        middleware::Site,
    },
};

/// What GitHub is asked to let the OAuth App do. It has no scope that only reads private repositories.
pub(super) const SCOPES: [&str; 3] = ["repo", "admin:repo_hook", "read:org"];

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/{organization}/github/oauth", show)
        .post("/{organization}/github/oauth", begin)
}

#[derive(Template)]
#[template(path = "connecting/oauth.html")]
struct OAuthPage {
    shell: Shell,
    action: String,
    here: String,
    /// What GitHub has to be told.
    site: String,
    callback: String,
    web_url: Field,
    client_id: Field,
    client_secret: Field,
    is_refused: bool,
}

#[derive(Template)]
#[template(path = "connecting/leaving.html")]
struct LeavingPage {
    shell: Shell,
    /// At GitHub.
    to: String,
    here: String,
}

/// What the form sends.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Pasted {
    web_url: String,
    client_id: String,
    client_secret: SecretString,
}

/// What was pasted, as GitHub is asked with it.
struct Parsed {
    hosts: Hosts,
    client_id: String,
    client_secret: SecretString,
}

impl Pasted {
    fn parse(&self, site: &str) -> Result<Parsed, Vec<FieldError>> {
        let id = self.client_id.trim();
        let words = "Paste the client id as the OAuth App's page shows it.";
        let id = if is_client_id(id) { Ok(id.to_owned()) } else { Err(wrong("client_id", words)) };
        let words = "Paste the client secret; GitHub shows it once.";
        let secret = typed(&self.client_secret).ok_or_else(|| wrong("client_secret", words));
        match (hosts(&self.web_url, site), id, secret) {
            (Ok(hosts), Ok(client_id), Ok(client_secret)) => {
                Ok(Parsed { hosts, client_id, client_secret })
            }
            (hosts, id, secret) => {
                Err([hosts.err(), id.err(), secret.err()].into_iter().flatten().collect())
            }
        }
    }
}

/// Whether it can be a client id: it becomes a part of addresses at GitHub.
fn is_client_id(id: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=100).contains(&id.len()) && id.bytes().all(fits)
}

pub(super) type Server = (Data<Connections>, Data<Rail>, Data<Site>);

/// Where GitHub sends people back to: what the OAuth App is registered with.
pub(super) fn callback(site: &str, slug: &str) -> String {
    format!("{site}/{slug}/{ENTRY}/oauth/callback")
}

/// Shows the form.
async fn show(scope: Scope<ManageGitHub>, server: Server) -> Result<Html<OAuthPage>> {
    let pasted = Pasted { web_url: GITHUB.to_owned(), ..Pasted::default() };
    Ok(Html::new(page(&scope, &server, &pasted, &[])))
}

fn page(
    scope: &Scope<ManageGitHub>,
    (_, rail, site): &Server,
    pasted: &Pasted,
    errors: &[FieldError],
) -> OAuthPage {
    let slug = &scope.organization().slug;
    let here = format!("/{slug}/{ENTRY}");
    let action = format!("{here}/oauth");
    OAuthPage {
        shell: rail.shell(scope, ENTRY, vec![Crumb::new("Let an OAuth App in", &action)]),
        site: site.origin.clone(),
        callback: callback(&site.origin, slug),
        web_url: field("web_url", &pasted.web_url, errors),
        client_id: field("client_id", &pasted.client_id, errors),
        client_secret: field("client_secret", "", errors),
        is_refused: !errors.is_empty(),
        action,
        here,
    }
}

/// Asks GitHub whether it knows the OAuth App, notes that somebody sets out, and leads there.
async fn begin(scope: Scope<ManageGitHub>, server: Server, form: Form<Pasted>) -> Result<Saved> {
    let checked = match form.parse(&server.2.origin) {
        Ok(parsed) => match check(&server.0, &parsed).await {
            Ok(app) => Ok((parsed, app)),
            Err(error) => Err(vec![error]),
        },
        Err(errors) => Err(errors),
    };
    match checked {
        Ok((parsed, app)) => set_out(&scope, &server, (parsed, &app)).await,
        Err(errors) => {
            let page = page(&scope, &server, &form, &errors);
            let page = render(StatusCode::UNPROCESSABLE_ENTITY, &page);
            Ok(scope.begin().await?.refuse(page).await?)
        }
    }
}

async fn check(connections: &Connections, parsed: &Parsed) -> Result<OAuthApp, FieldError> {
    let client = (parsed.client_id.as_str(), &parsed.client_secret);
    let app = connections.oauth_app(&parsed.hosts, client).map_err(|error| {
        tracing::warn!("GitHub cannot be asked: {error:#}");
        wrong("web_url", "GitHub cannot be asked at this address.")
    })?;
    match app.check().await {
        Ok(()) => Ok(app),
        Err(Error::OAuth(OAuthRefusal::ClientCredentials)) => {
            let words = "GitHub does not take this client id and secret. Compare the id with the OAuth App's page, or \
                         make a new secret there.";
            Err(wrong("client_secret", words))
        }
        Err(Error::OAuth(refusal)) => Err(wrong("client_id", format!("{refusal}."))),
        Err(error) => Err(wrong("web_url", format!("{error}."))),
    }
}

async fn set_out(
    scope: &Scope<ManageGitHub>,
    (connections, rail, site): &Server,
    (parsed, app): (Parsed, &OAuthApp),
) -> Result<Saved> {
    let (Actor::Account { id: account, .. }, Some(session)) = (scope.actor(), scope.session())
    else {
        return Err(AppError::NotByToken);
    };
    let pkce = Pkce::random();
    let purpose = OAuthPurpose {
        connection: ConnectionId::new(),
        account: *account,
        session: session.as_uuid(),
        web_url: parsed.hosts.web().as_str().trim_end_matches('/').to_owned(),
        client_id: parsed.client_id,
        client_secret: parsed.client_secret,
        verifier: pkce.verifier(),
    };
    let slug = &scope.organization().slug;
    let back = Url::parse(&callback(&site.origin, slug));
    let back = back.map_err(|error| AppError::Internal(error.into()))?;
    let now = scope.clock().now();
    let mut tx = scope.begin().await?;
    let state = attempts::begin(&mut tx, connections.keyring(), &purpose, now).await?;
    let event = Event::new("connection.begun", "connection", purpose.connection, now)
        .detail(json!({"client_id": purpose.client_id, "github": purpose.web_url}));
    audit::record(&mut tx, event).await?;
    let here = format!("/{slug}/{ENTRY}");
    let shell = rail.shell(scope, ENTRY, vec![Crumb::new("On your way", format!("{here}/oauth"))]);
    let to = app.authorize_url(&state, &pkce, &back, &SCOPES).into();
    Ok(tx.commit().await?.answer(leave(&LeavingPage { shell, to, here })))
}

/// A page and not a redirect: what a form leads to has to be named to browsers beforehand, and where GitHub is
/// was in the form.
fn leave(page: &LeavingPage) -> HttpResponse {
    let mut answer = render(StatusCode::OK, page);
    if let Ok(refresh) = HeaderValue::from_str(&format!("0;url={}", page.to)) {
        answer.headers_mut().insert(REFRESH, refresh);
    }
    answer
}
