//! All that a git server says, from its greeting on.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quarterdeck::fuzzing;

fuzz_target!(|input: &[u8]| {
    let directory = tempfile::tempdir().unwrap();
    drop(fuzzing::receive(directory.path(), input));
});
