//! Commits, branches and pull requests as GitHub's JSON.

use serde_json::{Value, json};

use super::things::{Made, reactions};
use crate::shapes::node_id;

/// Of a full pull request, what its lists and the webhooks of reviews leave out.
const NOT_IN_LISTS: [&str; 12] = [
    "merged",
    "mergeable",
    "rebaseable",
    "mergeable_state",
    "merged_by",
    "comments",
    "review_comments",
    "maintainer_can_modify",
    "commits",
    "additions",
    "deletions",
    "changed_files",
];

pub(crate) fn commit(made: &Made<'_>, (sha, parent): (&str, Option<&str>), message: &str) -> Value {
    let login = made.by["login"].as_str().unwrap_or("ghost");
    let person = json!({"name": login, "email": format!("{login}@example.com"), "date": made.now});
    let here = made.api(&format!("/commits/{sha}"));
    let parents: Vec<Value> = parent
        .iter()
        .map(|sha| {
            json!({"sha": sha, "url": made.api(&format!("/commits/{sha}")),
                "html_url": made.page(&format!("/commit/{sha}"))})
        })
        .collect();
    json!({
        "sha": sha, "node_id": node_id("06:Commit", made.id), "author": made.by,
        "committer": made.by, "parents": parents, "url": here,
        "comments_url": format!("{here}/comments"),
        "html_url": made.page(&format!("/commit/{sha}")),
        "commit": {
            "author": person, "committer": person, "message": message, "comment_count": 0,
            "tree": {"sha": sha, "url": made.api(&format!("/git/trees/{sha}"))},
            "url": made.api(&format!("/git/commits/{sha}")),
            "verification": {"verified": false, "reason": "unsigned", "signature": null,
                "payload": null, "verified_at": null},
        },
    })
}

/// As `push` has it.
pub(crate) fn pushed(commit: &Value) -> Value {
    let (sha, inner) = (&commit["sha"], &commit["commit"]);
    let person = |who: &Value, account: &Value| json!({"name": who["name"], "email": who["email"], "username": account["login"]});
    json!({
        "id": sha, "tree_id": sha, "distinct": true, "message": inner["message"],
        "timestamp": inner["committer"]["date"], "url": commit["html_url"],
        "author": person(&inner["author"], &commit["author"]),
        "committer": person(&inner["committer"], &commit["committer"]),
        "added": [], "removed": [], "modified": ["README.md"],
    })
}

/// One side of a pull request.
pub(crate) struct Side {
    pub(crate) branch: String,
    pub(crate) sha: String,
    pub(crate) repository: Value,
}

impl Side {
    fn shape(&self) -> Value {
        let owner = &self.repository["owner"];
        let login = owner["login"].as_str().unwrap_or_default();
        json!({
            "label": format!("{login}:{}", self.branch), "ref": self.branch, "sha": self.sha,
            "user": owner, "repo": self.repository,
        })
    }
}

pub(crate) fn pull_request(
    made: &Made<'_>,
    number: u64,
    title: &str,
    (head, base): (&Side, &Side),
) -> Value {
    let (here, page) =
        (made.api(&format!("/pulls/{number}")), made.page(&format!("/pull/{number}")));
    let issue = made.api(&format!("/issues/{number}"));
    let statuses = made.api(&format!("/statuses/{}", head.sha));
    let link = |url: &str| json!({"href": url});
    let mut pull = json!({
        "id": made.id, "node_id": node_id("011:PullRequest", made.id), "number": number,
        "state": "open", "locked": false, "title": title, "user": made.by, "body": "See the issue.",
        "labels": [], "milestone": null, "active_lock_reason": null, "created_at": made.now,
        "updated_at": made.now, "closed_at": null, "merged_at": null, "merge_commit_sha": null,
        "assignee": null, "assignees": [], "requested_reviewers": [], "requested_teams": [],
        "head": head.shape(), "base": base.shape(), "author_association": "MEMBER",
        "auto_merge": null, "draft": false, "url": here, "html_url": page,
        "diff_url": format!("{page}.diff"), "patch_url": format!("{page}.patch"),
        "issue_url": issue, "commits_url": format!("{here}/commits"),
        "review_comments_url": format!("{here}/comments"),
        "review_comment_url": made.api("/pulls/comments{/number}"),
        "comments_url": format!("{issue}/comments"), "statuses_url": statuses,
    });
    let more = json!({
        "merged": false, "mergeable": true, "rebaseable": true, "mergeable_state": "clean",
        "merged_by": null, "comments": 0, "review_comments": 0, "maintainer_can_modify": false,
        "commits": 1, "additions": 3, "deletions": 1, "changed_files": 1,
    });
    crate::shapes::merge(&mut pull, more);
    pull["_links"] = json!({
            "self": link(&here), "html": link(&page), "issue": link(&issue),
            "comments": link(&format!("{issue}/comments")),
            "review_comments": link(&format!("{here}/comments")),
            "review_comment": link(&made.api("/pulls/comments{/number}")),
            "commits": link(&format!("{here}/commits")), "statuses": link(&statuses),
    });
    pull
}

/// What stands among issues for a pull request.
pub(crate) fn mark(pull: &Value) -> Value {
    json!({
        "url": pull["url"], "html_url": pull["html_url"], "diff_url": pull["diff_url"],
        "patch_url": pull["patch_url"], "merged_at": pull["merged_at"],
    })
}

pub(crate) fn review(made: &Made<'_>, pull: &Value, (state, body): (&str, &str)) -> Value {
    let page = pull["html_url"].as_str().unwrap_or_default();
    let page = format!("{page}#pullrequestreview-{}", made.id);
    json!({
        "id": made.id, "node_id": node_id("017:PullRequestReview", made.id), "user": made.by,
        "body": body, "state": state, "html_url": page, "pull_request_url": pull["url"],
        "author_association": "MEMBER", "submitted_at": made.now, "updated_at": made.now,
        "commit_id": pull["head"]["sha"],
        "_links": {"html": {"href": page}, "pull_request": {"href": pull["url"]}},
    })
}

pub(crate) fn review_comment(
    made: &Made<'_>,
    pull: &Value,
    (review, path, body): (u64, &str, &str),
) -> Value {
    let here = made.api(&format!("/pulls/comments/{}", made.id));
    let page = pull["html_url"].as_str().unwrap_or_default();
    let page = format!("{page}#discussion_r{}", made.id);
    let sha = &pull["head"]["sha"];
    json!({
        "id": made.id, "node_id": node_id("024:PullRequestReviewComment", made.id),
        "pull_request_review_id": review, "diff_hunk": "@@ -1 +1 @@", "path": path, "position": 1,
        "original_position": 1, "commit_id": sha, "original_commit_id": sha, "user": made.by,
        "body": body, "created_at": made.now, "updated_at": made.now, "url": here,
        "html_url": page, "pull_request_url": pull["url"], "author_association": "MEMBER",
        "start_line": null, "original_start_line": null, "start_side": null, "line": 1,
        "original_line": 1, "side": "RIGHT", "subject_type": "line", "reactions": reactions(&here),
        "_links": {"self": {"href": here}, "html": {"href": page},
            "pull_request": {"href": pull["url"]}},
    })
}

pub(crate) fn in_lists(pull: &Value) -> Value {
    let mut short = pull.clone();
    if let Value::Object(fields) = &mut short {
        fields.retain(|name, _| !NOT_IN_LISTS.contains(&name.as_str()));
    }
    short
}
