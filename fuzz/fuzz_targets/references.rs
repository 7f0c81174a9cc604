//! All that a git server says, from its greeting on.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quarterdeck::fuzzing;

// A panic that the mirror itself catches is none that a fuzzer should end at; one that leaves it
// still is.
fuzz_target!(init: std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))), |input: &[u8]| {
    let directory = tempfile::tempdir().unwrap();
    drop(fuzzing::receive(directory.path(), input));
});
