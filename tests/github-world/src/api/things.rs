//! Lists of what is in a repository, and its parts one by one.

use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use super::reach::{Going, Level, Need, listed, number, one, query, reach};
use crate::{
    Shared, answer,
    hub::{Kind, code, collection::Collection},
};

/// A list that the API has, and what is in it.
pub(super) struct List {
    pub(super) kind: Kind,
    /// What an installation needs to read it.
    pub(super) permission: &'static str,
    /// By which time it comes where nothing is said, the newest first; None for the order of coming.
    pub(super) newest_by: Option<&'static str>,
    pub(super) going: Going,
    /// The part of the path, and the field whose last part is the same, in lists below one thing.
    pub(super) of: Option<(&'static str, &'static str)>,
    /// The field that `state=` asks for.
    pub(super) has_state: bool,
    /// The name that it stands under, where it does.
    pub(super) under: Option<&'static str>,
}

pub(super) fn list(shared: &Shared, request: &HttpRequest, list: &'static List) -> HttpResponse {
    let state = shared.state();
    let position = match reach(&state, request, Need(list.permission, Level::Read)) {
        Ok(position) => position,
        Err(refusal) => return refusal,
    };
    if list.kind == Kind::Issues && state.repositories[position].fields["has_issues"] == false {
        return answer::failure(410, "Issues are disabled for this repo", answer::REST);
    }
    let asked = query(request);
    let field = match (asked.get("sort").map(String::as_str), asked.get("direction")) {
        (Some("updated"), direction) if direction.is_none_or(|way| way == "desc") => {
            Some("updated_at")
        }
        (Some("created"), direction) if direction.is_none_or(|way| way == "desc") => {
            Some("created_at")
        }
        (Some(_), Some(_)) => None,
        _ => list.newest_by,
    };
    let wanted = asked.get("state").map_or("open", String::as_str);
    let parent = list.of.map(|(part, field)| (request.match_info().query(part), field));
    let created = asked.get("created").map(|range| range.trim_start_matches(">="));
    let keep = |thing: &Value| {
        let is_below = parent.is_none_or(|(parent, field)| below(&thing[field], parent));
        let is_late = created.is_none_or(|from| thing["created_at"].as_str() >= Some(from));
        is_below && is_late && (!list.has_state || wanted == "all" || thing["state"] == wanted)
    };
    let things = state.repositories[position].things(list.kind);
    if list.kind == Kind::PullRequests {
        let short = Collection::of(things.stored().iter().map(code::in_lists).collect());
        return listed(&state, request, (&short, field, list.under), list.going, keep);
    }
    listed(&state, request, (things, field, list.under), list.going, keep)
}

/// One thing by its number or its id.
pub(super) fn get(
    shared: &Shared,
    request: &HttpRequest,
    (kind, permission, field): (Kind, &'static str, &'static str),
) -> HttpResponse {
    let state = shared.state();
    match reach(&state, request, Need(permission, Level::Read)) {
        Ok(position)
            if kind == Kind::Issues
                && state.repositories[position].fields["has_issues"] == false =>
        {
            answer::failure(410, "Issues are disabled for this repo", answer::REST)
        }
        Ok(position) => {
            let things = state.repositories[position].things(kind);
            match things.find(field, number(request, field)) {
                Some(thing) => one(request, &thing),
                None => answer::not_found("issues/issues#get-an-issue"),
            }
        }
        Err(refusal) => refusal,
    }
}

/// Whether an address ends in this.
fn below(address: &Value, parent: &str) -> bool {
    address.as_str().and_then(|address| address.rsplit('/').next()) == Some(parent)
}
