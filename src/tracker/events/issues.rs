//! `issues` and `issue_comment`.

use chrono::{DateTime, Utc};

use super::{Outcome, Wanted};
use crate::{
    github::{
        event::{CommentAction, IssueCommentEvent, IssuesAction, IssuesEvent},
        model::Issue,
    },
    repositories::RepositoryId,
    tenancy::TenantTx,
    tracker::{
        comments::{NewComment, apply_comment},
        deletion::{Deleted, delete},
        error::Result,
        issues::{NewIssue, apply_issue},
        word::{Applied, Kind, Word},
    },
};

/// An issue was opened, changed, closed, taken away or transferred, after which it is another one elsewhere.
///
/// `now` is when an object is buried; so in the other handlers.
pub async fn handle_issues(
    tx: &mut TenantTx,
    repository: RepositoryId,
    event: &IssuesEvent,
    now: DateTime<Utc>,
) -> Result<Outcome> {
    let issue = &event.issue;
    if matches!(event.action, IssuesAction::Deleted | IssuesAction::Transferred) {
        let number = Some(issue.number);
        let gone = Deleted { kind: Kind::Issue, github_id: issue.id, number };
        delete(tx, repository, gone, now).await?;
        return Ok(Outcome::deleted());
    }
    let applied = apply(tx, repository, issue).await?;
    Ok(Outcome::of(applied, Wanted::Issue { number: issue.number }))
}

/// A comment was written, changed or taken away, which changes its issue, too. Of a pull request the event says
/// what it is as an issue, under another id, and that is left.
pub async fn handle_issue_comment(
    tx: &mut TenantTx,
    repository: RepositoryId,
    event: &IssueCommentEvent,
    now: DateTime<Utc>,
) -> Result<Outcome> {
    let IssueCommentEvent { comment, issue, .. } = event;
    let around = apply(tx, repository, issue).await?;
    let outcome = if event.action == CommentAction::Deleted {
        let gone = Deleted { kind: Kind::IssueComment, github_id: comment.id, number: None };
        delete(tx, repository, gone, now).await?;
        Outcome::deleted()
    } else {
        let new = NewComment::try_from((comment, issue.number))?;
        let applied = apply_comment(tx, repository, &new, Word::Heard).await?;
        Outcome::of(applied, Wanted::IssueComment { github_id: comment.id })
    };
    Ok(outcome.and(around, Wanted::Issue { number: issue.number }))
}

async fn apply(tx: &mut TenantTx, repository: RepositoryId, issue: &Issue) -> Result<Applied> {
    if issue.is_pull_request() {
        return Ok(Applied::Unchanged);
    }
    apply_issue(tx, repository, &NewIssue::try_from(issue)?, Word::Heard).await
}
