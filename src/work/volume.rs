//! How much a scan writes.

use std::collections::{HashMap, HashSet};

use super::{changes::State, findings::Tasks, reading::Reading, store::Chapter};

/// Rows that are many: from here on it pays to plan their writing anew, which a small scan would
/// pay for.
const MANY: usize = 1_000;

/// Whether a scan adds, changes or deletes so many rows that their writing is to be planned anew.
///
/// `places` is where the projects stood, and `before` what was known of them; none at the first scan.
pub(super) fn is_large(
    reading: &Reading,
    tasks: &Tasks<'_>,
    places: &HashMap<String, bool>,
    before: Option<&State>,
) -> bool {
    let facts = reading.new_facts.len() + reading.old_facts.len();
    let commits = reading.commits.len() + reading.dropped.len();
    let rows = [facts, commits, of_projects(reading, places, before), of_tasks(reading, tasks)];
    rows.iter().sum::<usize>() > MANY
}

/// Projects that come or go, with what belongs to them, and what others have more or less of.
fn of_projects(reading: &Reading, places: &HashMap<String, bool>, before: Option<&State>) -> usize {
    let mut known: HashMap<&str, usize> = places.keys().map(|path| (path.as_str(), 0)).collect();
    for (path, _name) in before.into_iter().flat_map(|state| state.dependencies.keys()) {
        *known.entry(path).or_default() += 1;
    }
    let projects = &reading.report.projects;
    let written = projects.iter().map(|project| match known.get(project.path.as_str()) {
        Some(dependencies) => dependencies.abs_diff(project.dependencies.len()),
        None => 1 + project.dependencies.len() + project.languages.len(),
    });
    let present: HashSet<&str> = projects.iter().map(|project| project.path.as_str()).collect();
    let gone = known.iter().filter(|(path, _)| !present.contains(*path));
    let deleted = gone.clone().map(|(_, dependencies)| 1 + dependencies).sum::<usize>();
    let stand_elsewhere = gone.count() > 0 || present.iter().any(|path| !known.contains_key(path));
    // Then who worked on each is counted anew.
    let recounted = if stand_elsewhere { projects.len() } else { 0 };
    written.sum::<usize>() + deleted + recounted
}

/// Tasks that come or go, and what is told of any.
fn of_tasks(reading: &Reading, tasks: &Tasks<'_>) -> usize {
    let new = reading.life.tasks.iter().filter(|task| task.id.is_none()).count();
    let told = |chapters: &[Chapter<'_>]| -> usize {
        chapters.iter().map(|chapter| chapter.events.len()).sum()
    };
    // What was told before goes, so that each of these stands for one more.
    new + tasks.vanished.len() + tasks.anew.len() + told(&tasks.anew) + told(&tasks.further)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        repositories::Oid,
        scanner::{
            marks::Mark,
            model::{Dependency, Project, Scope},
        },
        work::{
            findings,
            life::{Happening, Life, LifeTask},
            model::{Deed, EventKind, TaskId},
        },
    };

    fn with_projects(number: usize) -> Reading {
        let mut reading = Reading::default();
        let project = |number| Project { path: format!("packages/{number}"), ..Project::default() };
        reading.report.projects = (0..number).map(project).collect();
        reading
    }

    fn is_large_after(reading: &Reading, before: &Reading) -> bool {
        let projects = &before.report.projects;
        let places = projects.iter().map(|project| (project.path.clone(), true)).collect();
        let dependencies = projects.iter().flat_map(|project| {
            let key = |one: &Dependency| (project.path.clone(), one.name.clone());
            project.dependencies.iter().map(move |one| (key(one), String::new()))
        });
        let state = State { dependencies: dependencies.collect(), ..State::default() };
        let tasks = findings::tasks(&reading.report, &reading.life);
        is_large(reading, &tasks, &places, Some(&state))
    }

    #[test]
    fn many_projects_without_notes_are_much_when_they_come_and_when_they_go() {
        let (none, many) = (with_projects(0), with_projects(MANY + 1));

        assert!(is_large_after(&many, &none));
        assert!(is_large_after(&none, &many));
        assert!(!is_large_after(&many, &many));
        assert!(!is_large_after(&with_projects(2), &with_projects(1)));
        assert!(is_large_after(&with_projects(MANY), &many), "all are counted for anew");
    }

    #[test]
    fn one_project_with_many_dependencies_is_much() {
        let mut reading = with_projects(1);
        let dependency = |number| Dependency {
            name: format!("package-{number}"),
            requirement: None,
            scope: Scope::Runtime,
            internal: None,
        };
        reading.report.projects[0].dependencies = (0..=MANY).map(dependency).collect();

        assert!(is_large_after(&reading, &with_projects(1)));
        assert!(is_large_after(&with_projects(1), &reading));
        assert!(!is_large_after(&reading, &reading));
    }

    #[test]
    fn events_of_known_tasks_that_are_told_anew_are_much() {
        let oid = Oid::from_bytes([1; 20]);
        let deed = Arc::new(Deed {
            commit: oid,
            name: "Ada".to_owned(),
            email: "ada@example.com".to_owned(),
            at: chrono::DateTime::UNIX_EPOCH,
        });
        let event = Happening { kind: EventKind::Created, deed, from: None, to: None };
        let task = LifeTask {
            id: Some(TaskId::new()),
            path: "tasklist.md".to_owned(),
            fixture: false,
            mark: Mark {
                marker: None,
                id: None,
                title: "Ship".to_owned(),
                words: "ship".to_owned(),
                section: None,
                author: None,
                done: false,
                line: 1,
                copies: 1,
                around: (0, 0),
            },
            present: true,
            opened: None,
            closed: None,
            events: vec![event; MANY],
        };
        let life = Life { tasks: vec![task], is_whole: true, ..Life::default() };
        let reading = Reading { life, ..Reading::default() };

        assert!(is_large_after(&reading, &Reading::default()));
    }

    #[test]
    fn commits_that_come_and_go_are_much() {
        let number = |number: usize| u8::try_from(number % 256).unwrap();
        let oid = |place: usize| {
            let mut bytes = [0; 20];
            bytes[0] = number(place);
            bytes[1] = number(place / 256);
            Oid::from_bytes(bytes)
        };
        let reading = Reading { dropped: (0..=MANY).map(oid).collect(), ..Reading::default() };

        assert!(is_large_after(&reading, &Reading::default()));
        assert!(!is_large_after(&Reading::default(), &Reading::default()));
    }
}
