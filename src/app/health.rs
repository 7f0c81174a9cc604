//! Whether the server lives, and whether it can serve.

use actix_web::{HttpResponse, Responder, http::Method, web::Data};
use serde_json::json;

use crate::tenancy::{Db, Routes, SystemReason};

pub(super) fn routes() -> Routes {
    Routes::default().open_to_anyone(Method::GET, "/api/health", live).open_to_anyone(
        Method::GET,
        "/api/health/ready",
        ready,
    )
}

/// The process answers.
async fn live() -> impl Responder {
    HttpResponse::Ok().json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}))
}

/// Database, migrations and isolation (tried at the start and every ten minutes) are well.
async fn ready(db: Data<Db>) -> impl Responder {
    let database = db.system(SystemReason::Health).await.is_ok();
    let migrations = database && db.is_current().await.unwrap_or(false);
    let isolation = db.is_isolated();
    let is_ready = database && migrations && isolation;
    let body = json!({
        "status": if is_ready { "ready" } else { "not ready" },
        "database": database,
        "migrations": migrations,
        "isolation": isolation,
    });
    if is_ready {
        HttpResponse::Ok().json(body)
    } else {
        HttpResponse::ServiceUnavailable().json(body)
    }
}
