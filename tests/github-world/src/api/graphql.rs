//! GraphQL, of which the world knows the one question that the product asks: what belongs to pull requests.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::{
    caller::caller,
    code,
    reach::{localized, visible},
};
use crate::{
    Shared, answer,
    hub::{Kind, Repository},
    state::State,
};

const AT_ONCE: usize = 25;

pub(super) async fn ask(
    shared: web::Data<Shared>,
    request: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    let state = shared.state();
    if let Err(refusal) = caller(&state, &request) {
        return refusal;
    }
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let query = asked["query"].as_str().unwrap_or_default();
    let said = if state.refuses_graphql || !query.contains("pullRequests(first: 25") {
        json!({"errors": [{"message": "Field 'pullRequests' doesn't exist on type 'Repository'"}]})
    } else if state.graphql_is_used_up {
        json!({"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]})
    } else {
        match find(&state, &request, &asked["variables"]) {
            Some(repository) => repository,
            None => json!({"data": {"repository": null},
                "errors": [{"type": "NOT_FOUND", "path": ["repository"], "message": "Could not resolve to a Repository"}]}),
        }
    };
    let mut response = answer::json_with(200, &said);
    let text = localized(&request, &said);
    response = response.set_body(actix_web::body::BoxBody::new(text));
    response
}

fn find(state: &State, request: &HttpRequest, variables: &Value) -> Option<Value> {
    let name = format!("{}/{}", variables["owner"].as_str()?, variables["name"].as_str()?);
    let (position, _) = state.repository(&name)?;
    let found = &state.repositories[position];
    if !visible(state, request, found) {
        return None;
    }
    let skip = variables["after"].as_str().and_then(|after| after.parse().ok()).unwrap_or(0_usize);
    let pulls = found.things(Kind::PullRequests).stored();
    let page: Vec<Value> =
        pulls.iter().rev().skip(skip).take(AT_ONCE).map(|pull| details(found, pull)).collect();
    let more = skip + page.len() < pulls.len();
    Some(json!({"data": {"repository": {"pullRequests": {
        "totalCount": pulls.len(),
        "pageInfo": {"hasNextPage": more, "endCursor": (skip + page.len()).to_string()},
        "nodes": page,
    }}}}))
}

fn details(found: &Repository, pull: &Value) -> Value {
    let side = |side: &str| pull[side]["sha"].as_str().unwrap_or_default().to_owned();
    let commits = code::between(found, &side("base"), &side("head"));
    let comments = found.things(Kind::ReviewComments).stored();
    let reviews: Vec<Value> = found
        .things(Kind::Reviews)
        .stored()
        .iter()
        .filter(|review| review["pull_request_url"] == pull["url"])
        .map(|review| {
            let of = |comment: &&Value| comment["pull_request_review_id"] == review["id"];
            json!({
                "fullDatabaseId": review["id"].to_string(), "state": review["state"],
                "body": review["body"], "url": review["html_url"],
                "submittedAt": review["submitted_at"], "author": who(&review["user"]),
                "commit": {"oid": review["commit_id"]},
                "comments": {"totalCount": comments.iter().filter(of).count()},
            })
        })
        .collect();
    json!({
        "number": pull["number"], "fullDatabaseId": pull["id"].to_string(),
        "headRefOid": pull["head"]["sha"], "updatedAt": pull["updated_at"],
        "additions": pull["additions"], "deletions": pull["deletions"],
        "changedFiles": pull["changed_files"], "mergedBy": who(&pull["merged_by"]),
        "comments": {"totalCount": pull["comments"]},
        "commits": {"totalCount": pull["commits"], "nodes": commits.iter().map(commit).collect::<Vec<_>>()},
        "reviews": {"totalCount": reviews.len(), "nodes": reviews},
    })
}

fn commit(commit: &Value) -> Value {
    let git = &commit["commit"];
    let author = &commit["author"];
    json!({"commit": {
        "oid": commit["sha"], "message": git["message"], "authoredDate": git["author"]["date"],
        "committedDate": git["committer"]["date"],
        "author": {"name": git["author"]["name"], "user": who(author)},
    }})
}

fn who(account: &Value) -> Value {
    if account.is_null() {
        return Value::Null;
    }
    let login = account["login"].as_str().unwrap_or_default().trim_end_matches("[bot]");
    json!({
        "__typename": account["type"], "login": login, "avatarUrl": account["avatar_url"],
        "databaseId": account["id"],
    })
}
