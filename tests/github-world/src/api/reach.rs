//! The repository that a request names, and whether the asker may do there what it wants.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::caller::{Bases, Caller, bases, bearer, caller, not_by_integration};
use crate::{
    answer::{self, REST},
    hub::{self, Repository, collection::Collection, collection::Order},
    state::{Role, State},
};

/// What an installation must be allowed, by GitHub's name for it; people need to be owners to write
/// to hooks, and members for the rest.
#[derive(Clone, Copy)]
pub(super) struct Need(pub(super) &'static str, pub(super) Level);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Read,
    Write,
}

/// Where the repository of the path is, or the refusal.
pub(super) fn reach(
    state: &State,
    request: &HttpRequest,
    need: Need,
) -> Result<usize, HttpResponse> {
    let path = request.match_info();
    let position = if let Some(id) = path.get("repository_id") {
        state.repositories.iter().position(|one| one.id.to_string() == id)
    } else {
        let name = format!("{}/{}", path.query("owner"), path.query("repo"));
        match state.repository(&name) {
            Some((position, true)) => return Err(moved(request, &state.repositories[position])),
            found => found.map(|(position, _)| position),
        }
    };
    let nothing = || answer::not_found("repos/repos#get-a-repository");
    let position = position.ok_or_else(nothing)?;
    let found = &state.repositories[position];
    if bearer(request).is_none() {
        let may = !found.private && need.1 == Level::Read && need.0 != "repository_hooks";
        return if may { Ok(position) } else { Err(nothing()) };
    }
    match caller(state, request)? {
        Caller::Installation(id) => by_installation(state, id, found, need)?,
        Caller::Person { login, client_id, scopes } => {
            let has_scope = client_id.starts_with("Iv") || has_scope(&scopes, found, need);
            if !has_scope || !may(state, &login, found, need) {
                return Err(nothing());
            }
        }
    }
    Ok(position)
}

/// Whether the asker may read it, in GraphQL.
pub(super) fn visible(state: &State, request: &HttpRequest, found: &Repository) -> bool {
    let need = Need("pull_requests", Level::Read);
    match caller(state, request) {
        Ok(Caller::Installation(id)) => by_installation(state, id, found, need).is_ok(),
        Ok(Caller::Person { login, client_id, scopes }) => {
            (client_id.starts_with("Iv") || has_scope(&scopes, found, need))
                && may(state, &login, found, need)
        }
        Err(_) => false,
    }
}

fn by_installation(
    state: &State,
    id: u64,
    found: &Repository,
    Need(permission, level): Need,
) -> Result<(), HttpResponse> {
    let installation = state.installations.iter().find(|one| one.id == id);
    let Some(installation) = installation else { return Err(answer::bad_credentials()) };
    if installation.suspended {
        return Err(answer::failure(403, "This installation has been suspended", REST));
    }
    let is_there =
        installation.organization.eq_ignore_ascii_case(&found.owner) && installation.sees(found.id);
    if !is_there && found.private {
        return Err(answer::not_found("repos/repos#get-a-repository"));
    }
    let held = installation.permissions.get(permission).map(String::as_str);
    let may = match (level, held) {
        (_, Some("write" | "admin")) => is_there,
        (Level::Read, Some("read")) => true,
        _ => permission == "metadata" && level == Level::Read,
    };
    if may { Ok(()) } else { Err(not_by_integration(permission)) }
}

fn has_scope(scopes: &[String], found: &Repository, Need(permission, level): Need) -> bool {
    let has = |wanted: &[&str]| scopes.iter().any(|scope| wanted.contains(&scope.as_str()));
    match (permission, level) {
        ("repository_hooks", Level::Read) => {
            has(&["repo", "read:repo_hook", "write:repo_hook", "admin:repo_hook"])
        }
        ("repository_hooks", Level::Write) => has(&["repo", "write:repo_hook", "admin:repo_hook"]),
        _ => !found.private || has(&["repo"]),
    }
}

fn may(state: &State, login: &str, found: &Repository, need: Need) -> bool {
    if found.owner.eq_ignore_ascii_case(login) {
        return true;
    }
    let owner = state.organization(&found.owner);
    let member = owner.filter(|owner| owner.is_active(login)).and_then(|owner| owner.member(login));
    if need.0 == "repository_hooks" {
        return member.is_some_and(|member| member.role == Role::Admin);
    }
    member.is_some() || (!found.private && need.1 == Level::Read)
}

fn moved(request: &HttpRequest, found: &Repository) -> HttpResponse {
    let Bases { api, .. } = bases(request);
    let path = request.path().trim_start_matches("/api/v3").trim_start_matches("/repos/");
    let rest = path.splitn(3, '/').nth(2).map(|rest| format!("/{rest}")).unwrap_or_default();
    let query = match request.query_string() {
        "" => String::new(),
        query => format!("?{query}"),
    };
    let url = format!("{api}/repositories/{}{rest}{query}", found.id);
    let body = json!({"message": "Moved Permanently", "url": url, "documentation_url": REST});
    // What writes is to be repeated as it was, not as a question.
    let status = if request.method() == actix_web::http::Method::GET { 301 } else { 307 };
    let mut response = answer::json_with(status, &body);
    answer::header(&mut response, "location", &url);
    response
}

/// A number in the path.
pub(super) fn number(request: &HttpRequest, name: &str) -> u64 {
    request.match_info().query(name).parse().unwrap_or(0)
}

/// One thing, with the asker's addresses.
pub(super) fn one(request: &HttpRequest, thing: &Value) -> HttpResponse {
    answer::found_text(request, &localized(request, thing))
}

pub(super) fn localized(request: &HttpRequest, thing: &Value) -> String {
    let Bases { api, web } = bases(request);
    hub::local(&thing.to_string(), &api, &web)
}

pub(super) fn query(request: &HttpRequest) -> HashMap<String, String> {
    url::form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect()
}

/// How a list goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Going {
    /// By numbers of pages.
    Pages,
    /// By cursors, as in lists that may be large: numbers end at [`State::deep_page`].
    Cursors,
}

/// One page of a collection by what the query says of order, time and state.
pub(super) fn listed(
    state: &State,
    request: &HttpRequest,
    (collection, newest_by, under): (&Collection, Option<&str>, Option<&str>),
    going: Going,
    keep: impl Fn(&Value) -> bool,
) -> HttpResponse {
    let asked = query(request);
    let per_page = asked.get("per_page").and_then(|text| text.parse().ok()).unwrap_or(30_usize);
    let per_page = per_page.clamp(1, state.page_length.unwrap_or(100));
    let after =
        asked.get("after").and_then(|text| text.strip_prefix("Y3Vyc29yOnYyOp")?.parse().ok());
    let page = asked.get("page").and_then(|text| text.parse().ok()).unwrap_or(1_usize).max(1);
    let skip = after.unwrap_or((page - 1) * per_page);
    if going == Going::Cursors && after.is_none() && skip >= state.deep_page {
        let words = "Pagination with the page parameter is not supported for large datasets, please use cursor based \
            pagination (after/before)";
        return answer::failure(
            422,
            words,
            &format!("{REST}/issues/issues#list-repository-issues"),
        );
    }
    let since = asked.get("since").map(String::as_str);
    let order = Order { newest_by, since };
    let (things, more) = collection.page(order, &keep, (skip, per_page));
    let body = match under {
        Some(name) => json!({"total_count": collection.len(), name: things}),
        None => Value::Array(things),
    };
    let mut response = one(request, &body);
    let next = match going {
        Going::Pages => ("page", (page + 1).to_string()),
        Going::Cursors => ("after", format!("Y3Vyc29yOnYyOp{}", skip + per_page)),
    };
    if more {
        link(&mut response, (state, request), &next);
        if going == Going::Pages {
            let last = collection.count(order, &keep).div_ceil(per_page).to_string();
            link_last(&mut response, (state, request), last);
        }
    }
    response
}

/// Beside the next page, `Link` names the last where pages are numbered.
fn link_last(response: &mut HttpResponse, asked: (&State, &HttpRequest), last: String) {
    let next = response.headers().get("link").and_then(|link| link.to_str().ok());
    let next = next.unwrap_or_default().to_owned();
    link(response, asked, &("page", last));
    let last = response.headers().get("link").and_then(|link| link.to_str().ok());
    let last = last.unwrap_or_default().replace("rel=\"next\"", "rel=\"last\"");
    answer::header(response, "link", &format!("{next}, {last}"));
}

/// `Link` to the next page, through the repository's id, as GitHub has it.
pub(super) fn link(
    response: &mut HttpResponse,
    (state, request): (&State, &HttpRequest),
    next: &(&str, String),
) {
    let Bases { api, .. } = bases(request);
    let mut asked: Vec<(String, String)> =
        url::form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect();
    asked.retain(|(name, _)| name != next.0);
    asked.push((next.0.to_owned(), next.1.clone()));
    let asked = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).finish();
    let path = request.path().trim_start_matches("/api/v3");
    let named =
        format!("{}/{}", request.match_info().query("owner"), request.match_info().query("repo"));
    let path = match state.repository(&named) {
        Some((position, _)) => {
            let id = state.repositories[position].id;
            path.replacen(&format!("/repos/{named}"), &format!("/repositories/{id}"), 1)
        }
        None => path.to_owned(),
    };
    answer::header(response, "link", &format!("<{api}{path}?{asked}>; rel=\"next\""));
}
