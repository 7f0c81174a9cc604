//! GraphQL: what takes three questions for each pull request, in one for twenty-five of them.

use chrono::{DateTime, Utc};
use http::{Method, Request};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};

use super::{Api, ApiError};
use crate::github::{
    Access, FullName,
    answer::Answer,
    budget::Kind,
    error::Error,
    model::{Actor, ActorKind, Commit, CommitDetail, CommitPerson, Review, ReviewState},
};

/// What belongs to pull requests, the newest first.
const PULL_DETAILS: &str = "query($owner: String!, $name: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequests(first: 25, after: $after, orderBy: {field: CREATED_AT, direction: DESC}) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes {
        number fullDatabaseId headRefOid updatedAt additions deletions changedFiles
        mergedBy { ...Who }
        comments { totalCount }
        commits(first: 100) {
          totalCount
          nodes { commit { oid message authoredDate committedDate author { name user { login avatarUrl databaseId } } } }
        }
        reviews(first: 50) {
          totalCount
          nodes {
            fullDatabaseId state body url submittedAt
            author { ...Who }
            commit { oid }
            comments { totalCount }
          }
        }
      }
    }
  }
}
fragment Who on Actor {
  __typename login avatarUrl
  ... on User { databaseId } ... on Bot { databaseId } ... on Organization { databaseId } ... on Mannequin { databaseId }
}";

/// What belongs to a pull request: what is counted of it, its reviews, its commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullDetails {
    pub number: i64,
    pub id: i64,
    pub head: String,
    pub updated_at: DateTime<Utc>,
    pub merged_by: Option<Actor>,
    pub comments: i64,
    pub review_comments: i64,
    pub commit_count: i64,
    pub additions: i64,
    pub deletions: i64,
    pub changed_files: i64,
    pub reviews: Vec<Review>,
    pub commits: Vec<Commit>,
    /// Whether these are all reviews and commits: of more, the rest is asked for by itself.
    pub is_whole: bool,
}

/// Some of them, and where the next ones are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullDetailsPage {
    pub items: Vec<PullDetails>,
    pub next: Option<String>,
    pub total: i64,
}

impl Api<'_> {
    /// What belongs to twenty-five pull requests, the newest first. [`ApiError::Refused`] where a GitHub does
    /// not know the question.
    pub async fn pull_details(
        &self,
        of: &FullName,
        after: Option<&str>,
    ) -> Result<PullDetailsPage, ApiError> {
        let variables = Variables { owner: of.owner(), name: of.name(), after };
        let found: Found = self.ask(PULL_DETAILS, &variables).await?;
        let all = found.repository.ok_or(ApiError::NotFound)?.pull_requests;
        let next = all.page_info.end_cursor.filter(|_| all.page_info.has_next_page);
        let items = all.nodes.into_iter().flatten().map(PullDetails::from).collect();
        Ok(PullDetailsPage { items, next, total: all.total_count })
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        query: &'static str,
        variables: &Variables<'_>,
    ) -> Result<T, ApiError> {
        let (token, question) = (self.access.token(), Question { query, variables });
        let mut answer = self.ask_graphql(&question, &token).await?;
        if let Some(fresh) = self.instead(&answer, &token).await? {
            answer = self.ask_graphql(&question, &fresh).await?;
        }
        ApiError::check(&answer, self.client)?;
        let said: Said<T> = answer.parse()?;
        if let Some(error) = said.errors.into_iter().next() {
            return Err(match error.kind.as_deref() {
                Some("RATE_LIMITED") => {
                    ApiError::Wait { until: answer.end_of_hour(self.client.now()) }
                }
                Some("NOT_FOUND") => ApiError::NotFound,
                _ => ApiError::Refused { reason: error.message.chars().take(200).collect() },
            });
        }
        said.data.ok_or_else(|| Error::unexpected("an answer that says nothing").into())
    }

    async fn ask_graphql(
        &self,
        question: &Question<'_>,
        token: &SecretString,
    ) -> Result<Answer, ApiError> {
        let Access { budget, urgency, .. } = self.access;
        budget.take(Kind::Read, *urgency).map_err(|until| ApiError::Wait { until })?;
        let request = Request::builder().method(Method::POST).uri("/graphql");
        let answer = self.client.call_graphql((request, Some(question)), token).await?;
        // What is left of its hour is counted apart from the rest: only that it is used up counts here.
        if answer.limited().is_some() {
            budget.note(&answer);
        }
        Ok(answer)
    }
}

#[derive(Serialize)]
struct Question<'asked> {
    query: &'static str,
    variables: &'asked Variables<'asked>,
}

#[derive(Serialize)]
struct Variables<'asked> {
    owner: &'asked str,
    name: &'asked str,
    after: Option<&'asked str>,
}

#[derive(Deserialize)]
struct Said<T> {
    data: Option<T>,
    #[serde(default = "Vec::new")]
    errors: Vec<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Found {
    repository: Option<Repository>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Repository {
    pull_requests: PullRequests,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PullRequests {
    total_count: i64,
    page_info: PageInfo,
    nodes: Vec<Option<Pull>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pull {
    number: i64,
    #[serde(deserialize_with = "big")]
    full_database_id: i64,
    head_ref_oid: String,
    updated_at: DateTime<Utc>,
    additions: i64,
    deletions: i64,
    changed_files: i64,
    merged_by: Option<Who>,
    comments: Count,
    commits: Many<CommitNode>,
    reviews: Many<ReviewNode>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Count {
    total_count: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Many<T> {
    total_count: i64,
    nodes: Vec<Option<T>>,
}

#[derive(Deserialize)]
struct CommitNode {
    commit: GitCommit,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GitCommit {
    oid: String,
    message: String,
    authored_date: Option<DateTime<Utc>>,
    committed_date: Option<DateTime<Utc>>,
    author: Option<GitActor>,
}

#[derive(Deserialize)]
struct GitActor {
    name: Option<String>,
    user: Option<Who>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReviewNode {
    #[serde(deserialize_with = "big")]
    full_database_id: i64,
    state: ReviewState,
    body: String,
    url: String,
    submitted_at: Option<DateTime<Utc>>,
    author: Option<Who>,
    commit: Option<Oid>,
    comments: Count,
}

#[derive(Deserialize)]
struct Oid {
    oid: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Who {
    #[serde(rename = "__typename")]
    kind: Option<ActorKind>,
    login: String,
    avatar_url: Option<String>,
    database_id: Option<i64>,
}

/// Numbers that may be larger than a double holds are written as text.
fn big<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(i64),
        Text(String),
    }
    match Written::deserialize(from)? {
        Written::Number(number) => Ok(number),
        Written::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}

impl Who {
    /// As the rest of the API says it, which marks bots in their names.
    fn actor(self) -> Option<Actor> {
        let is_plain_bot = self.kind == Some(ActorKind::Bot) && !self.login.ends_with("[bot]");
        let login = if is_plain_bot { format!("{}[bot]", self.login) } else { self.login };
        Some(Actor {
            id: self.database_id?,
            login,
            node_id: None,
            avatar_url: self.avatar_url,
            html_url: None,
            kind: self.kind,
        })
    }
}

impl From<Pull> for PullDetails {
    fn from(pull: Pull) -> Self {
        let (reviews, commits) = (pull.reviews, pull.commits);
        let holds = |total: i64, nodes: usize| i64::try_from(nodes).is_ok_and(|held| held >= total);
        let is_whole = holds(reviews.total_count, reviews.nodes.len())
            && holds(commits.total_count, commits.nodes.len());
        let reviews: Vec<ReviewNode> = reviews.nodes.into_iter().flatten().collect();
        Self {
            number: pull.number,
            id: pull.full_database_id,
            head: pull.head_ref_oid,
            updated_at: pull.updated_at,
            merged_by: pull.merged_by.and_then(Who::actor),
            comments: pull.comments.total_count,
            review_comments: reviews.iter().map(|review| review.comments.total_count).sum(),
            commit_count: commits.total_count,
            additions: pull.additions,
            deletions: pull.deletions,
            changed_files: pull.changed_files,
            reviews: reviews.into_iter().map(Review::from).collect(),
            commits: commits.nodes.into_iter().flatten().map(Commit::from).collect(),
            is_whole,
        }
    }
}

impl From<ReviewNode> for Review {
    fn from(review: ReviewNode) -> Self {
        Self {
            id: review.full_database_id,
            state: review.state,
            node_id: None,
            body: Some(review.body),
            html_url: Some(review.url),
            user: review.author.and_then(Who::actor),
            commit_id: review.commit.map(|commit| commit.oid),
            submitted_at: review.submitted_at,
            updated_at: None,
        }
    }
}

impl From<CommitNode> for Commit {
    fn from(CommitNode { commit }: CommitNode) -> Self {
        let (name, user) = commit.author.map_or((None, None), |author| (author.name, author.user));
        let person = |name, date| Some(CommitPerson { name, email: None, date });
        Self {
            sha: commit.oid,
            commit: CommitDetail {
                message: commit.message,
                author: person(name, commit.authored_date),
                committer: person(None, commit.committed_date),
            },
            node_id: None,
            html_url: None,
            author: user.and_then(Who::actor),
            committer: None,
            parents: Vec::new(),
        }
    }
}
