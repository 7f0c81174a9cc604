//! The addresses of an organisation's pages about its work.

use super::model::{ProjectId, ScanId, TaskId};
use crate::{
    tenancy::{Permission, Scope},
    web::html::address,
};

/// Makes addresses below one organisation's.
#[derive(Clone, Debug)]
pub struct Links {
    base: String,
}

impl Links {
    pub fn of<P: Permission>(scope: &Scope<P>) -> Self {
        Self { base: format!("/{}", scope.organization().slug) }
    }

    pub fn overview(&self) -> String {
        self.base.clone()
    }

    pub fn running_scans(&self) -> String {
        format!("{}/running-scans", self.base)
    }

    pub fn repositories(&self) -> String {
        format!("{}/repositories", self.base)
    }

    /// `name` is unique within the organisation and needs no escaping.
    pub fn repository(&self, name: &str) -> String {
        format!("{}/repositories/{name}", self.base)
    }

    pub fn graph(&self, name: &str) -> String {
        format!("{}/repositories/{name}/graph", self.base)
    }

    /// The form that connects a repository, with an address in it.
    pub fn connecting(&self, source: &str) -> String {
        let form = format!("{}/repositories", self.base);
        address(&form, &[("connect", Some(source))]) + "#add"
    }

    pub fn settings(&self, name: &str) -> String {
        format!("{}/repositories/{name}/settings", self.base)
    }

    pub fn access(&self, name: &str) -> String {
        format!("{}/access", self.repository(name))
    }

    /// The connections to GitHub.
    pub fn github(&self) -> String {
        format!("{}/github", self.base)
    }

    /// How it stands to GitHub.
    pub fn sync(&self, name: &str) -> String {
        format!("{}/sync", self.repository(name))
    }

    pub fn removal(&self, name: &str) -> String {
        format!("{}/repositories/{name}/removal", self.base)
    }

    pub fn rescan(&self, name: &str) -> String {
        format!("{}/repositories/{name}/scans", self.base)
    }

    pub fn projects(&self, repository: Option<&str>) -> String {
        address(&format!("{}/projects", self.base), &[("repository", repository)])
    }

    pub fn project(&self, id: ProjectId) -> String {
        format!("{}/projects/{id}", self.base)
    }

    pub fn tasks(&self, parameters: &[(&str, Option<&str>)]) -> String {
        address(&format!("{}/tasks", self.base), parameters)
    }

    pub fn task(&self, id: TaskId) -> String {
        format!("{}/tasks/{id}", self.base)
    }

    pub fn commits(&self, repository: Option<&str>) -> String {
        address(&format!("{}/commits", self.base), &[("repository", repository)])
    }

    pub fn commit(&self, repository: &str, oid: &str) -> String {
        format!("{}/commits/{repository}/{oid}", self.base)
    }

    pub fn scans(&self, repository: Option<&str>) -> String {
        address(&format!("{}/scans", self.base), &[("repository", repository)])
    }

    pub fn scan(&self, id: ScanId) -> String {
        format!("{}/scans/{id}", self.base)
    }

    pub fn cancel(&self, id: ScanId) -> String {
        format!("{}/scans/{id}/cancel", self.base)
    }
}
