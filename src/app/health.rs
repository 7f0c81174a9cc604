//! Whether the server lives, and whether it can serve.

use std::sync::{Arc, PoisonError, RwLock};

use actix_web::{HttpResponse, Responder, http::Method, web::Data};
use serde_json::json;

use crate::tenancy::{Db, IsolationReport, Routes, SystemReason};

/// What the isolation checks found last; shared by the readiness check and the page that shows it.
#[derive(Clone, Debug, Default)]
pub struct Health {
    isolation: Arc<RwLock<Option<IsolationReport>>>,
}

impl Health {
    /// Checks the isolation anew and keeps what was found.
    pub async fn check(&self, db: &Db) -> sqlx::Result<IsolationReport> {
        let report = db.check_isolation().await?;
        *self.isolation.write().unwrap_or_else(PoisonError::into_inner) = Some(report.clone());
        Ok(report)
    }

    fn is_isolated(&self) -> bool {
        self.isolation
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .is_some_and(IsolationReport::is_well)
    }
}

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
async fn ready(db: Data<Db>, health: Data<Health>) -> impl Responder {
    let database = db.system(SystemReason::Health).await.is_ok();
    let isolation = health.is_isolated();
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
