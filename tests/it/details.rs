//! What a scan tells of projects besides their manifests, and the pages that show it.

use quarterdeck::{
    tenancy::Role,
    work::{self, ProjectFacts, ProjectFilter},
};
use serde_json::json;

use crate::support::{Client, Repository, World};

const MIT: &str = r#"MIT License

Copyright (c) 2026 Acme Ltd

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"#;

const WORKSPACE: &str = "[workspace]\nmembers = [\"crates/*\"]\n";
const LEDGER: &str = "[package]\nname = \"ledger\"\nversion = \"1.0.0\"\nlicense = \"Apache-2.0\"\n\n[dependencies]\nmoney = { path = \"../money\" }\nserde = \"1\"\n";
const MONEY: &str = "[package]\nname = \"money\"\nversion = \"1.0.0\"\n\n[dev-dependencies]\nledger = { path = \"../ledger\" }\n";

/// Two crates that need each other, with everything around them.
fn workspace(world: &World) -> Repository {
    let repository = world.repository("payments");
    repository.commit(
        "Start",
        &[
            ("Cargo.toml", WORKSPACE),
            ("LICENSE", MIT),
            ("CODEOWNERS", "* @root\n"),
            (".github/CODEOWNERS", "* @everybody\n/crates/ledger/ @acme/payments\n"),
            ("docs/CODEOWNERS", "* @docs\n"),
            ("crates/ledger/Cargo.toml", LEDGER),
            ("crates/ledger/README.md", "# The ledger\n\nPosts *entries* twice.\n\nMore.\n"),
            ("crates/ledger/src/lib.rs", "pub fn post() {}\n"),
            ("crates/ledger/tests/post.rs", "#[test]\nfn posts() {}\n"),
            ("crates/money/Cargo.toml", MONEY),
            ("crates/money/src/lib.rs", "pub fn add() {}\n"),
        ],
    );
    repository
}

async fn facts(world: &World, path: &str) -> ProjectFacts {
    let mut tx = world.begin(world.acme).await;
    let page = quarterdeck::web::paging::PageRequest::first(100);
    let all = work::list_projects(&mut tx, &ProjectFilter::default(), &page).await.unwrap();
    let project = all.iter().find(|project| project.path == path).unwrap();
    work::find_project_facts(&mut tx, project.id).await.unwrap().unwrap()
}

async fn project(client: &Client, name: &str) -> serde_json::Value {
    let list = client.get(&format!("/api/v2/projects?q={name}")).await.expect(200).json();
    let id = list["items"][0]["id"].as_str().unwrap().to_owned();
    client.get(&format!("/api/v2/projects/{id}")).await.expect(200).json()
}

#[actix_web::test]
async fn a_project_tells_its_owners_licence_readme_size_and_tests() {
    let world = World::new().await;
    world.scan(world.acme, &workspace(&world)).await;
    let viewer = world.program(world.acme, Role::Viewer).await;

    let ledger = project(&viewer, "ledger").await;
    let money = project(&viewer, "money").await;

    assert_eq!(ledger["owners"], json!(["@acme/payments"]), "the first place wins");
    assert_eq!(money["owners"], json!(["@everybody"]));
    assert_eq!(ledger["readme"]["title"], "The ledger");
    assert_eq!(ledger["readme"]["paragraph"], "Posts entries twice.");
    assert_eq!(money["readme"], json!(null));
    assert_eq!(
        (&ledger["licence"], &ledger["licence_disagrees"]),
        (&json!("Apache-2.0"), &json!(true))
    );
    assert_eq!((&money["licence"], &money["licence_disagrees"]), (&json!("MIT"), &json!(false)));
    assert_eq!(money["licence_texts"], json!([{"id": "MIT", "path": "LICENSE"}]));
    assert_eq!((&ledger["files"], &ledger["test_files"]), (&json!(4), &json!(1)));
    assert_eq!(ledger["contributors"][0]["commits"], 1);
    assert_eq!(ledger["last_change"]["subject"], "Start");
    let money_id = money["id"].clone();
    let needs = ledger["dependencies"].as_array().unwrap();
    assert!(needs.iter().any(|one| one["name"] == "money" && one["project_id"] == money_id));
}

#[actix_web::test]
async fn pages_show_what_is_known_of_projects_and_repositories() {
    let world = World::new().await;
    world.scan(world.acme, &workspace(&world)).await;
    let viewer = world.viewer().await;
    let program = world.program(world.acme, Role::Viewer).await;
    let id = project(&program, "ledger").await["id"].as_str().unwrap().to_owned();

    let page = viewer.get(&format!("/acme/projects/{id}")).await.expect(200).text;
    for part in [
        "The ledger",
        "Posts entries twice.",
        "@acme/payments",
        "but LICENSE says MIT",
        "1 test file",
        "Needed by",
        "/acme/repositories/payments/graph",
        "Ada",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    let page = viewer.get("/acme/repositories/payments").await.expect(200).text;
    for part in ["@everybody", ".github/CODEOWNERS", "in 11 files"] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

#[actix_web::test]
async fn the_graph_shows_what_needs_what_and_names_circles() {
    let world = World::new().await;
    world.scan(world.acme, &workspace(&world)).await;
    let alone = world.repository("alone");
    alone.commit("Start", &[("package.json", "{\"name\": \"alone\"}")]);
    world.scan(world.acme, &alone).await;
    let viewer = world.viewer().await;
    let program = world.program(world.acme, Role::Viewer).await;

    let graph = program.get("/api/v2/repositories/payments/graph").await.expect(200).json();
    let names: Vec<_> = graph["nodes"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["ledger", "money"]);
    let (ledger, money) = (&graph["nodes"][0]["id"], &graph["nodes"][1]["id"]);
    assert_eq!(
        graph["edges"],
        json!([
            {"from": ledger, "to": money, "scopes": ["runtime"]},
            {"from": money, "to": ledger, "scopes": ["development"]},
        ])
    );
    assert_eq!(graph["circles"], json!([[ledger, money]]));
    assert_eq!(graph["alone"], 1);

    let page = viewer.get("/acme/repositories/payments/graph").await.expect(200).text;
    assert!(page.contains("“ledger” and “money” need each other in a circle."), "{page}");
    assert!(page.contains("class=\"development\"") && page.contains("<marker"), "{page}");
    let page = viewer.get("/acme/repositories/alone/graph").await.expect(200).text;
    assert!(page.contains("No project here needs another"), "{page}");
}

#[actix_web::test]
async fn attributes_say_what_counts() {
    let world = World::new().await;
    let repository = world.repository("attributed");
    repository.commit(
        "Start",
        &[
            (".gitattributes", "gen/** linguist-generated\nlib/** linguist-vendored\nvendor/ours/** -linguist-vendored\ndocs/** linguist-documentation\n*.inc linguist-language=PHP\n"),
            ("gen/a.rs", "// TODO: generated\nfn a() {}\n"),
            ("lib/b.rs", "// TODO: vendored\nfn b() {}\n"),
            ("lib/package.json", "{\"name\": \"theirs\"}"),
            ("vendor/ours/c.rs", "// TODO: brought back\nfn c() {}\n"),
            ("vendor/theirs/d.rs", "// TODO: theirs\n"),
            ("docs/conf.py", "x = 1\n"),
            ("page.inc", "<?php\necho 1;\n"),
            ("Cargo.toml", "[package]\nname = \"own\"\n"),
        ],
    );
    let scan = world.scan(world.acme, &repository).await;

    let look = world.look(world.acme, scan).await;
    assert_eq!(look.tasks, ["open TODO brought back"]);
    assert_eq!(look.projects, ["rust . own -"]);
    let mut tx = world.begin(world.acme).await;
    let languages = work::list_languages(&mut tx, Some(look.scan.repository_id)).await.unwrap();
    let files = |name: &str| languages.iter().find(|it| it.name == name).map(|it| it.files);
    assert_eq!((files("Rust"), files("PHP"), files("Python")), (Some(1), Some(1), None));
    let details = work::find_repository_details(&mut tx, look.scan.repository_id).await.unwrap();
    assert_eq!((details.size.vendored_files, details.size.files), (3, 6));
}

#[actix_web::test]
async fn a_submodule_is_a_link_once_its_repository_is_connected() {
    let world = World::new().await;
    let child = world.repository("money");
    child.commit("Start", &[("a.txt", "a\n")]);
    let commit = child.git(&["rev-parse", "HEAD"]).trim().to_owned();
    let parent = world.repository("parent");
    parent.commit(
        "Start",
        &[(".gitmodules", "[submodule \"m\"]\n\tpath = libs/money\n\turl = ../money\n")],
    );
    parent.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},libs/money")]);
    parent.git(&["commit", "--quiet", "--message", "Link"]);
    let (owner, viewer) = (world.owner().await, world.viewer().await);

    let scan = world.scan(world.acme, &parent).await;
    let apart = world.look(world.acme, scan).await.scan;
    assert_eq!(apart.warnings, 1);
    let page = viewer.get("/acme/repositories/parent").await.expect(200).text;
    assert!(page.contains("libs/money") && page.contains("not connected"), "{page}");
    let page = owner.get("/acme/repositories/parent").await.expect(200).text;
    let form = page.split('"').find(|text| text.starts_with("/acme/repositories?connect="));
    let form = form.unwrap().replace("&amp;", "&");
    let page = owner.get(form.split('#').next().unwrap()).await.expect(200).text;
    assert!(page.contains(&format!("value=\"{}\"", child.path())), "{page}");

    world.scan(world.acme, &child).await;
    let page = viewer.get("/acme/repositories/parent").await.expect(200).text;
    assert!(page.contains("href=\"/acme/repositories/money\""), "{page}");
    assert!(!page.contains("not connected"), "{page}");
    let page = viewer.get("/acme/repositories/money").await.expect(200).text;
    assert!(page.contains("Linked into") && page.contains("libs/money"), "{page}");
    let scan = world.rescan(world.acme, "parent").await;
    assert_eq!(world.look(world.acme, scan).await.scan.warnings, 0);
}

#[actix_web::test]
async fn large_files_are_counted_by_their_pointers() {
    let world = World::new().await;
    let repository = world.repository("large");
    let pointer = |size: u64| {
        format!(
            "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {size}\n",
            "a".repeat(64)
        )
    };
    repository.commit(
        "Start",
        &[("a.psd", &pointer(300_000_000)), ("b.bin", &pointer(40_000_000)), ("c.txt", "c\n")],
    );
    let scan = world.scan(world.acme, &repository).await;

    assert_eq!(world.look(world.acme, scan).await.scan.warnings, 0);
    let page = world.viewer().await.get("/acme/repositories/large").await.expect(200).text;
    assert!(page.contains("2 files, 324.2 MiB"), "{page}");
}

/// All that is counted of who changed what.
async fn counted(world: &World) -> Vec<String> {
    let mut tx = world.begin(world.acme).await;
    let page = quarterdeck::web::paging::PageRequest::first(100);
    let projects = work::list_projects(&mut tx, &ProjectFilter::default(), &page).await.unwrap();
    let mut found = Vec::new();
    for project in projects {
        let last = work::find_project_facts(&mut tx, project.id).await.unwrap().unwrap();
        let last = last.last_change.map(|change| (change.commit, change.author, change.subject));
        found.push(format!("{} {last:?}", project.path));
        for one in work::list_contributors(&mut tx, project.id).await.unwrap() {
            found.push(format!("{} {one:?}", project.path));
        }
    }
    found
}

#[actix_web::test]
async fn contributors_added_bit_by_bit_are_those_counted_from_scratch() {
    let world = World::new().await;
    let repository = workspace(&world);
    world.scan(world.acme, &repository).await;

    for (number, file) in ["crates/ledger/a.rs", "crates/money/b.rs", "c.txt"].iter().enumerate() {
        let text = format!("{number}\n");
        repository.commit_later(&format!("Person {number}"), number, &[(file, &text)]);
        world.rescan(world.acme, "payments").await;
    }
    let incremental = counted(&world).await;
    // A project that comes and goes makes the next two scans count all anew.
    repository.commit_later(
        "Person 9",
        5,
        &[("crates/new/Cargo.toml", "[package]\nname = \"new\"\n")],
    );
    world.rescan(world.acme, "payments").await;
    assert_eq!(facts(&world, "crates/new").await.last_change.unwrap().author, "Person 9");
    repository.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    world.rescan(world.acme, "payments").await;

    assert_eq!(counted(&world).await, incremental);
    assert_eq!(facts(&world, "crates/money").await.last_change.unwrap().author, "Person 1");
    assert!(incremental.iter().any(|line| line.contains("Person 0")), "{incremental:?}");
}
