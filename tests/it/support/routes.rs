//! The table of routes with something real for each of its parameters.

use quarterdeck::{
    app,
    repositories::RepositoryId,
    tenancy::{Access, RouteEntry, TenantId},
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
        Things {
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
        "{session}" | "{token}" => uuid::Uuid::nil().to_string(),
        "{secret}" => "no-such-secret".to_owned(),
        other if other.starts_with('{') => {
            panic!("no case for {other} of {path}: add one to tests/it/support/routes.rs")
        }
        fixed => fixed.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}
