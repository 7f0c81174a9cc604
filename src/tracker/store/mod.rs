//! The SQL of GitHub's objects.

mod contributors;
mod deployments;
mod graves;
mod issues;
mod labels;
mod pulls;
mod refs;
mod releases;
mod reviews;
mod runs;
mod tasks;

pub(super) use contributors::{link_accounts, list_numbers_naming, upsert_contributors};
pub(super) use deployments::{
    list_known_deployment_statuses, list_known_deployments, upsert_deployment_statuses,
    upsert_deployments,
};
pub(super) use graves::{
    bury, delete_object, delete_under, find_home, list_buried, lock_repository,
};
pub use issues::{OpenObject, list_open_issues, list_open_pulls};
pub(super) use issues::{list_closings_of_issues, list_known_issues, upsert_issues};
pub(super) use labels::{
    list_known_labels, list_known_milestones, list_numbers_in_milestones, list_numbers_labelled,
    upsert_labels, upsert_milestones,
};
pub(super) use pulls::{
    count_pulls, find_pull_head, list_known_pulls, list_pull_commit_oids, replace_closings,
    replace_pull_commits, upsert_pulls,
};
pub(super) use refs::{end_other_refs, find_ref, set_ref, upsert_refs};
pub(super) use releases::{list_known_releases, upsert_releases};
pub(super) use reviews::{
    list_known_comments, list_known_reviews, upsert_comments, upsert_reviews,
};
pub(super) use runs::{list_known_check_suites, list_known_runs, upsert_check_suites, upsert_runs};
pub(super) use tasks::list_subjects;
