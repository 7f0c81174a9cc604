//! What a repository may contain, and a database does not take, never ends a scan.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt, path::Path};

use quarterdeck::work::ScanState;

use crate::support::World;

const NOTE: &str = "// TODO look at me\n";

#[actix_web::test]
async fn names_of_any_bytes_are_stored_and_shown() {
    let world = World::new().await;
    let repository = world.repository("names");
    let directory = Path::new(repository.path());
    for name in [
        b"latin-\xe9".as_slice(),
        b"latin-\xe8",
        b"two\nlines",
        b"bell\x07\x1b[31m",
        "right\u{202e}left".as_bytes(),
        b"<script>alert(1)</script>"[..7].as_ref(),
        b"quote'\"&amp;",
        b"percent%2e%2e",
        &[b'x'; 200],
    ] {
        let folder = directory.join(OsStr::from_bytes(name));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("package.json"), "{}").unwrap();
        fs::write(folder.join("a.js"), NOTE).unwrap();
        fs::write(folder.join("tasklist.md"), "- [ ] A task\n").unwrap();
    }
    repository.commit("Names", &[]);

    let id = world.scan(world.acme, &repository).await;

    let found = world.look(world.acme, id).await;
    assert_eq!(found.scan.state, ScanState::Succeeded, "{:?}", found.scan.error);
    // Two of the names are one as text.
    assert_eq!(found.projects.len(), 8);
    assert_eq!(found.tasks.len(), 18);
    let viewer = world.viewer().await;
    for path in ["/acme", "/acme/projects", "/acme/tasks", "/acme/commits"] {
        let page = viewer.get(path).await.expect(200);
        assert!(!page.text.contains("<script/"), "{path}");
    }
    let again = world.rescan(world.acme, "names").await;
    assert_eq!(world.look(world.acme, again).await.tasks.len(), 18);
}

#[actix_web::test]
async fn paths_as_long_as_they_may_be_are_stored() {
    let world = World::new().await;
    let repository = world.repository("long");
    repository.commit(
        "Start",
        &[("a.js", NOTE), ("package.json", "{\"name\": \"a\"}"), ("tasklist.md", "- [ ] A task\n")],
    );
    let blob =
        |path: &str| repository.git(&["rev-parse", &format!("HEAD:{path}")]).trim().to_owned();
    // Of many different characters, so that no index can pack it.
    let long: String = (0_u32..1_960)
        .map(|at| char::from(b'a' + u8::try_from((at * at * 7 + at / 3) % 26).unwrap()))
        .collect();
    let parts: Vec<&str> =
        long.as_bytes().chunks(220).map(|part| std::str::from_utf8(part).unwrap()).collect();
    for directory in [parts.join("/"), long.chars().take(1_900).collect()] {
        for name in ["a.js", "package.json", "tasklist.md"] {
            let entry = format!("100644,{},{directory}/{name}", blob(name));
            repository.git(&["update-index", "--add", "--cacheinfo", &entry]);
        }
    }
    repository.git(&["commit", "--quiet", "--message", "Long"]);

    let id = world.scan(world.acme, &repository).await;

    let found = world.look(world.acme, id).await;
    assert_eq!(found.scan.state, ScanState::Succeeded, "{:?}", found.scan.error);
    assert_eq!((found.projects.len(), found.tasks.len()), (3, 6));
}

#[actix_web::test]
async fn nul_and_other_controls_in_manifests_and_messages_are_stored() {
    let world = World::new().await;
    let repository = world.repository("controls");
    repository.commit(
        "Control \u{1}\u{7f} characters \u{202e}",
        &[
            ("package.json", r#"{"name": "a\u0000b", "version": "\u0000", "description": "\u001b[31m", "workspaces": ["p\u0000*"], "dependencies": {"d\u0000": "\u0000"}, "scripts": {"x\u0000": "\u0000"}}"#),
            ("package/package.json", r#"{"name": "a\u0000b", "bin": {"a\u0000": "b\u0000"}, "main": "\u0000"}"#),
            ("rust/Cargo.toml", "[package]\nname = \"a\\u0000b\"\nversion = \"\\u0000\"\n[workspace]\nmembers = [\"\\u0000\"]\n[dependencies]\n\"x\\u0000\" = { path = \"\\u0000\" }\n"),
            ("py/pyproject.toml", "[project]\nname = \"a\\u0000b\"\ndependencies = [\"x>=\\u0000\"]\n"),
            ("py/requirements.txt", "-r \u{1}.txt\nflask\u{7}==1\n"),
            ("tasklist.md", "---\nowner: \"a\\0b\"\nlabels: [\"\\0\"]\n---\n- [ ] &#0; Task \u{7} (owner: \u{1b}x)\n"),
            ("a.rs", "// TODO(\u{1}x): bell \u{7}\n"),
        ],
    );

    let id = world.scan(world.acme, &repository).await;

    let found = world.look(world.acme, id).await;
    assert_eq!(found.scan.state, ScanState::Succeeded, "{:?}", found.scan.error);
    for text in found.projects.iter().chain(&found.tasks) {
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
    world.viewer().await.get("/acme/projects").await.expect(200);
}
