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
    let owner = state.installations.iter().find(|one| one.id == id);
    let owner = owner.map(|one| one.organization.clone()).unwrap_or_default();
    let found: Vec<Value> = state
        .repositories
        .iter()
        .filter(|one| one.owner.eq_ignore_ascii_case(&owner))
        .map(|one| shapes::repository(&state, one))
        .collect();
    wrapped(&request, ("repositories", found), &paging)
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
