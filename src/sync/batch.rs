//! What was read of GitHub, ready to be written.

use chrono::{DateTime, Utc};

use crate::{
    repositories::RepositoryId,
    tenancy::TenantTx,
    tracker::{
        self, Applied, HexOid, NewComment, NewDeployment, NewDeploymentStatus, NewIssue, NewLabel,
        NewMilestone, NewPull, NewPullCommit, NewRef, NewRelease, NewReview, NewReviewComment,
        NewRun, PullCounts, RefKind, Result, Wanted, Word,
    },
};

/// Things of one kind.
pub(super) enum Batch {
    Labels(Vec<NewLabel>),
    Milestones(Vec<NewMilestone>),
    Branches { refs: Vec<NewRef>, is_whole: bool },
    Issues(Vec<NewIssue>),
    Pulls(Vec<NewPull>),
    Comments(Vec<NewComment>),
    ReviewComments(Vec<NewReviewComment>),
    Details(Vec<Details>),
    Releases(Vec<NewRelease>),
    Deployments(Vec<NewDeployment>),
    Statuses(Vec<NewDeploymentStatus>),
    Runs(Vec<NewRun>),
}

/// What belongs to a pull request.
pub(super) struct Details {
    pub(super) of: Of,
    pub(super) reviews: Vec<NewReview>,
    pub(super) commits: Vec<NewPullCommit>,
}

/// The pull request itself, as GitHub said when it was asked for it alone, or what is counted of it.
pub(super) enum Of {
    Pull(Box<NewPull>),
    Counts { number: i64, head: HexOid, counts: PullCounts },
}

impl Batch {
    pub(super) fn len(&self) -> i64 {
        let count = match self {
            Self::Labels(all) => all.len(),
            Self::Milestones(all) => all.len(),
            Self::Branches { refs, .. } => refs.len(),
            Self::Issues(all) => all.len(),
            Self::Pulls(all) => all.len(),
            Self::Comments(all) => all.len(),
            Self::ReviewComments(all) => all.len(),
            Self::Details(all) => all.len(),
            Self::Releases(all) => all.len(),
            Self::Deployments(all) => all.len(),
            Self::Statuses(all) => all.len(),
            Self::Runs(all) => all.len(),
        };
        i64::try_from(count).unwrap_or(i64::MAX)
    }

    /// Writes what is newer than what is known; answers what is in doubt, and has to be asked for one by one.
    pub(super) async fn apply(
        &self,
        tx: &mut TenantTx,
        repository: RepositoryId,
        asked_at: DateTime<Utc>,
    ) -> Result<Vec<Wanted>> {
        let heard = Word::Heard;
        Ok(match self {
            Self::Labels(all) => {
                let applied = tracker::apply_labels(tx, repository, all, heard).await?;
                in_doubt(all, &applied, |label| Wanted::Label {
                    github_id: label.github_id,
                    name: label.name.clone(),
                })
            }
            Self::Milestones(all) => {
                let applied = tracker::apply_milestones(tx, repository, all, heard).await?;
                in_doubt(all, &applied, |one| Wanted::Milestone { number: one.number })
            }
            Self::Branches { refs, is_whole: true } => {
                tracker::replace_refs(tx, repository, (RefKind::Branch, refs), asked_at).await?;
                Vec::new()
            }
            Self::Branches { refs, is_whole: false } => {
                tracker::put_refs(tx, repository, refs, asked_at).await?;
                Vec::new()
            }
            Self::Issues(all) => {
                let applied = tracker::apply_issues(tx, repository, all, heard).await?;
                in_doubt(all, &applied, |one| Wanted::Issue { number: one.number })
            }
            Self::Pulls(all) => {
                let applied = tracker::apply_pulls(tx, repository, all, heard).await?;
                in_doubt(all, &applied, |one| Wanted::Pull { number: one.number })
            }
            Self::Comments(all) => {
                let applied = tracker::apply_comments(tx, repository, all, heard).await?;
                in_doubt(all, &applied, |one| Wanted::IssueComment { github_id: one.github_id })
            }
            Self::ReviewComments(all) => {
                let applied = tracker::apply_review_comments(tx, repository, all, heard).await?;
                in_doubt(all, &applied, |one| Wanted::ReviewComment { github_id: one.github_id })
            }
            Self::Details(all) => {
                let mut wanted = Vec::new();
                for details in all {
                    wanted.extend(details.apply(tx, repository).await?);
                }
                wanted
            }
            Self::Releases(_) | Self::Deployments(_) | Self::Statuses(_) | Self::Runs(_) => {
                self.apply_shipped(tx, repository).await?
            }
        })
    }

    /// What comes after the code.
    async fn apply_shipped(
        &self,
        tx: &mut TenantTx,
        repository: RepositoryId,
    ) -> Result<Vec<Wanted>> {
        let heard = Word::Heard;
        Ok(match self {
            Self::Releases(all) => {
                let applied = tracker::apply_releases(tx, repository, all, heard).await?;
                in_doubt(all, &applied, |one| Wanted::Release { github_id: one.github_id })
            }
            Self::Deployments(all) => {
                let applied = tracker::apply_deployments(tx, repository, all, heard).await?;
                in_doubt(all, &applied, |one| Wanted::Deployment { github_id: one.github_id })
            }
            Self::Statuses(all) => {
                let applied =
                    tracker::apply_deployment_statuses(tx, repository, all, heard).await?;
                in_doubt(all, &applied, |one| Wanted::DeploymentStatus {
                    deployment: one.deployment,
                    github_id: one.github_id,
                })
            }
            Self::Runs(all) => {
                let applied = tracker::apply_runs(tx, repository, all, heard).await?;
                in_doubt(all, &applied, |one| Wanted::WorkflowRun { github_id: one.github_id })
            }
            Self::Labels(_)
            | Self::Milestones(_)
            | Self::Branches { .. }
            | Self::Issues(_)
            | Self::Pulls(_)
            | Self::Comments(_)
            | Self::ReviewComments(_)
            | Self::Details(_) => Vec::new(),
        })
    }
}

impl Details {
    pub(super) async fn apply(
        &self,
        tx: &mut TenantTx,
        repository: RepositoryId,
    ) -> Result<Vec<Wanted>> {
        let number = match &self.of {
            Of::Pull(pull) => {
                tracker::apply_pull(tx, repository, pull, Word::Fetched).await?;
                pull.number
            }
            Of::Counts { number, counts, .. } => {
                tracker::count_pulls(tx, repository, std::slice::from_ref(counts)).await?;
                *number
            }
        };
        let applied = tracker::apply_reviews(tx, repository, &self.reviews, Word::Heard).await?;
        self.apply_commits(tx, repository).await?;
        Ok(in_doubt(&self.reviews, &applied, |review| Wanted::Review {
            number,
            github_id: review.github_id,
        }))
    }

    /// Those of another head, pushed between the two questions, are left: whoever tells of that push asks anew.
    async fn apply_commits(&self, tx: &mut TenantTx, repository: RepositoryId) -> Result<()> {
        let (github_id, head, count) = match &self.of {
            Of::Pull(pull) => (pull.github_id, &pull.head, pull.commits),
            Of::Counts { counts, head, .. } => (counts.github_id, head, Some(counts.commits)),
        };
        let told = i64::try_from(self.commits.len()).unwrap_or(i64::MAX);
        let is_cut = count.is_some_and(|count| count > told);
        if is_cut || self.commits.last().is_none_or(|last| last.oid == *head) {
            let of = (github_id, head);
            tracker::replace_pull_commits(tx, repository, of, &self.commits).await?;
        }
        Ok(())
    }
}

fn in_doubt<T>(all: &[T], applied: &[Applied], wanted: impl Fn(&T) -> Wanted) -> Vec<Wanted> {
    let doubtful = all.iter().zip(applied).filter(|(_, one)| **one == Applied::Doubtful);
    doubtful.map(|(one, _)| wanted(one)).collect()
}
