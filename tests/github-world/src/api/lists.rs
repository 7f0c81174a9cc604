//! Which lists a repository has, and how each of them is ordered and paged.

use actix_web::{HttpRequest, Route, web};

use super::{
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

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/issues", list(&ISSUES))
        .route("/issues/comments", list(&COMMENTS))
        .route("/issues/comments/{id}", one(Kind::Comments, "issues", "id"))
        .route("/issues/{number}/comments", list(&COMMENTS_OF_ISSUE))
        .route("/issues/{number}", one(Kind::Issues, "issues", "number"))
        .route("/labels", list(&LABELS))
        .route("/milestones", list(&MILESTONES));
}

fn list(list: &'static List) -> Route {
    web::get().to(move |shared: web::Data<Shared>, request: HttpRequest| {
        things::list(shared, request, list)
    })
}

fn one(kind: Kind, permission: &'static str, field: &'static str) -> Route {
    web::get().to(move |shared: web::Data<Shared>, request: HttpRequest| {
        things::get(shared, request, (kind, permission, field))
    })
}
