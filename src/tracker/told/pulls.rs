//! Pull requests.

use super::{People, filled, in_order, labelled, number, oid_or_none};
use crate::{
    github::{api::PullDetails, model::PullRequest},
    tracker::{
        error::{Result, TrackerError},
        milestones::NewMilestone,
        oid::HexOid,
        pulls::{NewPull, PullCounts},
    },
};

impl TryFrom<&PullRequest> for NewPull {
    type Error = TrackerError;

    fn try_from(pull: &PullRequest) -> Result<Self> {
        let mut people = People::default();
        let (labels, labelled) = labelled(&pull.labels);
        // Before a merge it is a trial of GitHub's, which changes without a word about the pull request.
        let merge_commit = pull.merge_commit_sha.as_ref().filter(|_| pull.is_merged());
        Ok(Self {
            github_id: pull.id,
            node_id: filled(pull.node_id.as_ref()),
            number: number("pull_request.number", pull.number)?,
            title: pull.title.clone(),
            body: filled(pull.body.as_ref()),
            is_open: pull.is_open(),
            draft: pull.draft,
            url: filled(pull.html_url.as_ref()),
            author: people.note(pull.user.as_ref()),
            merged_at: pull.merged_at,
            merged_by: people.note(pull.merged_by.as_ref()),
            merge_commit: oid_or_none("pull_request.merge_commit_sha", merge_commit)?,
            head_ref: pull.head.name.clone(),
            head: HexOid::parse("pull_request.head.sha", &pull.head.sha)?,
            head_repository: pull.head.repo.as_ref().map(|fork| fork.id),
            base_ref: pull.base.name.clone(),
            base: HexOid::parse("pull_request.base.sha", &pull.base.sha)?,
            assignees: people.note_all(&pull.assignees),
            requested_reviewers: people.note_all(&pull.requested_reviewers),
            requested_teams: in_order(pull.requested_teams.iter().map(|team| team.id)),
            labels,
            milestone: pull.milestone.as_ref().map(|milestone| milestone.id),
            locked: pull.locked,
            comments: pull.comments,
            review_comments: pull.review_comments,
            commits: pull.commits,
            additions: pull.additions,
            deletions: pull.deletions,
            changed_files: pull.changed_files,
            created_at: pull.created_at,
            closed_at: pull.closed_at,
            updated_at: pull.updated_at,
            people: people.0,
            labelled,
            in_milestone: pull.milestone.as_ref().map(NewMilestone::from),
        })
    }
}

impl From<&PullDetails> for PullCounts {
    fn from(pull: &PullDetails) -> Self {
        let mut people = People::default();
        Self {
            github_id: pull.id,
            merged_by: people.note(pull.merged_by.as_ref()),
            comments: pull.comments,
            review_comments: pull.review_comments,
            commits: pull.commit_count,
            additions: pull.additions,
            deletions: pull.deletions,
            changed_files: pull.changed_files,
            updated_at: pull.updated_at,
            people: people.0,
        }
    }
}
