//! Releases, deployments, and runs of workflows as GitHub's JSON.

use serde_json::{Value, json};

use super::{API, things::Made};
use crate::shapes::node_id;

pub(crate) fn release(made: &Made<'_>, tag: &str, body: &str) -> Value {
    let here = made.api(&format!("/releases/{}", made.id));
    json!({
        "id": made.id, "node_id": node_id("07:Release", made.id), "tag_name": tag, "name": tag,
        "body": body, "draft": false, "prerelease": false, "immutable": false,
        "target_commitish": "main", "author": made.by, "assets": [], "created_at": made.now,
        "updated_at": made.now, "published_at": made.now, "url": here,
        "assets_url": format!("{here}/assets"), "upload_url": format!("{here}/assets{{?name,label}}"),
        "html_url": made.page(&format!("/releases/tag/{tag}")),
        "tarball_url": made.api(&format!("/tarball/{tag}")),
        "zipball_url": made.api(&format!("/zipball/{tag}")),
    })
}

pub(crate) fn deployment(made: &Made<'_>, sha: &str, environment: &str) -> Value {
    let here = made.api(&format!("/deployments/{}", made.id));
    json!({
        "id": made.id, "node_id": node_id("010:Deployment", made.id), "sha": sha, "ref": "main",
        "task": "deploy", "payload": {}, "original_environment": environment,
        "environment": environment, "description": null, "creator": made.by,
        "created_at": made.now, "updated_at": made.now, "statuses_url": format!("{here}/statuses"),
        "repository_url": made.api(""), "url": here, "transient_environment": false,
        "production_environment": environment == "production", "performed_via_github_app": null,
    })
}

pub(crate) fn deployment_status(made: &Made<'_>, deployment: &Value, state: &str) -> Value {
    let of = deployment["url"].as_str().unwrap_or_default();
    json!({
        "id": made.id, "node_id": node_id("016:DeploymentStatus", made.id), "state": state,
        "creator": made.by, "description": "", "environment": deployment["environment"],
        "target_url": "", "environment_url": "", "log_url": "", "created_at": made.now,
        "updated_at": made.now, "deployment_url": of, "repository_url": made.api(""),
        "url": format!("{of}/statuses/{}", made.id), "performed_via_github_app": null,
    })
}

/// A run that has been asked for, of the repository in short.
pub(crate) fn run(made: &Made<'_>, (commit, number): (&Value, u64), repository: &Value) -> Value {
    let here = made.api(&format!("/actions/runs/{}", made.id));
    let sha = &commit["sha"];
    let author = &commit["commit"]["author"];
    let mut run = json!({
        "id": made.id, "node_id": node_id("011:WorkflowRun", made.id), "name": "CI",
        "head_branch": "main", "head_sha": sha, "path": ".github/workflows/ci.yml",
        "display_title": commit["commit"]["message"], "run_number": number, "run_attempt": 1,
        "event": "push", "status": "queued", "conclusion": null, "workflow_id": 7,
        "check_suite_id": made.id + 1, "check_suite_node_id": "Q1M=", "pull_requests": [],
        "actor": made.by, "triggering_actor": made.by, "created_at": made.now,
        "updated_at": made.now, "run_started_at": made.now, "referenced_workflows": [],
        "previous_attempt_url": null, "repository": repository, "head_repository": repository,
    });
    let commit = json!({
        "id": sha, "tree_id": sha, "message": commit["commit"]["message"], "timestamp": made.now,
        "author": {"name": author["name"], "email": author["email"]},
        "committer": {"name": author["name"], "email": author["email"]},
    });
    let more = json!({
        "head_commit": commit, "url": here, "html_url": made.page(&format!("/actions/runs/{}", made.id)),
        "jobs_url": format!("{here}/jobs"), "logs_url": format!("{here}/logs"),
        "artifacts_url": format!("{here}/artifacts"), "cancel_url": format!("{here}/cancel"),
        "rerun_url": format!("{here}/rerun"), "workflow_url": made.api("/actions/workflows/7"),
        "check_suite_url": made.api(&format!("/check-suites/{}", made.id + 1)),
    });
    crate::shapes::merge(&mut run, more);
    run
}

pub(crate) fn workflow(made: &Made<'_>) -> Value {
    json!({
        "id": 7, "node_id": node_id("08:Workflow", 7), "name": "CI",
        "path": ".github/workflows/ci.yml", "state": "active", "created_at": made.now,
        "updated_at": made.now, "url": format!("{API}/repos/{}/actions/workflows/7", made.full_name),
        "html_url": made.page("/blob/main/.github/workflows/ci.yml"),
        "badge_url": made.page("/workflows/CI/badge.svg"),
    })
}
