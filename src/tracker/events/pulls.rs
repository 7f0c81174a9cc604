//! `pull_request`, and what belongs to its reviews.

use chrono::{DateTime, Utc};

use super::{Outcome, Wanted};
use crate::{
    github::{
        event::{
            CommentAction, PullRequestAction, PullRequestEvent, PullRequestReviewCommentEvent,
            PullRequestReviewEvent, PullRequestReviewThreadEvent,
        },
        model::PullRequest,
    },
    repositories::RepositoryId,
    tenancy::TenantTx,
    tracker::{
        comments::{NewReviewComment, apply_review_comment, apply_review_comments},
        deletion::{Deleted, delete},
        error::Result,
        pulls::{NewPull, apply_pull},
        reviews::{NewReview, apply_review},
        word::{Applied, Kind, Word},
    },
};

/// A pull request was opened, changed, merged or closed. Its commits are asked for where they may be others.
pub async fn handle_pull_request(
    tx: &mut TenantTx,
    repository: RepositoryId,
    event: &PullRequestEvent,
) -> Result<Outcome> {
    let number = event.pull_request.number;
    let applied = apply(tx, repository, &event.pull_request).await?;
    let outcome = Outcome::of(applied, Wanted::Pull { number });
    // Also where a later event was heard before this one: that one did not say that its head is new.
    if has_other_commits(&event.action) && applied != Applied::Buried {
        return Ok(outcome.and_want(Wanted::PullCommits { number }));
    }
    Ok(outcome)
}

fn has_other_commits(action: &PullRequestAction) -> bool {
    matches!(
        action,
        PullRequestAction::Opened
            | PullRequestAction::Synchronize
            | PullRequestAction::Reopened
            | PullRequestAction::Closed
    )
}

/// A review was sent, changed or dismissed. That takes its author from those who are asked for one, of which
/// nothing else tells.
pub async fn handle_pull_request_review(
    tx: &mut TenantTx,
    repository: RepositoryId,
    event: &PullRequestReviewEvent,
) -> Result<Outcome> {
    let number = event.pull_request.number;
    let around = apply(tx, repository, &event.pull_request).await?;
    let review = NewReview::try_from((&event.review, number))?;
    let applied = apply_review(tx, repository, &review, Word::Heard).await?;
    let github_id = review.github_id;
    let outcome = Outcome::of(applied, Wanted::Review { number, github_id });
    Ok(outcome.and(around, Wanted::Pull { number }))
}

/// A comment on lines was written, changed or taken away.
pub async fn handle_pull_request_review_comment(
    tx: &mut TenantTx,
    repository: RepositoryId,
    event: &PullRequestReviewCommentEvent,
    now: DateTime<Utc>,
) -> Result<Outcome> {
    let number = event.pull_request.number;
    let github_id = event.comment.id;
    let around = apply(tx, repository, &event.pull_request).await?;
    let outcome = if event.action == CommentAction::Deleted {
        let gone = Deleted { kind: Kind::ReviewComment, github_id, number: None };
        delete(tx, repository, gone, now).await?;
        Outcome::deleted()
    } else {
        let new = NewReviewComment::try_from((&event.comment, number))?;
        let applied = apply_review_comment(tx, repository, &new, Word::Heard).await?;
        Outcome::of(applied, Wanted::ReviewComment { github_id })
    };
    Ok(outcome.and(around, Wanted::Pull { number }))
}

/// A conversation about lines was settled, or taken up again. Its comments are kept, not whether it is settled.
pub async fn handle_pull_request_review_thread(
    tx: &mut TenantTx,
    repository: RepositoryId,
    event: &PullRequestReviewThreadEvent,
) -> Result<Outcome> {
    let number = event.pull_request.number;
    let around = apply(tx, repository, &event.pull_request).await?;
    let comments = event.thread.comments.iter();
    let comments: Vec<NewReviewComment> = comments
        .map(|comment| NewReviewComment::try_from((comment, number)))
        .collect::<Result<_>>()?;
    let applied = apply_review_comments(tx, repository, &comments, Word::Heard).await?;
    let outcome = Outcome::of(around, Wanted::Pull { number });
    Ok(comments.iter().zip(applied).fold(outcome, |outcome, (comment, applied)| {
        outcome.and(applied, Wanted::ReviewComment { github_id: comment.github_id })
    }))
}

async fn apply(tx: &mut TenantTx, repository: RepositoryId, pull: &PullRequest) -> Result<Applied> {
    apply_pull(tx, repository, &NewPull::try_from(pull)?, Word::Heard).await
}
