//! Which handler a delivery goes to, and how that can fail.

use chrono::{DateTime, Utc};

use super::{handlers, store::inbox::Taken};
use crate::{
    github::{Event, Undigestible},
    tenancy::TenantTx,
};

/// Why a delivery had no effect.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: String,
    /// Where in the payload.
    pub(super) path: Option<String>,
    /// Whether another try can end otherwise.
    pub(super) may_help: bool,
}

impl Failure {
    pub(super) fn panicked() -> Self {
        let error = "Its handler broke; the server's log says where.".to_owned();
        Self { error, path: None, may_help: false }
    }

    pub(super) fn ends_servers() -> Self {
        let error = "The server ended while it worked on this, again and again.".to_owned();
        Self { error, path: None, may_help: false }
    }
}

impl From<Undigestible> for Failure {
    fn from(error: Undigestible) -> Self {
        Self { error: error.reason, path: Some(error.path), may_help: false }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self { error: format!("The database refused it: {error}"), path: None, may_help: true }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self { error: format!("{error:#}"), path: None, may_help: true }
    }
}

/// What became of it, where that is not plain.
pub(super) type Remark = Option<String>;

/// Gives a delivery its effect.
pub(super) async fn dispatch(
    tx: &mut TenantTx,
    taken: &Taken,
    now: DateTime<Utc>,
) -> Result<Remark, Failure> {
    let event = Event::parse(&taken.event, &taken.payload)?;
    match &event {
        Event::Ping(ping) => handlers::ping::handle(tx, taken.hook, ping, now).await,
        Event::Push(push) => {
            handlers::push::handle(tx, push, now).await?;
            handlers::tracked::handle(tx, &event, now).await
        }
        Event::Repository(event) => handlers::repository::handle(tx, event, now).await,
        Event::PullRequest(_)
        | Event::PullRequestReview(_)
        | Event::PullRequestReviewComment(_)
        | Event::PullRequestReviewThread(_)
        | Event::Issues(_)
        | Event::IssueComment(_)
        | Event::Release(_)
        | Event::Create(_)
        | Event::Delete(_)
        | Event::Deployment(_)
        | Event::DeploymentStatus(_)
        | Event::WorkflowRun(_)
        | Event::CheckSuite(_)
        | Event::Label(_)
        | Event::Milestone(_) => handlers::tracked::handle(tx, &event, now).await,
        Event::Member(_)
        | Event::Membership(_)
        | Event::Organization(_)
        | Event::Team(_)
        | Event::Installation(_)
        | Event::InstallationRepositories(_)
        | Event::GitHubAppAuthorization(_) => Ok(Some(unknown(&taken.event, None))),
        Event::Other { name, action } => Ok(Some(unknown(name, action.as_deref()))),
    }
}

fn unknown(name: &str, action: Option<&str>) -> String {
    match action {
        Some(action) => format!("Nothing is done with `{name}` ({action})."),
        None => format!("Nothing is done with `{name}`."),
    }
}
