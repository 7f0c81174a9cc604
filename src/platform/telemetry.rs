//! Logs to standard error and metrics for Prometheus.

use std::{io::IsTerminal, time::Duration};

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;
use tracing::{Span, info_span};
use tracing_actix_web::{RequestId, RootSpanBuilder};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use super::config::{LogFormat, LogSettings};

const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Sends logs to standard error from now on; a second call changes nothing.
pub fn start_logging(settings: &LogSettings) -> anyhow::Result<()> {
    // tokei tells of every file whose language it does not know.
    let filter = EnvFilter::try_new(&settings.filter)?
        .add_directive("tokei=off".parse()?)
        // Postgres tells at each start that the table of migrations is there.
        .add_directive("sqlx::postgres::notice=warn".parse()?);
    let registry = tracing_subscriber::registry().with(filter);
    let layer =
        fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let started = match settings.format {
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).try_init(),
        LogFormat::Pretty => registry.with(layer.compact().with_target(false)).try_init(),
    };
    if started.is_err() {
        tracing::debug!("Logging had been started before");
    }
    Ok(())
}

/// Collects metrics from now on; the handle renders them as Prometheus' text.
pub fn start_metrics() -> anyhow::Result<PrometheusHandle> {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::debug!("Metrics had been started before");
    }
    Ok(handle)
}

/// Sums up what was measured every few seconds, which else would grow until somebody asks.
pub async fn keep_up(handle: PrometheusHandle, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(UPKEEP_EVERY) => handle.run_upkeep(),
        }
    }
}

/// One span a request: its id, method and route; neither address nor query, which may hold secrets.
#[derive(Clone, Copy, Debug)]
pub struct RequestSpans;

impl RootSpanBuilder for RequestSpans {
    fn on_request_start(request: &ServiceRequest) -> Span {
        use actix_web::HttpMessage;
        let id =
            request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
        let route = request.match_pattern().unwrap_or_else(|| "unmatched".to_owned());
        info_span!("request", id, method = %request.method(), route)
    }

    fn on_request_end<B: MessageBody>(_: Span, _: &Result<ServiceResponse<B>, Error>) {}
}
