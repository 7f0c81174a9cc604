//! Opening the connection by which GitHub is asked about a repository, and what keeps one from asking.

use chrono::{DateTime, Utc};

use super::store::known;
use crate::{
    connections::{ConnectionId, Connections, Opened, Unusable},
    github::{Access, Api, ApiError, Error, FullName, Urgency},
    jobs::JobContext,
    repositories::RepositoryId,
    tenancy::TenantTx,
    tracker::TrackerError,
};

/// What the jobs of this module need besides their context.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) connections: Connections,
}

/// A repository that GitHub can be asked about.
pub(super) struct Asking {
    pub(super) opened: Opened,
    pub(super) access: Access,
    pub(super) connection: ConnectionId,
    pub(super) host: String,
    pub(super) github_id: i64,
    pub(super) name: FullName,
}

/// Why asking stops.
#[derive(Debug)]
pub(super) enum Stop {
    /// GitHub wants to be left alone until then.
    Wait(DateTime<Utc>),
    /// It may go better later.
    Trouble(String),
    /// The answer cannot be understood: it may go better later, and else concerns this one thing.
    Unexpected(String),
    /// Nothing at all can be asked, until somebody does something about it.
    Nothing(String),
    /// This one thing is refused.
    Refused(String),
    /// It is not there.
    Absent,
    /// The repository was removed here.
    Removed,
    /// The server stops.
    Interrupted,
    Database(sqlx::Error),
    Broken(anyhow::Error),
}

impl From<ApiError> for Stop {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Wait { until } => Self::Wait(until),
            ApiError::NotFound | ApiError::Gone => Self::Absent,
            ApiError::Refused { .. } => Self::Refused(sentence(&error)),
            ApiError::GitHub(error) => error.into(),
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        match error {
            Error::RateLimited { until } => Self::Wait(until),
            Error::Unreachable { .. } => Self::Trouble(sentence(&error)),
            Error::Unexpected { .. } => Self::Unexpected(sentence(&error)),
            Error::TokenRejected => Self::Nothing(
                "GitHub does not take the connection's token any more: it has expired or was revoked. Connect GitHub \
                 anew."
                    .to_owned(),
            ),
            Error::AppRejected
            | Error::ClockWrong
            | Error::NotInstalled { .. }
            | Error::OAuth(_)
            | Error::OffLimits(_) => Self::Nothing(sentence(&error)),
            Error::NotMember { .. }
            | Error::Pending { .. }
            | Error::ThirdPartyRestricted { .. }
            | Error::SsoRequired { .. }
            | Error::MissingPermission { .. } => Self::Refused(sentence(&error)),
        }
    }
}

impl From<Unusable> for Stop {
    fn from(error: Unusable) -> Self {
        match error {
            Unusable::GitHub(error) => error.into(),
            Unusable::Removed => Self::not_connected(),
            Unusable::NotInstalled | Unusable::Suspended | Unusable::Sealed(_) => {
                Self::Nothing(sentence(&error))
            }
        }
    }
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self::Broken(error)
    }
}

impl From<TrackerError> for Stop {
    fn from(error: TrackerError) -> Self {
        match error {
            TrackerError::Database(error) => Self::Database(error),
            TrackerError::NotConnected(_) => Self::Removed,
            TrackerError::Indigestible { .. } | TrackerError::Unwritable(_) => {
                Self::Unexpected(sentence(&error))
            }
        }
    }
}

impl Stop {
    fn not_connected() -> Self {
        let words =
            "There is no connection to the GitHub that the repository is on. Connect it first.";
        Self::Nothing(words.to_owned())
    }

    /// What it is, for the log.
    pub(super) fn into_error(self) -> anyhow::Error {
        match self {
            Self::Wait(until) => anyhow::anyhow!("GitHub answers no more requests before {until}"),
            Self::Trouble(words)
            | Self::Unexpected(words)
            | Self::Nothing(words)
            | Self::Refused(words) => anyhow::anyhow!(words),
            Self::Absent => anyhow::anyhow!("GitHub does not have it"),
            Self::Removed => anyhow::anyhow!("the repository was removed"),
            Self::Interrupted => anyhow::anyhow!("the server stops"),
            Self::Database(error) => error.into(),
            Self::Broken(error) => error,
        }
    }
}

/// An error's words as a sentence.
fn sentence(error: &impl std::fmt::Display) -> String {
    let words = error.to_string();
    let mut letters = words.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let mut sentence: String = first.chain(letters).collect();
    if !sentence.ends_with('.') {
        sentence.push('.');
    }
    sentence
}

impl Asking {
    /// Begins to ask about a repository; its token may be asked for, so not within a transaction.
    pub(super) async fn begin(
        settings: &Settings,
        context: &JobContext,
        repository: RepositoryId,
    ) -> Result<Self, Stop> {
        let mut tx = context.db.begin_granted(&context.grant).await?;
        let found = find(settings, &mut tx, repository).await?;
        drop(tx);
        let Found { opened, host, github_id, name } = found;
        let access = opened.access(Urgency::Background).await?;
        let connection = opened.connection().id;
        Ok(Self { opened, access, connection, host, github_id, name })
    }

    pub(super) fn api(&self) -> Api<'_> {
        self.opened.client().by(&self.access)
    }
}

struct Found {
    opened: Opened,
    host: String,
    github_id: i64,
    name: FullName,
}

async fn find(
    settings: &Settings,
    tx: &mut TenantTx,
    repository: RepositoryId,
) -> Result<Found, Stop> {
    let place = known::find_place(tx, repository).await?.ok_or(Stop::Removed)?;
    let name = place.full_name.as_deref().and_then(FullName::parse);
    let (Some(host), Some(github_id), Some(name)) = (place.host, place.github_id, name) else {
        return Err(Stop::Nothing("It is not known where GitHub has the repository.".to_owned()));
    };
    let opened = match place.connection {
        Some(id) => settings.connections.open(tx, id).await?,
        None => None,
    };
    match opened {
        Some(opened) => Ok(Found { opened: opened?, host, github_id, name }),
        None => Err(Stop::not_connected()),
    }
}
