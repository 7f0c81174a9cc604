//! What hooks are asked to tell, and what an App must be allowed for it.

/// The permissions of an App, each to read at least, and the events that GitHub sends for it. An App
/// whose manifest names an event without its permission is refused.
///
/// GitHub sends `installation`, `installation_repositories`, `github_app_authorization` and `ping`
/// unasked, and they must not be asked for.
pub const SUBSCRIPTIONS: [(&str, &[&str]); 8] = [
    ("metadata", &["repository", "label"]),
    ("contents", &["push", "create", "delete", "release"]),
    ("issues", &["issues", "issue_comment", "milestone"]),
    (
        "pull_requests",
        &[
            "pull_request",
            "pull_request_review",
            "pull_request_review_comment",
            "pull_request_review_thread",
        ],
    ),
    ("deployments", &["deployment", "deployment_status"]),
    ("actions", &["workflow_run"]),
    ("checks", &["check_suite"]),
    ("members", &["member", "membership", "organization", "team"]),
];

/// Of those events the ones that only organisations and Apps hear of.
const NOT_OF_REPOSITORIES: [&str; 3] = ["membership", "organization", "team"];

/// What an App's hook is asked to tell.
pub fn app_events() -> Vec<&'static str> {
    SUBSCRIPTIONS.iter().flat_map(|(_, events)| events.iter().copied()).collect()
}

/// What a repository's own hook is asked to tell.
pub fn repository_events() -> Vec<&'static str> {
    let mut events = app_events();
    events.retain(|event| !NOT_OF_REPOSITORIES.contains(event));
    events
}
