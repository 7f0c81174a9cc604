//! Organisations and their teams.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use super::{
    caller::{
        Caller, bases, caller, is_restricted, may_look_into, needs_sso, person, reads_organizations,
    },
    members::{Paging, page},
};
use crate::{
    Shared,
    answer::{self, REST},
    shapes,
    state::{Organization, State},
};

const TEAMS: &str = "teams/teams#list-teams";

/// `GET /orgs/{org}`: anybody may ask.
pub(super) async fn one(
    shared: web::Data<Shared>,
    request: HttpRequest,
    organization: web::Path<String>,
) -> HttpResponse {
    let (state, bases) = (shared.state(), bases(&request));
    match state.organization(&organization) {
        Some(organization) => answer::found(
            &request,
            &shapes::full_organization(organization, &bases.api, &bases.web),
        ),
        None => answer::not_found("orgs/orgs#get-an-organization"),
    }
}

/// `GET /user/orgs`: without those that restrict the App, and without those that want single sign-on
/// first, which a header names.
pub(super) async fn mine(
    shared: web::Data<Shared>,
    request: HttpRequest,
    paging: web::Query<Paging>,
) -> HttpResponse {
    let (state, bases) = (shared.state(), bases(&request));
    let (person, caller) = match person(&state, &request) {
        Ok(found) => found,
        Err(refusal) => return refusal,
    };
    let Caller::Person { client_id, scopes, .. } = &caller else {
        return answer::not_found("orgs/orgs");
    };
    if !client_id.starts_with("Iv") && !reads_organizations(scopes) {
        let words = "You need at least read:org scope or user scope to list your organizations.";
        return answer::failure(403, words, &format!("{REST}/orgs/orgs"));
    }
    let active: Vec<&Organization> = state
        .organizations
        .iter()
        .filter(|organization| organization.is_active(&person.login))
        .collect();
    let (hidden, seen): (Vec<_>, Vec<_>) =
        active.into_iter().partition(|organization| needs_sso(organization, &person.login));
    let seen: Vec<Value> = seen
        .into_iter()
        .filter(|organization| !is_restricted(organization, client_id))
        .map(|organization| shapes::simple_organization(organization, &bases.api, &bases.web))
        .collect();
    let mut response = page(&request, seen, &paging, &bases);
    if !hidden.is_empty() {
        let ids: Vec<String> =
            hidden.iter().map(|organization| organization.id.to_string()).collect();
        let value = format!("partial-results; organizations={}", ids.join(","));
        answer::header(&mut response, "x-github-sso", &value);
    }
    response
}

pub(super) async fn teams(
    shared: web::Data<Shared>,
    request: HttpRequest,
    (organization, paging): (web::Path<String>, web::Query<Paging>),
) -> HttpResponse {
    let (state, bases) = (shared.state(), bases(&request));
    let organization = match inside(&state, &request, &organization) {
        Ok(organization) => organization,
        Err(refusal) => return refusal,
    };
    let teams = organization
        .teams
        .iter()
        .map(|team| shapes::team(team, organization, &bases.api, &bases.web));
    page(&request, teams.collect(), &paging, &bases)
}

pub(super) async fn team_members(
    shared: web::Data<Shared>,
    request: HttpRequest,
    (path, paging): (web::Path<(String, String)>, web::Query<Paging>),
) -> HttpResponse {
    let (state, bases) = (shared.state(), bases(&request));
    let organization = match inside(&state, &request, &path.0) {
        Ok(organization) => organization,
        Err(refusal) => return refusal,
    };
    let Some(team) = organization.teams.iter().find(|team| team.slug == path.1) else {
        return answer::not_found("teams/members#list-team-members");
    };
    let members = team
        .members
        .iter()
        .filter_map(|login| state.person(login))
        .map(|person| shapes::simple_user(person, &bases.api, &bases.web));
    page(&request, members.collect(), &paging, &bases)
}

/// Teams are for members and for Apps that may see members.
fn inside<'world>(
    state: &'world State,
    request: &HttpRequest,
    organization: &str,
) -> Result<&'world Organization, HttpResponse> {
    let caller = caller(state, request)?;
    let organization = state.organization(organization).ok_or_else(|| answer::not_found(TEAMS))?;
    if let Caller::Person { login, .. } = &caller
        && !organization.is_active(login)
    {
        return Err(answer::not_found(TEAMS));
    }
    may_look_into(state, &caller, organization, (TEAMS, &bases(request)))?;
    Ok(organization)
}
