//! What a path says: whose code it is, and which directories are around it.

/// Directories of other people's code.
const VENDORED: [&str; 11] = [
    "node_modules",
    "bower_components",
    "vendor",
    "vendored",
    "third_party",
    "third-party",
    "Godeps",
    ".yarn",
    "Pods",
    "Carthage",
    // What Meson puts over the code that it fetches.
    "packagefiles",
];

/// Directories whose content is material for tests.
const FIXTURES: [&str; 12] = [
    "fixture",
    "fixtures",
    "__fixtures__",
    "__mocks__",
    "testdata",
    "test-data",
    "test_data",
    "testfixtures",
    "test-fixtures",
    "test_fixtures",
    "testresources",
    "__testfixtures__",
];

const TESTS: [&str; 7] = ["test", "tests", "__test__", "__tests__", "spec", "specs", "e2e"];

/// In a directory of other people's code.
pub(super) fn is_vendored(path: &str) -> bool {
    let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
    directory.split('/').any(|part| VENDORED.contains(&part))
}

/// Squeezed by a program, as its name says.
pub(super) fn is_minified(path: &str) -> bool {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    [".min.js", ".min.css", ".min.mjs", ".bundle.js", "-min.js"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// A project in a fixtures directory, or below a directory of tests.
pub(super) fn is_fixture(project: &str) -> bool {
    let above = project.rsplit_once('/').map_or("", |(above, _)| above);
    is_fixture_directory(project) || above.split('/').any(|part| TESTS.contains(&part))
}

/// A directory whose name says that it holds fixtures.
pub(super) fn is_fixture_directory(project: &str) -> bool {
    // Erlang's Common Test keeps the files of a suite beside it.
    project.split('/').any(|part| FIXTURES.contains(&part) || part.ends_with("_SUITE_data"))
}

/// The directory of a path, `.` for the root.
pub(super) fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or(".", |(directory, _)| directory)
}

/// The directories above one, nearest first, the root (`.`) last; none for the root itself.
pub(super) fn above(directory: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(parent(directory), |path| parent(path))
}

fn parent(path: &str) -> Option<&str> {
    (path != ".").then(|| directory(path))
}

/// The directory itself, then those above.
pub(super) fn around(directory: &str) -> impl Iterator<Item = &str> {
    std::iter::once(directory).chain(above(directory))
}

/// `path` as seen from `base`; none where it lies elsewhere. Equal paths give an empty text.
pub(super) fn relative<'a>(path: &'a str, base: &str) -> Option<&'a str> {
    if path == base {
        return Some("");
    }
    if base == "." {
        return Some(path);
    }
    path.strip_prefix(base)?.strip_prefix('/')
}

/// Joins and resolves `.` and `..`; none where that leaves the repository.
pub(super) fn join(base: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_walked_up_to_the_root() {
        assert_eq!(around("a/b").collect::<Vec<_>>(), ["a/b", "a", "."]);
        assert_eq!(above(".").count(), 0);
        assert_eq!(directory("a"), ".");
    }

    #[test]
    fn paths_stay_inside_the_repository() {
        assert_eq!(join("a/b", "../c").as_deref(), Some("a/c"));
        assert_eq!(join(".", "./x/").as_deref(), Some("x"));
        assert_eq!(join("a", "..").as_deref(), Some("."));
        assert_eq!(join(".", "../x"), None);
        assert_eq!(join("a", "/etc/passwd"), None);
    }

    #[test]
    fn a_sibling_with_the_same_start_is_not_inside() {
        assert_eq!(relative("ab/c", "a"), None);
        assert_eq!(relative("a/c", "a"), Some("c"));
        assert_eq!(relative("a", "a"), Some(""));
        assert_eq!(relative("a", "."), Some("a"));
    }

    #[test]
    fn fixtures_are_told_from_tests_that_are_projects() {
        assert!(is_fixture("tests/data/app"));
        assert!(is_fixture("pkg/testdata"));
        assert!(!is_fixture("tests"));
        assert!(!is_fixture("crates/testing"));
    }

    #[test]
    fn foreign_code_is_recognised() {
        for path in ["node_modules/a/package.json", "a/vendor/x.go"] {
            assert!(is_vendored(path), "{path}");
        }
        assert!(is_minified("dist/app.min.js"));
        assert!(!is_vendored("vendor.go"));
    }
}
