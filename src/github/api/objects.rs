//! What is in a repository, one by one: for who has a doubt about a single thing.

use serde::Deserialize;
use url::form_urlencoded;

use super::{Api, ApiError};
use crate::github::{
    FullName,
    model::{
        CheckSuite, Deployment, DeploymentStatus, Milestone, Release, Review, ReviewComment,
        WorkflowRun,
    },
};

#[derive(Deserialize)]
struct Reference {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    sha: String,
}

impl Api<'_> {
    pub async fn milestone(&self, of: &FullName, number: i64) -> Result<Milestone, ApiError> {
        self.get(&format!("/repos/{of}/milestones/{number}")).await
    }

    pub async fn review(
        &self,
        of: &FullName,
        (number, id): (i64, i64),
    ) -> Result<Review, ApiError> {
        self.get(&format!("/repos/{of}/pulls/{number}/reviews/{id}")).await
    }

    pub async fn review_comment(&self, of: &FullName, id: i64) -> Result<ReviewComment, ApiError> {
        self.get(&format!("/repos/{of}/pulls/comments/{id}")).await
    }

    pub async fn release(&self, of: &FullName, id: i64) -> Result<Release, ApiError> {
        self.get(&format!("/repos/{of}/releases/{id}")).await
    }

    pub async fn deployment(&self, of: &FullName, id: i64) -> Result<Deployment, ApiError> {
        self.get(&format!("/repos/{of}/deployments/{id}")).await
    }

    pub async fn deployment_status(
        &self,
        of: &FullName,
        (deployment, id): (i64, i64),
    ) -> Result<DeploymentStatus, ApiError> {
        self.get(&format!("/repos/{of}/deployments/{deployment}/statuses/{id}")).await
    }

    pub async fn workflow_run(&self, of: &FullName, id: i64) -> Result<WorkflowRun, ApiError> {
        self.get(&format!("/repos/{of}/actions/runs/{id}")).await
    }

    pub async fn check_suite(&self, of: &FullName, id: i64) -> Result<CheckSuite, ApiError> {
        self.get(&format!("/repos/{of}/check-suites/{id}")).await
    }

    /// What `heads/main` or `tags/v1` is at: a commit, or the object of an annotated tag.
    pub async fn reference(&self, of: &FullName, name: &str) -> Result<String, ApiError> {
        let parts: Vec<String> = name
            .split('/')
            .map(|part| form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>())
            // What stands for a space in a query is a plus in a path; a name of git has neither.
            .map(|part| part.replace('+', "%20"))
            .collect();
        let path = format!("/repos/{of}/git/ref/{}", parts.join("/"));
        Ok(self.get::<Reference>(&path).await?.object.sha)
    }
}
