//! Issues and pull requests as tasks.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{apply::Home, error::Result, store};
use crate::{
    tenancy::TenantTx,
    work::{self, OutsideTask, TaskSource, TaskState},
};

/// What rows say of an issue or a pull request, with the names of what it has to do with.
#[expect(clippy::struct_excessive_bools, reason = "they are columns")]
pub(super) struct Subject {
    pub(super) number: i64,
    pub(super) is_pull: bool,
    pub(super) title: String,
    pub(super) is_open: bool,
    /// Why an issue was closed.
    pub(super) reason: Option<String>,
    pub(super) is_merged: bool,
    pub(super) is_draft: bool,
    pub(super) author: Option<String>,
    pub(super) labels: Vec<String>,
    pub(super) assignees: Vec<String>,
    pub(super) milestone: Option<String>,
    pub(super) url: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) closed_at: Option<DateTime<Utc>>,
    pub(super) updated_at: DateTime<Utc>,
}

/// Brings the tasks of these issues and pull requests in step with their rows.
pub(super) async fn put(tx: &mut TenantTx, home: &Home, numbers: &[i64]) -> Result<()> {
    if numbers.is_empty() {
        return Ok(());
    }
    let subjects = store::list_subjects(tx, home, numbers).await?;
    let tasks: Vec<OutsideTask> = subjects.into_iter().map(task).collect();
    Ok(work::put_outside_tasks(tx, home.repository, &tasks).await?)
}

fn task(subject: Subject) -> OutsideTask {
    OutsideTask {
        attributes: attributes(&subject),
        number: subject.number,
        source: if subject.is_pull { TaskSource::Pull } else { TaskSource::Issue },
        state: if subject.is_open { TaskState::Open } else { TaskState::Done },
        title: subject.title,
        author: subject.author,
        url: subject.url,
        opened_at: subject.created_at,
        closed_at: subject.closed_at,
        updated_at: subject.updated_at,
    }
}

fn attributes(subject: &Subject) -> Value {
    let mut said = Map::new();
    if let Some(status) = status(subject) {
        said.insert("status".to_owned(), status.into());
    }
    for (name, words) in [("labels", &subject.labels), ("assignees", &subject.assignees)] {
        if !words.is_empty() {
            said.insert(name.to_owned(), words.clone().into());
        }
    }
    if let Some(milestone) = &subject.milestone {
        said.insert("milestone".to_owned(), milestone.clone().into());
    }
    Value::Object(said)
}

/// How it ended, or that a pull request is a draft.
fn status(subject: &Subject) -> Option<&str> {
    match (subject.is_pull, subject.is_open) {
        (true, true) => subject.is_draft.then_some("draft"),
        (true, false) => Some(if subject.is_merged { "merged" } else { "closed" }),
        (false, true) => None,
        (false, false) => subject.reason.as_deref(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn subject() -> Subject {
        Subject {
            number: 12,
            is_pull: false,
            title: "Ship".to_owned(),
            is_open: true,
            reason: None,
            is_merged: false,
            is_draft: false,
            author: None,
            labels: Vec::new(),
            assignees: Vec::new(),
            milestone: None,
            url: "https://github.com/acme/api/issues/12".to_owned(),
            created_at: DateTime::UNIX_EPOCH,
            closed_at: None,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn an_issue_that_is_not_planned_is_done_and_says_so() {
        let reason = Some("not_planned".to_owned());

        let task = task(Subject { is_open: false, reason, ..subject() });

        assert_eq!((task.source, task.state), (TaskSource::Issue, TaskState::Done));
        assert_eq!(task.attributes, json!({"status": "not_planned"}));
    }

    #[test]
    fn a_reopened_issue_has_no_end() {
        let task = task(Subject { reason: Some("reopened".to_owned()), ..subject() });

        assert_eq!((task.state, task.attributes), (TaskState::Open, json!({})));
    }

    #[test]
    fn a_pull_request_is_done_when_it_is_closed_and_says_how() {
        for (is_open, is_merged, is_draft, state, attributes) in [
            (true, false, false, TaskState::Open, json!({})),
            (true, false, true, TaskState::Open, json!({"status": "draft"})),
            (false, true, false, TaskState::Done, json!({"status": "merged"})),
            (false, false, true, TaskState::Done, json!({"status": "closed"})),
        ] {
            let task = task(Subject { is_pull: true, is_open, is_merged, is_draft, ..subject() });

            assert_eq!((task.source, task.state), (TaskSource::Pull, state));
            assert_eq!(task.attributes, attributes);
        }
    }

    #[test]
    fn labels_people_and_milestone_are_attributes() {
        let task = task(Subject {
            labels: vec!["bug".to_owned()],
            assignees: vec!["ada".to_owned()],
            milestone: Some("1.0".to_owned()),
            ..subject()
        });

        assert_eq!(
            task.attributes,
            json!({"labels": ["bug"], "assignees": ["ada"], "milestone": "1.0"})
        );
    }
}
