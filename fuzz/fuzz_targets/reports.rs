//! Several files at once, each behind a line `=== path`: how projects, workspaces and tasks are put
//! together.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quarterdeck::fuzzing;

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    let files: Vec<(&str, &[u8])> = text
        .split("=== ")
        .filter_map(|file| file.split_once('\n'))
        .map(|(path, content)| (path, content.as_bytes()))
        .collect();
    let report = fuzzing::report(&files);
    assert!(!report.projects.is_empty());
    let has = |path: &String| report.projects.iter().any(|project| project.path == *path);
    for project in &report.projects {
        assert!(project.parent.as_ref().is_none_or(has));
        assert!(project.workspace.as_ref().is_none_or(has));
        let name = &project.name;
        assert!(!name.is_empty() && !name.chars().any(char::is_control), "{name:?}");
    }
    for (index, task) in report.tasks.iter().enumerate() {
        assert!(task.parent.is_none_or(|parent| parent < index));
    }
    // The same files give the same report.
    assert_eq!(fuzzing::report(&files), report);
});
