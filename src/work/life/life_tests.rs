use std::sync::Arc;

use proptest::prelude::*;

use super::{
    testing::{Tree, World, deed, stored, told, tree},
    *,
};
use crate::work::model::TaskState;

const FIRST: &str = "## Payouts\n- [ ] Retry once\n- [ ] Park after the second failure\n";

#[test]
fn a_box_lives_from_its_first_line_to_its_tick() {
    let world = World::line(&[
        tree(&[("tasklist.md", FIRST)]),
        tree(&[(
            "tasklist.md",
            "# Plan\n\n## Payouts\n- [ ] Park after the second failure\n  - [x] Retry once\n",
        )]),
        tree(&[("tasklist.md", "## Payouts\n- [ ] Park after the third failure\n")]),
    ]);

    assert_eq!(
        told(&world.life()),
        [
            "open tasklist.md Park after the third failure: created 1, moved 2, moved 3, reworded 3",
            "done tasklist.md Retry once: created 1, moved 2, done 2, removed 3",
        ]
    );
}

#[test]
fn a_note_moves_with_its_file_and_between_files() {
    let world = World::line(&[
        tree(&[("a.rs", "// TODO: park failed payouts\n// FIXME\n"), ("b.rs", "fn b() {}\n")]),
        tree(&[("lib/a.rs", "// TODO: park failed payouts\n// FIXME\n"), ("b.rs", "fn b() {}\n")]),
        tree(&[
            ("lib/a.rs", "// FIXME\n"),
            ("b.rs", "fn b() {\n    // TODO: park failed payouts\n}\n"),
        ]),
    ]);

    assert_eq!(
        told(&world.life()),
        [
            "open b.rs park failed payouts: created 1, moved 2, moved 3",
            "open lib/a.rs FIXME: created 1, moved 2",
        ]
    );
}

#[test]
fn what_a_revert_brings_back_is_the_same() {
    let with = tree(&[("a.rs", "// TODO: one\n")]);
    let without = tree(&[("a.rs", "fn a() {}\n")]);
    let life = World::line(&[with.clone(), without, with]).life();

    assert_eq!(told(&life), ["open a.rs one: created 1, removed 2, returned 3"]);
    assert_eq!(life.tasks[0].closed, None);
    assert_eq!(life.tasks[0].opened, Some(Arc::new(deed(1))));
}

#[test]
fn a_task_keeps_its_id_through_any_wording_and_file() {
    let life = World::line(&[
        tree(&[("tasklist.md", "- [ ] TASK-A-1 Retry\n- [ ] TASK-A-2 Retry\n")]),
        tree(&[
            ("tasklist.md", "- [ ] TASK-A-2 Retry\n"),
            ("x/tasklist.md", "- [x] TASK-A-1: Something else\n"),
        ]),
    ])
    .life();

    assert_eq!(
        told(&life),
        [
            "open tasklist.md Retry: created 1",
            "done x/tasklist.md Something else: created 1, moved 2, reworded 2, done 2",
        ]
    );
}

#[test]
fn copies_are_told_apart() {
    let life = World::line(&[
        tree(&[("a.rs", "// TODO later\n")]),
        tree(&[("a.rs", "// TODO later\nfn a() {}\n// TODO later\n")]),
        tree(&[("a.rs", "fn a() {}\n// TODO later\n")]),
    ])
    .life();

    assert_eq!(
        told(&life),
        ["open a.rs later: created 2", "removed a.rs later: created 1, removed 3"]
    );
}

#[test]
fn a_cherry_pick_on_two_branches_is_one_task() {
    let (base, with) =
        (tree(&[("a.rs", "fn a() {}\n")]), tree(&[("a.rs", "fn a() {}\n// TODO: one\n")]));
    let mut world = World::default();
    world
        .commit(1, &[], base.clone())
        .commit(2, &[1], with.clone())
        .commit(3, &[1], with.clone())
        .commit(4, &[2, 3], with.clone());
    assert_eq!(told(&world.life()), ["open a.rs one: created 2"]);

    world.commit(5, &[4], base.clone()).commit(6, &[3], base.clone()).commit(7, &[5, 6], base);
    assert_eq!(told(&world.life()), ["removed a.rs one: created 2, removed 5"]);
}

#[test]
fn a_branch_may_speak_of_a_task_where_it_stood_before() {
    let mut world = World::default();
    world
        .commit(1, &[], tree(&[("tasklist.md", "- [ ] Retry the payout\n- [ ] Other\n")]))
        .commit(
            2,
            &[1],
            tree(&[
                ("tasklist.md", "- [ ] Other\n"),
                ("x/tasklist.md", "- [ ] Retry the payout\n"),
            ]),
        )
        .commit(3, &[1], tree(&[("tasklist.md", "- [x] Retry the payout\n- [ ] Other\n")]))
        .commit(
            4,
            &[2, 3],
            tree(&[
                ("tasklist.md", "- [ ] Other\n"),
                ("x/tasklist.md", "- [x] Retry the payout\n"),
            ]),
        );

    assert_eq!(
        told(&world.life()),
        [
            "open tasklist.md Other: created 1",
            "done x/tasklist.md Retry the payout: created 1, moved 2, done 3",
        ]
    );
}

#[test]
fn the_head_is_right_where_a_merge_decided_otherwise() {
    let mut world = World::default();
    world
        .commit(1, &[], tree(&[("tasklist.md", "- [ ] One\n- [ ] Two\n")]))
        .commit(2, &[1], tree(&[("tasklist.md", "- [ ] One\n")]))
        .commit(3, &[1], tree(&[("tasklist.md", "- [x] One\n- [ ] Two\n")]))
        .commit(4, &[2, 3], tree(&[("tasklist.md", "- [ ] One\n- [ ] Two\n- [ ] Three\n")]));

    assert_eq!(
        told(&world.life()),
        [
            "open tasklist.md One: created 1, done 3, reopened 4",
            "open tasklist.md Two: created 1, removed 2, returned 4",
            "open tasklist.md Three: created 4",
        ]
    );
}

#[test]
fn an_octopus_brings_what_each_branch_did() {
    let base = "- [ ] One\n\ntext\n\n- [ ] Two\n\ntext\n\n- [ ] Three\n";
    let mut world = World::default();
    world.commit(1, &[], tree(&[("tasklist.md", base)]));
    for (number, word) in (2..).zip(["One", "Two", "Three"]) {
        let ticked = base.replace(&format!("[ ] {word}"), &format!("[x] {word}"));
        world.commit(number, &[1], tree(&[("tasklist.md", &ticked)]));
    }
    world.commit(5, &[2, 3, 4], tree(&[("tasklist.md", &base.replace("[ ]", "[x]"))]));

    assert_eq!(
        told(&world.life()),
        [
            "done tasklist.md One: created 1, done 2",
            "done tasklist.md Two: created 1, done 3",
            "done tasklist.md Three: created 1, done 4",
        ]
    );
}

#[test]
fn what_is_older_than_the_known_history_has_no_beginning() {
    let all = World::line(&[tree(&[("tasklist.md", FIRST)])]);
    let report = testing::report(&tree(&[("tasklist.md", FIRST)]));
    let start = Start {
        from_scratch: true,
        is_cut: true,
        head: Some(Arc::new(deed(9))),
        ..Start::default()
    };

    let life = Life::simulate(start, Steps::default(), &report, &|| false).unwrap();

    assert!(life.tasks.iter().all(|task| task.opened.is_none() && task.events.is_empty()));
    assert!(all.life().tasks.iter().all(|task| task.opened.is_some()));
}

#[test]
fn a_simulation_that_is_stopped_has_no_result() {
    let report = testing::report(&tree(&[("tasklist.md", FIRST)]));

    assert!(Life::simulate(Start::default(), Steps::default(), &report, &|| true).is_none());
}

#[test]
fn a_history_that_was_rewritten_leaves_the_ids() {
    let before =
        World::line(&[tree(&[("tasklist.md", FIRST)]), tree(&[("a.rs", "// TODO: only there\n")])]);
    let known = stored(&before.life(), false);
    let after = World::line(&[tree(&[("tasklist.md", "## Payouts\n- [x] Retry once\n")])]);

    let mut life = after.life_with(known.clone());
    let strangers = std::mem::take(&mut life.strangers);
    life.tasks.extend(strangers);

    let id = |words: &str, tasks: &[LifeTask]| {
        tasks.iter().find(|task| task.title() == words).and_then(|task| task.id).unwrap()
    };
    for words in ["Retry once", "Park after the second failure", "only there"] {
        assert_eq!(id(words, &life.tasks), id(words, &known), "{words}");
    }
    assert_eq!(told(&life)[0], "done tasklist.md Retry once: created 1, done 1");
    assert_eq!(life.tasks.iter().filter(|task| task.state() == TaskState::Removed).count(), 2);
}

#[test]
fn too_many_marks_cut_the_history_rather_than_the_memory() {
    let mut steps = Steps::default();
    let commit = history::Commit {
        oid: testing::oid(1),
        parents: vec![],
        author: history::Person { name: "Ada".into(), email: String::new() },
        committer: history::Person { name: "Ada".into(), email: String::new() },
        authored_at: history::Moment { at: deed(1).at, offset_minutes: 0 },
        committed_at: history::Moment { at: deed(1).at, offset_minutes: 0 },
        subject: String::new(),
        body: String::new(),
        files: vec![],
        files_changed: 0,
        insertions: 0,
        deletions: 0,
    };
    let marks = || FileMarks {
        path: "a".into(),
        fixture: false,
        before: vec![],
        after: vec![Mark::bare("x", false, 1); MAX_MARKS / 2 + 1],
    };
    steps.add(&commit, vec![marks()]);
    steps.add(&commit, vec![marks()]);

    assert!(steps.is_cut);
    assert_eq!(steps.all.iter().filter(|step| step.files.is_empty()).count(), 1);
}

/// Lines of a plan, each a task of one of a few words, done or not.
fn plan() -> impl Strategy<Value = String> {
    let line = (0..7usize, any::<bool>()).prop_map(|(word, done)| {
        let words = [
            "",
            "Retry",
            "Retry once",
            "Park the payout",
            "Tell the owner",
            "Write it down",
            "Retry twice",
        ];
        let mark = if done { "x" } else { " " };
        format!("- [{mark}] {}\n", words.get(word).unwrap())
    });
    proptest::collection::vec(line, 0..8).prop_map(|lines| lines.concat())
}

fn trees() -> impl Strategy<Value = Vec<Tree>> {
    let commit = (plan(), plan())
        .prop_map(|(one, other)| tree(&[("tasklist.md", &one), ("x/tasklist.md", &other)]));
    proptest::collection::vec(commit, 1..7)
}

/// Everything that is told of tasks, in an order that does not depend on that of the rows.
fn sorted(life: &Life) -> Vec<String> {
    let mut lines = told(life);
    lines.sort();
    lines
}

proptest! {
    #[test]
    fn after_any_history_the_head_is_what_it_says(trees in trees()) {
        let world = World::line(&trees);
        let report = testing::report(trees.last().unwrap());

        let life = world.life();

        let mut seen = std::collections::HashSet::new();
        prop_assert_eq!(life.head.len(), report.tasks.len());
        for (task, index) in report.tasks.iter().zip(&life.head) {
            let found = &life.tasks[*index];
            prop_assert!(seen.insert(*index), "one task stands for two lines");
            prop_assert!(found.present);
            prop_assert_eq!((&found.mark.title, found.mark.done, found.mark.line), (&task.title, task.done, task.line));
            prop_assert_eq!(&found.path, &task.path);
        }
        let present = life.tasks.iter().filter(|task| task.present).count();
        prop_assert_eq!(present, report.tasks.len());
        for task in &life.tasks {
            prop_assert_eq!(task.events[0].kind, EventKind::Created);
            prop_assert_eq!(task.closed.is_some(), task.state() != TaskState::Open);
        }
    }

    #[test]
    fn scans_on_the_way_tell_what_one_scan_tells(trees in trees(), cut in 1..6usize) {
        let world = World::line(&trees);
        let cut = cut.min(trees.len());

        let at_once = world.life();
        let in_parts = world.life_by(&[cut, trees.len()]);

        prop_assert_eq!(sorted(&at_once), sorted(&in_parts));
    }

    #[test]
    fn a_scan_from_scratch_finds_the_ids_again(trees in trees()) {
        let world = World::line(&trees);
        let known = stored(&world.life(), false);

        let again = world.life_with(known.clone());

        prop_assert_eq!(again.tasks.len(), known.len());
        let ids = |tasks: &[LifeTask]| {
            let mut ids: Vec<_> = tasks.iter().map(|task| (task.id, task.title().to_owned())).collect();
            ids.sort();
            ids
        };
        prop_assert_eq!(ids(&again.tasks), ids(&known));
    }

    #[test]
    fn lines_that_move_within_a_file_stay_the_same(lines in proptest::collection::vec(0..20u8, 1..10), seed in any::<u64>()) {
        let text = |order: &[u8]| order.iter().map(|n| format!("{}- [ ] Number {n} of them\n", " ".repeat(usize::from(n % 2)))).collect::<Vec<_>>().concat();
        let mut shuffled = lines.clone();
        shuffled.sort_by_key(|n| (u64::from(*n) + 1).wrapping_mul(seed | 1));

        let life = World::line(&[tree(&[("tasklist.md", &text(&lines))]), tree(&[("tasklist.md", &text(&shuffled))])]).life();

        prop_assert_eq!(life.tasks.len(), lines.len());
        for task in &life.tasks {
            prop_assert!(task.events.iter().all(|event| event.kind == EventKind::Created), "{:?}", task.events);
        }
    }
}
