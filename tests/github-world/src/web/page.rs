//! The page in which one picks who one is and lets an App in.

use std::fmt::Write as _;

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use url::Url;

use super::authorize::{Asked, Refusal, agree, check, deny};
use crate::{Shared, answer};

#[derive(Deserialize)]
pub(super) struct Decision {
    /// The query that the page was opened with.
    question: String,
    /// Who agrees; nobody where the person has said no.
    login: Option<String>,
}

/// `GET /login/oauth/authorize`.
pub(super) async fn show(
    shared: web::Data<Shared>,
    asked: web::Query<Asked>,
    request: actix_web::HttpRequest,
) -> HttpResponse {
    let state = shared.state();
    let app = match check(&state, &asked) {
        Ok(app) => app,
        Err(refusal) => return refuse(refusal),
    };
    let mut people = String::new();
    let hint = asked.login.as_deref().unwrap_or_default();
    for person in state.people.iter().filter(|person| hint.is_empty() || person.login == hint) {
        let login = escape(&person.login);
        write!(
            people,
            "<li><button name=\"login\" value=\"{login}\">Authorize as {login}</button></li>"
        )
        .expect("a text takes more text");
    }
    let signup = if asked.allow_signup.as_deref() == Some("false") {
        ""
    } else {
        "<p>New here? Not in this world.</p>"
    };
    let scopes = if asked.scope.is_empty() { "nothing but who you are" } else { &asked.scope };
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Authorize {name}</title>\
         <main><h1>Authorize {name}</h1><p>{name} asks for: {scopes}</p>\
         <form method=\"post\"><input type=\"hidden\" name=\"question\" value=\"{question}\">\
         <ul>{people}</ul><button>Cancel</button></form>{signup}</main></html>",
        name = escape(&app.name),
        scopes = escape(scopes),
        question = escape(request.query_string()),
    );
    answer::plain(200, "text/html; charset=utf-8", page)
}

/// `POST /login/oauth/authorize`: what the buttons do.
pub(super) async fn decide(
    shared: web::Data<Shared>,
    decision: web::Form<Decision>,
) -> HttpResponse {
    let Ok(asked) = web::Query::<Asked>::from_query(&decision.question) else {
        return refuse(Refusal::NoSuchApp);
    };
    let mut state = shared.state();
    let to = match &decision.login {
        Some(login) if state.person(login).is_some() => agree(&mut state, &asked, login),
        _ => deny(&state, &asked),
    };
    to.map_or_else(refuse, |to| go(&to))
}

/// `GET /orgs/{org}/sso`: where people get their session of the identity provider.
pub(super) async fn single_sign_on(organization: web::Path<String>) -> HttpResponse {
    let words = format!("<h1>Single sign-on to {}</h1>", escape(&organization));
    answer::plain(200, "text/html; charset=utf-8", words)
}

fn refuse(refusal: Refusal) -> HttpResponse {
    match refusal {
        Refusal::NoSuchApp => {
            answer::plain(404, "text/html; charset=utf-8", "<h1>404</h1>".to_owned())
        }
        Refusal::BadChallenge => {
            let words =
                "<h1>The code_challenge must have 43 characters and its method must be S256</h1>";
            answer::plain(400, "text/html; charset=utf-8", words.to_owned())
        }
        Refusal::Back(to) => go(&to),
    }
}

fn go(to: &Url) -> HttpResponse {
    HttpResponse::Found().insert_header(("location", to.as_str())).finish()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
