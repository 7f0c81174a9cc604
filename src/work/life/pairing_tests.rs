use super::*;
use crate::scanner::marks;

/// `path: text` for a box, `path: // text` for a note.
fn marks_of(lines: &[&str]) -> Vec<(String, Mark)> {
    let mut all = Vec::new();
    let mut files: Vec<(&str, Vec<Mark>)> = Vec::new();
    for (number, line) in (1..).zip(lines) {
        let (path, text) = line.split_once(": ").unwrap();
        let mut mark = Mark::bare(text.trim_start_matches("// "), false, number);
        mark.marker = text.starts_with("//").then_some(crate::scanner::model::Marker::Todo);
        match files.iter_mut().find(|file| file.0 == path) {
            Some(file) => file.1.push(mark),
            None => files.push((path, vec![mark])),
        }
    }
    for (path, mut marks) in files {
        marks::place(&mut marks);
        all.extend(marks.into_iter().map(|mark| (path.to_owned(), mark)));
    }
    all
}

fn pairs(before: &[&str], after: &[&str]) -> Vec<(usize, usize)> {
    let (before, after) = (marks_of(before), marks_of(after));
    let placed = |marks: &'static [(String, Mark)]| -> Vec<Placed<'static>> {
        marks.iter().map(|(path, mark)| Placed { path, mark }).collect()
    };
    let (before, after) = (placed(before.leak()), placed(after.leak()));
    pair(&before, &after, &mut Budget::default()).matched
}

#[test]
fn people_would_call_these_the_same() {
    for (old, new) in [
        ("Retry once", "Retry twice"),
        ("Park after the second failure", "Park payouts after the second failure"),
        ("park failed payouts", "park all failed payouts for a day"),
        ("Write documentation", "Write the documentation for operators"),
        ("Fix typo in the readme", "Fix typos in README"),
        ("handle errors", "handle errors and timeouts"),
        ("use the new api once it is released", "use the new API (released in 1.4)"),
        ("Support windows", "Support Windows and macOS"),
        ("remove this after the migration", "remove after migration"),
    ] {
        assert_eq!(
            pairs(&[&format!("a: {old}")], &[&format!("a: {new}")]),
            [(0, 0)],
            "{old} | {new}"
        );
        let note = (format!("a: // {old}"), format!("a: // {new}"));
        assert_eq!(pairs(&[&note.0], &[&note.1]), [(0, 0)], "{old} | {new}");
    }
}

#[test]
fn people_would_call_these_two() {
    for (old, new) in [
        ("Retry once", "Write the documentation"),
        ("Park after the second failure", "Tell the owner by mail"),
        ("handle errors", "make it faster"),
        ("Support Windows", "Translate to German"),
        ("remove this after the migration", "why is this here"),
        ("", "Support Windows"),
    ] {
        assert_eq!(pairs(&[&format!("a: {old}")], &[&format!("a: {new}")]), [], "{old} | {new}");
    }
}

#[test]
fn the_more_alike_ones_are_paired() {
    assert_eq!(
        pairs(
            &["a: Retry the payout", "a: Retry the refund once"],
            &["a: Retry the refund twice", "a: Retry all payouts"],
        ),
        [(1, 0), (0, 1)]
    );
}

#[test]
fn bare_notes_move_only_with_their_file() {
    assert_eq!(pairs(&["a.rs: // fix"], &["b.rs: // fix"]), []);
    assert_eq!(pairs(&["x/a.rs: // fix"], &["y/a.rs: // fix"]), [(0, 0)]);
    assert_eq!(
        pairs(
            &["a.rs: // fix", "a.rs: // make the retry wait longer"],
            &["b.rs: // fix", "b.rs: // make the retry wait longer"],
        ),
        [(0, 0), (1, 1)]
    );
}

#[test]
fn a_note_never_becomes_a_box() {
    assert_eq!(pairs(&["a: Retry the payout"], &["a: // Retry the payout"]), []);
}

#[test]
fn the_same_file_comes_before_others() {
    assert_eq!(
        pairs(
            &["a: Retry the payout", "b: Retry the payout"],
            &["b: Retry the payout", "c: Retry the payout"],
        ),
        [(1, 0), (0, 1)]
    );
}

#[test]
fn hostile_sides_end_in_time() {
    let lines = |word: &str| -> Vec<String> {
        (0..1_000).map(|n| format!("a: {word} {} {n}", "long ".repeat(40))).collect()
    };
    let (before, after) = (lines("one"), lines("two"));
    let start = crate::platform::clock::CpuTime::start();

    let refer = |lines: &'static [String]| lines.iter().map(String::as_str).collect::<Vec<_>>();
    pairs(&refer(before.leak()), &refer(after.leak()));

    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}

proptest::proptest! {
    #[test]
    fn every_mark_is_in_one_place(
        before in proptest::collection::vec("[ab]: (// )?[a-c]{0,2}( [a-c]{1,3}){0,3}", 0..9),
        after in proptest::collection::vec("[ab]: (// )?[a-c]{0,2}( [a-c]{1,3}){0,3}", 0..9),
    ) {
        let refer = |lines: &[String]| marks_of(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        let (before, after) = (refer(&before), refer(&after));
        let placed = |marks: &'static [(String, Mark)]| -> Vec<Placed<'static>> {
            marks.iter().map(|(path, mark)| Placed { path, mark }).collect()
        };
        let (sizes, sides) = ((before.len(), after.len()), (placed(before.leak()), placed(after.leak())));

        let pairs = pair(&sides.0, &sides.1, &mut Budget::default());

        let mut old: Vec<usize> = pairs.matched.iter().map(|pair| pair.0).chain(pairs.gone).collect();
        let mut new: Vec<usize> = pairs.matched.iter().map(|pair| pair.1).chain(pairs.new).collect();
        old.sort_unstable();
        new.sort_unstable();
        proptest::prop_assert_eq!(old, (0..sizes.0).collect::<Vec<_>>());
        proptest::prop_assert_eq!(new, (0..sizes.1).collect::<Vec<_>>());
    }
}
