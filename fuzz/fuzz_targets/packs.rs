//! A pack, from a server that says everything else as it should.
#![no_main]

use std::fmt::Write;

use libfuzzer_sys::fuzz_target;
use quarterdeck::fuzzing;

/// What the seeds' packs have; `scripts/fuzz` makes it.
const HEAD: &str = "a472d92a7638ea50cc99769cb73760e93ba1956d";

fuzz_target!(|input: &[u8]| {
    let mut answers = String::new();
    for line in ["version 2\n", "agent=git/2\n", "ls-refs=unborn\n", "fetch=shallow\n", "object-format=sha1\n"] {
        packet(&mut answers, line);
    }
    answers.push_str("0000");
    packet(&mut answers, &format!("{HEAD} HEAD symref-target:refs/heads/main\n"));
    packet(&mut answers, &format!("{HEAD} refs/heads/main\n"));
    answers.push_str("0000");
    packet(&mut answers, "packfile\n");
    let mut answers = answers.into_bytes();
    for part in input.chunks(60_000) {
        answers.extend_from_slice(format!("{:04x}\x01", part.len() + 5).as_bytes());
        answers.extend_from_slice(part);
    }
    answers.extend_from_slice(b"0000");
    let directory = tempfile::tempdir().unwrap();
    let received = fuzzing::receive(directory.path(), &answers);
    assert!(received.is_err() || received.is_ok_and(|fetched| fetched.head.is_some()));
});

fn packet(answers: &mut String, line: &str) {
    write!(answers, "{:04x}{line}", line.len() + 4).unwrap();
}
