//! The lists that import and reconciliation read, each from its first page.

use chrono::{DateTime, SecondsFormat, Utc};

use super::{Api, ApiError, Cursor};
use crate::github::{
    FullName,
    model::{Issue, IssueComment, Label, Milestone},
};

/// By what a list begins with the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Newest {
    /// For what has changed since some time.
    Changed,
    /// For all of it: nothing moves to another page while the pages are read.
    Made,
}

impl Cursor<Issue> {
    /// Issues and, among them, pull requests, open and closed.
    pub fn issues(of: &FullName, newest: Newest, since: Option<DateTime<Utc>>) -> Self {
        Self::to(format!("/repos/{of}/issues?state=all&{}{}", newest.query(), from(since)))
    }

    /// The open ones alone: the half of a reconciliation.
    pub fn open_issues(of: &FullName) -> Self {
        Self::to(format!("/repos/{of}/issues?state=open&{}", Newest::Made.query()))
    }
}

impl Cursor<IssueComment> {
    /// Of all issues and pull requests.
    pub fn comments(of: &FullName, newest: Newest, since: Option<DateTime<Utc>>) -> Self {
        Self::to(format!("/repos/{of}/issues/comments?{}{}", newest.query(), from(since)))
    }

    /// Of one issue or pull request, the oldest first.
    pub fn comments_of(of: &FullName, number: i64) -> Self {
        Self::to(format!("/repos/{of}/issues/{number}/comments?per_page=100"))
    }
}

impl Cursor<Label> {
    pub fn labels(of: &FullName) -> Self {
        Self::to(format!("/repos/{of}/labels?per_page=100"))
    }
}

impl Cursor<Milestone> {
    /// Open and closed.
    pub fn milestones(of: &FullName) -> Self {
        Self::to(format!("/repos/{of}/milestones?state=all&per_page=100"))
    }
}

impl Api<'_> {
    pub async fn issue(&self, of: &FullName, number: i64) -> Result<Issue, ApiError> {
        self.get(&format!("/repos/{of}/issues/{number}")).await
    }

    pub async fn comment(&self, of: &FullName, id: i64) -> Result<IssueComment, ApiError> {
        self.get(&format!("/repos/{of}/issues/comments/{id}")).await
    }
}

impl Newest {
    pub(super) fn query(self) -> &'static str {
        match self {
            Self::Changed => "sort=updated&direction=desc&per_page=100",
            Self::Made => "sort=created&direction=desc&per_page=100",
        }
    }
}

/// What was changed at that time is among it.
pub(super) fn from(since: Option<DateTime<Utc>>) -> String {
    let since = since.map(|since| since.to_rfc3339_opts(SecondsFormat::Secs, true));
    since.map(|since| format!("&since={since}")).unwrap_or_default()
}
