//! YAML from strangers: read under a budget that aliases and nesting cannot break.

use serde::de::DeserializeOwned;
use serde_saphyr::DuplicateKeyPolicy;

/// Frontmatter and small manifests; nothing that people write by hand comes near these numbers.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, serde_saphyr::Error> {
    read_by(DuplicateKeyPolicy::Error, text)
}

/// For files in which keys stand more than once on purpose, each for another platform.
pub(super) fn read_last_wins<T: DeserializeOwned>(text: &str) -> Result<T, serde_saphyr::Error> {
    read_by(DuplicateKeyPolicy::LastWins, text)
}

fn read_by<T: DeserializeOwned>(
    duplicate_keys: DuplicateKeyPolicy,
    text: &str,
) -> Result<T, serde_saphyr::Error> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 32,
            flow_nesting_limit: 32,
            max_documents: 1,
            max_nodes: 20_000,
            max_events: 50_000,
            max_aliases: 100,
            max_anchors: 100,
            max_total_scalar_bytes: 1_000_000,
        },
        duplicate_keys: duplicate_keys,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fmt::Write};

    use super::*;

    type Value = BTreeMap<String, Vec<Vec<Vec<Vec<Vec<Vec<Vec<Vec<String>>>>>>>>>;

    #[test]
    fn a_billion_laughs_are_refused_quickly() {
        let mut text = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
        for level in 1..10 {
            let below = format!("*a{}, ", level - 1).repeat(9);
            writeln!(text, "a{level}: &a{level} [{below}]").unwrap();
        }
        let start = crate::platform::clock::CpuTime::start();

        assert!(read::<serde_json::Value>(&text).is_err());
        assert!(read::<Value>(&text).is_err());
        assert!(start.elapsed().as_secs() < 2, "{:?}", start.elapsed());
    }

    #[test]
    fn deep_nesting_is_refused() {
        assert!(read::<serde_json::Value>(&"[".repeat(100_000)).is_err());
        assert!(read::<serde_json::Value>(&"- ".repeat(100_000)).is_err());
    }
}
