//! Manifests: a path on the first line, and what stands there.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quarterdeck::{fuzzing, scanner::BlobFacts};
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let Some(end) = input.iter().position(|byte| *byte == b'\n') else { return };
    let path = String::from_utf8_lossy(&input[..end]);
    let Some(facts) = fuzzing::facts(&path, &input[end + 1..]) else { return };
    // Facts are kept as JSON, and come back as they were.
    let stored = serde_json::to_value(&facts).unwrap();
    assert_fit_to_store(&stored);
    assert_eq!(serde_json::from_value::<BlobFacts>(stored).unwrap(), facts);
});

/// A database takes no NUL, and a page no other control.
fn assert_fit_to_store(value: &Value) {
    let fits = |text: &str| assert!(!text.chars().any(char::is_control), "{text:?}");
    match value {
        Value::String(text) => fits(text),
        Value::Array(all) => all.iter().for_each(assert_fit_to_store),
        Value::Object(all) => all.iter().for_each(|(key, one)| {
            fits(key);
            assert_fit_to_store(one);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
