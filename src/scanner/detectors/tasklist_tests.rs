use proptest::prelude::*;

use super::*;
use crate::scanner::{manifest::Contribution, model::Attributes};

fn read(text: &str) -> (TaskList, Vec<WarningCode>) {
    let finding = super::super::read(&TaskListFile, FileName("tasklist.md"), text);
    let codes = finding.problems.iter().map(|problem| problem.code).collect();
    match finding.contribution {
        Contribution::Tasks(list) => (*list, codes),
        other => panic!("{other:?}"),
    }
}

fn outline(list: &TaskList) -> Vec<(u32, u32, bool, &str)> {
    list.tasks.iter().map(|one| (one.line, one.depth, one.done, one.title.as_str())).collect()
}

#[test]
fn the_names_are_known_in_any_case() {
    for name in ["tasklist.md", "a/TASKLIST.md", "docs/Project-Plan.md"] {
        assert!(TaskListFile.reads(FileName(name)), "{name}");
    }
    assert!(!TaskListFile.reads(FileName("tasklist.txt")));
}

#[test]
fn a_plan_is_read_with_sections_ids_and_nesting() {
    let (list, problems) = read(
        "---\nassignee: \"@ada\"\npriority: high\nlabels: [api, 2]\ndue: 2026-03-01\n---\n\n\
         # Plan\n\n## Backend\n\n- [x] **TASK-API-1**: Sign *in* with `oauth`\n\
         \x20 - [ ] [TASK-API-2] Write tests @grace\n\x20   - plain\n\x20     - [ ] deep\n\
         - not a task\n\n## Frontend\n\n* [X] Colours (see the mock)\n\
         1. [ ] Ship it (priority: low, due: 2026-03-01)\n\n    continued text\n",
    );

    assert_eq!(problems, []);
    assert_eq!(
        outline(&list),
        [
            (12, 0, true, "Sign in with oauth"),
            (13, 1, false, "Write tests @grace"),
            (15, 2, false, "deep"),
            (20, 0, true, "Colours (see the mock)"),
            (21, 0, false, "Ship it"),
        ]
    );
    let ids: Vec<_> = list.tasks.iter().map(|task| task.id.as_deref()).collect();
    assert_eq!(ids, [Some("TASK-API-1"), Some("TASK-API-2"), None, None, None]);
    let parents: Vec<_> = list.tasks.iter().map(|task| task.parent).collect();
    assert_eq!(parents, [None, Some(0), Some(1), None, None]);
    assert_eq!(list.tasks[0].section, ["Plan", "Backend"]);
    assert_eq!(list.tasks[3].section, ["Plan", "Frontend"]);
    assert_eq!(list.tasks[1].attributes.assignee.as_deref(), Some("grace"));
    assert_eq!(list.tasks[4].attributes.priority.as_deref(), Some("low"));
    assert_eq!(list.tasks[4].attributes.due.as_deref(), Some("2026-03-01"));
    assert_eq!(list.defaults.assignee.as_deref(), Some("ada"));
    assert_eq!(list.defaults.labels, ["api", "2"]);
    assert_eq!(list.defaults.due.as_deref(), Some("2026-03-01"));
}

#[test]
fn lines_may_end_as_on_windows() {
    let (list, problems) =
        read("\u{feff}---\r\nowner: ada\r\n---\r\n\r\n- [ ] One\r\n- [x] Two\r\n");

    assert_eq!(problems, []);
    assert_eq!(outline(&list), [(5, 0, false, "One"), (6, 0, true, "Two")]);
    assert_eq!(list.defaults.assignee.as_deref(), Some("ada"));
}

#[test]
fn checkboxes_in_code_are_no_tasks() {
    let (list, _) = read("```\n- [ ] example\n```\n\n- [ ] `- [ ]` is a checkbox\n");

    assert_eq!(outline(&list), [(5, 0, false, "- [ ] is a checkbox")]);
}

#[test]
fn broken_frontmatter_keeps_the_tasks() {
    let (list, problems) = read("---\na: [1\n---\n- [ ] One\n");

    assert_eq!(problems, [WarningCode::BrokenFrontmatter]);
    assert_eq!(list.defaults, Attributes::default());
    assert_eq!(outline(&list), [(4, 0, false, "One")]);
}

#[test]
fn a_rule_at_the_top_is_no_frontmatter() {
    let (list, problems) = read("---\n\n- [ ] One\n");

    assert_eq!(problems, []);
    assert_eq!(outline(&list), [(3, 0, false, "One")]);
}

#[test]
fn ids_have_their_form() {
    assert_eq!(split_id("TASK-API-12 Do"), (Some("TASK-API-12".into()), "Do"));
    assert_eq!(split_id("After TASK-API-12"), (Some("TASK-API-12".into()), "After TASK-API-12"));
    for other in ["TASK-api-1", "TASK-API", "TASK-API-1x", "SUBTASK-API-1", "TASK--1", "TASK-API-"]
    {
        assert_eq!(split_id(other).0, None, "{other}");
    }
    assert_eq!(split_id("TASK-API-7"), (Some("TASK-API-7".into()), "TASK-API-7"));
}

#[test]
fn scoped_packages_and_addresses_are_no_people() {
    assert_eq!(mention("bump @team/web for a@b.org"), None);
    assert_eq!(mention("ask (@ada-l)."), Some("ada-l".into()));
}

#[test]
fn hostile_markdown_is_read_in_time() {
    let hostile = [
        "- ".repeat(200_000),
        "> ".repeat(200_000),
        "- [ ] x\n".repeat(60_000),
        "[".repeat(400_000),
        "*a_ ".repeat(100_000),
        "`".repeat(400_000),
        format!("- [ ] {}", "x".repeat(500_000)),
        (0..400).map(|depth| "  ".repeat(depth) + "- [ ] x\n").collect(),
        "<!-".repeat(100_000),
        "# ".repeat(200_000),
    ];

    for text in hostile {
        let start = crate::platform::clock::CpuTime::start();
        let (list, _) = read(&text);
        assert!(list.tasks.len() <= MAX_TASKS);
        assert!(list.tasks.iter().all(|task| task.title.chars().count() <= TITLE + 1));
        assert!(start.elapsed().as_secs() < 5, "{} took {:?}", text.split_at(4).0, start.elapsed());
    }
}

#[test]
fn a_list_beyond_the_limit_says_so() {
    let (list, problems) = read(&"- [ ] x\n".repeat(MAX_TASKS + 1));

    assert_eq!(list.tasks.len(), MAX_TASKS);
    assert_eq!(list.tasks[MAX_TASKS - 1].title, "x");
    assert_eq!(problems, [WarningCode::ListTruncated]);
}

proptest! {
    #[test]
    fn any_text_gives_lines_in_range_and_in_order(text in "(\\PC|\n|- \\[ \\] |  |# |---\n|> |```){0,80}") {
        let (list, _) = read(&text);
        let last = u32::try_from(text.matches('\n').count()).unwrap() + 1;

        prop_assert!(list.tasks.iter().all(|task| (1..=last).contains(&task.line)));
        prop_assert!(list.tasks.windows(2).all(|pair| pair[0].line <= pair[1].line));
        for (index, task) in list.tasks.iter().enumerate() {
            prop_assert!(task.parent.is_none_or(|parent| parent < index));
        }
    }

    #[test]
    fn every_checkbox_line_becomes_its_task(titles in proptest::collection::vec("[a-z]{1,12}", 1..30)) {
        let text: String = titles.iter().map(|title| "- [ ] ".to_owned() + title + "\n").collect();
        let (list, _) = read(&text);
        let found: Vec<_> = list.tasks.iter().map(|task| task.title.clone()).collect();
        prop_assert_eq!(found, titles);
    }
}
