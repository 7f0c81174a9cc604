//! What a list of tasks, projects, commits or scans is asked for by its address: filters, text, and the page.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::model::{ProjectId, TaskSource, TaskState};
use crate::{
    repositories::{self, RepositoryId},
    tenancy::TenantTx,
    web::{
        Result,
        html::{Filter, Pager, SearchField, address, counted},
        paging::PageQuery,
    },
};

/// What an address names that is not there: a list by it is empty, rather than that of all.
const NO_REPOSITORY: RepositoryId = RepositoryId::from_uuid(uuid::Uuid::nil());
pub(super) const NO_PROJECT: ProjectId = ProjectId::from_uuid(uuid::Uuid::nil());

/// The source that stands for [`TaskSource::PLANNED`], which the number of open tasks counts.
const PLANNED: &str = "planned";

/// Ages to filter by: value, label, and days.
const AGES: [(&str, &str, i64); 4] = [
    ("month", "over a month", 30),
    ("quarter", "over 3 months", 91),
    ("year", "over a year", 365),
    ("years", "over 3 years", 1_096),
];

/// What a list is asked for; an unknown status or source filters nothing.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct ListQuery {
    pub status: Option<String>,
    pub source: Option<String>,
    pub kind: Option<String>,
    pub repository: Option<String>,
    pub project: Option<String>,
    pub age: Option<String>,
    pub q: Option<String>,
    pub cursor: Option<String>,
    pub limit: Option<String>,
}

impl ListQuery {
    pub(super) fn page(&self) -> PageQuery {
        PageQuery { cursor: self.cursor.clone(), limit: self.limit.clone() }
    }

    pub(super) fn text(&self) -> Option<String> {
        self.q.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    pub(super) fn state(&self) -> Option<TaskState> {
        match self.status.as_deref() {
            Some("all") => None,
            Some("done") => Some(TaskState::Done),
            Some("removed") => Some(TaskState::Removed),
            _ => Some(TaskState::Open),
        }
    }

    /// The time before which tasks were opened; an unknown age filters nothing.
    pub(super) fn opened_before(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let chosen = self.age.as_deref()?;
        let (_, _, days) = AGES.into_iter().find(|(value, ..)| *value == chosen)?;
        now.checked_sub_signed(chrono::TimeDelta::days(days))
    }

    pub(super) fn by_age(&self) -> Filter {
        let values = AGES.map(|(value, label, _)| (value.to_owned(), label.to_owned()));
        Filter::new("age", "age", self.age.as_deref(), values)
    }

    pub(super) fn sources(&self) -> Vec<TaskSource> {
        if self.source.as_deref() == Some(PLANNED) {
            return TaskSource::PLANNED.to_vec();
        }
        let chosen = |source: &TaskSource| Some(source.as_str()) == self.source.as_deref();
        TaskSource::ALL.into_iter().filter(chosen).collect()
    }

    fn parameters(&self) -> [(&'static str, Option<&str>); 8] {
        [
            ("status", self.status.as_deref()),
            ("source", self.source.as_deref()),
            ("kind", self.kind.as_deref()),
            ("repository", self.repository.as_deref()),
            ("project", self.project.as_deref()),
            ("age", self.age.as_deref()),
            ("q", self.q.as_deref()),
            ("limit", self.limit.as_deref()),
        ]
    }

    /// The page itself.
    pub(super) fn here(&self, path: &str) -> String {
        let mut parameters = self.parameters().to_vec();
        parameters.push(("cursor", self.cursor.as_deref()));
        address(path, &parameters)
    }

    /// The ways on and back from a page with so many rows.
    pub(super) fn pager(&self, path: &str, shown: usize, noun: &str, next: Option<&str>) -> Pager {
        let with = |cursor: Option<&str>| {
            let mut parameters = self.parameters().to_vec();
            parameters.push(("cursor", cursor));
            address(path, &parameters)
        };
        Pager {
            summary: format!(
                "{}{}",
                counted(shown, noun, &format!("{noun}s")),
                if next.is_some() || self.cursor.is_some() { " on this page" } else { "" }
            ),
            first: self.cursor.is_some().then(|| with(None)),
            next: next.map(|cursor| with(Some(cursor))),
        }
    }

    pub(super) fn search(&self, placeholder: &str) -> SearchField {
        SearchField {
            value: self.q.clone().unwrap_or_default(),
            placeholder: placeholder.to_owned(),
        }
    }

    /// The filter by repository, and what it chose.
    pub(super) async fn by_repository(
        &self,
        tx: &mut TenantTx,
    ) -> Result<(Filter, Option<RepositoryId>)> {
        let all = repositories::list_all(tx).await?;
        let chosen = self.repository.as_deref().filter(|name| !name.is_empty());
        let id = match chosen {
            None => None,
            Some(name) => Some(
                repositories::find_named(tx, name).await?.map_or(NO_REPOSITORY, |found| found.id),
            ),
        };
        let names = all.into_iter().map(|(_, name)| (name.clone(), name));
        Ok((Filter::new("repository", "repository", chosen, names), id))
    }

    pub(super) fn by_status(&self) -> Filter {
        let values = [("done", "done"), ("removed", "gone"), ("all", "any")]
            .map(|(value, label)| (value.to_owned(), label.to_owned()));
        let mut filter = Filter::new("status", "status", self.status.as_deref(), values);
        if let Some(first) = filter.options.first_mut() {
            "open".clone_into(&mut first.label);
        }
        filter
    }

    pub(super) fn by_source(&self) -> Filter {
        let values = [
            (PLANNED, "task lists and issues"),
            ("tasklist", "task lists"),
            ("issue", "issues"),
            ("pull", "pull requests"),
            ("todo", "comments"),
        ]
        .map(|(value, label)| (value.to_owned(), label.to_owned()));
        Filter::new("source", "source", self.source.as_deref(), values)
    }
}
