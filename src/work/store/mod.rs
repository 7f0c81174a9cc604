//! The SQL of scans, projects, tasks and commits.

mod changes;
mod commits;
mod contributors;
mod details;
mod ending;
mod facts;
mod life;
mod numbers;
mod outside;
mod projects;
mod save;
mod save_tasks;
mod scans;
mod submodules;
mod tasks;

pub use changes::list_changes;
pub(super) use changes::{
    TaskStates, insert_changes, list_task_changes, read_state, read_task_states,
};
pub use commits::{count_commits, find_commit, find_commit_files, list_commits};
pub(super) use commits::{delete_commits, insert_commits, list_known_commits};
pub use contributors::list_contributors;
pub(super) use contributors::{add_contributors, delete_contributors, list_places, tally_commits};
pub(super) use details::{Dependent, list_dependents, save_details};
pub use details::{
    find_project_facts, find_repository_details, list_graph_edges, list_graph_nodes, list_pipelines,
};
pub(super) use ending::{
    cancel_scan, cancel_scans, delete_old_scans, is_being_scanned, is_current,
    list_idle_repositories,
};
pub(super) use facts::{delete_facts, insert_facts, list_facts};
pub use life::list_task_events;
pub(super) use life::{
    Chapter, VanishedTask, append_events, find_life_version, list_life_tasks, replace_events,
    save_vanished, set_life_version,
};
pub(super) use numbers::recount;
pub use outside::list_task_links;
pub(super) use outside::{
    add_numbers, delete_outside, insert_closings, replace_closings, upsert_outside,
};
pub(super) use projects::list_project_names;
pub use projects::{
    count_projects, find_project, list_dependencies, list_kinds, list_languages,
    list_project_languages, list_projects,
};
pub(super) use save::{
    replace_languages, save_dependencies, save_project_languages, save_projects,
};
pub(super) use save_tasks::{NewTask, save_tasks};
pub(super) use scans::insert_scan;
pub(super) use scans::{
    ScanEnd, ScanRun, fail_scan, finish_scan, insert_warnings, requeue_scan, set_progress,
    start_scan,
};
pub use scans::{find_scan, list_scans, list_warnings};
pub(super) use submodules::{NewSubmodule, save_submodules};
pub use submodules::{list_submodule_uses, list_submodules};
pub use tasks::{count_tasks, find_task, list_tasks};
