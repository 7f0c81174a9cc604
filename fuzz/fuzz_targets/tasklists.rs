//! Task lists: frontmatter, Markdown, attributes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quarterdeck::{fuzzing, scanner::Contribution};

fuzz_target!(|input: &[u8]| {
    let facts = fuzzing::facts("tasklist.md", input).unwrap();
    let Some(finding) = facts.finding else { return };
    let Contribution::Tasks(list) = finding.contribution else { panic!("no list") };
    let lines = input.iter().filter(|byte| **byte == b'\n').count() + 1;
    let mut last = 0;
    for (index, task) in list.tasks.iter().enumerate() {
        assert!(task.line >= last && usize::try_from(task.line).unwrap() <= lines);
        assert!(task.parent.is_none_or(|parent| parent < index));
        last = task.line;
    }
});
