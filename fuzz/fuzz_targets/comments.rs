//! Sources: a name on the first line, which tells the language, and what stands there.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quarterdeck::fuzzing;

fuzz_target!(|input: &[u8]| {
    let Some(end) = input.iter().position(|byte| *byte == b'\n') else { return };
    let (name, source) = (String::from_utf8_lossy(&input[..end]), &input[end + 1..]);
    let Some(facts) = fuzzing::facts(&name, source) else { return };
    let Some(counts) = facts.lines else { return };
    let breaks = source.iter().filter(|byte| **byte == b'\n').count();
    let lines = breaks + usize::from(!source.is_empty() && !source.ends_with(b"\n"));
    let counted = counts.code + counts.comments + counts.blanks;
    assert_eq!(usize::try_from(counted).unwrap(), lines);
    for marker in &facts.markers {
        assert!((1..=lines).contains(&usize::try_from(marker.line).unwrap()));
    }
});
