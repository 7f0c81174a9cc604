//! Comments.

use super::{People, filled, number, oid_or_none};
use crate::{
    github::model::{IssueComment, ReviewComment},
    tracker::{
        comments::{NewComment, NewReviewComment},
        error::{Result, TrackerError},
    },
};

/// With the number of the issue or pull request.
impl TryFrom<(&IssueComment, i64)> for NewComment {
    type Error = TrackerError;

    fn try_from((comment, under): (&IssueComment, i64)) -> Result<Self> {
        let mut people = People::default();
        Ok(Self {
            github_id: comment.id,
            node_id: filled(comment.node_id.as_ref()),
            number: number("issue.number", under)?,
            body: filled(comment.body.as_ref()),
            url: filled(comment.html_url.as_ref()),
            author: people.note(comment.user.as_ref()),
            created_at: comment.created_at,
            updated_at: comment.updated_at,
            people: people.0,
        })
    }
}

/// With the number of the pull request.
impl TryFrom<(&ReviewComment, i64)> for NewReviewComment {
    type Error = TrackerError;

    fn try_from((comment, under): (&ReviewComment, i64)) -> Result<Self> {
        let mut people = People::default();
        Ok(Self {
            github_id: comment.id,
            node_id: filled(comment.node_id.as_ref()),
            number: number("pull_request.number", under)?,
            body: filled(comment.body.as_ref()),
            url: filled(comment.html_url.as_ref()),
            author: people.note(comment.user.as_ref()),
            review: comment.pull_request_review_id,
            reply_to: comment.in_reply_to_id,
            path: filled(comment.path.as_ref()),
            line: comment.line,
            commit: oid_or_none("comment.commit_id", comment.commit_id.as_ref())?,
            created_at: comment.created_at,
            updated_at: comment.updated_at,
            people: people.0,
        })
    }
}
