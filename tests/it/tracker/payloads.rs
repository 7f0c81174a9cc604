//! Payloads in the shapes in which GitHub sends them.

use serde_json::{Value, json};

use super::{LARGE, at};

const API: &str = "https://api.github.com/repos/acme/api";
const PAGE: &str = "https://github.com/acme/api";

pub(super) fn sha(digit: char) -> String {
    digit.to_string().repeat(40)
}

/// One value with the entries of another over its own.
pub(super) fn with(mut value: Value, over: Value) -> Value {
    let (Value::Object(entries), Value::Object(over)) = (&mut value, over) else {
        panic!("two objects")
    };
    entries.extend(over);
    value
}

pub(super) fn user(id: i64, login: &str) -> Value {
    json!({
        "login": login, "id": id, "node_id": format!("U_{id}"), "gravatar_id": "",
        "avatar_url": format!("https://avatars.githubusercontent.com/u/{id}?v=4"),
        "url": format!("https://api.github.com/users/{login}"), "html_url": format!("https://github.com/{login}"),
        "type": if login.ends_with("[bot]") { "Bot" } else { "User" }, "user_view_type": "public", "site_admin": false,
    })
}

fn repository(second: i64) -> Value {
    json!({
        "id": 1, "node_id": "R_1", "name": "api", "full_name": "acme/api", "private": false,
        "owner": with(user(100, "acme"), json!({"type": "Organization"})), "html_url": PAGE, "description": null,
        "fork": false, "url": API, "created_at": at(0), "updated_at": at(0), "pushed_at": at(second),
        "clone_url": format!("{PAGE}.git"), "size": 12, "stargazers_count": 0, "language": "Rust", "archived": false,
        "disabled": false, "open_issues_count": 1, "license": null, "topics": [], "visibility": "public",
        "default_branch": "main", "custom_properties": {},
    })
}

/// What stands around the subject of each event.
pub(super) fn event(action: &str, subject: Value) -> Value {
    let around = json!({
        "action": action, "repository": repository(0), "sender": user(1, "ada"),
        "organization": {"login": "acme", "id": 100, "node_id": "O_100", "url": "https://api.github.com/orgs/acme"},
        "installation": {"id": 7, "node_id": "I_7"},
    });
    with(around, subject)
}

pub(super) fn label(id: i64, name: &str) -> Value {
    json!({
        "id": id, "node_id": format!("L_{id}"), "url": format!("{API}/labels/{name}"), "name": name,
        "color": "d73a4a", "default": true, "description": "Something isn't working",
    })
}

pub(super) fn milestone(title: &str, second: i64) -> Value {
    json!({
        "url": format!("{API}/milestones/1"), "html_url": format!("{PAGE}/milestone/1"), "id": LARGE, "node_id": "M_1",
        "number": 1, "title": title, "description": "", "creator": user(1, "ada"), "open_issues": 1,
        "closed_issues": 0, "state": "open", "created_at": at(0), "updated_at": at(second), "due_on": null,
        "closed_at": null,
    })
}

/// An open issue of ada's, assigned to ben, that is a bug.
pub(super) fn issue(number: i64, second: i64) -> Value {
    json!({
        "url": format!("{API}/issues/{number}"), "repository_url": API, "html_url": format!("{PAGE}/issues/{number}"),
        "id": LARGE + number, "node_id": format!("I_{number}"), "number": number,
        "title": format!("Issue {number}"), "user": user(1, "ada"), "labels": [label(LARGE, "bug")], "state": "open",
        "locked": false, "assignee": user(2, "ben"), "assignees": [user(2, "ben")], "milestone": null, "comments": 0,
        "created_at": at(0), "updated_at": at(second), "closed_at": null, "author_association": "MEMBER",
        "active_lock_reason": null, "body": "It breaks.", "reactions": {"total_count": 0}, "state_reason": null,
        "sub_issues_summary": {"total": 0, "completed": 0, "percent_completed": 0}, "performed_via_github_app": null,
    })
}

pub(super) fn comment(id: i64, number: i64, second: i64) -> Value {
    json!({
        "url": format!("{API}/issues/comments/{id}"), "html_url": format!("{PAGE}/issues/{number}#issuecomment-{id}"),
        "issue_url": format!("{API}/issues/{number}"), "id": id, "node_id": format!("IC_{id}"),
        "user": user(2, "ben"), "created_at": at(second), "updated_at": at(second), "author_association": "NONE",
        "body": "Here, too.", "performed_via_github_app": null,
    })
}

fn branch(name: &str, digit: char) -> Value {
    json!({"label": format!("acme:{name}"), "ref": name, "sha": sha(digit), "user": user(100, "acme"), "repo": repository(0)})
}

/// A pull request as what is said of its reviews has it: without what is counted.
pub(super) fn small_pull(number: i64, second: i64, head: char) -> Value {
    json!({
        "url": format!("{API}/pulls/{number}"), "id": LARGE + number, "node_id": format!("PR_{number}"),
        "html_url": format!("{PAGE}/pull/{number}"), "number": number, "state": "open", "locked": false,
        "title": format!("Pull {number}"), "user": user(1, "ada"), "body": "Closes #12, fixes #14", "created_at": at(0),
        "updated_at": at(second), "closed_at": null, "merged_at": null, "merge_commit_sha": sha('f'),
        "assignee": null, "assignees": [], "requested_reviewers": [user(2, "ben"), {"id": 5, "name": "Core"}],
        "requested_teams": [{"id": 5, "name": "Core", "slug": "core"}], "labels": [], "milestone": null,
        "draft": false, "head": branch("ship", head), "base": branch("main", 'b'), "author_association": "MEMBER",
        "auto_merge": null,
    })
}

pub(super) fn pull(number: i64, second: i64, head: char) -> Value {
    let counted = json!({
        "merged": false, "mergeable": null, "rebaseable": null, "mergeable_state": "unknown", "merged_by": null,
        "comments": 0, "review_comments": second, "maintainer_can_modify": false, "commits": 2,
        "additions": 10 + second, "deletions": 3, "changed_files": 2,
    });
    with(small_pull(number, second, head), counted)
}

pub(super) fn review(state: &str, second: i64) -> Value {
    json!({
        "id": LARGE, "node_id": "PRR_1", "user": user(2, "ben"), "body": null, "commit_id": sha('a'),
        "submitted_at": at(5), "updated_at": at(second), "state": state,
        "html_url": format!("{PAGE}/pull/13#pullrequestreview-1"), "pull_request_url": format!("{API}/pulls/13"),
        "author_association": "MEMBER",
    })
}

pub(super) fn review_comment(id: i64, second: i64) -> Value {
    json!({
        "url": format!("{API}/pulls/comments/{id}"), "pull_request_review_id": LARGE, "id": id,
        "node_id": format!("PRRC_{id}"), "diff_hunk": "@@ -1 +1 @@", "path": "src/main.rs", "position": 1,
        "original_position": 1, "commit_id": sha('a'), "original_commit_id": sha('a'), "user": user(2, "ben"),
        "body": "Why?", "created_at": at(second), "updated_at": at(second), "line": 12, "side": "RIGHT",
        "html_url": format!("{PAGE}/pull/13#discussion_r{id}"), "pull_request_url": format!("{API}/pulls/13"),
        "author_association": "MEMBER",
    })
}

pub(super) fn release(second: i64, name: &str) -> Value {
    json!({
        "url": format!("{API}/releases/{LARGE}"), "html_url": format!("{PAGE}/releases/tag/v1"), "id": LARGE,
        "author": user(1, "ada"), "node_id": "RE_1", "tag_name": "v1", "target_commitish": "main", "name": name,
        "draft": false, "prerelease": false, "immutable": false, "created_at": at(0), "updated_at": at(second),
        "published_at": at(15), "assets": [], "tarball_url": null, "zipball_url": null, "body": "All new.",
    })
}

pub(super) fn deployment(second: i64) -> Value {
    json!({
        "url": format!("{API}/deployments/{LARGE}"), "id": LARGE, "node_id": "DE_1", "task": "deploy",
        "original_environment": "production", "environment": "production", "description": null, "created_at": at(17),
        "updated_at": at(second), "sha": sha('c'), "ref": "main", "payload": {}, "transient_environment": false,
        "production_environment": true, "performed_via_github_app": null,
        "creator": with(user(9, "github-actions[bot]"), json!({"type": "Bot"})),
    })
}

pub(super) fn deployment_status(id: i64, state: &str, second: i64) -> Value {
    json!({
        "url": format!("{API}/deployments/{LARGE}/statuses/{id}"), "id": id, "node_id": format!("DS_{id}"),
        "state": state, "creator": user(9, "github-actions[bot]"), "description": "", "environment": "production",
        "target_url": "https://ci.example/1", "log_url": "", "environment_url": "", "created_at": at(second),
        "updated_at": at(second), "performed_via_github_app": null,
    })
}

pub(super) fn run(status: &str, second: i64) -> Value {
    json!({
        "id": LARGE, "name": "CI", "node_id": "WFR_1", "head_branch": "main", "head_sha": sha('c'),
        "path": ".github/workflows/ci.yml", "display_title": "Ship", "run_number": 3, "event": "push",
        "status": status, "conclusion": if status == "completed" { json!("success") } else { json!(null) },
        "workflow_id": 70, "check_suite_id": 80, "check_suite_node_id": "CS_80", "html_url": format!("{PAGE}/actions/runs/1"),
        "pull_requests": [], "created_at": at(9), "updated_at": at(second), "actor": user(1, "ada"), "run_attempt": 1,
        "referenced_workflows": [], "run_started_at": at(9), "triggering_actor": user(1, "ada"),
        "head_commit": null, "repository": repository(0), "head_repository": repository(0),
    })
}

pub(super) fn suite(status: &str, second: i64) -> Value {
    json!({
        "id": 80, "node_id": "CS_80", "head_branch": "main", "head_sha": sha('c'), "status": status,
        "conclusion": if status == "completed" { json!("success") } else { json!(null) }, "before": sha('b'),
        "after": sha('c'), "pull_requests": [], "app": {"id": 15368, "slug": "github-actions"}, "created_at": at(9),
        "updated_at": at(second), "latest_check_runs_count": 1, "rerequestable": true,
    })
}

/// A push, which says its times in seconds.
pub(super) fn push(reference: &str, before: char, after: char, second: i64) -> Value {
    let told = with(
        repository(second),
        json!({"created_at": at(0).timestamp(), "pushed_at": at(second).timestamp()}),
    );
    json!({
        "ref": reference, "before": sha(before), "after": sha(after), "repository": told,
        "pusher": {"name": "ada", "email": "ada@example.com"}, "sender": user(1, "ada"), "created": before == '0',
        "deleted": after == '0', "forced": false, "base_ref": null, "compare": format!("{PAGE}/compare/x...y"),
        "commits": [], "head_commit": null,
    })
}

/// `create` or `delete`, which have no action.
pub(super) fn reference(name: &str, second: i64) -> Value {
    json!({
        "ref": name, "ref_type": "branch", "master_branch": "main", "description": null, "pusher_type": "user",
        "repository": repository(second), "sender": user(1, "ada"),
    })
}
