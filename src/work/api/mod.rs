//! The API: the lists of the pages and their changes as JSON, for programs.
//!
//! The organisation comes from the token, so no path names it. Each handler stands below its
//! description, and [`ApiDocument`] lists all of them; a test compares it with the routes.

#![expect(
    unused_qualifications,
    reason = "utoipa qualifies the types of parameters in the code it writes"
)]

mod commits;
mod graph;
mod parse;
mod projects;
mod repositories;
mod scans;
mod shapes;
mod tasks;

use utoipa::OpenApi;

use shapes::Bearer;
pub use shapes::Shapes;

use crate::{
    tenancy::Routes,
    web::{Problem, problems},
};

pub(super) fn routes() -> Routes {
    Routes::default()
        .and(repositories::routes())
        .and(graph::routes())
        .and(projects::routes())
        .and(tasks::routes())
        .and(commits::routes())
        .and(scans::routes())
}

/// The description of the API of repositories and what is read from them.
#[derive(OpenApi)]
#[openapi(
    paths(
        repositories::list_repositories,
        repositories::connect_repository,
        repositories::get_repository,
        repositories::change_repository,
        repositories::remove_repository,
        repositories::request_scan,
        graph::get_graph,
        projects::list_projects,
        projects::get_project,
        tasks::list_tasks,
        tasks::get_task,
        commits::list_commits,
        commits::get_commit,
        scans::list_scans,
        scans::get_scan,
        scans::list_scan_changes,
        scans::cancel_scan,
    ),
    components(schemas(Problem)),
    modifiers(&Bearer, &Shapes),
    tags(
        (name = "repositories", description = "The connected repositories."),
        (name = "projects", description = "Directories of a repository that have a manifest."),
        (name = "tasks", description = "Checkboxes of task lists, and notes in comments."),
        (name = "commits", description = "The history of default branches."),
        (name = "scans", description = "Readings of repositories: how far they are, and what they found."),
    ),
)]
pub struct ApiDocument;
