//! Commits, branches, and pull requests with their reviews.

use chrono::{DateTime, Utc};
use url::form_urlencoded;

use super::{Api, ApiError, Cursor, Newest, lists::from};
use crate::github::{
    FullName,
    model::{BranchHead, Commit, Comparison, PullRequest, Review, ReviewComment},
};

impl Cursor<PullRequest> {
    /// Open and closed, without their counts. There is no `since`: who wants what is new stops at the
    /// first that is older.
    pub fn pull_requests(of: &FullName, newest: Newest) -> Self {
        Self::to(format!("/repos/{of}/pulls?state=all&{}", newest.query()))
    }

    /// The open ones alone: the half of a reconciliation.
    pub fn open_pull_requests(of: &FullName) -> Self {
        Self::to(format!("/repos/{of}/pulls?state=open&{}", Newest::Made.query()))
    }
}

impl Cursor<Review> {
    /// Of one pull request, the oldest first.
    pub fn reviews(of: &FullName, number: i64) -> Self {
        Self::to(format!("/repos/{of}/pulls/{number}/reviews?per_page=100"))
    }
}

impl Cursor<ReviewComment> {
    /// Of all pull requests.
    pub fn review_comments(of: &FullName, newest: Newest, since: Option<DateTime<Utc>>) -> Self {
        Self::to(format!("/repos/{of}/pulls/comments?{}{}", newest.query(), from(since)))
    }
}

impl Cursor<Commit> {
    /// What a pull request would bring, the oldest first; 250 at most.
    pub fn commits_of(of: &FullName, number: i64) -> Self {
        Self::to(format!("/repos/{of}/pulls/{number}/commits?per_page=100"))
    }

    /// What leads to a branch or a commit, the newest first.
    pub fn commits(of: &FullName, to: &str, since: Option<DateTime<Utc>>) -> Self {
        let to: String = form_urlencoded::byte_serialize(to.as_bytes()).collect();
        Self::to(format!("/repos/{of}/commits?sha={to}&per_page=100{}", from(since)))
    }
}

impl Cursor<BranchHead> {
    pub fn branches(of: &FullName) -> Self {
        Self::to(format!("/repos/{of}/branches?per_page=100"))
    }
}

impl Api<'_> {
    pub async fn pull_request(&self, of: &FullName, number: i64) -> Result<PullRequest, ApiError> {
        self.get(&format!("/repos/{of}/pulls/{number}")).await
    }

    /// What lies between two commits, by their hashes, with the first page of the commits.
    pub async fn compare(
        &self,
        of: &FullName,
        (base, head): (&str, &str),
    ) -> Result<Comparison, ApiError> {
        if !is_hash(base) || !is_hash(head) {
            return Err(ApiError::NotFound);
        }
        self.get(&format!("/repos/{of}/compare/{base}...{head}?per_page=100")).await
    }
}

fn is_hash(text: &str) -> bool {
    (40..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
