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

/// Database, migrations (made before the server listens) and isolation are well.
async fn ready(db: Data<Db>) -> impl Responder {
    let database = db.system(SystemReason::Health).await.is_ok();
    let isolation = db.is_isolated();
    let body = json!({
        "status": if database && isolation { "ready" } else { "not ready" },
        "database": database,
        "migrations": true,
        "isolation": isolation,
    });
    if database && isolation {
        HttpResponse::Ok().json(body)
    } else {
        HttpResponse::ServiceUnavailable().json(body)
    }
}
