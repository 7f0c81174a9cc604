//! Asking GitHub for one thing, and writing what it is, or that it is gone.

use chrono::{DateTime, Utc};

use super::{
    ask::{Asking, Stop},
    read,
    store::known,
};
use crate::{
    github::{ApiError, Cursor, model},
    jobs::JobContext,
    repositories::RepositoryId,
    tenancy::TenantTx,
    tracker::{
        self, Deleted, HexOid, Kind, NewCheckSuite, NewComment, NewDeployment, NewDeploymentStatus,
        NewIssue, NewLabel, NewMilestone, NewPull, NewRef, NewRelease, NewReview, NewReviewComment,
        NewRun, RefKind, Wanted, Word,
    },
};

/// What was fetched, or that it is not there.
enum Found {
    Issue(NewIssue),
    Details(Box<super::batch::Details>),
    Pull(Box<NewPull>),
    Comment(NewComment),
    ReviewComment(NewReviewComment),
    Review(NewReview),
    Label(NewLabel),
    Milestone(NewMilestone),
    Release(NewRelease),
    Deployment(NewDeployment),
    Status(NewDeploymentStatus),
    Run(NewRun),
    CheckSuite(NewCheckSuite),
    Reference(NewRef),
    Gone(Gone),
    /// It is something else, or nothing can be said of it.
    Nothing,
}

/// What is not there any longer.
enum Gone {
    Object(Kind, i64),
    Issue(i64),
    Pull(i64),
    Milestone(i64),
    Reference(RefKind, String),
}

/// Fetches one thing and writes it.
pub(super) async fn fetch(
    context: &JobContext,
    asking: &Asking,
    repository: RepositoryId,
    wanted: &Wanted,
) -> Result<(), Stop> {
    let asked_at = context.clock.now();
    let found = ask(asking, wanted).await?;
    if let Found::Gone(gone) = &found
        && !is_certain(asking, gone).await?
    {
        return Ok(());
    }
    let mut tx = context.db.begin_granted(&context.grant).await?;
    write(&mut tx, repository, found, asked_at).await?;
    tx.commit().await?;
    Ok(())
}

/// Whether something is gone by itself, and not from the connection's sight, or with all issues, which were
/// switched off: then what is known stays.
async fn is_certain(asking: &Asking, gone: &Gone) -> Result<bool, Stop> {
    let told = asking.api().repository_by_id(asking.github_id).await?;
    let is_of_issues = match gone {
        Gone::Issue(_) | Gone::Milestone(_) => true,
        Gone::Object(kind, _) => {
            matches!(kind, Kind::Issue | Kind::IssueComment | Kind::Label | Kind::Milestone)
        }
        Gone::Pull(_) | Gone::Reference(..) => false,
    };
    Ok(!is_of_issues || told.has_issues != Some(false))
}

async fn ask(asking: &Asking, wanted: &Wanted) -> Result<Found, Stop> {
    let (api, of) = (asking.api(), &asking.name);
    match *wanted {
        Wanted::Issue { number } => Ok(match there(api.issue(of, number).await)? {
            Some(issue) if issue.is_pull_request() => Found::Nothing,
            Some(issue) if issue.number != number => Found::Gone(Gone::Issue(number)),
            Some(issue) => Found::Issue(NewIssue::try_from(&issue)?),
            None => Found::Gone(Gone::Issue(number)),
        }),
        Wanted::Pull { number } => Ok(match there(api.pull_request(of, number).await)? {
            Some(pull) => Found::Pull(Box::new(NewPull::try_from(&pull)?)),
            None => Found::Gone(Gone::Pull(number)),
        }),
        Wanted::PullCommits { number } => {
            let details = read::details(asking, number).await?;
            Ok(details.map_or(Found::Nothing, |details| Found::Details(Box::new(details))))
        }
        Wanted::IssueComment { github_id } => {
            let comment = there(api.comment(of, github_id).await)?;
            let number = comment.as_ref().and_then(model::IssueComment::issue_number);
            Ok(match (comment, number) {
                (Some(comment), Some(number)) => {
                    Found::Comment(NewComment::try_from((&comment, number))?)
                }
                (Some(_), None) => Found::Nothing,
                (None, _) => gone(Kind::IssueComment, github_id),
            })
        }
        Wanted::ReviewComment { github_id } => {
            let comment = there(api.review_comment(of, github_id).await)?;
            let number = comment.as_ref().and_then(read::pull_number);
            Ok(match (comment, number) {
                (Some(comment), Some(number)) => {
                    Found::ReviewComment(NewReviewComment::try_from((&comment, number))?)
                }
                (Some(_), None) => Found::Nothing,
                (None, _) => gone(Kind::ReviewComment, github_id),
            })
        }
        Wanted::Review { number, github_id } => {
            let review = there(api.review(of, (number, github_id)).await)?;
            Ok(match review {
                Some(review) => Found::Review(NewReview::try_from((&review, number))?),
                None => gone(Kind::Review, github_id),
            })
        }
        Wanted::Label { github_id, .. } => label(asking, github_id).await,
        Wanted::Milestone { number } => Ok(match there(api.milestone(of, number).await)? {
            Some(milestone) => Found::Milestone(NewMilestone::from(&milestone)),
            None => Found::Gone(Gone::Milestone(number)),
        }),
        Wanted::Release { .. }
        | Wanted::Deployment { .. }
        | Wanted::DeploymentStatus { .. }
        | Wanted::WorkflowRun { .. }
        | Wanted::CheckSuite { .. }
        | Wanted::Reference { .. } => ask_for_shipped(asking, wanted).await,
    }
}

/// What comes after the code, and the references to it.
async fn ask_for_shipped(asking: &Asking, wanted: &Wanted) -> Result<Found, Stop> {
    let (api, of) = (asking.api(), &asking.name);
    Ok(match wanted {
        // Who may not write does not see one that was made a draft again: it is not gone for that.
        Wanted::Release { github_id } => there(api.release(of, *github_id).await)?
            .map_or(Found::Nothing, |release| Found::Release(NewRelease::from(&release))),
        Wanted::Deployment { github_id } => match there(api.deployment(of, *github_id).await)? {
            Some(deployment) => Found::Deployment(NewDeployment::try_from(&deployment)?),
            None => gone(Kind::Deployment, *github_id),
        },
        Wanted::DeploymentStatus { deployment, github_id } => {
            let status = api.deployment_status(of, (*deployment, *github_id)).await;
            match there(status)? {
                Some(status) => Found::Status(NewDeploymentStatus::from((&status, *deployment))),
                None => gone(Kind::DeploymentStatus, *github_id),
            }
        }
        Wanted::WorkflowRun { github_id } => match there(api.workflow_run(of, *github_id).await)? {
            Some(run) => Found::Run(NewRun::try_from(&run)?),
            None => gone(Kind::WorkflowRun, *github_id),
        },
        Wanted::CheckSuite { github_id } => match there(api.check_suite(of, *github_id).await)? {
            Some(suite) => Found::CheckSuite(NewCheckSuite::try_from(&suite)?),
            None => gone(Kind::CheckSuite, *github_id),
        },
        Wanted::Reference { reference, name } => {
            let full = match reference {
                RefKind::Branch => format!("heads/{name}"),
                RefKind::Tag => format!("tags/{name}"),
            };
            match there(api.reference(of, &full).await)? {
                Some(sha) => {
                    let head = HexOid::parse("object.sha", &sha)?;
                    Found::Reference(NewRef { kind: *reference, name: name.clone(), head })
                }
                None => Found::Gone(Gone::Reference(*reference, name.clone())),
            }
        }
        Wanted::Issue { .. }
        | Wanted::Pull { .. }
        | Wanted::PullCommits { .. }
        | Wanted::IssueComment { .. }
        | Wanted::ReviewComment { .. }
        | Wanted::Review { .. }
        | Wanted::Label { .. }
        | Wanted::Milestone { .. } => Found::Nothing,
    })
}

/// A label by what stays of it, which GitHub has no address for.
async fn label(asking: &Asking, github_id: i64) -> Result<Found, Stop> {
    let labels = read::all(asking, Cursor::labels(&asking.name)).await?;
    let found = labels.iter().find(|label| label.id == github_id);
    Ok(found
        .map_or_else(|| gone(Kind::Label, github_id), |label| Found::Label(NewLabel::from(label))))
}

fn there<T>(answer: Result<T, ApiError>) -> Result<Option<T>, Stop> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(ApiError::NotFound | ApiError::Gone) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

const fn gone(kind: Kind, github_id: i64) -> Found {
    Found::Gone(Gone::Object(kind, github_id))
}

async fn write(
    tx: &mut TenantTx,
    repository: RepositoryId,
    found: Found,
    asked_at: DateTime<Utc>,
) -> Result<(), Stop> {
    let word = Word::Fetched;
    match found {
        Found::Issue(one) => {
            if bury_transferred(tx, repository, &one, asked_at).await? {
                return Ok(());
            }
            tracker::apply_issue(tx, repository, &one, word).await.map(|_| ())
        }
        Found::Details(details) => details.apply(tx, repository).await.map(|_| ()),
        Found::Pull(one) => tracker::apply_pull(tx, repository, &one, word).await.map(|_| ()),
        Found::Comment(one) => tracker::apply_comment(tx, repository, &one, word).await.map(|_| ()),
        Found::ReviewComment(one) => {
            tracker::apply_review_comment(tx, repository, &one, word).await.map(|_| ())
        }
        Found::Review(one) => tracker::apply_review(tx, repository, &one, word).await.map(|_| ()),
        Found::Label(one) => tracker::apply_label(tx, repository, &one, word).await.map(|_| ()),
        Found::Milestone(one) => {
            tracker::apply_milestone(tx, repository, &one, word).await.map(|_| ())
        }
        Found::Release(one) => tracker::apply_release(tx, repository, &one, word).await.map(|_| ()),
        Found::Deployment(one) => {
            tracker::apply_deployment(tx, repository, &one, word).await.map(|_| ())
        }
        Found::Status(one) => {
            tracker::apply_deployment_status(tx, repository, &one, word).await.map(|_| ())
        }
        Found::Run(one) => tracker::apply_run(tx, repository, &one, word).await.map(|_| ()),
        Found::CheckSuite(one) => {
            tracker::apply_check_suite(tx, repository, &one, word).await.map(|_| ())
        }
        Found::Reference(one) => tracker::put_refs(tx, repository, &[one], asked_at).await,
        Found::Gone(gone) => return remove(tx, repository, gone, asked_at).await,
        Found::Nothing => Ok(()),
    }?;
    Ok(())
}

/// A redirect leads to where an issue was transferred: it is another one there, even under the same number.
/// True where it was.
async fn bury_transferred(
    tx: &mut TenantTx,
    repository: RepositoryId,
    issue: &NewIssue,
    now: DateTime<Utc>,
) -> Result<bool, Stop> {
    let number = issue.number;
    let known = known::find_numbered(tx, repository, Kind::Issue, number).await?;
    let Some(github_id) = known.filter(|known| *known != issue.github_id) else {
        return Ok(false);
    };
    let deleted = Deleted { kind: Kind::Issue, github_id, number: Some(number) };
    tracker::delete(tx, repository, deleted, now).await?;
    Ok(true)
}

async fn remove(
    tx: &mut TenantTx,
    repository: RepositoryId,
    gone: Gone,
    asked_at: DateTime<Utc>,
) -> Result<(), Stop> {
    let (kind, numbered, number) = match gone {
        Gone::Object(kind, github_id) => {
            let deleted = Deleted { kind, github_id, number: None };
            return Ok(tracker::delete(tx, repository, deleted, asked_at).await?);
        }
        Gone::Issue(number) => (Kind::Issue, number, Some(number)),
        Gone::Pull(number) => (Kind::Pull, number, Some(number)),
        Gone::Milestone(number) => (Kind::Milestone, number, None),
        Gone::Reference(kind, name) => {
            return Ok(tracker::remove_ref(tx, repository, (kind, &name), asked_at).await?);
        }
    };
    let github_id = known::find_numbered(tx, repository, kind, numbered).await?;
    let Some(github_id) = github_id else { return Ok(()) };
    let deleted = Deleted { kind, github_id, number };
    Ok(tracker::delete(tx, repository, deleted, asked_at).await?)
}
