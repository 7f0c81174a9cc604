//! What is read of a repository, and how far that is.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Something that a repository has many of, read list by list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(super) enum Resource {
    Labels,
    Milestones,
    Branches,
    /// Without pull requests, which are among them in GitHub's list.
    Issues,
    PullRequests,
    /// Under issues and pull requests as a whole.
    Comments,
    /// On lines of pull requests.
    ReviewComments,
    /// Reviews and commits of pull requests, a pull request at a time.
    Reviews,
    Releases,
    Deployments,
    DeploymentStatuses,
    WorkflowRuns,
}

impl Resource {
    /// In the order in which they are begun.
    pub(super) const ALL: [Self; 12] = [
        Self::Labels,
        Self::Milestones,
        Self::Branches,
        Self::Issues,
        Self::PullRequests,
        Self::Comments,
        Self::Reviews,
        Self::ReviewComments,
        Self::Releases,
        Self::Deployments,
        Self::DeploymentStatuses,
        Self::WorkflowRuns,
    ];

    /// Those of which is compared every quarter of an hour what was changed.
    pub(super) const COMPARED: [Self; 4] =
        [Self::Issues, Self::PullRequests, Self::Comments, Self::ReviewComments];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Labels => "labels",
            Self::Milestones => "milestones",
            Self::Branches => "branches",
            Self::Issues => "issues",
            Self::PullRequests => "pull_requests",
            Self::Comments => "comments",
            Self::ReviewComments => "review_comments",
            Self::Reviews => "reviews",
            Self::Releases => "releases",
            Self::Deployments => "deployments",
            Self::DeploymentStatuses => "deployment_statuses",
            Self::WorkflowRuns => "workflow_runs",
        }
    }

    pub(super) const fn in_words(self) -> &'static str {
        match self {
            Self::Labels => "Labels",
            Self::Milestones => "Milestones",
            Self::Branches => "Branches",
            Self::Issues => "Issues",
            Self::PullRequests => "Pull requests",
            Self::Comments => "Comments",
            Self::ReviewComments => "Comments on lines",
            Self::Reviews => "Reviews and commits",
            Self::Releases => "Releases",
            Self::Deployments => "Deployments",
            Self::DeploymentStatuses => "Steps of deployments",
            Self::WorkflowRuns => "Workflow runs",
        }
    }

    /// What has to be there before: its rows say what is asked for.
    pub(super) const fn after(self) -> Option<Self> {
        match self {
            Self::Reviews => Some(Self::PullRequests),
            Self::DeploymentStatuses => Some(Self::Deployments),
            Self::Labels
            | Self::Milestones
            | Self::Branches
            | Self::Issues
            | Self::PullRequests
            | Self::Comments
            | Self::ReviewComments
            | Self::Releases
            | Self::Deployments
            | Self::WorkflowRuns => None,
        }
    }
}

/// How the reading of one resource stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(super) enum ImportState {
    Waiting,
    Running,
    /// GitHub answers no more requests for now.
    Quota,
    Done,
    Failed,
    Cancelled,
}

impl ImportState {
    pub(super) const fn is_over(self) -> bool {
        match self {
            Self::Waiting | Self::Running | Self::Quota => false,
            Self::Done | Self::Failed | Self::Cancelled => true,
        }
    }
}

/// Why everything is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(super) enum Reason {
    /// Somebody has asked for it, or the repository is new.
    Import,
    /// The daily comparison of everything.
    Sweep,
}

impl Reason {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Sweep => "sweep",
        }
    }
}

/// How far one resource of a repository is read.
#[derive(Clone, Debug)]
pub(super) struct Import {
    pub(super) resource: Resource,
    pub(super) pass: Uuid,
    pub(super) reason: Reason,
    pub(super) state: ImportState,
    /// Where the next page is; none before the first.
    pub(super) cursor: Option<String>,
    pub(super) items: i64,
    pub(super) total: Option<i64>,
    pub(super) requested_at: DateTime<Utc>,
    pub(super) begun_at: Option<DateTime<Utc>>,
    pub(super) advanced_at: Option<DateTime<Utc>>,
    pub(super) finished_at: Option<DateTime<Utc>>,
    pub(super) resume_at: Option<DateTime<Utc>>,
    pub(super) complete_through: Option<DateTime<Utc>>,
    pub(super) remark: Option<String>,
    pub(super) error: Option<String>,
}

impl Import {
    /// Items a minute since its first page; none where that is too short ago to tell.
    pub(super) fn rate(&self) -> Option<i64> {
        let took = self.advanced_at? - self.begun_at?;
        let seconds = took.num_seconds();
        (seconds > 0 && self.items > 0).then(|| self.items.saturating_mul(60) / seconds)
    }

    /// When it will have come to its end, where GitHub says how many there are.
    pub(super) fn estimated_end(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.state.is_over() {
            return None;
        }
        let (rate, left) = (self.rate()?, self.total?.saturating_sub(self.items).max(0));
        let seconds = left.saturating_mul(60).checked_div(rate)?;
        Some(self.resume_at.unwrap_or(now).max(now) + TimeDelta::try_seconds(seconds)?)
    }
}

/// The resource of which a page is read next: of those begun the one that has waited longest, so that the
/// newest of each is there soon.
pub(super) fn next(imports: &[Import]) -> Option<&Import> {
    let is_done = |resource: Resource| {
        imports.iter().any(|import| import.resource == resource && import.state.is_over())
    };
    let place =
        |resource: Resource| Resource::ALL.iter().position(|one| *one == resource).unwrap_or(0);
    imports
        .iter()
        .filter(|import| !import.state.is_over())
        .filter(|import| import.resource.after().is_none_or(is_done))
        .min_by_key(|import| (import.advanced_at, place(import.resource)))
}

/// How a repository is kept in step with GitHub.
#[derive(Clone, Debug)]
pub(super) struct Sync {
    /// When it is compared with GitHub next.
    pub(super) due_at: DateTime<Utc>,
    /// What GitHub had changed until then is here.
    pub(super) through: Option<DateTime<Utc>>,
    pub(super) error: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn import(resource: Resource, state: ImportState, advanced: Option<i64>) -> Import {
        Import {
            resource,
            pass: Uuid::nil(),
            reason: Reason::Import,
            state,
            cursor: None,
            items: 0,
            total: None,
            requested_at: at(0),
            begun_at: advanced.map(|_| at(0)),
            advanced_at: advanced.map(at),
            finished_at: None,
            resume_at: None,
            complete_through: None,
            remark: None,
            error: None,
        }
    }

    #[test]
    fn each_resource_has_its_turn() {
        let running = ImportState::Running;
        let (issues, comments) = (Resource::Issues, Resource::Comments);

        let begun = [import(issues, running, Some(5)), import(comments, running, None)];
        assert_eq!(next(&begun).unwrap().resource, comments);
        let later = [import(issues, running, Some(5)), import(comments, running, Some(6))];
        assert_eq!(next(&later).unwrap().resource, issues);
        assert!(next(&[import(issues, ImportState::Done, Some(5))]).is_none());
    }

    #[test]
    fn reviews_wait_for_their_pull_requests() {
        let mut both = [
            import(Resource::PullRequests, ImportState::Running, Some(9)),
            import(Resource::Reviews, ImportState::Waiting, None),
        ];
        assert_eq!(next(&both).unwrap().resource, Resource::PullRequests);

        both[0].state = ImportState::Done;
        assert_eq!(next(&both).unwrap().resource, Resource::Reviews);
    }

    #[test]
    fn the_end_follows_from_the_rate_and_what_is_left() {
        let mut one = import(Resource::Issues, ImportState::Running, Some(30));
        assert_eq!((one.rate(), one.estimated_end(at(30))), (None, None));

        (one.items, one.total) = (500, Some(1_500));
        assert_eq!(one.rate(), Some(1_000));
        assert_eq!(one.estimated_end(at(30)), Some(at(90)));
        one.state = ImportState::Done;
        assert_eq!(one.estimated_end(at(30)), None);
    }
}
