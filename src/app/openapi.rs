//! The description of the API, made from its handlers.

use actix_web::{HttpResponse, http::Method};
use utoipa::{Modify, OpenApi};

use crate::{
    accounts::tokens,
    organizations::{self, audit},
    sync,
    tenancy::Routes,
    web::Result,
    webhooks,
    work::{ApiDocument, Shapes},
};

/// What stands above the operations.
const INTRODUCTION: &str = "Repositories, projects, tasks, commits, scans, members and teams of an organisation. \
    Send an API token with every request; it says which organisation is meant. Lists answer `items` and `next`: \
    send `next` as `cursor` to read on, until it is null. Errors are problem documents (RFC 9457).";

#[derive(OpenApi)]
#[openapi(info(title = "Quarterdeck API"))]
struct Document;

/// The whole document (OpenAPI 3.1).
pub fn openapi_document() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi()
        .merge_from(audit::ApiDocument::openapi())
        .merge_from(tokens::ApiDocument::openapi())
        .merge_from(ApiDocument::openapi())
        .merge_from(sync::ApiDocument::openapi())
        .merge_from(webhooks::ApiDocument::openapi())
        .merge_from(organizations::api::ApiDocument::openapi());
    Shapes.modify(&mut document);
    document.info.description = Some(INTRODUCTION.to_owned());
    document
}

pub(super) fn routes() -> Routes {
    Routes::default().open_to_anyone(Method::GET, "/api/openapi.json", show_document)
}

async fn show_document() -> Result<HttpResponse> {
    let body = openapi_document().to_json().map_err(anyhow::Error::from)?;
    Ok(HttpResponse::Ok().content_type("application/json").body(body))
}
