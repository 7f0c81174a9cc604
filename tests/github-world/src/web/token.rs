//! `POST /login/oauth/access_token`: codes and refresh tokens for tokens. Errors have status 200.

use actix_web::{HttpRequest, HttpResponse, web};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    Shared, answer,
    state::{Holder, State, Token},
};

/// Codes are taken for ten minutes.
const CODE_LIFE: Duration = Duration::minutes(10);

#[derive(Deserialize)]
pub(super) struct Form {
    client_id: Option<String>,
    client_secret: Option<String>,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    grant_type: Option<String>,
    refresh_token: Option<String>,
}

struct Failure(&'static str, &'static str);

const NO_CLIENT: Failure = Failure(
    "incorrect_client_credentials",
    "The client_id and/or client_secret passed are incorrect.",
);
const BAD_CODE: Failure =
    Failure("bad_verification_code", "The code passed is incorrect or expired.");
const BAD_REFRESH: Failure =
    Failure("bad_refresh_token", "The refresh token passed is incorrect or expired.");
const BAD_REDIRECT: Failure = Failure(
    "redirect_uri_mismatch",
    "The redirect_uri MUST match the registered callback URL for this application.",
);

pub(super) async fn exchange(
    shared: web::Data<Shared>,
    request: HttpRequest,
    form: web::Form<Form>,
) -> HttpResponse {
    let mut state = shared.state();
    let answer = match grant(&mut state, &form) {
        Ok(token) => success(&state, &token),
        Err(Failure(error, words)) => {
            let page = error.replace('_', "-");
            let about = "https://docs.github.com/apps/managing-oauth-apps/\
                troubleshooting-oauth-app-access-token-request-errors/#";
            json!({"error": error, "error_description": words, "error_uri": format!("{about}{page}")})
        }
    };
    let accept = request.headers().get("accept").and_then(|value| value.to_str().ok());
    if accept.unwrap_or_default().contains("application/json") {
        return answer::json_with(200, &answer);
    }
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in answer.as_object().into_iter().flatten() {
        pairs.append_pair(name, &value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    answer::plain(200, "application/x-www-form-urlencoded; charset=utf-8", pairs.finish())
}

fn grant(state: &mut State, form: &Form) -> Result<Token, Failure> {
    let (Some(client_id), Some(secret)) = (&form.client_id, &form.client_secret) else {
        return Err(NO_CLIENT);
    };
    let is_known = state.app(client_id).is_some_and(|app| app.client_secret == *secret);
    if !is_known {
        return Err(NO_CLIENT);
    }
    match form.grant_type.as_deref() {
        Some("refresh_token") => {
            refresh(state, client_id, form.refresh_token.as_deref().unwrap_or_default())
        }
        None | Some("authorization_code") => by_code(state, client_id, form),
        Some(_) => {
            Err(Failure("unsupported_grant_type", "The grant_type passed is not supported."))
        }
    }
}

fn by_code(state: &mut State, client_id: &str, form: &Form) -> Result<Token, Failure> {
    let now = state.clock.now();
    let asked = form.code.as_deref().unwrap_or_default();
    let code =
        state.codes.iter_mut().find(|code| code.value == asked && code.client_id == client_id);
    let code = code.filter(|code| !code.used && now < code.made_at + CODE_LIFE).ok_or(BAD_CODE)?;
    // A redirect that was named has to be named again; one that was not may still be the registered one.
    if form.redirect_uri.is_some()
        && code.redirect_uri.is_some()
        && form.redirect_uri != code.redirect_uri
    {
        return Err(BAD_REDIRECT);
    }
    // Wrong guesses use up the code: nobody gets to try verifiers.
    code.used = true;
    if !verifies(code.challenge.as_deref(), form.code_verifier.as_deref()) {
        return Err(BAD_CODE);
    }
    let (login, scopes) = (code.login.clone(), code.scopes.clone());
    if state
        .person(&login)
        .is_none_or(|person| !person.emails.iter().any(|email| email.primary && email.verified))
    {
        return Err(Failure(
            "unverified_user_email",
            "The user must have a verified primary email.",
        ));
    }
    Ok(state.issue(client_id, &login, &scopes))
}

fn verifies(challenge: Option<&str>, verifier: Option<&str>) -> bool {
    let Some(challenge) = challenge else { return true };
    let digest =
        ring::digest::digest(&ring::digest::SHA256, verifier.unwrap_or_default().as_bytes());
    challenge == URL_SAFE_NO_PAD.encode(digest.as_ref())
}

/// A refresh token works once: it and the token beside it end.
fn refresh(state: &mut State, client_id: &str, asked: &str) -> Result<Token, Failure> {
    let now = state.clock.now();
    let old = state.tokens.iter_mut().find(|token| token.refresh.as_deref() == Some(asked));
    let old =
        old.filter(|token| !token.revoked && token.refresh_expires_at.is_some_and(|end| now < end));
    let old = old.ok_or(BAD_REFRESH)?;
    let Holder::Person { login, client_id: of, .. } = old.holder.clone() else {
        return Err(BAD_REFRESH);
    };
    if of != client_id {
        return Err(BAD_REFRESH);
    }
    old.revoked = true;
    Ok(state.issue(client_id, &login, &[]))
}

fn success(state: &State, token: &Token) -> Value {
    let now = state.clock.now();
    let scopes = match &token.holder {
        Holder::Person { scopes, .. } => scopes.join(","),
        Holder::Installation(_) => String::new(),
    };
    let mut answer = Map::new();
    answer.insert("access_token".to_owned(), json!(token.value));
    if let (Some(end), Some(refresh), Some(refresh_end)) =
        (token.expires_at, &token.refresh, token.refresh_expires_at)
    {
        answer.insert("expires_in".to_owned(), json!((end - now).num_seconds()));
        answer.insert("refresh_token".to_owned(), json!(refresh));
        answer.insert(
            "refresh_token_expires_in".to_owned(),
            json!((refresh_end - now).num_seconds()),
        );
    }
    answer.insert("scope".to_owned(), json!(scopes));
    answer.insert("token_type".to_owned(), json!("bearer"));
    Value::Object(answer)
}
