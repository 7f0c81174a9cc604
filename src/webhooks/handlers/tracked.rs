//! What happens in a repository: to issues, pull requests, reviews, releases, deployments, runs, references.
//! What each family does to the rows stands in `tracker`, a file per family.

use chrono::{DateTime, Utc};

use super::{NOT_CONNECTED, find};
use crate::{
    github::{Event, model::Repository},
    repositories::RepositoryId,
    sync,
    tenancy::TenantTx,
    tracker::{
        Applied, Outcome, Result, TrackerError, handle_check_suite, handle_create, handle_delete,
        handle_deployment, handle_deployment_status, handle_issue_comment, handle_issues,
        handle_label, handle_milestone, handle_pull_request, handle_pull_request_review,
        handle_pull_request_review_comment, handle_pull_request_review_thread, handle_push,
        handle_release, handle_workflow_run,
    },
    webhooks::dispatch::{Failure, Remark},
};

/// Gives an event its effect on the rows of its repository.
pub(in crate::webhooks) async fn handle(
    tx: &mut TenantTx,
    event: &Event,
    now: DateTime<Utc>,
) -> std::result::Result<Remark, Failure> {
    let Some(told) = repository(event) else { return Ok(None) };
    let Some(repository) = find(tx, told).await? else {
        return Ok(Some(NOT_CONNECTED.to_owned()));
    };
    let outcome = match apply(tx, repository, event, now).await {
        // It was removed meanwhile.
        Err(TrackerError::NotConnected(_)) => return Ok(Some(NOT_CONNECTED.to_owned())),
        outcome => outcome?,
    };
    let Some(Outcome { applied, wanted }) = outcome else { return Ok(None) };
    // What is in doubt is asked of GitHub by a job, which is committed with the event's effect.
    let is_asked = sync::request_wanted(tx, repository, wanted, now).await?;
    Ok(remark(applied, is_asked).map(str::to_owned))
}

/// The repository of an event whose effect is on rows.
fn repository(event: &Event) -> Option<&Repository> {
    Some(match event {
        Event::Push(event) => &event.repository,
        Event::PullRequest(event) => &event.repository,
        Event::PullRequestReview(event) => &event.repository,
        Event::PullRequestReviewComment(event) => &event.repository,
        Event::PullRequestReviewThread(event) => &event.repository,
        Event::Issues(event) => &event.repository,
        Event::IssueComment(event) => &event.repository,
        Event::Release(event) => &event.repository,
        Event::Create(event) => &event.repository,
        Event::Delete(event) => &event.repository,
        Event::Deployment(event) => &event.repository,
        Event::DeploymentStatus(event) => &event.repository,
        Event::WorkflowRun(event) => &event.repository,
        Event::CheckSuite(event) => &event.repository,
        Event::Label(event) => &event.repository,
        Event::Milestone(event) => &event.repository,
        Event::Repository(_)
        | Event::Member(_)
        | Event::Membership(_)
        | Event::Organization(_)
        | Event::Team(_)
        | Event::Installation(_)
        | Event::InstallationRepositories(_)
        | Event::GitHubAppAuthorization(_)
        | Event::Ping(_)
        | Event::Other { .. } => return None,
    })
}

async fn apply(
    tx: &mut TenantTx,
    repository: RepositoryId,
    event: &Event,
    now: DateTime<Utc>,
) -> Result<Option<Outcome>> {
    Ok(Some(match event {
        Event::Push(event) => handle_push(tx, repository, event).await?,
        Event::PullRequest(event) => handle_pull_request(tx, repository, event).await?,
        Event::PullRequestReview(event) => {
            handle_pull_request_review(tx, repository, event).await?
        }
        Event::PullRequestReviewComment(event) => {
            handle_pull_request_review_comment(tx, repository, event, now).await?
        }
        Event::PullRequestReviewThread(event) => {
            handle_pull_request_review_thread(tx, repository, event).await?
        }
        Event::Issues(event) => handle_issues(tx, repository, event, now).await?,
        Event::IssueComment(event) => handle_issue_comment(tx, repository, event, now).await?,
        Event::Release(event) => handle_release(tx, repository, event, now).await?,
        Event::Create(event) => handle_create(tx, repository, event).await?,
        Event::Delete(event) => handle_delete(tx, repository, event).await?,
        Event::Deployment(event) => handle_deployment(tx, repository, event).await?,
        Event::DeploymentStatus(event) => handle_deployment_status(tx, repository, event).await?,
        Event::WorkflowRun(event) => handle_workflow_run(tx, repository, event).await?,
        Event::CheckSuite(event) => handle_check_suite(tx, repository, event).await?,
        Event::Label(event) => handle_label(tx, repository, event, now).await?,
        Event::Milestone(event) => handle_milestone(tx, repository, event, now).await?,
        Event::Repository(_)
        | Event::Member(_)
        | Event::Membership(_)
        | Event::Organization(_)
        | Event::Team(_)
        | Event::Installation(_)
        | Event::InstallationRepositories(_)
        | Event::GitHubAppAuthorization(_)
        | Event::Ping(_)
        | Event::Other { .. } => return Ok(None),
    }))
}

/// What to say of a word that changed nothing.
const fn remark(applied: Applied, is_asked: bool) -> Option<&'static str> {
    match applied {
        Applied::Written | Applied::Unchanged => None,
        Applied::Stale => Some("Something newer is known already."),
        Applied::Doubtful if is_asked => {
            Some("Another change of the same second is known; GitHub is asked which came last.")
        }
        Applied::Doubtful => {
            Some("Another change of the same second is known; which came last is not told.")
        }
        Applied::Buried => Some("It is about something that was deleted."),
    }
}

impl From<TrackerError> for Failure {
    fn from(error: TrackerError) -> Self {
        match error {
            TrackerError::Database(error) => error.into(),
            TrackerError::Indigestible { path, why } => {
                Self::for_good(why.to_owned(), Some(path.to_owned()))
            }
            TrackerError::NotConnected(_) | TrackerError::Unwritable(_) => {
                Self::for_good(error.to_string(), None)
            }
        }
    }
}
