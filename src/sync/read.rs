//! One page of a resource, as GitHub has it: where it is, what is on it, where the next one is.

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;

use super::{
    ask::{Asking, Stop},
    batch::{Batch, Details, Of},
    model::{Import, Resource},
};
use crate::{
    github::{
        Cursor,
        api::Newest,
        model::{DeploymentStatus, IssueComment, ReviewComment, WorkflowRun},
    },
    tracker::{
        HexOid, NewComment, NewDeployment, NewDeploymentStatus, NewIssue, NewLabel, NewMilestone,
        NewPull, NewPullCommit, NewRef, NewRelease, NewReview, NewReviewComment, NewRun,
        PullCounts, RefKind,
    },
};

/// How old the oldest runs of workflows are that are read.
const RUNS: TimeDelta = TimeDelta::days(90);
/// Of deployments that are older, only the last state that was told is known.
pub(super) const STATUSES: TimeDelta = TimeDelta::days(365);
/// A repository with more branches is not read whole: a hundred requests for what changes all the time.
const BRANCH_PAGES: usize = 100;
/// Of more commits GitHub does not tell.
const MOST_COMMITS: usize = 250;

/// A page that was read.
pub(super) struct Leaf {
    pub(super) batch: Batch,
    pub(super) items: i64,
    pub(super) total: Option<i64>,
    /// None after the last.
    pub(super) next: Option<String>,
    pub(super) remark: Option<&'static str>,
}

/// Reads the next page of a list; of reviews and steps of deployments, which have none, see below.
pub(super) async fn page(
    asking: &Asking,
    import: &Import,
    now: DateTime<Utc>,
) -> Result<Leaf, Stop> {
    let (of, kept) = (&asking.name, import.cursor.as_deref());
    match import.resource {
        Resource::Labels => {
            list(asking, kept, Cursor::labels(of), |all| Batch::Labels(plain(&all, NewLabel::from)))
                .await
        }
        Resource::Milestones => {
            let batch = |all: Vec<_>| Batch::Milestones(plain(&all, NewMilestone::from));
            list(asking, kept, Cursor::milestones(of), batch).await
        }
        Resource::Branches => branches(asking).await,
        Resource::Issues => issues(asking, kept).await,
        Resource::PullRequests => {
            let first = Cursor::pull_requests(of, Newest::Made);
            list(asking, kept, first, |all| Batch::Pulls(digested(&all, NewPull::try_from))).await
        }
        Resource::Comments => {
            let first = Cursor::comments(of, Newest::Made, None);
            list(asking, kept, first, |all| Batch::Comments(comments(&all))).await
        }
        Resource::ReviewComments => {
            let first = Cursor::review_comments(of, Newest::Made, None);
            list(asking, kept, first, |all| Batch::ReviewComments(review_comments(&all))).await
        }
        Resource::Releases => {
            let batch = |all: Vec<_>| Batch::Releases(plain(&all, NewRelease::from));
            list(asking, kept, Cursor::releases(of), batch).await
        }
        Resource::Deployments => {
            let batch = |all: Vec<_>| Batch::Deployments(digested(&all, NewDeployment::try_from));
            list(asking, kept, Cursor::deployments(of), batch).await
        }
        Resource::WorkflowRuns => runs(asking, kept, now - RUNS).await,
        Resource::Reviews | Resource::DeploymentStatuses => Ok(Leaf::nothing()),
    }
}

impl Leaf {
    /// After the last page.
    pub(super) const fn nothing() -> Self {
        let batch = Batch::Labels(Vec::new());
        Self { batch, items: 0, total: None, next: None, remark: None }
    }
}

/// Reads the page where a kept cursor is, or the first one.
async fn list<T: DeserializeOwned>(
    asking: &Asking,
    kept: Option<&str>,
    first: Cursor<T>,
    batch: impl FnOnce(Vec<T>) -> Batch,
) -> Result<Leaf, Stop> {
    let cursor = kept.and_then(Cursor::resume).unwrap_or(first);
    let page = asking.api().page(&cursor).await?;
    let items = i64::try_from(page.items.len()).unwrap_or(i64::MAX);
    let next = page.next.map(|next| next.as_str().to_owned());
    Ok(Leaf { batch: batch(page.items), items, total: page.total, next, remark: None })
}

/// Issues without the pull requests among them. GitHub does not count them, but numbers them with the pull
/// requests.
async fn issues(asking: &Asking, kept: Option<&str>) -> Result<Leaf, Stop> {
    let first = Cursor::issues(&asking.name, Newest::Made, None);
    let (mut newest, mut items) = (None, 0);
    let batch = |mut all: Vec<crate::github::model::Issue>| {
        newest = all.first().map(|issue| issue.number);
        all.retain(|issue| !issue.is_pull_request());
        items = i64::try_from(all.len()).unwrap_or(i64::MAX);
        Batch::Issues(digested(&all, NewIssue::try_from))
    };
    let leaf = list(asking, kept, first, batch).await?;
    Ok(Leaf { items, total: newest.filter(|_| kept.is_none()), ..leaf })
}

/// Runs come newest first: the list ends where they are too old.
async fn runs(asking: &Asking, kept: Option<&str>, since: DateTime<Utc>) -> Result<Leaf, Stop> {
    let mut is_old = false;
    let batch = |mut all: Vec<WorkflowRun>| {
        is_old = all.iter().any(|run| run.created_at < since);
        all.retain(|run| run.created_at >= since);
        Batch::Runs(digested(&all, NewRun::try_from))
    };
    let leaf = list(asking, kept, Cursor::workflow_runs(&asking.name, None), batch).await?;
    let (items, next) = (leaf.batch.len(), leaf.next.filter(|_| !is_old));
    let remark = is_old.then_some("Of the last 90 days.");
    // GitHub counts the older ones as well.
    Ok(Leaf { items, next, remark, total: None, ..leaf })
}

/// All branches at once: those that are not among them are gone.
pub(super) async fn branches(asking: &Asking) -> Result<Leaf, Stop> {
    let mut refs = Vec::new();
    let mut next = Some(Cursor::branches(&asking.name));
    let mut pages = 0;
    while let Some(cursor) = next {
        let page = asking.api().page(&cursor).await?;
        let head = |branch: &crate::github::model::BranchHead| {
            let head = HexOid::parse("commit.sha", &branch.commit.sha)?;
            Ok::<_, crate::tracker::TrackerError>(NewRef {
                kind: RefKind::Branch,
                name: branch.name.clone(),
                head,
            })
        };
        refs.extend(digested(&page.items, head));
        pages += 1;
        next = page.next.filter(|_| pages < BRANCH_PAGES);
        if pages == BRANCH_PAGES && next.is_none() {
            break;
        }
    }
    let items = i64::try_from(refs.len()).unwrap_or(i64::MAX);
    let is_whole = pages < BRANCH_PAGES;
    let remark = (!is_whole).then_some("There are more branches than are read.");
    Ok(Leaf { batch: Batch::Branches { refs, is_whole }, items, total: None, next: None, remark })
}

/// What belongs to one pull request: itself with its counts, its reviews, its commits.
pub(super) async fn details(asking: &Asking, number: i64) -> Result<Option<Details>, Stop> {
    let (api, of) = (asking.api(), &asking.name);
    let pull = match api.pull_request(of, number).await.map_err(Stop::from) {
        // It was deleted meanwhile, which the comparison of what is open finds.
        Err(Stop::Absent) => return Ok(None),
        pull => pull?,
    };
    let Ok(pull) = NewPull::try_from(&pull) else { return Ok(None) };
    let reviews = all(asking, Cursor::reviews(of, number)).await?;
    let reviews = digested(&reviews, |review| NewReview::try_from((review, number)));
    let commits = pull_commits(asking, number).await?;
    Ok(Some(Details { of: Of::Pull(Box::new(pull)), reviews, commits }))
}

/// What belongs to many pull requests at once, where a GitHub knows that question.
pub(super) struct DetailsPage {
    pub(super) found: Vec<Details>,
    pub(super) items: i64,
    pub(super) total: i64,
    /// The last one's number, and where the next ones are.
    pub(super) next: Option<(i64, String)>,
}

/// Asks for twenty-five; those of which not all was told are asked for one by one.
pub(super) async fn many_details(
    asking: &Asking,
    after: Option<&str>,
) -> Result<DetailsPage, Stop> {
    let page = asking.api().pull_details(&asking.name, after).await?;
    let (items, mut found) = (i64::try_from(page.items.len()).unwrap_or(i64::MAX), Vec::new());
    let last = page.items.last().map(|pull| pull.number);
    for pull in &page.items {
        if !pull.is_whole {
            found.extend(details(asking, pull.number).await?);
            continue;
        }
        let number = pull.number;
        let Ok(head) = HexOid::parse("headRefOid", &pull.head) else { continue };
        found.push(Details {
            of: Of::Counts { number, head, counts: PullCounts::from(pull) },
            reviews: digested(&pull.reviews, |review| NewReview::try_from((review, number))),
            commits: digested(&pull.commits, NewPullCommit::try_from),
        });
    }
    Ok(DetailsPage { found, items, total: page.total, next: last.zip(page.next) })
}

/// The commits of a pull request; GitHub tells of 250.
pub(super) async fn pull_commits(asking: &Asking, number: i64) -> Result<Vec<NewPullCommit>, Stop> {
    let mut commits = all(asking, Cursor::commits_of(&asking.name, number)).await?;
    commits.truncate(MOST_COMMITS);
    Ok(digested(&commits, NewPullCommit::try_from))
}

/// The steps of one deployment.
pub(super) async fn statuses(
    asking: &Asking,
    deployment: i64,
) -> Result<Vec<NewDeploymentStatus>, Stop> {
    let found = all(asking, Cursor::deployment_statuses(&asking.name, deployment)).await;
    let found: Vec<DeploymentStatus> = match found {
        Err(Stop::Absent) => return Ok(Vec::new()),
        found => found?,
    };
    Ok(plain(&found, |status| NewDeploymentStatus::from((status, deployment))))
}

/// A list that is never long.
pub(super) async fn all<T: DeserializeOwned>(
    asking: &Asking,
    first: Cursor<T>,
) -> Result<Vec<T>, Stop> {
    const MOST_PAGES: usize = 30;
    let (mut found, mut next, mut pages) = (Vec::new(), Some(first), 0);
    while let Some(cursor) = next.filter(|_| pages < MOST_PAGES) {
        let page = asking.api().page(&cursor).await?;
        found.extend(page.items);
        next = page.next;
        pages += 1;
    }
    Ok(found)
}

pub(super) fn comments(all: &[IssueComment]) -> Vec<NewComment> {
    let numbered = all.iter().filter_map(|comment| Some((comment, comment.issue_number()?)));
    let numbered: Vec<_> = numbered.collect();
    digested(&numbered, |comment| NewComment::try_from(*comment))
}

pub(super) fn review_comments(all: &[ReviewComment]) -> Vec<NewReviewComment> {
    let numbered = all.iter().filter_map(|comment| Some((comment, pull_number(comment)?)));
    let numbered: Vec<_> = numbered.collect();
    digested(&numbered, |comment| NewReviewComment::try_from(*comment))
}

/// The number of the pull request that a comment on lines is of.
pub(super) fn pull_number(comment: &ReviewComment) -> Option<i64> {
    comment.pull_request_url.as_deref()?.rsplit('/').next()?.parse().ok()
}

fn plain<'all, T, N>(all: &'all [T], new: impl FnMut(&'all T) -> N) -> Vec<N> {
    all.iter().map(new).collect()
}

/// What can be digested of a list: one that cannot keeps the others from nothing.
pub(super) fn digested<'all, T, N, E: std::fmt::Display>(
    all: &'all [T],
    mut new: impl FnMut(&'all T) -> Result<N, E>,
) -> Vec<N> {
    let digested = all.iter().filter_map(|one| match new(one) {
        Ok(new) => Some(new),
        Err(error) => {
            tracing::warn!(%error, "Something in a list of GitHub's has no meaning here and is left out");
            None
        }
    });
    digested.collect()
}
