//! The API as programs use it.

use std::collections::BTreeSet;

use quarterdeck::{app, tenancy::Role};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, World};

const PLAN: &str = "# Plan\n\n- [x] TASK-PAY-1 Retry once\n- [ ] TASK-PAY-2 Park it\n  - [ ] Tell the owner 100%\n";
const MANIFEST: &str =
    "[package]\nname = \"payouts\"\nversion = \"0.2.0\"\n\n[dependencies]\nserde = \"1\"\n";
const NOWHERE: &str = "0190b5e2-1111-7000-8000-000000000000";

/// A world in which `acme` has scanned a repository of one project, three tasks, a note and two commits.
async fn scanned() -> World {
    let world = World::new().await;
    let repository = world.repository("payouts");
    repository.commit("Start", &[("Cargo.toml", MANIFEST), ("tasklist.md", PLAN)]);
    repository.commit("Note", &[("src/main.rs", "fn main() {\n    // TODO(ada): park\n}\n")]);
    world.scan(world.acme, &repository).await;
    world
}

/// Checks that an error is a problem document, and gives its detail.
#[track_caller]
fn problem(answer: Answer, status: u16) -> String {
    let answer = answer.expect(status);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let problem = answer.json();
    assert_eq!((&problem["type"], &problem["status"]), (&json!("about:blank"), &json!(status)));
    assert!(
        problem["request_id"].as_str().is_some_and(|id| id == answer.header("x-request-id")),
        "{problem}"
    );
    problem["detail"].as_str().unwrap().to_owned()
}

fn texts(page: &Value, field: &str) -> Vec<String> {
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item[field].as_str().unwrap().to_owned())
        .collect()
}

async fn list(client: &Client, path: &str) -> Value {
    client.get(path).await.expect(200).json()
}

/// Of the API with tokens: GitHub signs what it brings, and its shape is GitHub's.
fn is_for_programs(path: &str) -> bool {
    path.starts_with("/api/v2/") && !path.starts_with("/api/v2/webhooks/github")
}

#[actix_web::test]
async fn without_a_token_every_route_answers_401_before_anything_else() {
    let world = World::new().await;
    let owner_at_a_browser = world.owner().await;
    let wrong = Client::new(&world.base, Some(("authorization", "Bearer qdk_wrong".to_owned())));
    let routes = app::routes();

    for entry in routes.entries().iter().filter(|entry| is_for_programs(entry.path)) {
        for client in [&world.nobody(), &owner_at_a_browser, &wrong] {
            let path = entry.path.replace(['{', '}'], "%20") + "?nonsense=1";
            let answer =
                Answer::of(client.request(entry.method.as_str().parse().unwrap(), &path)).await;

            assert_eq!(answer.header("www-authenticate"), "Bearer", "{} {path}", entry.method);
            problem(answer, 401);
        }
    }
}

#[actix_web::test]
async fn a_low_role_is_refused_before_its_body_is_read() {
    let world = World::new().await;
    let (viewer, member) = (
        world.program(world.acme, Role::Viewer).await,
        world.program(world.acme, Role::Member).await,
    );

    let scan =
        viewer.post_json(&format!("/api/v2/repositories/{NOWHERE}/scans"), &Value::Null).await;
    let connect = member.post_json("/api/v2/repositories", &json!({"sauce": 1})).await;
    let remove = member.delete(&format!("/api/v2/repositories/{NOWHERE}")).await;

    assert!(problem(scan, 403).contains("member"));
    assert!(problem(connect, 403).contains("admin"));
    assert!(problem(remove, 403).contains("admin"));
}

#[actix_web::test]
async fn a_program_connects_a_repository_follows_its_scan_and_removes_it() {
    let world = World::new().await;
    let repository = world.repository("payouts");
    repository.commit("Start", &[("Cargo.toml", MANIFEST), ("tasklist.md", PLAN)]);
    let admin = world.program(world.acme, Role::Admin).await;

    let connected = admin
        .post_json("/api/v2/repositories", &json!({"source": repository.path()}))
        .await
        .expect(201);
    let (place, connected) = (connected.header("location").to_owned(), connected.json());
    assert_eq!(connected["scan"]["state"], "queued");
    assert_eq!(list(&admin, &place).await, connected["repository"]);

    let again = admin
        .post_json("/api/v2/repositories", &json!({"source": repository.path()}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&again["repository"]["id"], &again["scan"]["id"]),
        (&connected["repository"]["id"], &connected["scan"]["id"])
    );

    world.run_jobs().await;
    let scan = admin.post_json(&format!("{place}/scans"), &Value::Null).await.expect(202);
    world.run_jobs().await;
    let scan = list(&admin, scan.header("location")).await;
    assert_eq!(
        (&scan["state"], &scan["reason"], &scan["found"]["commits"]),
        (&json!("succeeded"), &json!("requested"), &json!(0))
    );
    assert_eq!(scan["warnings"], json!([]));
    assert_eq!(
        texts(&list(&admin, "/api/v2/scans?repository=payouts").await, "state"),
        ["succeeded", "succeeded"]
    );

    let removed = admin.delete(&place).await.expect(204);
    assert_eq!(removed.text, "");
    problem(admin.get(&place).await, 404);
    assert_eq!(list(&admin, "/api/v2/tasks").await, json!({"items": [], "next": null}));
    world.run_jobs().await;
}

#[actix_web::test]
async fn items_are_found_by_id_and_repositories_by_name_too() {
    let world = scanned().await;
    let viewer = world.program(world.acme, Role::Viewer).await;

    let repository = list(&viewer, "/api/v2/repositories/payouts").await;
    let project = list(&viewer, "/api/v2/projects").await["items"][0].clone();
    let task = list(&viewer, "/api/v2/tasks?q=task-pay-2").await["items"][0].clone();
    let commit = list(&viewer, "/api/v2/commits?q=note").await["items"][0].clone();

    let id = |item: &Value, field: &str| item[field].as_str().unwrap().to_owned();
    assert_eq!(
        list(&viewer, &format!("/api/v2/repositories/{}", id(&repository, "id"))).await,
        repository
    );
    assert_eq!(
        (&repository["default_branch"], &repository["head"]),
        (&json!("main"), &commit["oid"])
    );

    let project = list(&viewer, &format!("/api/v2/projects/{}", id(&project, "id"))).await;
    assert_eq!(
        (&project["name"], &project["kind"], &project["dependency_count"]),
        (&json!("payouts"), &json!("rust"), &json!(1))
    );
    assert_eq!(
        project["dependencies"],
        json!([{"name": "serde", "scope": "runtime", "requirement": "1", "project_id": null}])
    );
    let languages = project["languages"].as_array().unwrap();
    assert!(languages.iter().any(|language| language["name"] == "Rust"), "{languages:?}");

    let task = list(&viewer, &format!("/api/v2/tasks/{}", id(&task, "id"))).await;
    assert_eq!(
        (&task["key"], &task["title"], &task["line"]),
        (&json!("TASK-PAY-2"), &json!("Park it"), &json!(4))
    );

    let commit = list(&viewer, &format!("/api/v2/commits/payouts/{}", id(&commit, "oid"))).await;
    assert_eq!(commit["files"], json!([{"path": "src/main.rs", "added": 3, "deleted": 0}]));
    assert_eq!(
        (&commit["subject"], &commit["author"]["email"]),
        (&json!("Note"), &json!("ada@example.com"))
    );
}

#[actix_web::test]
async fn lists_are_read_to_their_end_by_cursor() {
    let world = scanned().await;
    let second = world.repository("second");
    second.commit("Other", &[("package.json", "{\"name\": \"web\"}")]);
    world.scan(world.acme, &second).await;
    let viewer = world.program(world.acme, Role::Viewer).await;

    for (kind, field, count) in [
        ("repositories", "name", 2),
        ("projects", "name", 2),
        ("tasks", "title", 4),
        ("commits", "subject", 3),
        ("scans", "id", 2),
    ] {
        let whole = texts(&list(&viewer, &format!("/api/v2/{kind}")).await, field);
        let (mut pages, mut next) = (Vec::new(), String::new());
        loop {
            let page = list(&viewer, &format!("/api/v2/{kind}?limit=1{next}")).await;
            pages.extend(texts(&page, field));
            let Some(cursor) = page["next"].as_str() else { break };
            next = format!("&cursor={cursor}");
        }

        assert_eq!(whole.len(), count, "{kind}");
        assert_eq!(pages, whole, "{kind}");
    }
}

#[actix_web::test]
async fn filters_leave_what_they_name() {
    let world = scanned().await;
    let viewer = world.program(world.acme, Role::Viewer).await;
    let project =
        list(&viewer, "/api/v2/projects").await["items"][0]["id"].as_str().unwrap().to_owned();

    for (path, field, wanted) in [
        ("/api/v2/tasks?state=done".to_owned(), "title", vec!["Retry once"]),
        ("/api/v2/tasks?source=todo".to_owned(), "title", vec!["park"]),
        ("/api/v2/tasks?q=100%25".to_owned(), "title", vec!["Tell the owner 100%"]),
        (
            format!("/api/v2/tasks?project={project}&q=PARK&source=tasklist&repository=payouts"),
            "title",
            vec!["Park it"],
        ),
        ("/api/v2/projects?kind=npm".to_owned(), "name", vec![]),
        ("/api/v2/projects?kind=rust&q=PAY&repository=payouts".to_owned(), "name", vec!["payouts"]),
        ("/api/v2/commits?q=start&repository=payouts".to_owned(), "subject", vec!["Start"]),
        ("/api/v2/commits?q=nothing".to_owned(), "subject", vec![]),
    ] {
        assert_eq!(texts(&list(&viewer, &path).await, field), wanted, "{path}");
    }
}

#[actix_web::test]
async fn what_cannot_be_read_is_a_400_that_says_why() {
    let world = scanned().await;
    let viewer = world.program(world.acme, Role::Viewer).await;
    let nul = cursor(r#"{"name": "a\u0000"}"#);
    let stone_age =
        cursor(&json!({"committed_at": "-200000-01-01T00:00:00Z", "oid": "0".repeat(40), "repository": NOWHERE}).to_string());

    for (path, says) in [
        (
            "/api/v2/tasks?state=shut".to_owned(),
            "`state` is one of `open`, `done`, `removed`, not `shut`.",
        ),
        ("/api/v2/tasks?source=".to_owned(), "`source` is one of"),
        ("/api/v2/tasks?status=open".to_owned(), "unknown field `status`"),
        ("/api/v2/tasks?limit=1&limit=2".to_owned(), "duplicate field `limit`"),
        ("/api/v2/tasks?limit=201".to_owned(), "`limit` is a number from 1 to 200."),
        ("/api/v2/tasks?limit=".to_owned(), "rather than empty"),
        ("/api/v2/tasks?cursor=".to_owned(), "rather than empty"),
        ("/api/v2/tasks?cursor=bm9wZQ".to_owned(), "`cursor` is none that this list gave"),
        ("/api/v2/tasks?project=1".to_owned(), "`1` is not the id of a project."),
        (format!("/api/v2/tasks?project={NOWHERE}"), "There is no project"),
        ("/api/v2/tasks?q=%00".to_owned(), "NUL"),
        ("/api/v2/tasks/1".to_owned(), "`1` is not the id of a task."),
        (
            "/api/v2/projects?kind=cobol".to_owned(),
            "`kind` is one of `rust`, `npm`, `python`, `go`",
        ),
        ("/api/v2/projects/%00".to_owned(), "is not the id of a project."),
        (format!("/api/v2/repositories?cursor={nul}"), "NUL"),
        ("/api/v2/repositories/a%00b".to_owned(), "neither an id nor a name"),
        ("/api/v2/repositories/%ff".to_owned(), "neither an id nor a name"),
        ("/api/v2/commits?repository=nope".to_owned(), "There is no repository `nope`"),
        (format!("/api/v2/commits?cursor={stone_age}"), "out of range"),
        ("/api/v2/commits/payouts/abc1234".to_owned(), "40 hexadecimal digits"),
        ("/api/v2/scans/x".to_owned(), "`x` is not the id of a scan."),
    ] {
        let detail = problem(viewer.get(&path).await, 400);

        assert!(detail.contains(says), "{path}: {detail}");
    }
}

fn cursor(text: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(text)
}

#[actix_web::test]
async fn bodies_are_checked_for_kind_size_and_fields() {
    let world = World::new().await;
    let admin = world.program(world.acme, Role::Admin).await;
    let send = |kind: &'static str, body: String| {
        Answer::of(
            admin
                .request(Method::POST, "/api/v2/repositories")
                .header("content-type", kind)
                .body(body),
        )
    };

    let large = json!({"source": "a".repeat(70_000)}).to_string();
    assert!(problem(send("application/json", large).await, 413).contains("65536 bytes"));
    assert!(problem(send("text/plain", "{}".to_owned()).await, 415).contains("application/json"));
    for (body, says) in [
        ("", "EOF"),
        ("{", "EOF"),
        ("{}", "missing field `source`"),
        (r#"{"source": 1}"#, "expected a string"),
        (r#"{"source": "https://example.com/a/b", "name": "b"}"#, "unknown field `name`"),
    ] {
        let detail = problem(send("application/json", body.to_owned()).await, 400);
        assert!(detail.contains(says), "{body}: {detail}");
    }

    for source in [
        "",
        "git@github.com:a/b.git",
        "https://u:p@example.com/a/b",
        "http://10.0.0.1/a/b",
        "/etc",
        "\u{0}",
    ] {
        let answer = admin.post_json("/api/v2/repositories", &json!({"source": source})).await;
        let errors = answer.json()["errors"].clone();

        let detail = problem(answer, 422);
        assert_eq!(errors, json!([{"field": "source", "message": detail}]), "{source}");
    }
}

#[actix_web::test]
async fn another_organisations_ids_are_as_if_they_were_not_there() {
    let world = scanned().await;
    let viewer = world.program(world.acme, Role::Viewer).await;
    let neighbour = world.program(world.globex, Role::Owner).await;
    let mut ids = Vec::new();
    for kind in ["repositories", "projects", "tasks", "scans"] {
        let id = list(&viewer, &format!("/api/v2/{kind}")).await["items"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(
            list(&neighbour, &format!("/api/v2/{kind}")).await,
            json!({"items": [], "next": null})
        );
        ids.push((kind, id));
    }
    let oid =
        list(&viewer, "/api/v2/commits").await["items"][0]["oid"].as_str().unwrap().to_owned();
    let repository = ids[0].1.clone();

    for (kind, id) in &ids {
        let theirs = problem(neighbour.get(&format!("/api/v2/{kind}/{id}")).await, 404);
        assert_eq!(theirs, problem(neighbour.get(&format!("/api/v2/{kind}/{NOWHERE}")).await, 404));
    }
    problem(neighbour.get(&format!("/api/v2/commits/{repository}/{oid}")).await, 404);
    problem(neighbour.get("/api/v2/repositories/payouts").await, 404);
    problem(neighbour.delete(&format!("/api/v2/repositories/{repository}")).await, 404);
    problem(
        neighbour
            .post_json(&format!("/api/v2/repositories/{repository}/scans"), &Value::Null)
            .await,
        404,
    );
    for filter in [format!("tasks?repository={repository}"), format!("tasks?project={}", ids[1].1)]
    {
        let theirs = problem(neighbour.get(&format!("/api/v2/{filter}")).await, 400);
        assert!(theirs.starts_with("There is no "), "{theirs}");
    }
    assert_eq!(
        list(&viewer, "/api/v2/scans").await["items"].as_array().unwrap().len(),
        1,
        "nothing was asked for"
    );
}

#[actix_web::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let world = World::new().await;
    let answer = Answer::of(world.nobody().request(Method::PATCH, "/api/v2/repositories")).await;

    assert_eq!(answer.header("allow"), "GET, HEAD, POST");
    problem(answer, 405);
}

#[actix_web::test]
async fn the_document_has_every_route_and_no_other() {
    let world = World::new().await;

    let answer = world.nobody().get("/api/openapi.json").await.expect(200);

    assert_eq!(answer.header("content-type"), "application/json");
    let document = answer.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    let routes = app::routes();
    let api = routes.entries().iter().filter(|entry| is_for_programs(entry.path));
    let registered: BTreeSet<String> =
        api.map(|entry| format!("{} {}", entry.method, entry.path)).collect();
    assert_eq!(described(&document), registered);
}

fn described(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().unwrap();
    let methods = paths.iter().flat_map(|(path, item)| {
        item.as_object().unwrap().keys().map(move |method| (path, method))
    });
    methods.map(|(path, method)| format!("{} {path}", method.to_uppercase())).collect()
}

#[actix_web::test]
async fn the_document_refers_only_to_what_it_holds_and_guards_every_operation() {
    let document = serde_json::to_value(app::openapi_document()).unwrap();

    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert_eq!(operation["security"], json!([{"bearer": []}]), "{method} {path}");
            assert!(operation["responses"]["401"].is_object(), "{method} {path}");
            assert!(operation["summary"].is_string(), "{method} {path}");
            assert!(
                names.insert(operation["operationId"].to_string()),
                "{method} {path} has another's name"
            );
        }
    }
    assert!(document["components"]["securitySchemes"]["bearer"].is_object());
    for reference in references(&document) {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}

fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) => {
            let own = fields.get("$ref").and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(fields.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

#[actix_web::test]
async fn the_reference_shows_every_operation_and_schema() {
    let world = World::new().await;
    let document = serde_json::to_value(app::openapi_document()).unwrap();

    let page = world.nobody().get("/api").await.expect(200);

    assert!(page.header("content-type").starts_with("text/html"));
    for path in document["paths"].as_object().unwrap().keys() {
        assert!(page.text.contains(&format!("<code>{path}</code>")), "{path}");
    }
    for schema in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(page.text.contains(&format!("id=\"schema-{schema}\"")), "{schema}");
    }
    assert!(page.text.contains("<code>[Task]</code>"), "a page of tasks says what its items are");
}

#[actix_web::test]
async fn a_database_that_goes_down_or_comes_up_is_worth_another_try() {
    let world = World::new().await;
    let (owner, mut tables) = (world.owner().await, world.connect().await);
    let fails = |code: &str| {
        format!(
            "CREATE OR REPLACE FUNCTION away() RETURNS trigger LANGUAGE plpgsql
             AS $$ BEGIN RAISE EXCEPTION 'away' USING ERRCODE = '{code}'; END $$;
             CREATE OR REPLACE TRIGGER away BEFORE INSERT ON hooks EXECUTE FUNCTION away();"
        )
    };

    // While it is shut down, after a process of its broke, and while it starts.
    for code in ["57P01", "57P02", "57P03"] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(fails(code))).execute(&mut tables).await.unwrap();
        let answer = owner.post("/acme/hooks", &[("name", "shop")]).await.expect(503);
        assert!(answer.text.contains("The database does not answer"), "{}", answer.text);
        assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0, "{code}");
    }
}
