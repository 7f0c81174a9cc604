//! Every detector with texts that are broken in every way: it answers, in time, with text that is
//! fit to store.
//!
//! The samples are the files in `tests/data/manifests`, which the fuzz targets begin with too. Each
//! holds one manifest after a line that names it: `=== path`.

use std::{fs, path::Path, thread};

use serde_json::Value;

use super::{CHAIN, Detector, FileName, read};
use crate::scanner::manifest::{Contribution, Finding};

/// What the readers of blobs have, so that what fits here fits there.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// Whole texts that fit no format, or all of them.
const ODD: &[&str] = &[
    "",
    " ",
    "\n",
    "\0",
    "\u{feff}",
    "\u{feff}\u{feff}",
    "null",
    "true",
    "0",
    "-",
    "\"x\"",
    "'",
    "[]",
    "{}",
    "[[]]",
    "[{}]",
    "{\"\":{}}",
    "x",
    "=",
    ":",
    "- ",
    "a:",
    "a: b: c",
    "a = ",
    "[a",
    "[[a]]",
    "<",
    "<a",
    "<a>",
    "<a/>",
    "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
    "<?xml?>",
    "---",
    "---\n---\n---\n",
    "%YAML 9.9\n---\n",
    "&a *a",
    "*a",
    "<<: *a",
    "!!python/object:os.system x",
    "{{ a }}",
    "{% x %}",
    "${a}",
    "$(a)",
    "#",
    "//",
    "/*",
    "\"\"\"",
    "'''",
    "`",
    "\\",
    "\\\n",
    "\r",
    "\r\n\r\n",
    "\t",
    "(",
    ")",
    "()",
    "((",
    "a(",
    "a(b",
    "a(b,",
    "a(\"",
    "do",
    "end",
    "do\nend",
    "\u{202e}",
    "\u{fffd}",
    "🙂",
    "e\u{301}\u{301}\u{301}",
];

/// Beginnings that nest, to be repeated.
const NESTING: &[&str] = &[
    "[",
    "{",
    "{\"a\":",
    "[[",
    "{a: ",
    "- ",
    "a:\n ",
    "a.",
    "[a.",
    "a = [",
    "a = {b = ",
    "<a>",
    "<a b=\"c\">",
    "(",
    "a(",
    "a {",
    "a { b(",
    "do ",
    "#{",
    "\"#{",
    "${",
    "if (",
    "if(a)\n",
    "/*",
    "(*",
    "{-",
    "\"",
    "'",
    "\\",
    "&",
    "*",
    "!",
    "<!--",
    "<![CDATA[",
    "%{",
    "->",
    "a|",
    "a,",
    "a;",
    "=",
    "\n",
    " ",
    "\t",
    ">",
    "`",
    "-r ",
];

fn samples() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/manifests");
    let mut samples = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        for sample in text.split("=== ").filter(|sample| !sample.is_empty()) {
            let (path, content) = sample.split_once('\n').unwrap();
            samples.push((path.to_owned(), content.to_owned()));
        }
    }
    samples.sort();
    samples
}

fn detector_of(path: &str) -> Option<&'static dyn Detector> {
    CHAIN.iter().copied().find(|detector| detector.reads(FileName(path)))
}

/// Reads as a scan does, and looks whether what was found can be stored.
fn check(path: &str, text: &str) -> Finding {
    let detector = detector_of(path).unwrap();
    let begun = crate::platform::clock::CpuTime::start();
    let finding = read(detector, FileName(path), text);
    let took = begun.elapsed();
    let start: String = text.chars().take(40).collect();
    assert!(took.as_secs() < 10, "{path}: {start:?} took {took:?}");
    let stored = serde_json::to_value(&finding).unwrap();
    assert_fit_to_store(path, &stored);
    assert_eq!(serde_json::from_value::<Finding>(stored).unwrap(), finding, "{path}: {start:?}");
    finding
}

/// A database takes no NUL, and a page no other control.
fn assert_fit_to_store(path: &str, value: &Value) {
    match value {
        Value::String(text) => {
            assert!(!text.chars().any(char::is_control), "{path}: {text:?}");
            assert!(text.chars().count() <= 4_096, "{path}: a text of {} bytes", text.len());
        }
        Value::Array(all) => all.iter().for_each(|one| assert_fit_to_store(path, one)),
        Value::Object(all) => all.iter().for_each(|(key, one)| {
            assert_fit_to_store(path, &Value::String(key.clone()));
            assert_fit_to_store(path, one);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// In a thread with the stack of a scan's.
fn for_each_sample(test: fn(&str, &str)) {
    let work = move || {
        for (path, text) in samples() {
            if detector_of(&path).is_some() {
                test(&path, &text);
            }
        }
    };
    thread::Builder::new().stack_size(STACK_BYTES).spawn(work).unwrap().join().unwrap();
}

#[test]
fn every_link_of_the_chain_has_a_sample_that_it_reads_without_a_problem() {
    for_each_sample(|path, text| {
        let finding = check(path, text);
        assert_eq!(finding.problems, [], "{path}");
    });
    let found: Vec<_> =
        samples().iter().filter_map(|(path, _)| Some(detector_of(path)?.kind())).collect();
    for detector in CHAIN.iter().filter(|one| !one.is_fallback()) {
        assert!(
            found.contains(&detector.kind()),
            "no sample of {} in tests/data/manifests",
            detector.kind()
        );
    }
}

#[test]
fn a_manifest_that_ends_anywhere_is_a_project_or_a_warning() {
    for_each_sample(|path, text| {
        for (end, _) in text.char_indices() {
            check(path, text.get(..end).unwrap());
        }
    });
}

#[test]
fn a_manifest_with_another_byte_anywhere_is_a_project_or_a_warning() {
    for_each_sample(|path, text| {
        let mut seed = 0x2545_f491_4f6c_dd1d_u64;
        for byte in *b"\0\xff\"'{}[]<>()=:\\\n\t9-#,.$\x1b" {
            for _ in 0..8 {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                let mut bytes = text.as_bytes().to_vec();
                let at = usize::try_from(seed).unwrap() % bytes.len();
                bytes[at] = byte;
                check(path, &String::from_utf8_lossy(&bytes));
                bytes.insert(at, byte);
                check(path, &String::from_utf8_lossy(&bytes));
            }
        }
    });
}

#[test]
fn a_manifest_of_another_format_is_a_project_or_a_warning() {
    let others = samples();
    thread::scope(|scope| {
        let work = || {
            for (path, _) in others.iter().filter(|(path, _)| detector_of(path).is_some()) {
                for (_, text) in &others {
                    check(path, text);
                }
                for text in ODD {
                    check(path, text);
                    check(path, &format!("{text}\n{text}"));
                }
            }
        };
        thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work).unwrap();
    });
}

#[test]
fn values_of_any_size_are_cut() {
    for_each_sample(|path, text| {
        let huge: String = text
            .chars()
            .map(|one| if one.is_ascii_digit() { "9".repeat(400) } else { one.to_string() })
            .collect();
        check(path, &huge);
        let mut word = "x".repeat(200_000);
        word.push('\u{202e}');
        for (at, _) in text.match_indices('"').step_by(2).take(8) {
            let (before, after) = text.split_at(at + 1);
            check(path, &format!("{before}{word}{after}"));
            check(path, &format!("{before}a\u{1}b\\u0000c\\0{after}"));
        }
        check(path, &text.repeat(500));
        let escaped = text.replace('"', "\"\\u0000\\u001b\u{7}");
        check(path, &escaped);
    });
}

#[test]
fn what_nests_without_end_is_read_in_time() {
    for_each_sample(|path, text| {
        for start in NESTING {
            check(path, &start.repeat(20_000 / start.len()));
            if let Some((before, after)) = text.split_once('"') {
                let deep = start.repeat(5_000 / start.len());
                check(path, &format!("{before}{deep}\"{after}"));
            }
        }
    });
}

#[test]
fn a_broken_manifest_is_a_project_with_a_warning_that_says_what_to_do() {
    for (path, text) in [
        ("Cargo.toml", "[package\nname = 1"),
        ("package.json", "{\"name\": \"\\ud800\"}"),
        ("pyproject.toml", "= ="),
        ("pnpm-workspace.yaml", "packages: [a"),
    ] {
        let finding = check(path, text);

        assert!(matches!(finding.contribution, Contribution::Project(_)), "{path}");
        assert_eq!(finding.problems.len(), 1, "{path}");
        assert!(finding.problems[0].message.contains("Repair the file."), "{path}");
    }
}
