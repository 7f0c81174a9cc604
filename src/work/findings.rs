//! Turns what the scanner reports, and the life that history tells, into rows.

use std::collections::HashSet;

use super::{
    life::{Life, LifeTask},
    model::{TaskId, TaskSource, TaskState},
    store::{Chapter, NewTask, VanishedTask},
};
use crate::scanner::{
    ScanReport, marks,
    model::{Task, Todo},
};

/// What is written of a repository's tasks.
pub(super) struct Tasks<'a> {
    /// Those of the head: checkboxes in the order of their lists, then notes in comments.
    pub(super) present: Vec<NewTask>,
    pub(super) vanished: Vec<VanishedTask<'a>>,
    /// What is told instead of all that was told before, if only by nothing.
    pub(super) anew: Vec<Chapter<'a>>,
    /// What is told after it.
    pub(super) further: Vec<Chapter<'a>>,
}

/// Gives every task an id: its own, or a new one, those of the head first and in their order.
pub(super) fn tasks<'a>(report: &ScanReport, life: &'a Life) -> Tasks<'a> {
    let mut ids: Vec<Option<TaskId>> = life.tasks.iter().map(|task| task.id).collect();
    let mut id_of = |index: usize| {
        ids.get_mut(index).map_or_else(TaskId::new, |id| *id.get_or_insert_with(TaskId::new))
    };
    let head: Vec<FoundTask<'_>> =
        life.head.iter().map(|index| (id_of(*index), life.tasks.get(*index))).collect();
    let all: Vec<(TaskId, &LifeTask)> =
        life.tasks.iter().enumerate().map(|(index, task)| (id_of(index), task)).collect();
    let strangers = life.strangers.iter().filter_map(|task| Some((task.id?, task)));
    let projects: HashSet<&str> =
        report.projects.iter().map(|project| project.path.as_str()).collect();
    let is_news = |task: &LifeTask| task.id.is_none() || !task.events.is_empty();
    let gone = all.iter().copied().filter(|(_, task)| life.is_whole || is_news(task));
    let vanished = gone
        .chain(strangers.clone())
        .filter(|(_, task)| !task.present)
        .map(|(id, task)| VanishedTask { id, project: nearest(&task.path, &projects), task });
    let vanished = vanished.collect();
    let chapters = |tasks: Vec<(TaskId, &'a LifeTask)>| -> Vec<Chapter<'a>> {
        tasks.into_iter().map(|(task, life)| Chapter { task, events: &life.events }).collect()
    };
    let (anew, further) = if life.is_whole {
        (all, strangers.collect())
    } else {
        (Vec::new(), all.into_iter().filter(|(_, task)| !task.events.is_empty()).collect())
    };
    Tasks {
        present: present(report, &head),
        vanished,
        anew: chapters(anew),
        further: chapters(further),
    }
}

fn present(report: &ScanReport, head: &[FoundTask<'_>]) -> Vec<NewTask> {
    let (boxes, notes) = head.split_at_checked(report.tasks.len()).unwrap_or((head, &[]));
    let parent = |task: &Task| Some(boxes.get(task.parent?)?.0);
    let boxes =
        report.tasks.iter().zip(boxes).map(|(task, found)| from_box(task, *found, parent(task)));
    let notes = report.todos.iter().zip(notes).map(|(todo, found)| from_todo(todo, *found));
    boxes.chain(notes).collect()
}

/// The path of the project around a file.
fn nearest(path: &str, projects: &HashSet<&str>) -> Option<String> {
    let mut rest = path;
    while let Some((directory, _)) = rest.rsplit_once('/') {
        if projects.contains(directory) {
            return Some(directory.to_owned());
        }
        rest = directory;
    }
    projects.contains(".").then(|| ".".to_owned())
}

type FoundTask<'a> = (TaskId, Option<&'a LifeTask>);

fn from_box(task: &Task, (id, life): FoundTask<'_>, parent: Option<TaskId>) -> NewTask {
    NewTask {
        id,
        parent,
        project: task.project.clone(),
        source: TaskSource::Tasklist,
        key: task.id.clone(),
        marker: None,
        title: task.title.clone(),
        state: if task.done { TaskState::Done } else { TaskState::Open },
        section: marks::section(&task.section),
        author: None,
        depth: i32::try_from(task.depth).unwrap_or(i32::MAX),
        attributes: serde_json::to_value(&task.attributes).unwrap_or_default(),
        path: task.path.clone(),
        line: i32::try_from(task.line).unwrap_or(i32::MAX),
        fixture: task.fixture,
        opened: life.and_then(|life| life.opened.clone()),
        closed: life.and_then(|life| life.closed.clone()),
    }
}

fn from_todo(todo: &Todo, (id, life): FoundTask<'_>) -> NewTask {
    let title =
        if todo.text.is_empty() { todo.marker.as_str().to_owned() } else { todo.text.clone() };
    NewTask {
        id,
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
        opened: life.and_then(|life| life.opened.clone()),
        closed: None,
    }
}
