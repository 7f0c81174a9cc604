//! The SQL of scans, projects, tasks and commits.

mod changes;
mod commits;
mod ending;
mod facts;
mod projects;
mod save;
mod scans;
mod tasks;

pub use changes::list_changes;
pub(super) use changes::{
    TaskStates, insert_changes, list_task_changes, read_state, read_task_states,
};
pub use commits::{count_commits, find_commit, find_commit_files, list_commits};
pub(super) use commits::{delete_commits, insert_commits, list_known_commits};
pub(super) use ending::{
    cancel_scan, delete_old_scans, is_being_scanned, is_current, list_idle_repositories,
};
pub(super) use facts::{delete_facts, insert_facts, list_facts};
pub use projects::{
    count_projects, find_project, list_dependencies, list_kinds, list_languages,
    list_project_languages, list_projects,
};
pub(super) use save::{
    NewTask, replace_languages, save_dependencies, save_project_languages, save_projects,
    save_tasks,
};
pub(super) use scans::insert_scan;
pub(super) use scans::{
    ScanEnd, ScanRun, fail_scan, finish_scan, insert_warnings, requeue_scan, set_progress,
    start_scan,
};
pub use scans::{find_scan, list_scans, list_warnings};
pub use tasks::{count_tasks, find_task, list_tasks};
