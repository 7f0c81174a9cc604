//! A GitHub App that was made by hand: its fields are pasted, and checked with GitHub before they are stored.

use actix_web::{
    http::StatusCode,
    web::{Data, Form},
};
use askama::Template;
use secrecy::SecretString;
use serde::Deserialize;

use super::{
    ENTRY,
    form::{GITHUB, KnownApp, check_app, field, find_installation, hosts, owner, typed, wrong},
};
use crate::{
    connections::{self, ConnectionId, Connections, NewApp},
    github::{Hosts, model::Installation},
    organizations::Rail,
    tenancy::{ManageGitHub, Routes, Saved, Scope},
    web::{
        FieldError, Result,
        html::{Crumb, Field, Html, Shell, render},
        icon::Icon,
        middleware::Site,
    },
    webhooks,
};

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/{organization}/github/paste", show)
        .post("/{organization}/github/paste", save)
}

#[derive(Template)]
#[template(path = "connecting/paste.html")]
struct PastePage {
    shell: Shell,
    action: String,
    here: String,
    /// What GitHub has to be told.
    webhook_url: String,
    web_url: Field,
    owner: Field,
    app_id: Field,
    private_key: Field,
    webhook_secret: Field,
    client_id: Field,
    client_secret: Field,
    is_refused: bool,
}

/// What the form sends.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Pasted {
    web_url: String,
    owner: String,
    app_id: String,
    private_key: SecretString,
    webhook_secret: SecretString,
    client_id: String,
    client_secret: SecretString,
}

/// What was pasted, as GitHub is asked with it.
struct Parsed {
    hosts: Hosts,
    owner: String,
    app_id: i64,
    private_key: SecretString,
    webhook_secret: Option<SecretString>,
    client: Option<(String, SecretString)>,
}

impl Pasted {
    fn parse(&self, site: &str) -> Result<Parsed, Vec<FieldError>> {
        let (hosts, owner) = (hosts(&self.web_url, site), owner(&self.owner));
        let app_id = self.app_id.trim().parse::<i64>().ok().filter(|id| *id > 0);
        let app_id = app_id.ok_or_else(|| wrong("app_id", "The id of a GitHub App is a number."));
        let key = typed(&self.private_key);
        let key = key.ok_or_else(|| wrong("private_key", "Paste the whole .pem file."));
        let id = self.client_id.trim();
        let client = match (id.is_empty(), typed(&self.client_secret)) {
            (true, None) => Ok(None),
            (false, Some(secret)) if id.len() <= 200 => Ok(Some((id.to_owned(), secret))),
            (true, Some(_)) => Err(wrong("client_id", "Paste the client id beside its secret.")),
            (false, _) => Err(wrong("client_secret", "Paste the client secret of this id.")),
        };
        match (hosts, owner, app_id, key, client) {
            (Ok(hosts), Ok(owner), Ok(app_id), Ok(private_key), Ok(client)) => Ok(Parsed {
                hosts,
                owner: owner.as_str().to_owned(),
                app_id,
                private_key,
                webhook_secret: typed(&self.webhook_secret),
                client,
            }),
            (hosts, owner, app_id, key, client) => {
                let errors = [hosts.err(), owner.err(), app_id.err(), key.err(), client.err()];
                Err(errors.into_iter().flatten().collect())
            }
        }
    }
}

type Server = (Data<Connections>, Data<Rail>, Data<Site>);

/// Shows the form.
async fn show(scope: Scope<ManageGitHub>, server: Server) -> Result<Html<PastePage>> {
    let pasted = Pasted { web_url: GITHUB.to_owned(), ..Pasted::default() };
    Ok(Html::new(page(&scope, &server, &pasted, &[])))
}

fn page(
    scope: &Scope<ManageGitHub>,
    (_, rail, site): &Server,
    pasted: &Pasted,
    errors: &[FieldError],
) -> PastePage {
    let here = format!("/{}/{ENTRY}", scope.organization().slug);
    let action = format!("{here}/paste");
    PastePage {
        shell: rail.shell(scope, ENTRY, vec![Crumb::new("Paste an App", &action)]),
        webhook_url: format!("{}/api/v2/webhooks/github", site.origin),
        web_url: field("web_url", &pasted.web_url, errors),
        owner: field("owner", &pasted.owner, errors),
        app_id: field("app_id", &pasted.app_id, errors),
        private_key: field("private_key", "", errors),
        webhook_secret: field("webhook_secret", "", errors),
        client_id: field("client_id", &pasted.client_id, errors),
        client_secret: field("client_secret", "", errors),
        is_refused: !errors.is_empty(),
        action,
        here,
    }
}

/// Asks GitHub about what was pasted, and stores it where it is right.
async fn save(scope: Scope<ManageGitHub>, server: Server, form: Form<Pasted>) -> Result<Saved> {
    let checked = match form.parse(&server.2.origin) {
        Ok(parsed) => match check(&server.0, &parsed).await {
            Ok((known, installation)) => Ok((parsed, known, installation)),
            Err(error) => Err(vec![error]),
        },
        Err(errors) => Err(errors),
    };
    match checked {
        Ok((parsed, known, installation)) => {
            store(&scope, &server.0, (&parsed, &known, installation.as_ref())).await
        }
        Err(errors) => {
            let page = page(&scope, &server, &form, &errors);
            let page = render(StatusCode::UNPROCESSABLE_ENTITY, &page);
            Ok(scope.begin().await?.refuse(page).await?)
        }
    }
}

async fn check(
    connections: &Connections,
    parsed: &Parsed,
) -> Result<(KnownApp, Option<Installation>), FieldError> {
    let app = (parsed.app_id, &parsed.private_key);
    let known = check_app(connections, &parsed.hosts, app).await?;
    let told = known.app.client_id.as_deref();
    let pasted = parsed.client.as_ref().map(|(id, _)| id.as_str());
    if let (Some(told), Some(pasted)) = (told, pasted)
        && told != pasted
    {
        let words = format!("This client id is not that of the App {}.", known.app.name);
        return Err(wrong("client_id", words));
    }
    let asked = (&known.client, &known.access);
    let installation = find_installation(asked, &parsed.owner).await;
    match installation {
        Ok(installation) => Ok((known, installation)),
        Err(error) => Err(wrong("owner", format!("{error}."))),
    }
}

async fn store(
    scope: &Scope<ManageGitHub>,
    connections: &Connections,
    (parsed, known, installation): (&Parsed, &KnownApp, Option<&Installation>),
) -> Result<Saved> {
    let (now, id, keyring) = (scope.clock().now(), ConnectionId::new(), connections.keyring());
    let mut tx = scope.begin().await?;
    let new = NewApp {
        id,
        hosts: &parsed.hosts,
        owner: &parsed.owner,
        app_id: known.app.id,
        slug: &known.app.slug,
        name: &known.app.name,
        private_key: &parsed.private_key,
        client: parsed.client.as_ref().map(|(id, secret)| (id.as_str(), secret)),
    };
    connections::add_app(&mut tx, keyring, &new, now).await?;
    if let Some(installation) = installation {
        connections::set_installed(&mut tx, id, (Some(&parsed.owner), installation), now).await?;
    }
    if let Some(secret) = &parsed.webhook_secret {
        let name = webhooks::HookName::of_app(&known.app.name, known.app.id);
        let of = (&name, id, known.app.id);
        webhooks::create_of_app(&mut tx, keyring, of, secret.clone(), now).await?;
    }
    let here = format!("/{}/{ENTRY}/{id}", scope.organization().slug);
    Ok(tx.commit().await?.see_other(here))
}
