//! `/applications/{client_id}`: an App gives tokens back, by its id and secret.

use actix_web::{HttpRequest, HttpResponse, web};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;

use crate::{
    Shared,
    answer::{self, REST},
    state::{Holder, State},
};

#[derive(Deserialize)]
pub(super) struct Named {
    access_token: String,
}

/// `DELETE /applications/{client_id}/token`: this token alone ends.
pub(super) async fn revoke_token(
    shared: web::Data<Shared>,
    request: HttpRequest,
    (client_id, body): (web::Path<String>, web::Bytes),
) -> HttpResponse {
    let mut state = shared.state();
    match owned(&state, &request, &client_id, &body) {
        Ok(position) => state.tokens[position].revoked = true,
        Err(refusal) => return refusal,
    }
    HttpResponse::NoContent().finish()
}

/// `DELETE /applications/{client_id}/grant`: every token that the person has given the App ends.
pub(super) async fn revoke_grant(
    shared: web::Data<Shared>,
    request: HttpRequest,
    (client_id, body): (web::Path<String>, web::Bytes),
) -> HttpResponse {
    let mut state = shared.state();
    let position = match owned(&state, &request, &client_id, &body) {
        Ok(position) => position,
        Err(refusal) => return refusal,
    };
    let Holder::Person { login, .. } = state.tokens[position].holder.clone() else {
        return invalid();
    };
    state.end_grant(&login, &client_id);
    HttpResponse::NoContent().finish()
}

impl State {
    /// The person takes back what it has allowed the App.
    pub(crate) fn end_grant(&mut self, login: &str, app: &str) {
        self.grants.retain(|grant| !(grant.login == login && grant.client_id == app));
        for token in &mut self.tokens {
            if let Holder::Person { login: of, client_id, .. } = &token.holder
                && of == login
                && client_id == app
            {
                token.revoked = true;
            }
        }
    }
}

/// Where the named token is, if it is good and the App's own.
fn owned(
    state: &State,
    request: &HttpRequest,
    client_id: &str,
    body: &[u8],
) -> Result<usize, HttpResponse> {
    if !is_app(state, request, client_id) {
        return Err(answer::not_found("apps/oauth-applications"));
    }
    let Ok(named) = serde_json::from_slice::<Named>(body) else { return Err(invalid()) };
    let good = state.token(&named.access_token).ok_or_else(invalid)?;
    let is_own = matches!(&good.holder, Holder::Person { client_id: of, .. } if of == client_id);
    let position = state.tokens.iter().position(|token| token.value == good.value);
    position.filter(|_| is_own).ok_or_else(invalid)
}

fn is_app(state: &State, request: &HttpRequest, client_id: &str) -> bool {
    let basic = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let decoded = basic
        .and_then(|value| value.strip_prefix("Basic "))
        .and_then(|encoded| STANDARD.decode(encoded).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let given = decoded.as_deref().and_then(|pair| pair.split_once(':'));
    let app = state.app(client_id);
    given.is_some_and(|(id, secret)| {
        id == client_id && app.is_some_and(|app| app.client_secret == secret)
    })
}

fn invalid() -> HttpResponse {
    answer::failure(
        422,
        "Validation Failed",
        &format!("{REST}/apps/oauth-applications#delete-an-app-token"),
    )
}
