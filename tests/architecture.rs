//! The house's rules, read from the sources: which module may use which, where SQL stands, who opens
//! transactions, who reads the environment.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Bottom first; a module may use those before it and itself.
const MODULES: [&str; 18] = [
    "platform",
    "web",
    "tenancy",
    "jobs",
    "github",
    "organizations",
    "accounts",
    "connections",
    "repositories",
    "scanner",
    "work",
    "tracker",
    "sync",
    "webhooks",
    "connecting",
    "dashboard",
    "app",
    // With its feature alone.
    "fuzzing",
];

struct Source {
    path: PathBuf,
    module: String,
    /// Without comments and without the tests at its end.
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    assert!(found.len() > 50, "the sources were not found");
    found
}

fn collect(root: &Path, directory: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let relative = path.strip_prefix(root).unwrap().to_path_buf();
            let first = relative.components().next().unwrap().as_os_str().to_string_lossy();
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
            let code = code
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect::<Vec<_>>()
                .join("\n");
            found.push(Source {
                module: first.trim_end_matches(".rs").to_owned(),
                path: relative,
                code,
            });
        }
    }
}

fn rank(module: &str) -> Option<usize> {
    MODULES.iter().position(|name| *name == module)
}

/// The modules of the crate that a source names.
fn used(code: &str) -> Vec<&'static str> {
    let mut used = Vec::new();
    for module in MODULES {
        let direct = code.contains(&format!("crate::{module}::"));
        let listed = code.split("use crate::{").skip(1).any(|list| {
            let list = list.split("};").next().unwrap_or_default();
            top_level(list)
                .any(|item| item.split("::").next().is_some_and(|name| name.trim() == module))
        });
        if direct || listed {
            used.push(module);
        }
    }
    used
}

/// Splits a `use` list at its outermost commas.
fn top_level(list: &str) -> impl Iterator<Item = String> {
    let (mut items, mut depth) = (vec![String::new()], 0_i32);
    for character in list.chars() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(String::new());
                continue;
            }
            _ => {}
        }
        items.last_mut().unwrap().push(character);
    }
    items.into_iter()
}

fn fail(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn arrows_point_down_only() {
    let mut broken = Vec::new();
    for source in sources() {
        let Some(own) = rank(&source.module) else { continue };
        for module in used(&source.code) {
            if rank(module).is_some_and(|other| other > own) {
                broken.push(format!(
                    "{} uses `{module}`, which stands above it",
                    source.path.display()
                ));
            }
        }
    }
    fail(&broken);
}

#[test]
fn every_module_is_in_the_table() {
    for source in sources() {
        let known =
            rank(&source.module).is_some() || matches!(source.module.as_str(), "lib" | "main");
        assert!(
            known,
            "{}: add `{}` to MODULES and to src/lib.rs",
            source.path.display(),
            source.module
        );
    }
}

#[test]
fn sql_stands_in_stores_only() {
    let mut broken = Vec::new();
    for source in sources() {
        let path = source.path.to_string_lossy();
        let is_store = path.ends_with("/store.rs") || path.contains("/store/");
        let is_kernel = path.starts_with("tenancy/")
            || path == "jobs/queue.rs"
            || path.starts_with("platform/postgres/");
        if !is_store
            && !is_kernel
            && (source.code.contains("sqlx::query") || source.code.contains("query_as!("))
        {
            broken.push(format!("{path} holds SQL"));
        }
    }
    fail(&broken);
}

#[test]
fn only_the_kernel_has_connections() {
    let mut broken = Vec::new();
    for source in sources() {
        let path = source.path.to_string_lossy();
        let is_kernel = path.starts_with("tenancy/") || path.starts_with("platform/postgres/");
        for word in ["PgPool", "Pool<Postgres>", ".acquire()", "AssertSqlSafe"] {
            if !is_kernel
                && source.code.contains(word)
                // Of a semaphore, there.
                && !(word == ".acquire()" && (path.starts_with("jobs/") || path == "webhooks/inbox.rs"))
            {
                broken.push(format!("{path} names {word}"));
            }
        }
        if source.code.contains("AssertSqlSafe") && !path.starts_with("platform/postgres/") {
            broken.push(format!("{path} builds SQL at run time"));
        }
    }
    fail(&broken);
}

#[test]
fn only_the_configuration_reads_the_environment() {
    let mut broken = Vec::new();
    for source in sources() {
        let path = source.path.to_string_lossy();
        // Spawning git needs the process' environment to take git's own variables out of it.
        let allowed = path.starts_with("platform/config/") || path == "repositories/mirror/git.rs";
        if !allowed && (source.code.contains("env::var") || source.code.contains("env::vars")) {
            broken.push(format!("{path} reads the environment"));
        }
    }
    fail(&broken);
}

#[test]
fn only_one_module_speaks_to_github() {
    let mut broken = Vec::new();
    for source in sources() {
        let words = ["octocrab", "oauth2::", "api.github.com", "login/oauth"];
        for word in words.iter().filter(|word| source.code.contains(**word)) {
            if source.module != "github" {
                broken.push(format!("{} names {word}", source.path.display()));
            }
        }
    }
    fail(&broken);
}

#[test]
fn what_speaks_to_github_knows_no_tenant() {
    let github: Vec<Source> =
        sources().into_iter().filter(|source| source.module == "github").collect();
    assert!(!github.is_empty());

    let mut broken = Vec::new();
    for source in github {
        for module in used(&source.code) {
            // A call inside a transaction would hold a connection for as long as GitHub takes.
            if !matches!(module, "platform" | "github") {
                broken.push(format!("{} uses `{module}`", source.path.display()));
            }
        }
        if source.code.contains("sqlx") {
            broken.push(format!("{} names sqlx", source.path.display()));
        }
    }
    fail(&broken);
}

#[test]
fn templates_trust_nothing() {
    let mut broken = Vec::new();
    let mut directories = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            for word in [
                "|safe",
                "| safe",
                "<style",
                " style=\"",
                " onclick=",
                "javascript:",
                "hx-on",
                "js:",
            ] {
                if text.contains(word) {
                    broken.push(format!("{} holds {word}", path.display()));
                }
            }
            let inline = text.split("<script").skip(1).any(|script| !script.starts_with(" src="));
            if inline {
                broken.push(format!("{} holds a script; put it into static/", path.display()));
            }
        }
    }
    fail(&broken);
}

#[test]
fn nobody_checks_tenants_by_hand() {
    let mut broken = Vec::new();
    for source in sources() {
        let path = source.path.to_string_lossy();
        // Only the tables that sign-in and queues read across tenants are asked by tenant.
        let across = [
            "tenancy/",
            "jobs/",
            "accounts/store.rs",
            "accounts/sign_in/store/",
            "organizations/store/",
            "webhooks/store/inbox.rs",
        ];
        let by_hand =
            source.code.contains("WHERE tenant_id =") || source.code.contains("AND tenant_id =");
        if by_hand && !across.iter().any(|allowed| path.starts_with(allowed)) {
            broken.push(format!("{path} filters by tenant_id: the policies do"));
        }
    }
    fail(&broken);
}
