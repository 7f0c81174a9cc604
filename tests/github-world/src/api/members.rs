//! Memberships: one's own, and those of others as far as one may see them.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::Value;

use super::caller::{
    Bases, Caller, bases, caller, is_restricted, may_look_into, needs_sso, person,
    reads_organizations,
};
use crate::{
    Shared,
    answer::{self, REST},
    shapes,
    state::{Member, Organization, State},
};

const MINE: &str = "orgs/members#get-an-organization-membership-for-the-authenticated-user";
const ONE: &str = "orgs/members#get-organization-membership-for-a-user";

#[derive(Deserialize)]
pub(super) struct Paging {
    page: Option<usize>,
    per_page: Option<usize>,
    /// Of `/user/memberships/orgs`: active or pending.
    state: Option<String>,
}

/// `GET /user/memberships/orgs/{org}`.
pub(super) async fn my_membership(
    shared: web::Data<Shared>,
    request: HttpRequest,
    organization: web::Path<String>,
) -> HttpResponse {
    let (state, bases) = (shared.state(), bases(&request));
    let (person, caller) = match person(&state, &request) {
        Ok(found) => found,
        Err(refusal) => return refusal,
    };
    // To whom is not in it, an organisation does not tell even that it has rules.
    let Some((organization, member)) = find(&state, &organization, &person.login) else {
        return answer::not_found(MINE);
    };
    match may_look_into(&state, &caller, organization, (MINE, &bases)) {
        Ok(()) => show(&state, &request, (organization, member), &bases),
        Err(refusal) => refusal,
    }
}

/// `GET /user/memberships/orgs`: those that the App may see.
pub(super) async fn my_memberships(
    shared: web::Data<Shared>,
    request: HttpRequest,
    paging: web::Query<Paging>,
) -> HttpResponse {
    let (state, bases) = (shared.state(), bases(&request));
    let (person, caller) = match person(&state, &request) {
        Ok(found) => found,
        Err(refusal) => return refusal,
    };
    let Caller::Person { client_id, scopes, .. } = &caller else { return answer::not_found(MINE) };
    if !client_id.starts_with("Iv") && !reads_organizations(scopes) {
        let words = "You need at least read:org scope or user scope to list your organizations.";
        return answer::failure(403, words, &format!("{REST}/{MINE}"));
    }
    let memberships = state.organizations.iter().filter(|organization| {
        !is_restricted(organization, client_id) && !needs_sso(organization, &person.login)
    });
    let memberships = memberships
        .filter_map(|organization| Some((organization, organization.member(&person.login)?)))
        .filter(|(_, member)| {
            paging.state.as_deref().is_none_or(|asked| asked == shapes::standing(member.standing))
        })
        .map(|found| shapes::membership(&state, found, &bases.api, &bases.web));
    page(&request, memberships.collect(), &paging, &bases)
}

/// `GET /orgs/{org}/memberships/{username}`.
pub(super) async fn membership(
    shared: web::Data<Shared>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> HttpResponse {
    let (state, bases) = (shared.state(), bases(&request));
    let caller = match caller(&state, &request) {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    let Some(organization) = state.organization(&path.0) else { return answer::not_found(ONE) };
    if let Caller::Person { login, .. } = &caller
        && !organization.is_active(login)
    {
        let words = format!(
            "You must be a member of {} to see membership information for {}.",
            path.0, path.1
        );
        return answer::failure(403, &words, &format!("{REST}/{ONE}"));
    }
    if let Err(refusal) = may_look_into(&state, &caller, organization, (ONE, &bases)) {
        return refusal;
    }
    match organization.member(&path.1) {
        Some(member) => show(&state, &request, (organization, member), &bases),
        None => answer::not_found(ONE),
    }
}

/// `GET /orgs/{org}/members`: to strangers those who are in public.
pub(super) async fn list(
    shared: web::Data<Shared>,
    request: HttpRequest,
    (organization, paging): (web::Path<String>, web::Query<Paging>),
) -> HttpResponse {
    let (state, bases) = (shared.state(), bases(&request));
    let caller = match caller(&state, &request) {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    let list = "orgs/members#list-organization-members";
    let Some(organization) = state.organization(&organization) else {
        return answer::not_found(list);
    };
    let sees_all = match &caller {
        Caller::Person { login, .. } => organization.is_active(login),
        Caller::Installation(_) => true,
    };
    if sees_all && let Err(refusal) = may_look_into(&state, &caller, organization, (list, &bases)) {
        return refusal;
    }
    let members = organization
        .members
        .iter()
        .filter(|member| organization.is_active(&member.login) && (sees_all || member.public))
        .filter_map(|member| state.person(&member.login))
        .map(|person| shapes::simple_user(person, &bases.api, &bases.web));
    page(&request, members.collect(), &paging, &bases)
}

fn find<'world>(
    state: &'world State,
    organization: &str,
    login: &str,
) -> Option<(&'world Organization, &'world Member)> {
    let organization = state.organization(organization)?;
    Some((organization, organization.member(login)?))
}

fn show(
    state: &State,
    request: &HttpRequest,
    found: (&Organization, &Member),
    bases: &Bases,
) -> HttpResponse {
    answer::found(request, &shapes::membership(state, found, &bases.api, &bases.web))
}

/// One page of a list, 30 long where nothing is said and never more than 100, with its `Link`.
pub(super) fn page(
    request: &HttpRequest,
    all: Vec<Value>,
    paging: &Paging,
    bases: &Bases,
) -> HttpResponse {
    page_as(request, all, paging, (bases, |page| answer::found(request, &Value::Array(page))))
}

/// The same in an answer of another form.
pub(super) fn page_as(
    request: &HttpRequest,
    all: Vec<Value>,
    paging: &Paging,
    (bases, answer): (&Bases, impl FnOnce(Vec<Value>) -> HttpResponse),
) -> HttpResponse {
    let per_page = paging.per_page.unwrap_or(30).clamp(1, 100);
    let page = paging.page.unwrap_or(1).max(1);
    let last = all.len().div_ceil(per_page).max(1);
    let here: Vec<Value> = all.into_iter().skip((page - 1) * per_page).take(per_page).collect();
    let mut response = answer(here);
    let path = request.path().trim_start_matches("/api/v3");
    let link = |to: usize, relation: &str| {
        format!("<{}{path}?per_page={per_page}&page={to}>; rel=\"{relation}\"", bases.api)
    };
    let mut links = Vec::new();
    if page > 1 {
        links.extend([link(page - 1, "prev"), link(1, "first")]);
    }
    if page < last {
        links.extend([link(page + 1, "next"), link(last, "last")]);
    }
    if !links.is_empty() {
        answer::header(&mut response, "link", &links.join(", "));
    }
    response
}
