//! `/repos/{owner}/{repo}` itself, and the lists of repositories.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::{
    caller::{Caller, caller},
    reach::{Level, Need, localized, one, reach},
};
use crate::{Shared, answer, hub::shapes};

const METADATA: Need = Need("metadata", Level::Read);

pub(super) async fn get(shared: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let state = shared.state();
    match reach(&state, &request, METADATA) {
        Ok(position) => one(&request, &shapes::repository(&state, &state.repositories[position])),
        Err(refusal) => refusal,
    }
}

/// `GET /installation/repositories`.
pub(super) async fn of_installation(
    shared: web::Data<Shared>,
    request: HttpRequest,
    paging: web::Query<super::members::Paging>,
) -> HttpResponse {
    let state = shared.state();
    let id = match caller(&state, &request) {
        Ok(Caller::Installation(id)) => id,
        Ok(Caller::Person { .. }) => {
            return answer::failure(
                403,
                "You must authenticate with an installation access token in order to list repositories for an installation.",
                answer::REST,
            );
        }
        Err(refusal) => return refusal,
    };
    let installation = state.installations.iter().find(|one| one.id == id);
    let Some(installation) = installation else { return answer::bad_credentials() };
    let found: Vec<Value> = state
        .repositories
        .iter()
        .filter(|one| {
            one.owner.eq_ignore_ascii_case(&installation.organization) && installation.sees(one.id)
        })
        .map(|one| shapes::repository(&state, one))
        .collect();
    wrapped(&request, ("repositories", found), &paging)
}

/// `GET /user/repos`.
pub(super) async fn of_person(
    shared: web::Data<Shared>,
    request: HttpRequest,
    paging: web::Query<super::members::Paging>,
) -> HttpResponse {
    let state = shared.state();
    let (login, sees_private) = match super::caller::person(&state, &request) {
        Ok((person, Caller::Person { scopes, client_id, .. })) => {
            let has_scope = scopes.iter().any(|scope| scope == "repo");
            (person.login.clone(), client_id.starts_with("Iv") || has_scope)
        }
        Ok((_, Caller::Installation(_))) => return answer::not_found("repos/repos"),
        Err(refusal) => return refusal,
    };
    let belongs = |owner: &str| {
        owner == login || state.organization(owner).is_some_and(|found| found.is_active(&login))
    };
    let found: Vec<Value> = state
        .repositories
        .iter()
        .filter(|one| belongs(&one.owner) && (sees_private || !one.private))
        .map(|one| shapes::repository(&state, one))
        .collect();
    let bases = super::caller::bases(&request);
    let body = |page| one(&request, &Value::Array(page));
    super::members::page_as(&request, found, &paging, (&bases, body))
}

/// `GET /orgs/{org}/repos`: what the asker may see.
pub(super) async fn of_organization(
    shared: web::Data<Shared>,
    request: HttpRequest,
    (organization, paging): (web::Path<String>, web::Query<super::members::Paging>),
) -> HttpResponse {
    let state = shared.state();
    let sees_all = match caller(&state, &request) {
        Ok(Caller::Person { login, scopes, client_id }) => {
            let is_member =
                state.organization(&organization).is_some_and(|found| found.is_active(&login));
            is_member && (client_id.starts_with("Iv") || scopes.iter().any(|scope| scope == "repo"))
        }
        Ok(Caller::Installation(id)) => state
            .installations
            .iter()
            .any(|one| one.id == id && one.organization.eq_ignore_ascii_case(&organization)),
        Err(refusal) => return refusal,
    };
    let found: Vec<Value> = state
        .repositories
        .iter()
        .filter(|one| one.owner.eq_ignore_ascii_case(&organization) && (sees_all || !one.private))
        .map(|one| shapes::repository(&state, one))
        .collect();
    let bases = super::caller::bases(&request);
    super::members::page_as(
        &request,
        found,
        &paging,
        (&bases, |page| one(&request, &Value::Array(page))),
    )
}

/// A page of a list that stands under a name of its own.
pub(super) fn wrapped(
    request: &HttpRequest,
    (name, all): (&str, Vec<Value>),
    paging: &super::members::Paging,
) -> HttpResponse {
    let count = all.len();
    super::members::page_as(
        request,
        all,
        paging,
        (&super::caller::bases(request), |page| {
            let body = json!({"total_count": count, name: page});
            answer::found_text(request, &localized(request, &body))
        }),
    )
}
