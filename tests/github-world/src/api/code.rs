//! Commits, branches, and what lies between two commits.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::reach::{Going, Level, Need, listed, one, query, reach};
use crate::{
    Shared, answer,
    hub::{Kind, Repository, collection::Collection},
};

const CONTENTS: Need = Need("contents", Level::Read);

/// The commits of a branch, or up to one of them, the newest first.
pub(super) async fn commits(shared: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let state = shared.state();
    let position = match reach(&state, &request, CONTENTS) {
        Ok(position) => position,
        Err(refusal) => return refusal,
    };
    let found = &state.repositories[position];
    let asked = query(&request);
    let default = found.fields["default_branch"].as_str().unwrap_or_default();
    let from = asked.get("sha").map_or(default, String::as_str);
    let line = found.branch(from).map_or_else(|| found.line_to(from), <[String]>::to_vec);
    if line.is_empty() {
        return answer::failure(409, "Git Repository is empty.", answer::REST);
    }
    let since = asked.get("since").cloned().unwrap_or_default();
    let commits = line
        .iter()
        .rev()
        .filter_map(|sha| found.commit(sha))
        .filter(|commit| commit["commit"]["committer"]["date"].as_str() >= Some(&since));
    let list = Collection::of(commits.cloned().collect());
    listed(&state, &request, (&list, None, None), Going::Pages, |_| true)
}

/// The commits that a pull request would bring, the oldest first.
pub(super) async fn of_pull_request(
    shared: web::Data<Shared>,
    request: HttpRequest,
) -> HttpResponse {
    let state = shared.state();
    let position = match reach(&state, &request, Need("pull_requests", Level::Read)) {
        Ok(position) => position,
        Err(refusal) => return refusal,
    };
    let found = &state.repositories[position];
    let number = super::reach::number(&request, "number");
    let Some(pull) = found.things(Kind::PullRequests).find("number", number) else {
        return answer::not_found("pulls/pulls#list-commits-on-a-pull-request");
    };
    let side = |side: &str| pull[side]["sha"].as_str().unwrap_or_default().to_owned();
    let list = Collection::of(between(found, &side("base"), &side("head")));
    listed(&state, &request, (&list, None, None), Going::Pages, |_| true)
}

pub(super) async fn branches(shared: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let state = shared.state();
    let position = match reach(&state, &request, CONTENTS) {
        Ok(position) => position,
        Err(refusal) => return refusal,
    };
    let found = &state.repositories[position];
    let branches = found.branches.iter().map(|(name, line)| {
        let url = format!(
            "{}/repos/{}/commits/{}",
            crate::hub::API,
            found.full_name(),
            line[line.len() - 1]
        );
        json!({"name": name, "commit": {"sha": line.last(), "url": url}, "protected": false})
    });
    let list = Collection::of(branches.collect());
    listed(&state, &request, (&list, None, None), Going::Pages, |_| true)
}

/// `GET /git/ref/heads/{branch}`.
pub(super) async fn reference(shared: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let state = shared.state();
    let position = match reach(&state, &request, CONTENTS) {
        Ok(position) => position,
        Err(refusal) => return refusal,
    };
    let found = &state.repositories[position];
    let name = request.match_info().query("reference");
    let line = name.strip_prefix("heads/").and_then(|branch| found.branch(branch));
    let Some(sha) = line.and_then(<[String]>::last) else {
        return answer::not_found("git/refs#get-a-reference");
    };
    let here = format!("{}/repos/{}", crate::hub::API, found.full_name());
    let object = json!({"type": "commit", "sha": sha, "url": format!("{here}/git/commits/{sha}")});
    let body = json!({
        "ref": format!("refs/{name}"), "node_id": "MDM6UmVm",
        "url": format!("{here}/git/refs/{name}"), "object": object,
    });
    one(&request, &body)
}

/// `GET /compare/{base}...{head}`.
pub(super) async fn compare(shared: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let state = shared.state();
    let position = match reach(&state, &request, CONTENTS) {
        Ok(position) => position,
        Err(refusal) => return refusal,
    };
    let found = &state.repositories[position];
    let (base, head) = request.match_info().query("basehead").split_once("...").unwrap_or_default();
    let (ahead, behind) = (between(found, base, head), between(found, head, base));
    let (Some(base), Some(_)) = (found.commit(base), found.commit(head)) else {
        return answer::not_found("commits/commits#compare-two-commits");
    };
    let status = match (ahead.is_empty(), behind.is_empty()) {
        (true, true) => "identical",
        (false, true) => "ahead",
        (true, false) => "behind",
        (false, false) => "diverged",
    };
    let url = format!("{}{}", crate::hub::API, request.path().trim_start_matches("/api/v3"));
    let body = json!({
        "url": url, "html_url": url, "permalink_url": url, "diff_url": url, "patch_url": url,
        "base_commit": base, "merge_base_commit": base, "status": status, "ahead_by": ahead.len(),
        "behind_by": behind.len(), "total_commits": ahead.len(), "commits": ahead, "files": [],
    });
    one(&request, &body)
}

pub(super) fn between(found: &Repository, base: &str, head: &str) -> Vec<Value> {
    let known = found.line_to(base);
    let line = found.line_to(head);
    let new = line.iter().filter(|sha| !known.contains(sha));
    new.filter_map(|sha| found.commit(sha)).cloned().collect()
}
