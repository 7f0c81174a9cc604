//! Projects, tasks and commits of the connected repositories, and the job that scans them.
//!
//! `dashboard` reads through it. Connecting a repository and asking for a scan go through
//! [`request_scan`]. Invariant: a repository shows either its previous whole scan or its next whole
//! scan, never a part: everything that a scan found is written in one transaction.

mod api;
mod attempt;
mod cancel;
mod changes;
mod changes_view;
mod commit_page;
mod connect;
mod events;
mod findings;
mod housekeeping;
mod jobs;
mod limits;
mod links;
mod model;
mod pages;
mod progress;
mod project_page;
mod reading;
mod scan_page;
mod settings;
mod store;
mod views;

pub use api::ApiDocument;
pub use cancel::{Cancellation, cancel};
pub use changes::{Area, ChangeCounts, ChangeKind, Counts, ScanChange, TaskCounts};
pub use connect::{Change, Changed, Connected, Refusal, change, connect, disconnect};
pub use housekeeping::{Swept, forget_organizations, keep_house, list_tenants};
pub use jobs::{register_jobs, request_scan};
pub use limits::{Excess, ReadingLimits};
pub use links::Links;
pub use model::{
    Commit, CommitFilter, CommitKey, Dependency, Found, IdKey, Language, OrdinalKey, Phase,
    Project, ProjectFilter, ProjectId, ProjectKey, Scan, ScanId, ScanState, ScanWarning, Task,
    TaskFilter, TaskId, TaskSource, TaskState,
};
pub use pages::routes;
pub use reading::{Reading, read_once};
pub use settings::{Retention, ScanSettings};
pub use store::{
    count_commits, count_projects, count_tasks, find_commit, find_commit_files, find_project,
    find_scan, find_task, list_changes, list_commits, list_dependencies, list_kinds,
    list_languages, list_project_languages, list_projects, list_scans, list_tasks, list_warnings,
};
pub use views::{CommitRow, ProjectRow, ScanProgress, ScanRow, TaskRow, Viewing, project_rows};
