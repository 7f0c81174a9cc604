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
    pub(super) chapters: Vec<Chapter<'a>>,
}

/// Gives every task an id: its own, or a new one, those of the head first and in their order.
pub(super) fn tasks<'a>(report: &ScanReport, life: &'a Life) -> Tasks<'a> {
    let mut ids: Vec<Option<TaskId>> = life.tasks.iter().map(|task| task.id).collect();
    let mut id_of = |index: usize| {
        ids.get_mut(index).map_or_else(TaskId::new, |id| *id.get_or_insert_with(TaskId::new))
    };
    let head: Vec<(TaskId, Option<&LifeTask>)> =
        life.head.iter().map(|index| (id_of(*index), life.tasks.get(*index))).collect();
    let chapters: Vec<Chapter<'_>> = life
        .tasks
        .iter()
        .enumerate()
        .map(|(index, task)| Chapter { task: id_of(index), events: &task.events })
        .collect();
    let (boxes, notes) = head.split_at_checked(report.tasks.len()).unwrap_or((&head, &[]));
    let parent = |task: &Task| Some(boxes.get(task.parent?)?.0);
    let from_boxes =
        report.tasks.iter().zip(boxes).map(|(task, found)| from_box(task, *found, parent(task)));
    let from_notes = report.todos.iter().zip(notes).map(|(todo, found)| from_todo(todo, *found));
    let projects: HashSet<&str> =
        report.projects.iter().map(|project| project.path.as_str()).collect();
    let vanished = life.tasks.iter().zip(&chapters).filter(|(task, _)| !task.present);
    Tasks {
        present: from_boxes.chain(from_notes).collect(),
        vanished: vanished
            .filter(|(task, _)| life.is_whole || task.id.is_none() || !task.events.is_empty())
            .map(|(task, chapter)| VanishedTask {
                id: chapter.task,
                project: nearest(&task.path, &projects),
                task,
            })
            .collect(),
        // Where the life is whole, what was told before is told anew, if only by nothing.
        chapters: chapters
            .into_iter()
            .filter(|chapter| life.is_whole || !chapter.events.is_empty())
            .collect(),
    }
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
