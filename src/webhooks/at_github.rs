//! Hooks at GitHub: made in a repository for who asks by a token, told another secret, and taken away.
//!
//! Each is a job of its own, in one lane of the organisation. What GitHub refuses for good stands in words
//! beside the hook, and is no failure of the job: people can repair it, and no later attempt can.

use std::sync::Arc;

use anyhow::Context;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    hooks, lost,
    model::{Hook, HookId},
    secrets,
    store::hooks as store,
};
use crate::{
    connections::{self, ConnectionId, Connections, Opened, Unusable},
    github::{
        Access, ApiError, Cursor, FullName, Urgency, api::NewHook, model::Hook as GitHubHook,
        subscription::repository_events,
    },
    jobs::{Failure, Job, JobContext, Registry},
    repositories::{
        self, AtGitHub, RepositoryId, disconnected,
        hooks::{LANE, MakeHook, RemoveHooks},
    },
    tenancy::TenantTx,
};

/// As what this installation is known outside, and how it asks GitHub.
#[derive(Clone)]
pub struct Site {
    /// Its public address: `https://deck.example`.
    pub origin: String,
    pub connections: Connections,
}

/// Tells GitHub the secret of a hook, which has got another one. Idempotent: it tells the one of now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct TellHook {
    pub(super) hook: HookId,
}

/// Deletes a revoked hook at GitHub. Idempotent: one that is gone stays gone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct DeleteHook {
    pub(super) hook: HookId,
}

/// Takes a connection away: its hooks at GitHub as far as that can be, then its row. Idempotent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RemoveConnection {
    pub connection: ConnectionId,
}

macro_rules! job {
    ($($job:ident: $kind:literal;)*) => {
        $(impl Job for $job {
            const KIND: &'static str = $kind;
            const ATTEMPTS: u16 = 12;

            fn lane(&self) -> String {
                LANE.to_owned()
            }
        })*
    };
}

job! {
    TellHook: "tell_hook";
    DeleteHook: "delete_hook";
    RemoveConnection: "remove_connection";
}

/// Names the functions that do the jobs about hooks and what they reach.
pub fn register_jobs(registry: Registry, site: Site) -> Registry {
    let registry = lost::register_jobs(registry, site.connections.clone());
    let site = Arc::new(site);
    macro_rules! with {
        ($registry:expr, $job:ty, $done:ident) => {{
            let site = Arc::clone(&site);
            $registry.with(move |context, job: $job| {
                let run = Run { context, site: Arc::clone(&site) };
                async move { run.$done(job).await }
            })
        }};
    }
    let registry = with!(registry, MakeHook, make);
    let registry = with!(registry, RemoveHooks, remove_of_repository);
    let registry = with!(registry, TellHook, tell);
    let registry = with!(registry, DeleteHook, delete);
    with!(registry, RemoveConnection, remove_connection)
}

struct Run {
    context: JobContext,
    site: Arc<Site>,
}

/// A hook that is to be at GitHub, with all that it takes.
struct Wanted {
    opened: Opened,
    hook: HookId,
    name: FullName,
    url: Url,
    secret: SecretString,
}

/// Why a hook is not as it should be.
enum Trouble {
    /// Later may be better.
    Passing(anyhow::Error),
    /// People have to do something; in words.
    Lasting(String),
}

impl From<ApiError> for Trouble {
    fn from(error: ApiError) -> Self {
        if error.may_pass() {
            return Self::Passing(error.into());
        }
        Self::Lasting(match error {
            // It is how GitHub answers where the token may not know of hooks.
            ApiError::NotFound => {
                "GitHub does not let this token make webhooks here. Give it the permission Webhooks: read and write, \
                 or make the hook by hand."
                    .to_owned()
            }
            other => format!("{other}."),
        })
    }
}

impl From<Unusable> for Trouble {
    fn from(error: Unusable) -> Self {
        match error {
            Unusable::GitHub(error) => ApiError::from(error).into(),
            other => Self::Lasting(format!("{other}.")),
        }
    }
}

fn again(error: impl Into<anyhow::Error>) -> Failure {
    Failure::Retry(error.into())
}

impl Run {
    async fn begin(&self) -> Result<TenantTx, Failure> {
        self.context.db.begin_granted(&self.context.grant).await.map_err(again)
    }

    /// The same with the hooks of repositories that are disconnected.
    async fn begin_with_all(&self) -> Result<TenantTx, Failure> {
        let mut tx = self.begin().await?;
        disconnected::show_all(&mut tx).await.map_err(again)?;
        Ok(tx)
    }

    async fn make(self, job: MakeHook) -> Result<(), Failure> {
        let Some(wanted) = self.wanted(job.repository).await.map_err(Failure::Retry)? else {
            return Ok(());
        };
        let made = wanted.make().await;
        self.note(wanted.hook, made, Some(&wanted.secret)).await
    }

    /// The hook that a repository is to have; its row is made here. None where it has none of its own: it
    /// is disconnected, or an App tells of it.
    async fn wanted(&self, repository: RepositoryId) -> anyhow::Result<Option<Wanted>> {
        let now = self.context.clock.now();
        let mut tx = self.context.db.begin_granted(&self.context.grant).await?;
        repositories::lock(&mut tx, repository).await?;
        let place = repositories::find_at_github(&mut tx, repository).await?;
        let Some(AtGitHub { full_name, connection: Some(connection), .. }) = place else {
            return Ok(None);
        };
        let Some(name) = FullName::parse(&full_name) else { return Ok(None) };
        let opened = self.site.connections.open(&mut tx, connection).await?;
        let Some(Ok(opened)) = opened else { return Ok(None) };
        if opened.is_app() {
            return Ok(None);
        }
        let keyring = self.site.connections.keyring();
        let known = store::find_of_repository(&mut tx, repository).await?;
        let hook = if let Some(hook) = known {
            hook
        } else {
            let of = (connection, repository, name.as_str());
            hooks::create_of_repository(&mut tx, keyring, of, now).await?
        };
        let secret = secrets::secret_of(&mut tx, keyring, hook).await?.context("no secret")?;
        tx.commit().await?;
        let url = Url::parse(&format!("{}{}", self.site.origin, hooks::path(hook)))?;
        Ok(Some(Wanted { opened, hook, name, url, secret }))
    }

    async fn tell(self, job: TellHook) -> Result<(), Failure> {
        let mut tx = self.begin().await?;
        let hook = store::find(&mut tx, job.hook).await.map_err(again)?;
        let Some(hook) = hook.filter(|hook| hook.revoked_at.is_none()) else { return Ok(()) };
        if let Some(repository) = hook.repository {
            drop(tx);
            return self.make(MakeHook { repository }).await;
        }
        let keyring = self.site.connections.keyring();
        let secret = secrets::secret_of(&mut tx, keyring, hook.id).await.map_err(again)?;
        let opened = match hook.connection {
            Some(connection) => self.site.connections.open(&mut tx, connection).await,
            None => Ok(None),
        };
        let opened = opened.map_err(again)?;
        drop(tx);
        let (Some(secret), Some(Ok(opened))) = (secret, opened) else { return Ok(()) };
        let told = self.tell_app(&opened, &secret).await;
        self.note(hook.id, told, Some(&secret)).await
    }

    async fn tell_app(
        &self,
        opened: &Opened,
        secret: &SecretString,
    ) -> Result<Option<i64>, Trouble> {
        let Some(access) = opened.app_access(Urgency::Person)? else { return Ok(None) };
        let address = format!("{}/api/v2/webhooks/github", self.site.origin);
        let url = Url::parse(&address).map_err(|error| Trouble::Lasting(error.to_string()))?;
        opened.client().by(&access).update_app_hook(&url, secret).await?;
        Ok(None)
    }

    async fn delete(self, job: DeleteHook) -> Result<(), Failure> {
        let mut tx = self.begin_with_all().await?;
        let Some(hook) = store::find(&mut tx, job.hook).await.map_err(again)? else {
            return Ok(());
        };
        drop(tx);
        self.take_away(&hook).await
    }

    async fn remove_of_repository(self, job: RemoveHooks) -> Result<(), Failure> {
        let now = self.context.clock.now();
        let mut tx = self.begin().await?;
        // Somebody has taken back that it was disconnected.
        if repositories::find(&mut tx, job.repository).await.map_err(again)?.is_some() {
            return Ok(());
        }
        disconnected::show_all(&mut tx).await.map_err(again)?;
        let left = store::list_left(&mut tx, Some(job.repository), None).await.map_err(again)?;
        self.revoke(&mut tx, &left, now).await?;
        tx.commit().await.map_err(again)?;
        self.take_all_away(&left).await
    }

    async fn remove_connection(self, job: RemoveConnection) -> Result<(), Failure> {
        let now = self.context.clock.now();
        let mut tx = self.begin_with_all().await?;
        let left = store::list_left(&mut tx, None, Some(job.connection)).await.map_err(again)?;
        self.revoke(&mut tx, &left, now).await?;
        tx.commit().await.map_err(again)?;
        // What cannot be deleted at GitHub any more delivers to nobody.
        if let Err(failure) = self.take_all_away(&left).await
            && !self.context.is_last
        {
            return Err(failure);
        }
        let mut tx = self.begin().await?;
        connections::delete(&mut tx, job.connection).await.map_err(again)?;
        tx.announce("connections");
        tx.commit().await.map_err(again)?;
        Ok(())
    }

    async fn revoke(
        &self,
        tx: &mut TenantTx,
        left: &[Hook],
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<(), Failure> {
        for hook in left.iter().filter(|hook| hook.revoked_at.is_none()) {
            hooks::end(tx, hook, now).await.map_err(again)?;
        }
        tx.announce("hooks");
        Ok(())
    }

    async fn take_all_away(&self, hooks: &[Hook]) -> Result<(), Failure> {
        for hook in hooks {
            self.take_away(hook).await?;
        }
        Ok(())
    }

    /// Deletes a hook at GitHub, if it is known to be there.
    async fn take_away(&self, hook: &Hook) -> Result<(), Failure> {
        let name = hook.full_name.as_deref().and_then(FullName::parse);
        let (Some(id), Some(name)) = (hook.github_id, name) else { return Ok(()) };
        let mut tx = self.begin().await?;
        let opened = self.open_even_removed(&mut tx, hook.connection).await?;
        drop(tx);
        let Some(opened) = opened else { return Ok(()) };
        match take_away(&opened, &name, id).await {
            Ok(()) => self.note(hook.id, Ok(None), None).await,
            Err(Trouble::Passing(error)) => Err(Failure::Retry(error)),
            Err(Trouble::Lasting(words)) => {
                let words = format!("It could not be deleted at GitHub: {words}");
                self.note(hook.id, Err(Trouble::Lasting(words)), None).await
            }
        }
    }

    async fn open_even_removed(
        &self,
        tx: &mut TenantTx,
        connection: Option<ConnectionId>,
    ) -> Result<Option<Opened>, Failure> {
        let Some(connection) = connection else { return Ok(None) };
        let opened = self.site.connections.open_even_removed(tx, connection).await;
        Ok(opened.map_err(again)?.and_then(Result::ok))
    }

    /// Writes down what became of a hook at GitHub, and which secret it was told, if any.
    async fn note(
        &self,
        hook: HookId,
        made: Result<Option<i64>, Trouble>,
        told: Option<&SecretString>,
    ) -> Result<(), Failure> {
        let made = match made {
            Ok(id) => Ok(id),
            Err(Trouble::Lasting(words)) => Err(words),
            Err(Trouble::Passing(error)) if self.context.is_last => Err(format!("{error}.")),
            Err(Trouble::Passing(error)) => return Err(Failure::Retry(error)),
        };
        let mut tx = self.begin_with_all().await?;
        if let Some(secret) = told.filter(|_| made.is_ok()) {
            let keyring = self.site.connections.keyring();
            let noted = secrets::note_told(&mut tx, keyring, (hook, secret)).await;
            noted.map_err(Failure::Retry)?;
        }
        let noted = match made {
            Ok(id) => store::set_at_github(&mut tx, hook, id).await,
            Err(words) => store::set_trouble(&mut tx, hook, &words).await,
        };
        noted.map_err(again)?;
        tx.announce("hooks");
        tx.commit().await.map_err(again)?;
        Ok(())
    }
}

impl Wanted {
    /// Makes the hook, or finds it by its address and tells it the secret; its number at GitHub.
    async fn make(&self) -> Result<Option<i64>, Trouble> {
        self.check_address()?;
        let access = self.opened.access(Urgency::Person).await?;
        let api = self.opened.client().by(&access);
        let events = repository_events();
        let wanted = NewHook { url: &self.url, secret: &self.secret, events: &events };
        let Some(known) = self.find(&access).await? else {
            // GitHub pings each new hook by itself.
            return Ok(Some(api.create_hook(&self.name, &wanted).await?.id));
        };
        api.update_hook(&self.name, known.id, &wanted).await?;
        api.ping_hook(&self.name, known.id).await?;
        Ok(Some(known.id))
    }

    async fn find(&self, access: &Access) -> Result<Option<GitHubHook>, ApiError> {
        let api = self.opened.client().by(access);
        let mut next = Some(Cursor::hooks(&self.name));
        // A repository has 20 hooks at most, so that one page holds them; three bound it anyway.
        for _ in 0..3 {
            let Some(cursor) = next else { break };
            let page = api.page(&cursor).await?;
            let is_it = |hook: &GitHubHook| hook.config.url.as_deref() == Some(self.url.as_str());
            if let Some(known) = page.items.into_iter().find(is_it) {
                return Ok(Some(known));
            }
            next = page.next;
        }
        Ok(None)
    }

    /// GitHub takes no address that only this machine can reach.
    fn check_address(&self) -> Result<(), Trouble> {
        let web = Url::parse(&self.opened.connection().web_url).ok();
        let is_local = connections::is_loopback(&self.url);
        if is_local && !web.is_some_and(|web| connections::is_loopback(&web)) {
            let words = "GitHub cannot deliver to this machine's own address. Set server.public_url to one that it \
                         can reach; until then GitHub is asked for what has changed.";
            return Err(Trouble::Lasting(words.to_owned()));
        }
        Ok(())
    }
}

async fn take_away(opened: &Opened, name: &FullName, id: i64) -> Result<(), Trouble> {
    let access = opened.access(Urgency::Person).await?;
    match opened.client().by(&access).delete_hook(name, id).await {
        Ok(()) | Err(ApiError::NotFound | ApiError::Gone) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
