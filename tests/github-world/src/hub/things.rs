//! What is in a repository as GitHub's JSON: issues, comments, labels, milestones.

use serde_json::{Value, json};

use super::{API, WEB};
use crate::shapes::node_id;

/// Where a thing is and when it was made.
#[derive(Clone)]
pub(crate) struct Made<'world> {
    /// Of the repository.
    pub(crate) full_name: &'world str,
    pub(crate) id: u64,
    pub(crate) now: &'world str,
    /// In short, or null for somebody who is gone.
    pub(crate) by: Value,
}

impl Made<'_> {
    pub(crate) fn api(&self, rest: &str) -> String {
        format!("{API}/repos/{}{rest}", self.full_name)
    }

    pub(crate) fn page(&self, rest: &str) -> String {
        format!("{WEB}/{}{rest}", self.full_name)
    }
}

pub(crate) fn label(made: &Made<'_>, name: &str, color: &str) -> Value {
    json!({
        "id": made.id, "node_id": node_id("05:Label", made.id), "name": name, "color": color,
        "url": made.api(&format!("/labels/{name}")), "description": null, "default": false,
    })
}

pub(crate) fn milestone(made: &Made<'_>, number: u64, title: &str) -> Value {
    let here = made.api(&format!("/milestones/{number}"));
    json!({
        "id": made.id, "node_id": node_id("09:Milestone", made.id), "number": number,
        "title": title, "description": null, "state": "open", "creator": made.by, "open_issues": 0,
        "closed_issues": 0, "created_at": made.now, "updated_at": made.now, "closed_at": null,
        "due_on": null, "url": here, "labels_url": format!("{here}/labels"),
        "html_url": made.page(&format!("/milestone/{number}")),
    })
}

pub(crate) fn issue(made: &Made<'_>, number: u64, (title, body): (&str, Option<&str>)) -> Value {
    let here = made.api(&format!("/issues/{number}"));
    json!({
        "id": made.id, "node_id": node_id("05:Issue", made.id), "number": number, "title": title,
        "body": body, "user": made.by, "state": "open", "state_reason": null, "locked": false,
        "active_lock_reason": null, "labels": [], "assignee": null, "assignees": [],
        "milestone": null, "comments": 0, "created_at": made.now, "updated_at": made.now,
        "closed_at": null, "closed_by": null, "author_association": "MEMBER",
        "performed_via_github_app": null, "reactions": reactions(&here), "url": here,
        "repository_url": made.api(""), "labels_url": format!("{here}/labels{{/name}}"),
        "comments_url": format!("{here}/comments"), "events_url": format!("{here}/events"),
        "timeline_url": format!("{here}/timeline"),
        "html_url": made.page(&format!("/issues/{number}")),
    })
}

pub(crate) fn comment(made: &Made<'_>, number: u64, body: &str) -> Value {
    let here = made.api(&format!("/issues/comments/{}", made.id));
    json!({
        "id": made.id, "node_id": node_id("012:IssueComment", made.id), "user": made.by,
        "body": body, "created_at": made.now, "updated_at": made.now,
        "author_association": "MEMBER", "performed_via_github_app": null,
        "reactions": reactions(&here), "url": here,
        "issue_url": made.api(&format!("/issues/{number}")),
        "html_url": made.page(&format!("/issues/{number}#issuecomment-{}", made.id)),
    })
}

pub(crate) fn reactions(here: &str) -> Value {
    json!({
        "url": format!("{here}/reactions"), "total_count": 0, "+1": 0, "-1": 0, "laugh": 0,
        "hooray": 0, "confused": 0, "heart": 0, "rocket": 0, "eyes": 0,
    })
}
