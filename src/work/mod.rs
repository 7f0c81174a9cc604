//! Projects, tasks and commits of the connected repositories, and the job that scans them.
//!
//! `dashboard` reads through it. Connecting a repository and asking for a scan go through
//! [`request_scan`]. Invariant: a repository shows either its previous whole scan or its next whole
//! scan, never a part: everything that a scan found is written in one transaction.

mod api;
mod commit_page;
mod connect;
mod events;
mod findings;
mod jobs;
mod life;
mod links;
mod model;
mod pages;
mod progress;
mod project_page;
mod reading;
mod scan_page;
mod settings;
mod store;
mod task_page;
mod views;

pub use api::ApiDocument;
pub use connect::{Connected, connect, disconnect};
pub use jobs::{register_jobs, request_scan};
pub use links::Links;
pub use model::{
    Commit, CommitFilter, CommitKey, Deed, Dependency, EventKind, Found, IdKey, Language, Phase,
    Project, ProjectFilter, ProjectId, ProjectKey, Scan, ScanId, ScanState, ScanWarning, Task,
    TaskEvent, TaskFilter, TaskId, TaskSource, TaskState,
};
pub use pages::routes;
pub use reading::{Reading, read_once};
pub use settings::ScanSettings;
pub use store::{
    count_commits, count_projects, count_tasks, find_commit, find_commit_files, find_project,
    find_scan, find_task, list_commits, list_dependencies, list_kinds, list_languages,
    list_project_languages, list_projects, list_scans, list_task_events, list_tasks, list_warnings,
};
pub use views::{CommitRow, ProjectRow, ScanProgress, ScanRow, TaskRow, Viewing, project_rows};
