//! Looking at what a scan has found, and scanning again.

use quarterdeck::{
    repositories::{self, ScanReason},
    tenancy::TenantId,
    web::paging::PageRequest,
    work::{self, ScanId},
};

use super::World;

/// A scan and all that the organisation sees of its repositories.
pub struct Look {
    pub scan: work::Scan,
    pub projects: Vec<String>,
    pub tasks: Vec<String>,
    pub task_ids: Vec<work::TaskId>,
    pub commits: Vec<String>,
}

impl World {
    pub async fn look(&self, tenant: TenantId, scan: ScanId) -> Look {
        self.check_numbers(tenant).await;
        let mut tx = self.begin(tenant).await;
        let scan = work::find_scan(&mut tx, scan).await.unwrap().unwrap();
        let projects =
            work::list_projects(&mut tx, &work::ProjectFilter::default(), &PageRequest::first(100))
                .await
                .unwrap();
        let tasks =
            work::list_tasks(&mut tx, &work::TaskFilter::default(), &PageRequest::first(100))
                .await
                .unwrap();
        let commits =
            work::list_commits(&mut tx, &work::CommitFilter::default(), &PageRequest::first(100))
                .await
                .unwrap();
        let project = |project: &work::Project| {
            format!(
                "{} {} {} {}",
                project.kind,
                project.path,
                project.name,
                project.version.as_deref().unwrap_or("-")
            )
        };
        let task = |task: &work::Task| {
            let mark = task.key.as_deref().or(task.marker.as_deref()).unwrap_or_default();
            format!("{} {mark} {}", task.state.as_str(), task.title)
        };
        Look {
            scan,
            projects: projects.iter().map(project).collect(),
            tasks: tasks.iter().map(task).collect(),
            task_ids: tasks.iter().map(|task| task.id).collect(),
            commits: commits.into_iter().map(|commit| commit.subject).collect(),
        }
    }

    /// Compares what an organisation's repositories are said to come to with what they do.
    pub async fn check_numbers(&self, tenant: TenantId) {
        let mut tx = self.begin(tenant).await;
        let wrong: Vec<String> = sqlx::query_scalar(
            "SELECT r.name || ': ' || coalesce(n::text, 'none') || ' instead of ' || c::text
             FROM repositories r
             CROSS JOIN LATERAL (
                 SELECT (SELECT count(*) FROM projects WHERE repository_id = r.id) AS projects,
                        (SELECT count(*) FROM projects WHERE repository_id = r.id AND fixture) AS fixtures,
                        count(*) FILTER (WHERE source IN ('tasklist', 'issue') AND state = 'open') AS open_tasks,
                        count(*) FILTER (WHERE source IN ('tasklist', 'issue') AND state = 'done') AS done_tasks,
                        count(*) FILTER (WHERE source = 'todo' AND state = 'open') AS notes,
                        count(*) FILTER (WHERE source = 'todo' AND state = 'open' AND marker = 'FIXME') AS fixmes,
                        count(*) FILTER (WHERE source = 'pull' AND state = 'open') AS open_pulls,
                        (SELECT count(*) FROM commits WHERE repository_id = r.id) AS commits
                 FROM tasks
                 WHERE repository_id = r.id AND NOT fixture
             ) c
             LEFT JOIN LATERAL (
                 SELECT projects, fixtures, open_tasks, done_tasks, notes, fixmes, open_pulls, commits
                 FROM repository_numbers
                 WHERE repository_id = r.id
             ) n ON true
             -- Without a whole scan there is nothing to count.
             WHERE r.scanned_at IS NOT NULL AND n IS DISTINCT FROM c",
        )
        .fetch_all(tx.connection())
        .await
        .unwrap();
        assert_eq!(wrong, Vec::<String>::new());
    }

    /// Scans a connected repository again, to the end.
    pub async fn rescan(&self, tenant: TenantId, name: &str) -> ScanId {
        let mut tx = self.begin(tenant).await;
        let repository = repositories::find_named(&mut tx, name).await.unwrap().unwrap();
        let scan =
            work::request_scan(&mut tx, repository.id, ScanReason::Requested, self.clock.now())
                .await
                .unwrap();
        tx.commit().await.unwrap();
        self.run_jobs().await;
        scan
    }
}
