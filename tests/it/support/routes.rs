//! The table of routes with something real for each of its parameters.

use quarterdeck::{
    app,
    repositories::RepositoryId,
    tenancy::{Access, AccountId, Role, RouteEntry, TenantId},
    work::{self, ProjectId, ScanId, TaskId},
};
use reqwest::Method;

use super::World;

/// What an organisation has, for the parameters of routes.
pub struct Things {
    pub slug: &'static str,
    pub repository: RepositoryId,
    pub repository_name: String,
    pub project: ProjectId,
    pub task: TaskId,
    pub scan: ScanId,
    pub commit: String,
    /// A member who does nothing, in the team, and invited again.
    pub account: AccountId,
    pub team: String,
    pub invitation: uuid::Uuid,
    pub hook: uuid::Uuid,
    pub connection: uuid::Uuid,
    /// Something that GitHub has told, and that failed for good.
    pub delivery: uuid::Uuid,
}

impl World {
    /// Scans a repository whose every word that shows holds the marker.
    pub async fn things(&self, tenant: TenantId, marker: &str) -> Things {
        let repository = self.repository(marker);
        let manifest = format!(
            "[package]\nname = \"{marker}\"\nversion = \"1.0.0\"\ndescription = \"{marker}\"\n"
        );
        let plan = format!("- [ ] {marker} task\n");
        let code = format!("// TODO: {marker} note\n");
        repository.commit(
            &format!("{marker} commit"),
            &[("Cargo.toml", &manifest), ("tasklist.md", &plan), ("a.rs", &code)],
        );
        let scan = self.scan(tenant, &repository).await;
        let look = self.look(tenant, scan).await;
        let mut tx = self.begin(tenant).await;
        let page = quarterdeck::web::paging::PageRequest::first(1);
        let filter = work::ProjectFilter {
            repository: Some(look.scan.repository_id),
            ..work::ProjectFilter::default()
        };
        let project = work::list_projects(&mut tx, &filter, &page).await.unwrap().remove(0);
        let filter = work::TaskFilter {
            repository: Some(look.scan.repository_id),
            ..work::TaskFilter::default()
        };
        let first = quarterdeck::web::paging::PageRequest::first(1);
        let mut tasks = work::list_tasks(&mut tx, &filter, &first).await.unwrap();
        let (account, team, invitation) = self.people(tenant).await;
        let (hook, delivery) = self.told(tenant, marker).await;
        Things {
            connection: self.connection(tenant, marker).await,
            hook,
            delivery,
            account,
            team,
            invitation,
            slug: if tenant == self.acme { "acme" } else { "globex" },
            repository: look.scan.repository_id,
            repository_name: look.scan.repository.clone(),
            project: project.id,
            task: tasks.remove(0).id,
            scan,
            commit: repository.git(&["rev-parse", "HEAD"]).trim().to_owned(),
        }
    }
}

impl World {
    /// A member, their team, and an open invitation, all called after the organisation.
    async fn people(&self, tenant: TenantId) -> (AccountId, String, uuid::Uuid) {
        let slug = if tenant == self.acme { "acme" } else { "globex" };
        let (person, team) = (format!("person-{slug}"), format!("team-{slug}"));
        self.sign_in(tenant, &person, Some(Role::Member)).await;
        let mut tx = self.begin(tenant).await;
        let account: AccountId =
            sqlx::query_scalar("SELECT account_id FROM memberships WHERE login = $1")
                .bind(&person)
                .fetch_one(tx.connection())
                .await
                .unwrap();
        let (team_id, invitation) = (uuid::Uuid::new_v4(), uuid::Uuid::new_v4());
        let rows = format!(
            "INSERT INTO teams (tenant_id, id, slug, name, created_at)
             VALUES ('{tenant}', '{team_id}', '{team}', '{team}', now()) ON CONFLICT DO NOTHING;
             INSERT INTO team_members (tenant_id, team_id, account_id, is_lead, created_at)
             SELECT tenant_id, id, '{account}', false, now() FROM teams WHERE slug = '{team}' ON CONFLICT DO NOTHING;
             INSERT INTO invitations (tenant_id, id, login, role, secret_hash, invited_by, created_at, expires_at)
             VALUES ('{tenant}', '{invitation}', '{person}', 'viewer', uuid_send('{invitation}'), 'owner', now(), '2100-01-01')"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(rows)).execute(tx.connection()).await.unwrap();
        tx.commit().await.unwrap();
        (account, team, invitation)
    }
}

impl World {
    /// A connection to a GitHub that is nowhere, whose every word that shows holds the marker.
    async fn connection(&self, tenant: TenantId, marker: &str) -> uuid::Uuid {
        let id = uuid::Uuid::new_v4();
        let rows = format!(
            "INSERT INTO connections (tenant_id, id, kind, web_url, host, account, account_id, token, token_hint, version,
                                      created_by, created_at)
             VALUES ('{tenant}', '{id}', 'token', 'https://{marker}.invalid', '{marker}.invalid', '{marker}', 1, 'none', '{marker}',
                     '{id}', '{marker} maker', now())"
        );
        let mut tx = self.begin(tenant).await;
        sqlx::raw_sql(sqlx::AssertSqlSafe(rows)).execute(tx.connection()).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// A hook and a delivery that failed, whose every word that shows holds the marker.
    async fn told(&self, tenant: TenantId, marker: &str) -> (uuid::Uuid, uuid::Uuid) {
        let (hook, delivery) = (uuid::Uuid::new_v4(), uuid::Uuid::new_v4());
        let rows = format!(
            "INSERT INTO hooks (tenant_id, id, name, secret, created_by, created_at)
             VALUES ('{tenant}', '{hook}', '{marker} hook', 'none', '{marker} maker', now());
             INSERT INTO deliveries (tenant_id, id, hook_id, guid, event, lane, payload, state, received_at, run_at,
                                     finished_at, error)
             VALUES ('{tenant}', '{delivery}', '{hook}', '{marker}-guid', '{marker}-event', 0,
                     convert_to('{{\"word\":\"{marker}\"}}', 'UTF8'), 'dead', now(), now(), now(), '{marker} failed')"
        );
        let mut tx = self.begin(tenant).await;
        sqlx::raw_sql(sqlx::AssertSqlSafe(rows)).execute(tx.connection()).await.unwrap();
        tx.commit().await.unwrap();
        (hook, delivery)
    }
}

/// Puts nothing that is there into a route's path.
pub fn fill_with_nothing(path: &str, slug: &str, things: &Things) -> String {
    let nil = uuid::Uuid::nil();
    let nothing = Things {
        repository: RepositoryId::from_uuid(nil),
        repository_name: "no-such-repository".to_owned(),
        account: AccountId::from_uuid(nil),
        team: "no-such-team".to_owned(),
        invitation: nil,
        hook: nil,
        connection: nil,
        delivery: nil,
        commit: things.commit.clone(),
        ..*things
    };
    fill(path, slug, &nothing)
}

/// All routes; a new one is here by itself.
pub fn entries() -> Vec<RouteEntry> {
    let mut entries = app::routes().entries().to_vec();
    entries.sort_by_key(|entry| (entry.path, entry.method.as_str().to_owned()));
    entries
}

/// Whether the route belongs to an organisation.
pub fn is_of_tenant(entry: &RouteEntry) -> bool {
    matches!(entry.access, Access::Permission { .. })
}

pub fn method(entry: &RouteEntry) -> Method {
    Method::from_bytes(entry.method.as_str().as_bytes()).unwrap()
}

/// Puts an organisation's things into a route's path; fails for a parameter that has no case here.
pub fn fill(path: &str, slug: &str, things: &Things) -> String {
    let is_api = path.starts_with("/api/");
    let segments = path.split('/').map(|segment| match segment {
        "{organization}" => slug.to_owned(),
        "{repository}" if is_api => things.repository.to_string(),
        "{repository}" => things.repository_name.clone(),
        "{project}" => things.project.to_string(),
        "{task}" => things.task.to_string(),
        "{scan}" => things.scan.to_string(),
        "{commit}" | "{oid}" => things.commit.clone(),
        "{session}" | "{token}" | "{disconnected}" => uuid::Uuid::nil().to_string(),
        "{secret}" => "no-such-secret".to_owned(),
        "{account}" => things.account.to_string(),
        "{invitation}" => things.invitation.to_string(),
        "{team}" => things.team.clone(),
        "{connection}" => things.connection.to_string(),
        "{hook}" => things.hook.to_string(),
        "{delivery}" => things.delivery.to_string(),
        "{provider}" => "github".to_owned(),
        other if other.starts_with('{') => {
            panic!("no case for {other} of {path}: add one to tests/it/support/routes.rs")
        }
        fixed => fixed.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}
