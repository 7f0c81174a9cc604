//! Connecting a repository that GitHub has shown: known by GitHub's number of it, whatever it is called.

use chrono::{DateTime, Utc};

use crate::{
    connections::{ConnectionId, Connections, Opened},
    github::{FullName, Urgency, model::Repository},
    jobs,
    repositories::{
        self, GitHubState, OnGitHub, RepositoryId, ScanReason, Source,
        disconnected::{self, Meant},
        hooks::MakeHook,
    },
    sync,
    tenancy::TenantTx,
    work::{self, Connected},
};

/// A repository as GitHub has shown it, and by which connection.
#[derive(Clone, Debug)]
pub struct Found {
    pub repository: Repository,
    /// None where the connection does not hear of it: it is somebody else's, and public.
    pub connection: Option<ConnectionId>,
}

/// Asks GitHub what it has at an address, by a connection to that GitHub. None where there is none, or
/// GitHub does not say: such an address is connected as any other. The transaction ends before GitHub is
/// asked.
pub async fn look_up(
    mut tx: TenantTx,
    connections: &Connections,
    source: &Source,
) -> sqlx::Result<Option<Found>> {
    let Some((host, name)) = place_of(source) else { return Ok(None) };
    let opened = connections.open_at(&mut tx, &host).await?;
    drop(tx);
    let Some(Ok(opened)) = opened else { return Ok(None) };
    Ok(ask(&opened, &name).await)
}

async fn ask(opened: &Opened, name: &FullName) -> Option<Found> {
    let access = opened.access(Urgency::Person).await.ok()?;
    let repository = opened.client().by(&access).repository(name).await.ok()?;
    let owner = FullName::parse(&repository.full_name)?.owner().to_owned();
    let account = opened.connection().account.as_deref().unwrap_or_default();
    // An App hears of its account's repositories, and of no others that anybody may see.
    let is_heard = !opened.is_app() || owner.eq_ignore_ascii_case(account);
    Some(Found { connection: is_heard.then(|| opened.connection().id), repository })
}

/// The host, as connections have it, and the name of what could be a repository of a GitHub.
fn place_of(source: &Source) -> Option<(String, FullName)> {
    let Source::Url(_) = source else { return None };
    let url = url::Url::parse(&source.to_string()).ok()?;
    let host = match (url.host_str()?, url.port()) {
        (host, None) => host.to_owned(),
        (host, Some(port)) => format!("{host}:{port}"),
    };
    let path = url.path().trim_matches('/');
    Some((host, FullName::parse(path.strip_suffix(".git").unwrap_or(path))?))
}

/// Connects a repository that GitHub has shown since `now`, and asks for its scan. One that is connected
/// already, under whatever name, is the same; one that was disconnected within a day comes back with all that
/// was read from it.
pub async fn connect_found(
    tx: &mut TenantTx,
    found: &Found,
    source: &Source,
    now: DateTime<Utc>,
) -> anyhow::Result<Connected> {
    let told = &found.repository;
    let page = told.html_url.as_deref().or(told.clone_url.as_deref()).unwrap_or_default();
    let Some(place) = OnGitHub::new(page, told.id, &told.full_name) else {
        return work::connect(tx, source, ScanReason::Added, now).await;
    };
    let connected = find_or_connect(tx, &place, source, now).await?;
    let id = connected.repository;
    repositories::set_connection(tx, id, (&place, found.connection)).await?;
    let state = GitHubState {
        full_name: &told.full_name,
        visibility: told.visibility_word(),
        is_archived: told.archived,
        updated_at: told.updated_at,
        deleted_at: None,
        asked_at: Some(now),
    };
    repositories::set_on_github(tx, id, &state).await?;
    if found.connection.is_some() {
        jobs::enqueue(tx, &MakeHook { repository: id }, now).await?;
    }
    reached(tx, id, now).await?;
    Ok(connected)
}

async fn find_or_connect(
    tx: &mut TenantTx,
    place: &OnGitHub,
    source: &Source,
    now: DateTime<Utc>,
) -> anyhow::Result<Connected> {
    if let Some(id) = repositories::find_on_github(tx, place).await?
        && let Some(known) = repositories::find(tx, id).await?
    {
        let scan = work::request_scan(tx, id, ScanReason::Requested, now).await?;
        return Ok(Connected { repository: id, name: known.name, scan, is_new: false });
    }
    if let Some(known) = disconnected::find(tx, Meant::OnGitHub(place), now).await?
        && let Some(connected) = work::reconnect(tx, &known, now).await?
    {
        return Ok(connected);
    }
    work::connect(tx, source, ScanReason::Added, now).await
}

/// What follows in the same transaction once a repository is connected through a GitHub, or had back.
pub(super) async fn reached(
    tx: &mut TenantTx,
    repository: RepositoryId,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    sync::request_import(tx, repository, now).await?;
    tx.announce_in(repository.as_uuid(), "repositories");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repositories::source::FetchPolicy;

    #[test]
    fn an_address_of_a_github_is_a_host_and_a_name() {
        let policy = FetchPolicy::public_only();
        let place = |text: &str| place_of(&Source::parse(text, &policy).unwrap());

        let (host, name) = place("https://github.com/acme/shop.git").unwrap();
        assert_eq!((host.as_str(), name.as_str()), ("github.com", "acme/shop"));
        assert!(place("https://git.example/one/two/three").is_none());
    }
}
