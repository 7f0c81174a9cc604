//! Which files are tests, by what each language's tools take for one.

/// Whether a file of this path would be run as a test.
pub(super) fn is_test(path: &str) -> bool {
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    let Some((stem, extension)) = name.rsplit_once('.') else { return false };
    let ends = |ends: &[&str]| ends.iter().any(|end| stem.ends_with(end) && stem != *end);
    let below = |names: &[&str]| directory.split('/').any(|part| names.contains(&part));
    match extension {
        "rs" => below(&["tests"]) || ends(&["_test", "_tests"]) || stem == "tests",
        "go" | "dart" | "exs" => ends(&["_test"]),
        "py" => stem.starts_with("test_") || ends(&["_test"]),
        "js" | "jsx" | "ts" | "tsx" | "mjs" | "cjs" | "mts" | "cts" | "vue" | "svelte" => {
            ends(&[".test", ".spec", ".cy", ".e2e"]) || below(&["__tests__"])
        }
        "java" | "kt" | "kts" | "scala" | "groovy" => {
            ends(&["Test", "Tests", "IT", "Spec", "Suite", "Specification"])
        }
        "cs" | "fs" | "vb" | "swift" => ends(&["Test", "Tests", "Specs"]),
        "php" => ends(&["Test", "Cest"]),
        "rb" => ends(&["_spec", "_test"]) || (stem.starts_with("test_") && below(&["test"])),
        "erl" => ends(&["_SUITE", "_tests", "_test"]),
        "hs" => ends(&["Spec", "Test"]),
        "c" | "cc" | "cpp" | "cxx" => {
            ends(&["_test", "_tests", "_unittest", "Test"])
                || (stem.starts_with("test_") || stem.starts_with("tst_"))
        }
        "bats" | "feature" => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conventions_of_languages_are_known() {
        for path in [
            "tests/it/main.rs",
            "pkg/server_test.go",
            "tests/test_model.py",
            "src/app.test.tsx",
            "src/__tests__/app.js",
            "src/test/java/LedgerTest.java",
            "Ledger.Tests/PostingTests.cs",
            "spec/ledger_spec.rb",
            "test/ledger_test.exs",
            "test/ledger_SUITE.erl",
            "tests/LedgerTest.php",
            "test/LedgerSpec.hs",
            "src/ledger_unittest.cc",
        ] {
            assert!(is_test(path), "{path}");
        }
    }

    #[test]
    fn code_is_no_test() {
        for path in
            ["src/main.rs", "latest.go", "contest.py", "Test.java", "test.md", "src/attest.ts"]
        {
            assert!(!is_test(path), "{path}");
        }
    }
}
