//! Which lists a repository has, and how each of them is ordered and paged.

use std::future::ready;

use actix_web::{HttpRequest, Route, web};

use super::{
    code,
    reach::Going,
    things::{self, List},
};
use crate::{Shared, hub::Kind};

const PLAIN: List = List {
    kind: Kind::Labels,
    permission: "issues",
    newest_by: None,
    going: Going::Pages,
    of: None,
    has_state: false,
    under: None,
};

static ISSUES: List = List {
    kind: Kind::Issues,
    newest_by: Some("created_at"),
    going: Going::Cursors,
    has_state: true,
    ..PLAIN
};
static COMMENTS: List = List { kind: Kind::Comments, ..PLAIN };
static COMMENTS_OF_ISSUE: List =
    List { kind: Kind::Comments, of: Some(("number", "issue_url")), ..PLAIN };
static LABELS: List = PLAIN;
static MILESTONES: List = List { kind: Kind::Milestones, has_state: true, ..PLAIN };

static PULL_REQUESTS: List = List {
    kind: Kind::PullRequests,
    permission: "pull_requests",
    newest_by: Some("created_at"),
    has_state: true,
    ..PLAIN
};
static REVIEWS: List = List {
    kind: Kind::Reviews,
    permission: "pull_requests",
    of: Some(("number", "pull_request_url")),
    ..PLAIN
};
static REVIEW_COMMENTS: List =
    List { kind: Kind::ReviewComments, permission: "pull_requests", ..PLAIN };

static RELEASES: List =
    List { kind: Kind::Releases, permission: "contents", newest_by: Some("created_at"), ..PLAIN };
static DEPLOYMENTS: List = List {
    kind: Kind::Deployments,
    permission: "deployments",
    newest_by: Some("created_at"),
    ..PLAIN
};
static STATUSES: List = List {
    kind: Kind::DeploymentStatuses,
    permission: "deployments",
    newest_by: Some("created_at"),
    of: Some(("deployment_id", "deployment_url")),
    ..PLAIN
};
static RUNS: List = List {
    kind: Kind::Runs,
    permission: "actions",
    newest_by: Some("created_at"),
    under: Some("workflow_runs"),
    ..PLAIN
};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/issues", list(&ISSUES))
        .route("/issues/comments", list(&COMMENTS))
        .route("/issues/comments/{id}", one(Kind::Comments, "issues", "id"))
        .route("/issues/{number}/comments", list(&COMMENTS_OF_ISSUE))
        .route("/issues/{number}", one(Kind::Issues, "issues", "number"))
        .route("/pulls", list(&PULL_REQUESTS))
        .route("/pulls/comments", list(&REVIEW_COMMENTS))
        .route("/pulls/comments/{id}", one(Kind::ReviewComments, "pull_requests", "id"))
        .route("/pulls/{number}", one(Kind::PullRequests, "pull_requests", "number"))
        .route("/pulls/{number}/reviews", list(&REVIEWS))
        .route("/pulls/{number}/reviews/{id}", one(Kind::Reviews, "pull_requests", "id"))
        .route("/pulls/{number}/commits", web::get().to(code::of_pull_request))
        .route("/commits", web::get().to(code::commits))
        .route("/compare/{basehead}", web::get().to(code::compare))
        .route("/branches", web::get().to(code::branches))
        .route("/git/ref/{reference:.*}", web::get().to(code::reference))
        .route("/releases", list(&RELEASES))
        .route("/releases/{id}", one(Kind::Releases, "contents", "id"))
        .route("/deployments", list(&DEPLOYMENTS))
        .route("/deployments/{id}", one(Kind::Deployments, "deployments", "id"))
        .route(
            "/deployments/{deployment_id}/statuses/{id}",
            one(Kind::DeploymentStatuses, "deployments", "id"),
        )
        .route("/deployments/{deployment_id}/statuses", list(&STATUSES))
        .route("/actions/runs", list(&RUNS))
        .route("/actions/runs/{id}", one(Kind::Runs, "actions", "id"))
        .route("/labels", list(&LABELS))
        .route("/milestones", list(&MILESTONES))
        .route("/milestones/{number}", one(Kind::Milestones, "issues", "number"));
}

fn list(list: &'static List) -> Route {
    web::get().to(move |shared: web::Data<Shared>, request: HttpRequest| {
        ready(things::list(&shared, &request, list))
    })
}

fn one(kind: Kind, permission: &'static str, field: &'static str) -> Route {
    web::get().to(move |shared: web::Data<Shared>, request: HttpRequest| {
        ready(things::get(&shared, &request, (kind, permission, field)))
    })
}
