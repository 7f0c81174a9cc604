//! Turns what the scanner reports into tasks that keep their identity across scans.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};

use super::{
    model::{TaskSource, TaskState},
    store::NewTask,
};
use crate::scanner::{
    ScanReport,
    model::{Task, Todo},
};

/// The tasks of a report: checkboxes in the order of their lists, then notes in comments.
///
/// A task is the same in the next scan where its id is, or else its file, section or marker, and
/// wording; equal ones in one file are told apart by their order.
pub(super) fn tasks(report: &ScanReport) -> Vec<NewTask> {
    let mut seen = Fingerprints::default();
    let boxes: Vec<String> = report.tasks.iter().map(|task| seen.of(&identity(task))).collect();
    let mut tasks: Vec<NewTask> = Vec::with_capacity(report.tasks.len() + report.todos.len());
    for (task, fingerprint) in report.tasks.iter().zip(&boxes) {
        let parent = task.parent.and_then(|index| boxes.get(index).cloned());
        tasks.push(from_box(task, fingerprint.clone(), parent));
    }
    tasks.extend(report.todos.iter().map(|todo| from_todo(todo, seen.of(&todo_identity(todo)))));
    tasks
}

fn identity(task: &Task) -> Vec<String> {
    if let Some(id) = &task.id {
        return vec!["id".to_owned(), id.to_uppercase()];
    }
    let place = [vec!["box".to_owned(), task.path.clone()], task.section.clone()].concat();
    [place, vec![normalized(&task.title)]].concat()
}

fn todo_identity(todo: &Todo) -> Vec<String> {
    vec![
        "todo".to_owned(),
        todo.path.clone(),
        todo.marker.as_str().to_owned(),
        normalized(&todo.text),
    ]
}

/// Small changes of case and spacing make no other task.
fn normalized(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Hashes identities, counting equal ones.
#[derive(Default)]
struct Fingerprints {
    times: HashMap<String, u32>,
}

impl Fingerprints {
    fn of(&mut self, parts: &[String]) -> String {
        let identity = parts.join("\u{1f}");
        let times = self.times.entry(identity.clone()).or_default();
        *times += 1;
        let hash = digest(&SHA256, format!("{identity}\u{1f}{times}").as_bytes());
        URL_SAFE_NO_PAD.encode(hash)
    }
}

fn from_box(task: &Task, fingerprint: String, parent: Option<String>) -> NewTask {
    NewTask {
        fingerprint,
        parent,
        project: task.project.clone(),
        source: TaskSource::Tasklist,
        key: task.id.clone(),
        marker: None,
        title: task.title.clone(),
        state: if task.done { TaskState::Done } else { TaskState::Open },
        section: (!task.section.is_empty()).then(|| task.section.join(" › ")),
        author: None,
        depth: i32::try_from(task.depth).unwrap_or(i32::MAX),
        attributes: serde_json::to_value(&task.attributes).unwrap_or_default(),
        path: task.path.clone(),
        line: i32::try_from(task.line).unwrap_or(i32::MAX),
        fixture: task.fixture,
    }
}

fn from_todo(todo: &Todo, fingerprint: String) -> NewTask {
    let title =
        if todo.text.is_empty() { todo.marker.as_str().to_owned() } else { todo.text.clone() };
    NewTask {
        fingerprint,
        parent: None,
        project: todo.project.clone(),
        source: TaskSource::Todo,
        key: None,
        marker: Some(todo.marker.as_str()),
        title,
        state: TaskState::Open,
        section: None,
        author: todo.author.clone(),
        depth: 0,
        attributes: serde_json::json!({}),
        path: todo.path.clone(),
        line: i32::try_from(todo.line).unwrap_or(i32::MAX),
        fixture: todo.fixture,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::model::Marker;

    fn todo(text: &str, line: u32) -> Todo {
        Todo {
            marker: Marker::Todo,
            text: text.to_owned(),
            author: None,
            path: "a.rs".to_owned(),
            line,
            project: Some(".".to_owned()),
            fixture: false,
        }
    }

    fn fingerprints(todos: Vec<Todo>) -> Vec<String> {
        let report = ScanReport { todos, ..ScanReport::default() };
        tasks(&report).into_iter().map(|task| task.fingerprint).collect()
    }

    #[test]
    fn a_note_that_moves_or_is_spaced_anew_stays_the_same() {
        assert_eq!(
            fingerprints(vec![todo("Retry  once", 3)]),
            fingerprints(vec![todo("retry once", 90)])
        );
    }

    #[test]
    fn equal_notes_are_told_apart_by_their_order() {
        let both = fingerprints(vec![todo("later", 1), todo("later", 2)]);

        assert_ne!(both[0], both[1]);
        assert_eq!(both[0], fingerprints(vec![todo("later", 8)])[0]);
    }

    #[test]
    fn a_task_with_an_id_may_be_reworded() {
        let task = |title: &str| Task {
            id: Some("TASK-API-7".into()),
            title: title.into(),
            ..Task::default()
        };
        let of = |task: Task| {
            tasks(&ScanReport { tasks: vec![task], ..ScanReport::default() })[0].fingerprint.clone()
        };

        assert_eq!(of(task("Retry")), of(task("Retry payouts")));
    }
}
