//! Which handler a delivery goes to, and how that can fail.

use std::borrow::Cow;

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
    /// Whether others were in the way: it is no fault of the delivery, and no try of it.
    pub(super) is_contention: bool,
}

/// `serialization_failure`, `deadlock_detected` and `lock_not_available` of Postgres.
const CONTENTION: [&str; 3] = ["40001", "40P01", "55P03"];

impl Failure {
    pub(super) const fn for_good(error: String, path: Option<String>) -> Self {
        Self { error, path, may_help: false, is_contention: false }
    }

    pub(super) fn panicked() -> Self {
        Self::for_good("Its handler broke; the server's log says where.".to_owned(), None)
    }

    pub(super) fn ends_servers() -> Self {
        let error =
            "It was begun ten times and never ended: it takes too long, or ends the server.";
        Self::for_good(error.to_owned(), None)
    }
}

impl From<Undigestible> for Failure {
    fn from(error: Undigestible) -> Self {
        Self::for_good(error.reason, Some(error.path))
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|error| error.code().map(Cow::into_owned));
        Self {
            error: format!("The database refused it: {error}"),
            path: None,
            may_help: true,
            is_contention: code.is_some_and(|code| CONTENTION.contains(&code.as_str())),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        error.downcast::<sqlx::Error>().map_or_else(
            |error| Self {
                error: format!("{error:#}"),
                path: None,
                may_help: true,
                is_contention: false,
            },
            Self::from,
        )
    }
}

/// What became of it, where that is not plain.
pub(super) type Remark = Option<String>;

/// Gives a delivery its effect.
pub(super) async fn dispatch(
    tx: &mut TenantTx,
    (taken, payload): (&Taken, &[u8]),
    now: DateTime<Utc>,
) -> Result<Remark, Failure> {
    let event = Event::parse(&taken.event, payload)?;
    match &event {
        Event::Ping(ping) => handlers::ping::handle(tx, taken.hook, ping, now).await,
        Event::Push(push) => {
            handlers::push::handle(tx, push, now).await?;
            handlers::tracked::handle(tx, &event, now).await
        }
        Event::Installation(event) => {
            handlers::installation::handle(tx, taken.hook, event, now).await
        }
        Event::InstallationRepositories(event) => {
            handlers::installation_repositories::handle(tx, taken.hook, event, now).await
        }
        Event::GitHubAppAuthorization(event) => {
            handlers::authorization::handle(tx, taken.hook, event, now).await
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
        Event::Organization(event) => {
            handlers::organization::handle(tx, taken.hook, event, now).await
        }
        Event::Membership(_) | Event::Team(_) => {
            handlers::organization::handle_teams(tx, taken.hook, now).await
        }
        // Who may see a repository is said here.
        Event::Member(_) => Ok(Some(unknown(&taken.event, None))),
        Event::Other { name, action } => Ok(Some(unknown(name, action.as_deref()))),
    }
}

fn unknown(name: &str, action: Option<&str>) -> String {
    match action {
        Some(action) => format!("Nothing is done with `{name}` ({action})."),
        None => format!("Nothing is done with `{name}`."),
    }
}
