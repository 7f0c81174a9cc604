//! Writes what a scan found.

use chrono::{DateTime, Utc};

use super::{
    changes, contributors,
    findings::Tasks,
    life,
    reading::Reading,
    store::{self, ScanRun},
    submodules, volume,
};
use crate::{
    repositories::{self, Repository, RepositoryState},
    tenancy::TenantTx,
};

/// Writes all that was found, and the end of the scan.
///
/// The end comes first: it waits for whoever else writes this scan. Answers false, with nothing
/// written, where a later run has overtaken this one.
pub(super) async fn save(
    tx: &mut TenantTx,
    run: ScanRun,
    repository: &Repository,
    (reading, tasks): (&Reading, &Tasks<'_>),
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let (branch, head) = (reading.branch.as_deref(), reading.head);
    let end = store::ScanEnd { branch, head, found: reading.found() };
    if !store::finish_scan(tx, run, &end, now).await? {
        return Ok(false);
    }
    let before = Before::read(tx, repository).await?;
    let places = store::list_places(tx, repository.id).await?;
    let state = before.as_ref().map(|before| &before.state);
    let plans = Plans { are_made_anew: volume::is_large(reading, tasks, &places, state) };
    plans.renew(tx).await?;
    store::insert_facts(tx, repository.id, &reading.new_facts).await?;
    store::delete_facts(tx, repository.id, &reading.old_facts).await?;
    store::replace_languages(tx, repository.id, &reading.report.languages).await?;
    save_projects(tx, repository, (reading, &plans), now).await?;
    save_tasks(tx, repository, (tasks, &plans), now).await?;
    store::delete_commits(tx, repository.id, &reading.dropped).await?;
    store::insert_commits(tx, repository.id, &reading.commits).await?;
    contributors::save(tx, repository.id, &places, reading).await?;
    let apart = submodules::save(tx, repository, &reading.report.submodules).await?;
    let warnings = [reading.warnings(), apart].concat();
    store::insert_warnings(tx, run.id, &warnings).await?;
    store::recount(tx, repository.id).await?;
    if let Some(before) = before {
        before.compare(tx, run, repository).await?;
    }
    let state = RepositoryState {
        branch,
        head,
        history_complete: reading.is_history_complete(),
        mirror_bytes: reading.mirror_bytes,
    };
    repositories::set_scanned(tx, repository.id, &state, now).await?;
    Ok(true)
}

/// How the statements of a scan are planned.
struct Plans {
    are_made_anew: bool,
}

impl Plans {
    /// Called before anything is written, and again after each table that others refer to.
    async fn renew(&self, tx: &mut TenantTx) -> sqlx::Result<()> {
        if self.are_made_anew {
            tx.plan_anew().await?;
        }
        Ok(())
    }
}

async fn save_projects(
    tx: &mut TenantTx,
    repository: &Repository,
    (reading, plans): (&Reading, &Plans),
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let projects = &reading.report.projects;
    store::save_projects(tx, repository.id, projects, now).await?;
    plans.renew(tx).await?;
    store::save_details(tx, repository.id, &reading.report).await?;
    store::save_dependencies(tx, repository.id, projects).await?;
    store::save_project_languages(tx, repository.id, projects).await
}

async fn save_tasks(
    tx: &mut TenantTx,
    repository: &Repository,
    (tasks, plans): (&Tasks<'_>, &Plans),
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    store::save_tasks(tx, repository.id, &tasks.present, now).await?;
    store::save_vanished(tx, repository.id, &tasks.vanished, now).await?;
    plans.renew(tx).await?;
    store::replace_events(tx, &tasks.anew).await?;
    store::append_events(tx, &tasks.further).await?;
    store::set_life_version(tx, repository.id, life::VERSION).await
}

/// What was known of a repository before a scan's rows are written.
struct Before {
    state: changes::State,
    tasks: store::TaskStates,
}

impl Before {
    /// None at the first scan, of which everything would be new.
    async fn read(tx: &mut TenantTx, repository: &Repository) -> sqlx::Result<Option<Self>> {
        if repository.scanned_at.is_none() {
            return Ok(None);
        }
        let state = store::read_state(tx, repository.id).await?;
        let tasks = store::read_task_states(tx, repository.id).await?;
        Ok(Some(Self { state, tasks }))
    }

    /// Writes down what is different now.
    async fn compare(
        self,
        tx: &mut TenantTx,
        run: ScanRun,
        repository: &Repository,
    ) -> sqlx::Result<()> {
        let after = store::read_state(tx, repository.id).await?;
        let tasks = store::list_task_changes(tx, repository.id, &self.tasks).await?;
        let (counts, changes) = changes::compare(&self.state, &after, tasks);
        store::insert_changes(tx, run.id, &counts, &changes).await
    }
}
