//! Projects, tasks and commits of the connected repositories, and the job that scans them.
//!
//! `dashboard` reads through it. Connecting a repository and asking for a scan go through
//! [`request_scan`]. Invariant: a repository shows either its previous whole scan or its next whole
//! scan, never a part: everything that a scan found is written in one transaction.

mod about;
mod api;
mod attempt;
mod cancel;
mod changes;
mod changes_view;
mod commit_page;
mod connect;
mod contributors;
mod credential;
mod events;
mod findings;
mod graph;
mod graph_page;
mod housekeeping;
mod jobs;
mod life;
mod limits;
mod links;
mod list_query;
mod model;
mod outside;
mod pages;
mod progress;
mod project_page;
mod read_once;
mod reading;
mod saving;
mod scan_page;
mod settings;
mod store;
mod submodules;
mod task_page;
mod views;
mod volume;

pub use about::PipelineRow;
pub use api::{ApiDocument, Shapes};
pub use cancel::{Cancellation, cancel};
pub use changes::{Area, ChangeCounts, ChangeKind, Counts, ScanChange, TaskCounts};
pub use connect::{Change, Changed, Connected, Refusal, change, connect, disconnect, reconnect};
pub use housekeeping::{Swept, forget_organizations, keep_house, list_tenants};
pub use jobs::{register_jobs, request_scan};
pub use limits::{Excess, ReadingLimits};
pub use links::Links;
pub use model::{
    Commit, CommitFilter, CommitKey, Contributor, Deed, Dependency, EventKind, Found, GraphEdge,
    GraphNode, IdKey, Language, LastChange, LinkedTask, OrdinalKey, Phase, Project, ProjectDetails,
    ProjectFacts, ProjectFilter, ProjectId, ProjectKey, RepositoryDetails, Scan, ScanId, ScanState,
    ScanWarning, Submodule, SubmoduleUse, Task, TaskEvent, TaskFilter, TaskId, TaskPlace,
    TaskSource, TaskState,
};
pub use outside::{
    OutsideTask, delete_outside_tasks, link_closings, put_outside_tasks, relink_closings,
};
pub use pages::routes;
pub use read_once::read_once;
pub use reading::Reading;
pub use settings::{Retention, ScanSettings};
pub use store::{
    count_commits, count_projects, count_tasks, find_commit, find_commit_files, find_project,
    find_project_facts, find_repository_details, find_scan, find_task, list_changes, list_commits,
    list_contributors, list_dependencies, list_graph_edges, list_graph_nodes, list_kinds,
    list_languages, list_pipelines, list_project_languages, list_projects, list_scans,
    list_submodule_uses, list_submodules, list_task_events, list_task_links, list_tasks,
    list_warnings,
};
pub use views::{CommitRow, ProjectRow, ScanProgress, ScanRow, TaskRow, Viewing, project_rows};
