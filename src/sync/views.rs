//! What the page and the API show of a repository's readings and comparisons.

use chrono::{DateTime, Utc};

use super::{
    ask::Settings,
    model::{Import, ImportState, Resource, Sync},
    store::{
        imports,
        known::{self, Place},
        syncs,
    },
};
use crate::{
    connections::{Connection, ConnectionKind, Connections, Unusable},
    github::{Quota, Urgency},
    repositories::RepositoryId,
    tenancy::TenantTx,
};

/// How a repository stands to GitHub.
pub(super) struct Standing {
    pub(super) place: Place,
    /// In the order in which they are begun; empty where nothing was ever read.
    pub(super) imports: Vec<Import>,
    pub(super) sync: Option<Sync>,
    pub(super) connection: Option<Asked>,
}

/// By what GitHub is asked.
pub(super) struct Asked {
    /// `App acme-deck`, or whose token.
    pub(super) name: String,
    /// As this process was told last.
    pub(super) quota: Option<Quota>,
    pub(super) wait_until: Option<DateTime<Utc>>,
    /// Why it cannot be asked by.
    pub(super) problem: Option<String>,
}

impl Standing {
    /// None where there is no such repository.
    pub(super) async fn find(
        tx: &mut TenantTx,
        connections: &Connections,
        repository: RepositoryId,
    ) -> sqlx::Result<Option<Self>> {
        let Some(place) = known::find_place(tx, repository).await? else { return Ok(None) };
        let mut imports = imports::list(tx, repository).await?;
        let order = |import: &Import| Resource::ALL.iter().position(|one| *one == import.resource);
        imports.sort_by_key(order);
        let sync = syncs::find(tx, repository).await?;
        let settings = Settings { connections: connections.clone() };
        let connection = asked(tx, &settings, &place).await?;
        Ok(Some(Self { place, imports, sync, connection }))
    }

    pub(super) fn is_on_github(&self) -> bool {
        self.place.github_id.is_some()
    }

    pub(super) fn is_running(&self) -> bool {
        self.imports.iter().any(|import| !import.state.is_over())
    }

    pub(super) fn can_go_on(&self) -> bool {
        !self.is_running()
            && self
                .imports
                .iter()
                .any(|import| matches!(import.state, ImportState::Failed | ImportState::Cancelled))
    }

    /// What GitHub had then of a resource is here: by its last whole reading, and by the comparisons since.
    pub(super) fn complete_through(&self, import: &Import) -> Option<DateTime<Utc>> {
        let read = self.read_through(import)?;
        let compared = self.sync.as_ref().and_then(|sync| sync.through);
        Some(if is_compared(import.resource) { compared.unwrap_or(read).max(read) } else { read })
    }

    /// What is asked for by what another list says is known no later than that list.
    fn read_through(&self, import: &Import) -> Option<DateTime<Utc>> {
        let Some(list) = import.resource.after() else { return import.complete_through };
        let list = self.imports.iter().find(|import| import.resource == list)?;
        Some(import.complete_through?.min(list.complete_through?))
    }

    /// The same of all that is compared every quarter of an hour; none while something of it was never read
    /// to its end.
    pub(super) fn all_complete_through(&self) -> Option<DateTime<Utc>> {
        let compared = self.imports.iter().filter(|import| is_compared(import.resource));
        let times: Option<Vec<_>> = compared.map(|import| self.complete_through(import)).collect();
        times?.into_iter().min()
    }
}

fn is_compared(resource: Resource) -> bool {
    Resource::COMPARED.contains(&resource)
}

async fn asked(
    tx: &mut TenantTx,
    settings: &Settings,
    place: &Place,
) -> sqlx::Result<Option<Asked>> {
    let Some(id) = place.connection else { return Ok(None) };
    Ok(match settings.connections.open(tx, id).await? {
        None | Some(Err(Unusable::Removed)) => None,
        Some(Ok(opened)) => Some(Asked {
            name: name(opened.connection()),
            quota: opened.budget().quota(),
            wait_until: opened.budget().wait(Urgency::Background),
            problem: None,
        }),
        Some(Err(unusable)) => Some(Asked {
            name: String::new(),
            quota: None,
            wait_until: None,
            problem: Some(unusable.to_string()),
        }),
    })
}

fn name(connection: &Connection) -> String {
    let account = connection.account.as_deref().unwrap_or_default();
    match connection.kind {
        ConnectionKind::App => {
            let app = connection.app_name.as_deref().or(connection.app_slug.as_deref());
            format!("the GitHub App {} of {account}", app.unwrap_or_default())
        }
        ConnectionKind::Token => format!("a token of {account}"),
    }
}
