//! The page of one delivery: what became of it, what it says, and another try.

use actix_web::web::{Data, Path};
use askama::Template;
use chrono::{DateTime, Utc};
use serde_json::json;

use super::{
    deliveries_page::{ENTRY, pill, what},
    model::{DeliveryId, DeliveryState},
    redact::redacted,
    store::deliveries as store,
};
use crate::{
    organizations::{
        Rail,
        audit::{self, Event},
        listening,
    },
    tenancy::{ReplayDeliveries, Routes, Saved, Scope, TenantTx, ViewDeliveries},
    web::{
        AppError, Result,
        html::{Crumb, Html, Pill, Shell},
        icon::Icon,
        time::Moment,
    },
};

/// How much of a payload is shown, in bytes.
const MOST_SHOWN: usize = 256 * 1024;

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/{organization}/deliveries/{delivery}", show)
        .post("/{organization}/deliveries/{delivery}/replay", replay)
}

#[derive(Template)]
#[template(path = "webhooks/delivery.html")]
struct DeliveryPage {
    shell: Shell,
    /// This page, which the stream's events fetch again.
    here: String,
    what: String,
    pill: Pill,
    error: Option<String>,
    error_path: Option<String>,
    remark: Option<String>,
    hook: String,
    guid: String,
    repository: Option<i64>,
    received: Moment,
    finished: Option<Moment>,
    next_try: Option<Moment>,
    attempts: i32,
    bytes: i64,
    payload: String,
    is_cut: bool,
    replay: Option<String>,
}

/// Shows one delivery. What it says is shown without tokens, secrets and addresses of mail.
async fn show(
    scope: Scope<ViewDeliveries>,
    rail: Data<Rail>,
    path: Path<(String, DeliveryId)>,
) -> Result<Html<DeliveryPage>> {
    let now = scope.clock().now();
    let mut tx = scope.begin().await?;
    let delivery = store::find(&mut tx, path.1).await?.ok_or(AppError::NotFound)?;
    let payload = store::payload(&mut tx, delivery.id).await?.unwrap_or_default();
    drop(tx);
    let shown = redacted(&payload);
    let end = shown.floor_char_boundary(MOST_SHOWN);
    let list = format!("/{}/{ENTRY}", scope.organization().slug);
    let here = format!("{list}/{}", delivery.id);
    let can_be_replayed = delivery.state != DeliveryState::Received;
    let may_replay = scope.may::<ReplayDeliveries>() && can_be_replayed;
    let crumb = Crumb::new(what(&delivery), &here);
    Ok(Html::new(DeliveryPage {
        shell: listening(rail.shell(&scope, ENTRY, vec![crumb])),
        what: what(&delivery),
        pill: pill(delivery.state),
        hook: delivery.hook_name.unwrap_or_default(),
        guid: delivery.guid,
        repository: delivery.repository,
        received: Moment::new(delivery.received_at, now),
        finished: delivery.finished_at.map(|at| Moment::new(at, now)),
        next_try: delivery.run_at.map(|at| Moment::new(at, now)),
        attempts: delivery.attempts,
        bytes: delivery.bytes,
        error: delivery.error,
        error_path: delivery.error_path,
        remark: delivery.remark,
        payload: shown.get(..end).unwrap_or_default().to_owned(),
        is_cut: end < shown.len(),
        replay: may_replay.then(|| format!("{here}/replay")),
        here,
    }))
}

/// Has a delivery tried again from the beginning.
async fn replay(scope: Scope<ReplayDeliveries>, path: Path<(String, DeliveryId)>) -> Result<Saved> {
    let mut tx = scope.begin().await?;
    replay_one(&mut tx, path.1, scope.clock().now()).await?;
    let here = format!("/{}/{ENTRY}/{}", scope.organization().slug, path.1);
    Ok(tx.commit().await?.see_other(here))
}

/// Has a delivery tried again, and writes that down; 409 where it waits or is being worked through.
pub(super) async fn replay_one(
    tx: &mut TenantTx,
    id: DeliveryId,
    now: DateTime<Utc>,
) -> Result<()> {
    let delivery = store::find(tx, id).await?.ok_or(AppError::NotFound)?;
    if store::replay(tx, id, now).await?.is_none() {
        return Err(AppError::Conflict("It waits for its turn already.".to_owned()));
    }
    let event = Event::new("delivery.replayed", "delivery", id, now)
        .detail(json!({"event": delivery.event, "guid": delivery.guid}));
    audit::record(tx, event).await?;
    tx.announce("deliveries");
    Ok(())
}
