//! GitHub's published samples of its webhooks have their effect.

use std::{fs, path::Path};

use quarterdeck::tracker::Applied;
use serde_json::Value;

use super::{connected, events::hear, scalar};
use crate::support::World;

/// The families that are about a repository's rows.
const FAMILIES: [&str; 16] = [
    "check_suite",
    "create",
    "delete",
    "deployment",
    "deployment_status",
    "issue_comment",
    "issues",
    "label",
    "milestone",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
    "push",
    "release",
    "workflow_run",
];

/// The samples of one GitHub with the names of their families.
fn samples(of: &str) -> Vec<(String, Value)> {
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openapi/node_modules/@octokit");
    let file = fs::read(modules.join("webhooks-examples").join(of).join("index.json"))
        .expect("what GitHub publishes is there: run scripts/test, or `npm ci` in tests/openapi");
    let families: Vec<Value> = serde_json::from_slice(&file).unwrap();
    families
        .iter()
        .filter(|family| FAMILIES.contains(&family["name"].as_str().unwrap()))
        .flat_map(|family| {
            let name = family["name"].as_str().unwrap().to_owned();
            let payloads = family["examples"].as_array().unwrap().clone();
            payloads.into_iter().map(move |payload| (name.clone(), payload))
        })
        .collect()
}

#[actix_web::test]
async fn every_sample_of_github_is_digested_twice_to_the_same_end() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    for (of, least) in [("api.github.com", 120), ("ghes-35", 40)] {
        let samples = samples(of);
        assert!(samples.len() >= least, "{of}: {}", samples.len());
        let mut tx = world.begin(world.acme).await;

        for (name, payload) in samples.iter().chain(samples.iter().rev()) {
            hear(&mut tx, repository, (name, payload))
                .await
                .unwrap_or_else(|error| panic!("{of}, {name}: {error}\n{payload}"));
        }
        for (name, payload) in &samples {
            let again = hear(&mut tx, repository, (name, payload)).await.unwrap();
            let is_new = again.applied == Applied::Written;
            assert_eq!(is_new, is_end(payload), "{of}, {name}: {payload}");
        }

        assert!(scalar::<i64>(&mut tx, "SELECT count(*) FROM pull_requests").await > 0);
        assert!(scalar::<i64>(&mut tx, "SELECT count(*) FROM refs").await > 0);
    }
}

/// Whether a payload says that its object is gone, which is so as often as it is said.
fn is_end(payload: &Value) -> bool {
    matches!(payload["action"].as_str(), Some("deleted" | "transferred"))
}
