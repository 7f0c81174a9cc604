//! The job that brings the teams of a GitHub organisation, and keeps them in step.
//!
//! It reads all of them each time: there are few, and no order of events matters then. Whoever is in a team
//! and has no account here yet joins it when the teams are read after they have signed in.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tracing::info;

use super::{ConnectionId, Connections, Opened, Unusable, store::teams as store};
use crate::{
    accounts::sign_in,
    github::{
        Access, ApiError, Cursor, Login, Urgency,
        model::{Actor, Team},
    },
    jobs::{self, Failure, Job, JobContext, Registry},
    organizations::github_teams::{self, GitHubTeam, Home},
    tenancy::{AccountId, SystemReason, TenantTx},
};

/// Makes the teams that come by a connection what they are at GitHub. Idempotent: it compares.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ImportTeams {
    pub connection: ConnectionId,
}

impl Job for ImportTeams {
    const KIND: &'static str = "import_teams";
    const ATTEMPTS: u16 = 3;

    fn lane(&self) -> String {
        format!("teams:{}", self.connection)
    }
}

/// How it went when GitHub was asked for its teams last.
#[derive(Clone, Debug)]
pub struct TeamsRead {
    pub at: DateTime<Utc>,
    /// Why they could not be read and what to do, for people.
    pub error: Option<String>,
}

/// Names the function that brings teams.
pub fn register_jobs(registry: Registry, connections: Connections) -> Registry {
    registry.with(move |context: JobContext, job: ImportTeams| {
        let connections = connections.clone();
        async move {
            let import = Import { context, connections };
            let ended = import.run(job.connection).await;
            ended.map_err(Failure::Retry)
        }
    })
}

struct Import {
    context: JobContext,
    connections: Connections,
}

/// Why teams could not be read, in words for people.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("{0}")]
    Connection(#[from] Unusable),
    #[error(
        "GitHub does not let the teams be read. An owner of the GitHub organisation adds the permission Members: \
         read to the App and then accepts it for its installation"
    )]
    NotAllowed,
    #[error("{0}")]
    GitHub(ApiError),
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        use crate::github::Error;

        match error {
            ApiError::NotFound
            | ApiError::Gone
            | ApiError::GitHub(Error::MissingPermission { .. }) => Self::NotAllowed,
            other => Self::GitHub(other),
        }
    }
}

/// A team with the numbers of its people.
type Told = (Team, Vec<i64>);

impl Import {
    async fn run(&self, id: ConnectionId) -> anyhow::Result<()> {
        let mut tx = self.context.db.begin_granted(&self.context.grant).await?;
        let opened = self.connections.open(&mut tx, id).await?;
        drop(tx);
        let told = match opened {
            None | Some(Err(Unusable::Removed)) => return Ok(()),
            // It is a person's, who has no teams.
            Some(Ok(opened)) if !opened.is_app() => return Ok(()),
            Some(Ok(opened)) => match read(&opened).await {
                Ok(told) if self.write(&opened, &told).await? => None,
                // It acts for that account no longer: nothing was read for it.
                Ok(_) => return Ok(()),
                // Tried again when it may be, by whoever asks for teams next.
                Err(refused) => Some(refused),
            },
            Some(Err(unusable)) => Some(Refused::from(unusable)),
        };
        let words = told.map(|refused| format!("{refused}."));
        let mut tx = self.context.db.begin_granted(&self.context.grant).await?;
        store::set_teams_read(&mut tx, id, words.as_deref(), self.context.clock.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// False where the connection does not act for its account any longer, and nothing was written.
    async fn write(&self, opened: &Opened, told: &[Told]) -> anyhow::Result<bool> {
        let connection = opened.connection();
        let Some(account) = connection.account_id else { return Ok(false) };
        let people = self.accounts(opened, told).await?;
        let teams: Vec<GitHubTeam> = told.iter().map(|told| ours(told, &people)).collect();
        let home = Home { host: &connection.host, account };
        let now = self.context.clock.now();
        let mut tx = self.context.db.begin_granted(&self.context.grant).await?;
        // While GitHub was asked, the teams may have become ours.
        if !store::lock_working(&mut tx, connection.id, account).await? {
            return Ok(false);
        }
        let kept = github_teams::keep_in_step(&mut tx, home, &teams, now).await;
        kept.map_err(|error| anyhow::anyhow!("keep teams in step: {error}"))?;
        tx.commit().await?;
        info!("{} teams of GitHub are in step", teams.len());
        Ok(true)
    }

    /// The accounts here of people at GitHub, by GitHub's numbers of them.
    async fn accounts(
        &self,
        opened: &Opened,
        told: &[Told],
    ) -> sqlx::Result<HashMap<i64, AccountId>> {
        let people: HashSet<i64> =
            told.iter().flat_map(|(_, people)| people.iter().copied()).collect();
        let people: Vec<i64> = people.into_iter().collect();
        let mut tx = self.context.db.system(SystemReason::Login).await?;
        let host = &opened.connection().host;
        let found = sign_in::list_accounts_at_github(&mut tx, host, &people).await?;
        Ok(found.into_iter().collect())
    }
}

fn ours((team, people): &Told, accounts: &HashMap<i64, AccountId>) -> GitHubTeam {
    GitHubTeam {
        id: team.id,
        name: team.name.clone(),
        description: team.description.clone().unwrap_or_default(),
        people: people.iter().filter_map(|id| accounts.get(id).copied()).collect(),
    }
}

/// All teams with their people.
async fn read(opened: &Opened) -> Result<Vec<Told>, Refused> {
    let account = opened.connection().account.as_deref();
    let Some(organization) = account.and_then(|account| Login::parse(account).ok()) else {
        return Ok(Vec::new());
    };
    let access = opened.access(Urgency::Background).await?;
    let teams = all(opened, &access, Cursor::<Team>::teams(&organization)).await?;
    let mut told = Vec::with_capacity(teams.len());
    for team in teams {
        let members = Cursor::<Actor>::members_of_team(&organization, &team.slug);
        let people = match members {
            Some(cursor) => all(opened, &access, cursor).await?,
            None => Vec::new(),
        };
        told.push((team, people.into_iter().map(|person| person.id).collect()));
    }
    Ok(told)
}

async fn all<T: serde::de::DeserializeOwned>(
    opened: &Opened,
    access: &Access,
    first: Cursor<T>,
) -> Result<Vec<T>, ApiError> {
    let (mut items, mut next) = (Vec::new(), Some(first));
    while let Some(cursor) = next {
        let page = opened.client().by(access).page(&cursor).await?;
        items.extend(page.items);
        next = page.next;
    }
    Ok(items)
}

/// How often teams are read although no event asked for it.
const EVERY: TimeDelta = TimeDelta::hours(1);

/// Has the teams read that were not for an hour, in the organisation of the transaction.
pub async fn ask_for_due(tx: &mut TenantTx, now: DateTime<Utc>) -> anyhow::Result<()> {
    for connection in store::take_teams_due(tx, now - EVERY, now).await? {
        jobs::enqueue(tx, &ImportTeams { connection }, now).await?;
    }
    Ok(())
}

/// Finds how it went by a connection; none where nobody has asked yet.
pub async fn find_last(tx: &mut TenantTx, id: ConnectionId) -> sqlx::Result<Option<TeamsRead>> {
    store::find_teams_read(tx, id).await
}
