//! Manifests that make a program out of the data they are.

use crate::repository::{Repository, Script};

#[test]
fn ten_thousand_projects_of_one_workspace_are_put_together_in_time() {
    let repository = Repository::empty();
    let mut script = Script::default();
    script.commit("main", "A <a@x> 1700000000 +0000", "Many", &[]);
    let globs: Vec<String> =
        (0..1_000).map(|number| format!("\"*/**/{{a,b,c{number}}}*[0-9]/**/p*\"")).collect();
    script.file(b"package.json", format!("{{\"workspaces\": [{}]}}", globs.join(",")).as_bytes());
    for number in 0..10_000 {
        let path = format!("d{}/p{number}/package.json", number % 13);
        script.file(path.as_bytes(), format!("{{\"name\": \"p{number}\"}}").as_bytes());
    }
    repository.import(&script);

    let scanned = repository.scan();

    assert_eq!(scanned.all("projects", "name").len(), 10_001);
    assert!(scanned.took.as_secs() < 120, "{:?}", scanned.took);
    assert!(scanned.peak_megabytes < 600, "{} MB", scanned.peak_megabytes);
}

#[test]
fn files_that_include_each_other_in_a_circle_are_read_once() {
    let repository = Repository::with(&[
        (b"requirements.txt", b"-r requirements/a.txt\nflask\n"),
        (
            b"requirements/a.txt",
            b"-r ../requirements.txt\n-r b.txt\n-r ../../../../etc/passwd\nrequests\n",
        ),
        (b"requirements/b.txt", b"-r b.txt\n-r a.txt\nclick\n"),
    ]);

    let scanned = repository.scan();

    let names: Vec<_> = scanned.report["projects"][0]["dependencies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 3, "{names:?}");
}

#[test]
fn crates_that_depend_on_each_other_in_a_circle_are_members_once() {
    let repository = Repository::with(&[
        (b"Cargo.toml", b"[workspace]\nmembers = [\"a\"]\n"),
        (b"a/Cargo.toml", b"[package]\nname = \"a\"\n[dependencies]\nb = { path = \"../b\" }\nup = { path = \"../../..\" }\n"),
        (b"b/Cargo.toml", b"[package]\nname = \"b\"\n[dependencies]\na = { path = \"../a\" }\nb = { path = \".\" }\n"),
    ]);

    let scanned = repository.scan();

    assert_eq!(scanned.all("projects", "workspace"), ["", ".", "."]);
}
