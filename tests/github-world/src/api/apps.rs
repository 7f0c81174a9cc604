//! What an App asks by its own token: who it is, where it is installed, a token to work with.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Duration, SecondsFormat};
use serde_json::{Value, json};

use super::caller::{Bases, app_id, bases};
use crate::{
    Shared,
    answer::{self, REST},
    hub::{self, shapes as hub_shapes},
    shapes,
    state::{App, Holder, Installation, Organization, State, Token},
};

/// `GET /app`.
pub(super) async fn me(shared: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let state = shared.state();
    let id = match app_id(&state, &request) {
        Ok(id) => id,
        Err(refusal) => return refusal,
    };
    if state.app_by_id(id).is_none() {
        return answer::not_found("apps/apps");
    }
    answer::found(&request, &shape_of(&state, id, "", &request))
}

/// The App as it and its owner see it.
pub(crate) fn shape_of(state: &State, id: u64, owner: &str, request: &HttpRequest) -> Value {
    let bases = bases(request);
    let app = state.app_by_id(id).expect("the App is known");
    let owner = match hub_shapes::account(state, owner) {
        Value::Null => hub_shapes::somebody(state),
        owner => owner,
    };
    let events = app.hook.as_ref().map(|hook| hook.events.clone()).unwrap_or_default();
    let body = json!({
        "id": id,
        "slug": slug(app),
        "client_id": app.client_id,
        "node_id": shapes::node_id("011:Integration", id),
        "name": app.name,
        "description": "",
        "external_url": "https://example.com",
        "html_url": format!("{}/apps/{}", bases.web, slug(app)),
        "created_at": "2024-01-14T04:33:35Z",
        "updated_at": "2024-01-14T04:33:35Z",
        "permissions": {"members": "read", "metadata": "read"},
        "events": events,
        "owner": owner,
        "installations_count": state.installations.iter().filter(|one| one.app_id == id).count(),
    });
    serde_json::from_str(&hub::local(&body.to_string(), &bases.api, &bases.web)).unwrap()
}

/// `GET /orgs/{org}/installation`.
pub(super) async fn installation(
    shared: web::Data<Shared>,
    request: HttpRequest,
    organization: web::Path<String>,
) -> HttpResponse {
    let (state, bases) = (shared.state(), bases(&request));
    let id = match app_id(&state, &request) {
        Ok(id) => id,
        Err(refusal) => return refusal,
    };
    let page = "apps/apps#get-an-organization-installation-for-the-authenticated-app";
    let found = state.organization(&organization).and_then(|organization| {
        let installation = state
            .installations
            .iter()
            .find(|one| one.app_id == id && one.organization == organization.login)?;
        Some((installation, organization))
    });
    match found {
        Some((installation, organization)) => {
            answer::found(&request, &shape(&state, installation, organization, &bases))
        }
        None => answer::not_found(page),
    }
}

/// `GET /app/installations`.
pub(super) async fn installations(
    shared: web::Data<Shared>,
    request: HttpRequest,
    paging: web::Query<super::members::Paging>,
) -> HttpResponse {
    let (state, bases) = (shared.state(), bases(&request));
    let id = match app_id(&state, &request) {
        Ok(id) => id,
        Err(refusal) => return refusal,
    };
    let found =
        state.installations.iter().filter(|one| one.app_id == id).filter_map(|one| {
            Some(shape(&state, one, state.organization(&one.organization)?, &bases))
        });
    super::members::page(&request, found.collect(), &paging, &bases)
}

/// `GET /app/installations/{id}`.
pub(super) async fn one_installation(
    shared: web::Data<Shared>,
    request: HttpRequest,
    installation: web::Path<u64>,
) -> HttpResponse {
    let (state, bases) = (shared.state(), bases(&request));
    let app_id = match app_id(&state, &request) {
        Ok(id) => id,
        Err(refusal) => return refusal,
    };
    let is_it = |one: &&Installation| one.id == *installation && one.app_id == app_id;
    let found = state.installations.iter().find(is_it).and_then(|found| {
        Some(shape(&state, found, state.organization(&found.organization)?, &bases))
    });
    match found {
        Some(found) => answer::found(&request, &found),
        None => answer::not_found("apps/apps#get-an-installation-for-the-authenticated-app"),
    }
}

/// `GET /rate_limit`, which costs nothing; the headers say the rest.
pub(super) async fn rate_limit(request: HttpRequest) -> HttpResponse {
    let rate = json!({"limit": 5_000, "used": 0, "remaining": 5_000, "reset": 4_102_444_800_u64});
    answer::found(&request, &json!({"resources": {"core": rate, "search": rate}, "rate": rate}))
}

/// `POST /app/installations/{id}/access_tokens`: good for an hour.
pub(super) async fn token(
    shared: web::Data<Shared>,
    request: HttpRequest,
    installation: web::Path<u64>,
) -> HttpResponse {
    let mut state = shared.state();
    let app_id = match app_id(&state, &request) {
        Ok(id) => id,
        Err(refusal) => return refusal,
    };
    let page = "apps/apps#create-an-installation-access-token-for-an-app";
    let found =
        state.installations.iter().find(|one| one.id == *installation && one.app_id == app_id);
    let Some(found) = found else { return answer::not_found(page) };
    if found.suspended {
        return answer::failure(
            403,
            "This installation has been suspended",
            &format!("{REST}/{page}"),
        );
    }
    let permissions = found.permissions.clone();
    let expires_at = state.clock.now() + Duration::hours(1);
    let value = state.secret("ghs_");
    state.tokens.push(Token {
        value: value.clone(),
        holder: Holder::Installation(*installation),
        expires_at: Some(expires_at),
        refresh: None,
        refresh_expires_at: None,
        revoked: false,
    });
    let body = json!({
        "token": value,
        "expires_at": expires_at.to_rfc3339_opts(SecondsFormat::Secs, true),
        "permissions": permissions,
        "repository_selection": "all",
    });
    answer::json_with(201, &body)
}

/// As the API and webhooks show it.
pub(crate) fn shape(
    state: &State,
    installation: &Installation,
    organization: &Organization,
    bases: &Bases,
) -> Value {
    let (id, app) = (installation.id, state.app_by_id(installation.app_id));
    let selection = if installation.repositories.is_some() { "selected" } else { "all" };
    let suspended_at = installation.suspended.then_some("2024-02-14T04:33:35Z");
    json!({
        "id": id,
        "account": shapes::organization_as_owner(organization, &bases.api, &bases.web),
        "repository_selection": selection,
        "access_tokens_url": format!("{}/app/installations/{id}/access_tokens", bases.api),
        "repositories_url": format!("{}/installation/repositories", bases.api),
        "html_url": format!("{}/organizations/{}/settings/installations/{id}", bases.web, organization.login),
        "app_id": installation.app_id,
        "client_id": app.map(|app| app.client_id.clone()),
        "app_slug": app.map(slug),
        "target_id": organization.id,
        "target_type": "Organization",
        "permissions": installation.permissions,
        "events": [],
        "created_at": "2024-01-14T04:33:35Z",
        "updated_at": "2024-01-14T04:33:35Z",
        "single_file_name": null,
        "has_multiple_single_files": false,
        "single_file_paths": [],
        "suspended_by": null,
        "suspended_at": suspended_at,
    })
}

fn slug(app: &App) -> String {
    app.name.to_lowercase().replace(' ', "-")
}
