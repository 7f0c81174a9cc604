//! The bytes of a commit, then behind `\n===\n` those of a mailmap.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quarterdeck::fuzzing;

const BETWEEN: &[u8] = b"\n===\n";

fuzz_target!(|input: &[u8]| {
    let end = input.windows(BETWEEN.len()).position(|bytes| bytes == BETWEEN);
    let (bytes, mailmap) = match end {
        Some(end) => (&input[..end], &input[end + BETWEEN.len()..]),
        None => (input, &b""[..]),
    };
    let Some(commit) = fuzzing::commit(bytes, mailmap) else { return };
    for text in [
        &commit.subject,
        &commit.body,
        &commit.author.name,
        &commit.author.email,
        &commit.committer.name,
        &commit.committer.email,
    ] {
        assert!(!text.contains('\0') && text.len() <= 64 * 1024);
    }
    for moment in [commit.authored_at, commit.committed_at] {
        assert!(moment.offset_minutes.abs() <= 24 * 60);
        assert!(!moment.at.to_rfc3339().starts_with(['+', '-']));
    }
});
