//! `/metrics` for Prometheus, behind a token or on a listener of its own.

use std::net::SocketAddr;

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::ServerHandle,
    http::header,
    web::{self, Data},
};
use anyhow::Context;
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    platform::crypto::is_same_secret,
    web::{AppError, Result},
};

/// What the page shows, and the token that opens it on the main listener.
#[derive(Clone)]
pub struct MetricsPage {
    pub(super) handle: PrometheusHandle,
    pub(super) token: Option<SecretString>,
}

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/metrics").route(web::get().to(show)));
}

async fn show(request: HttpRequest, page: Data<MetricsPage>) -> Result<HttpResponse> {
    if let Some(token) = &page.token {
        let given = request
            .headers()
            .get(header::AUTHORIZATION)
            .map(header::HeaderValue::as_bytes)
            .unwrap_or_default();
        let wanted = format!("Bearer {}", token.expose_secret());
        if !is_same_secret(given, wanted.as_bytes()) {
            return Err(AppError::Unauthorized);
        }
    }
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(page.handle.render()))
}

/// Serves the page alone, without a token, on an address of its own.
pub(super) fn listen(
    address: SocketAddr,
    handle: PrometheusHandle,
) -> anyhow::Result<ServerHandle> {
    let page = MetricsPage { handle, token: None };
    let server =
        HttpServer::new(move || App::new().app_data(Data::new(page.clone())).configure(configure))
            .workers(1)
            .disable_signals()
            .bind(address)
            .with_context(|| format!("listen on {address} for metrics"))?
            .run();
    let handle = server.handle();
    #[expect(
        clippy::disallowed_methods,
        reason = "it ends by its handle, before the process' other tasks"
    )]
    tokio::spawn(server);
    Ok(handle)
}
