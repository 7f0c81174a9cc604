//! A person's token, for teams that cannot make an App: pasted, and checked with GitHub.

use actix_web::{
    http::StatusCode,
    web::{Data, Form},
};
use askama::Template;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{
    ENTRY,
    form::{GITHUB, field, field_of, hosts, typed, wrong},
};
use crate::{
    connections::{self, ConnectionId, Connections, NewToken},
    github::{Access, GitHubUser, Hosts, Urgency},
    organizations::Rail,
    tenancy::{ManageGitHub, Routes, Saved, Scope},
    web::{
        FieldError, Result,
        html::{Crumb, Field, Html, Shell, render},
        icon::Icon,
        middleware::Site,
    },
};

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/{organization}/github/token", show)
        .post("/{organization}/github/token", save)
}

#[derive(Template)]
#[template(path = "connecting/token.html")]
struct TokenPage {
    shell: Shell,
    action: String,
    here: String,
    web_url: Field,
    token: Field,
    is_refused: bool,
}

/// What the form sends.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Pasted {
    web_url: String,
    token: SecretString,
}

type Server = (Data<Connections>, Data<Rail>, Data<Site>);

/// Shows the form.
async fn show(scope: Scope<ManageGitHub>, server: Server) -> Result<Html<TokenPage>> {
    Ok(Html::new(page(&scope, &server.1, GITHUB, &[])))
}

fn page(
    scope: &Scope<ManageGitHub>,
    rail: &Rail,
    web_url: &str,
    errors: &[FieldError],
) -> TokenPage {
    let here = format!("/{}/{ENTRY}", scope.organization().slug);
    let action = format!("{here}/token");
    TokenPage {
        shell: rail.shell(scope, ENTRY, vec![Crumb::new("Paste a token", &action)]),
        web_url: field("web_url", web_url, errors),
        token: field("token", "", errors),
        is_refused: !errors.is_empty(),
        action,
        here,
    }
}

/// Asks GitHub whose token it is, and stores it.
async fn save(scope: Scope<ManageGitHub>, server: Server, form: Form<Pasted>) -> Result<Saved> {
    let parsed = parse(&form, &server.2.origin);
    let checked = match parsed {
        Ok((hosts, token)) => match check(&server.0, (&hosts, &token)).await {
            Ok(person) => Ok((hosts, token, person)),
            Err(error) => Err(vec![error]),
        },
        Err(errors) => Err(errors),
    };
    let mut tx = scope.begin().await?;
    let (hosts, token, person) = match checked {
        Ok(checked) => checked,
        Err(errors) => {
            let page = page(&scope, &server.1, &form.web_url, &errors);
            return Ok(tx.refuse(render(StatusCode::UNPROCESSABLE_ENTITY, &page)).await?);
        }
    };
    let new = NewToken {
        id: ConnectionId::new(),
        hosts: &hosts,
        account: (person.login.as_str(), person.id),
        token: &token,
    };
    connections::add_token(&mut tx, server.0.keyring(), &new, scope.clock().now()).await?;
    let here = format!("/{}/{ENTRY}/{}/repositories", scope.organization().slug, new.id);
    Ok(tx.commit().await?.see_other(here))
}

fn parse(form: &Pasted, site: &str) -> Result<(Hosts, SecretString), Vec<FieldError>> {
    let is_token = |token: &SecretString| {
        let text = token.expose_secret();
        (10..=500).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let token = typed(&form.token).filter(is_token);
    let token = token.ok_or_else(|| {
        wrong(
            "token",
            "Paste the token as GitHub shows it once: it begins with github_pat_ or ghp_.",
        )
    });
    match (hosts(&form.web_url, site), token) {
        (Ok(hosts), Ok(token)) => Ok((hosts, token)),
        (hosts, token) => Err(hosts.err().into_iter().chain(token.err()).collect()),
    }
}

/// Asks GitHub whose token it is; else what is wrong, beside its field.
pub(super) async fn check(
    connections: &Connections,
    (hosts, token): (&Hosts, &SecretString),
) -> Result<GitHubUser, FieldError> {
    let client = connections.client(hosts).map_err(|error| {
        tracing::warn!("GitHub cannot be asked: {error:#}");
        wrong("web_url", "GitHub cannot be asked at this address.")
    })?;
    let access = Access::new(token.clone(), &connections.new_budget(), Urgency::Person);
    match client.by(&access).person().await {
        Ok(person) => Ok(person),
        Err(error) if field_of(&error, "token") == "token" => {
            let words = "GitHub does not take this token: it has expired, was revoked, or is another GitHub's.";
            Err(wrong("token", words))
        }
        Err(error) => Err(wrong("web_url", format!("{error}."))),
    }
}
