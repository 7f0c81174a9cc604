//! What happens in a repository, as GitHub tells it.

use serde_json::{Value, json};

use super::{
    LARGE, at,
    payloads::{
        comment, deployment, deployment_status, event, issue, label, milestone, pull, push,
        reference, release, review, review_comment, run, sha, small_pull, suite, user, with,
    },
};

fn about<const N: usize>(action: &str, subjects: [(&str, Value); N]) -> Value {
    let subjects = subjects.into_iter().map(|(name, subject)| (name.to_owned(), subject));
    event(action, Value::Object(subjects.collect()))
}

pub(super) fn issue_event(action: &str, issue: Value) -> (&'static str, Value) {
    ("issues", about(action, [("issue", issue)]))
}

pub(super) fn pull_event(action: &str, pull: Value) -> (&'static str, Value) {
    ("pull_request", about(action, [("number", pull["number"].clone()), ("pull_request", pull)]))
}

pub(super) fn comment_event(action: &str, comment: Value, issue: Value) -> (&'static str, Value) {
    ("issue_comment", about(action, [("comment", comment), ("issue", issue)]))
}

fn review_event(action: &str, review: Value, pull: Value) -> (&'static str, Value) {
    ("pull_request_review", about(action, [("review", review), ("pull_request", pull)]))
}

fn run_event(status: &str, second: i64) -> (&'static str, Value) {
    let action = if status == "queued" { "requested" } else { status };
    ("workflow_run", event(action, json!({"workflow_run": run(status, second), "workflow": null})))
}

fn status_event(id: i64, state: &str, second: i64) -> (&'static str, Value) {
    let subject = json!({"deployment_status": deployment_status(id, state, second), "deployment": deployment(17)});
    ("deployment_status", event("created", subject))
}

/// What happens in a repository, in its order: each family, with deletions, a bot, an account that is gone, and
/// one that is renamed.
#[expect(clippy::too_many_lines, reason = "it is a list")]
pub(super) fn story() -> Vec<(&'static str, Value)> {
    let closed = |second| {
        let over = json!({"state": "closed", "state_reason": "completed", "closed_at": at(12)});
        with(issue(12, second), over)
    };
    let merged = json!({
        "state": "closed", "merged": true, "merged_at": at(11), "closed_at": at(11), "merged_by": user(2, "ben"),
        "merge_commit_sha": sha('e'),
    });
    let reviewed = json!({"requested_reviewers": []});
    let renamed = json!({"assignees": [user(2, "benjamin")], "milestone": milestone("1.1", 22)});
    vec![
        ("label", event("created", json!({"label": label(LARGE, "bug")}))),
        issue_event("opened", issue(12, 2)),
        comment_event("created", comment(LARGE, 12, 3), with(issue(12, 3), json!({"comments": 1}))),
        pull_event("opened", pull(13, 4, 'a')),
        ("push", push("refs/heads/ship", '0', 'a', 4)),
        review_event(
            "submitted",
            review("changes_requested", 5),
            with(small_pull(13, 5, 'a'), reviewed.clone()),
        ),
        (
            "pull_request_review_comment",
            event(
                "created",
                json!({"comment": review_comment(LARGE, 6), "pull_request": with(small_pull(13, 6, 'a'), reviewed.clone())}),
            ),
        ),
        ("push", push("refs/heads/ship", 'a', 'c', 7)),
        pull_event("synchronize", with(pull(13, 7, 'c'), reviewed.clone())),
        run_event("queued", 9),
        run_event("in_progress", 9),
        run_event("completed", 10),
        ("check_suite", event("completed", json!({"check_suite": suite("completed", 10)}))),
        pull_event("closed", with(with(pull(13, 11, 'c'), reviewed.clone()), merged.clone())),
        issue_event("closed", closed(12)),
        ("push", push("refs/heads/main", 'b', 'e', 12)),
        ("push", push("refs/heads/ship", 'c', '0', 13)),
        ("delete", reference("ship", 13)),
        review_event(
            "dismissed",
            review("dismissed", 14),
            with(
                with(with(small_pull(13, 14, 'c'), reviewed), merged),
                json!({"merged": null, "merged_by": null}),
            ),
        ),
        ("release", event("published", json!({"release": release(15, "One")}))),
        ("release", event("edited", json!({"release": release(16, "The first"), "changes": {}}))),
        ("deployment", event("created", json!({"deployment": deployment(17), "workflow": null}))),
        status_event(1, "in_progress", 18),
        status_event(2, "success", 19),
        ("milestone", event("created", json!({"milestone": milestone("1.0", 20)}))),
        issue_event("opened", with(issue(14, 21), json!({"milestone": milestone("1.0", 21)}))),
        ("milestone", event("edited", json!({"milestone": milestone("1.1", 22), "changes": {}}))),
        issue_event("opened", issue(15, 23)),
        comment_event(
            "created",
            comment(LARGE + 1, 15, 24),
            with(issue(15, 24), json!({"comments": 1})),
        ),
        issue_event("deleted", issue(15, 24)),
        comment_event("deleted", comment(LARGE, 12, 3), closed(25)),
        issue_event(
            "opened",
            with(issue(16, 26), json!({"user": null, "assignees": [null], "assignee": null})),
        ),
        issue_event("edited", with(issue(14, 27), renamed)),
    ]
}
