//! The description of the API, made from its handlers.

use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(info(
    title = "Quarterdeck",
    description = "Repositories, projects, tasks, commits and scans of an organisation."
))]
struct Document;

/// The whole document (OpenAPI 3.1).
pub fn openapi_document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}
