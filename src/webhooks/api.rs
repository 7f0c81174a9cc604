//! `/api/v2/webhooks/deliveries`.

#![expect(
    unused_qualifications,
    reason = "utoipa qualifies the types of parameters in the code it writes"
)]

use actix_web::web::{Json, Path, Query};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};
use uuid::Uuid;

use super::{
    delivery_page,
    model::{Delivery, DeliveryId, DeliveryState},
    store::deliveries::{self as store, DeliveryFilter},
};
use crate::{
    tenancy::{ReplayDeliveries, Routes, Saved, Scope, ViewDeliveries},
    web::{
        AppError, Result,
        paging::PageOf,
        problems::{OfCancellation, OfGuardedList, OfItem},
        query,
    },
};

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/api/v2/webhooks/deliveries", list_deliveries)
        .read("/api/v2/webhooks/deliveries/{delivery}", find_delivery)
        .post("/api/v2/webhooks/deliveries/{delivery}/replay", replay_delivery)
}

/// The description of the API of deliveries.
#[derive(OpenApi)]
#[openapi(
    paths(list_deliveries, find_delivery, replay_delivery),
    tags((name = "webhooks", description = "What GitHub has told, and what became of it.")),
)]
pub struct ApiDocument;

/// Something that GitHub has told, without its payload.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
struct DeliveryView {
    id: Uuid,
    hook: Uuid,
    /// GitHub's own id of it, the same when it is sent again.
    guid: String,
    event: String,
    action: Option<String>,
    /// GitHub's number of the repository.
    repository_github_id: Option<i64>,
    state: DeliveryState,
    /// How often it has failed.
    attempts: i32,
    received_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    /// When it is tried next; null unless it failed and is tried again.
    next_try_at: Option<DateTime<Utc>>,
    /// What became of it, where that is not plain.
    remark: Option<String>,
    /// Why it failed last.
    error: Option<String>,
    /// Where in the payload it failed.
    error_path: Option<String>,
    /// The payload's size in bytes.
    bytes: i64,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id.as_uuid(),
            hook: delivery.hook.as_uuid(),
            guid: delivery.guid,
            event: delivery.event,
            action: delivery.action,
            repository_github_id: delivery.repository,
            state: delivery.state,
            attempts: delivery.attempts,
            received_at: delivery.received_at,
            finished_at: delivery.finished_at,
            next_try_at: delivery.run_at,
            remark: delivery.remark,
            error: delivery.error,
            error_path: delivery.error_path,
            bytes: delivery.bytes,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DeliveryQuery {
    /// Those that wait, had their effect, are tried again, or failed for good.
    #[param(value_type = Option<DeliveryState>, nullable = false)]
    state: Option<String>,
    /// As `X-GitHub-Event` has it.
    #[param(nullable = false)]
    event: Option<String>,
    /// The beginning of GitHub's own id of it.
    #[param(nullable = false)]
    guid: Option<String>,
    /// Where to go on: the `next` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]+$", nullable = false)]
    cursor: Option<String>,
    /// How many items to answer at most; 50 unless said otherwise.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, nullable = false)]
    limit: Option<String>,
}

/// List the deliveries, newest first
///
/// Those that had their effect are kept for 30 days, those that failed for good for 180.
#[utoipa::path(
    get, path = "/api/v2/webhooks/deliveries", tag = "webhooks", security(("bearer" = [])), params(DeliveryQuery),
    responses((status = 200, description = "A page of deliveries.", body = PageOf<DeliveryView>), OfGuardedList),
)]
async fn list_deliveries(
    scope: Scope<ViewDeliveries>,
    query: Query<DeliveryQuery>,
) -> Result<Json<PageOf<DeliveryView>>> {
    let page = query::page::<DeliveryId>(query.cursor.as_ref(), query.limit.as_ref())?;
    let state =
        query::choice("state", query.state.as_deref(), &DeliveryState::ALL, DeliveryState::as_str)?;
    let given = |text: &'_ Option<String>| text.clone().filter(|text| !text.is_empty());
    let (event, guid) = (given(&query.event), given(&query.guid));
    let filter =
        DeliveryFilter { state, event: event.as_deref(), hook: None, guid: guid.as_deref() };
    let mut tx = scope.begin().await?;
    let rows = store::list(&mut tx, &filter, &page).await?;
    Ok(Json(page.page(rows, |last| last.id)?.map(DeliveryView::from)))
}

/// Show a delivery
#[utoipa::path(
    get, path = "/api/v2/webhooks/deliveries/{delivery}", tag = "webhooks", security(("bearer" = [])),
    params(("delivery" = Uuid, Path, description = "The delivery's id.")),
    responses((status = 200, description = "The delivery.", body = DeliveryView), OfItem),
)]
async fn find_delivery(
    scope: Scope<ViewDeliveries>,
    id: Path<DeliveryId>,
) -> Result<Json<DeliveryView>> {
    let mut tx = scope.begin().await?;
    let found = store::find(&mut tx, *id).await?.ok_or(AppError::NotFound)?;
    Ok(Json(found.into()))
}

/// Have a delivery tried again from the beginning
///
/// What had its effect has it once: a second time changes nothing that is newer.
#[utoipa::path(
    post, path = "/api/v2/webhooks/deliveries/{delivery}/replay", tag = "webhooks", security(("bearer" = [])),
    params(("delivery" = Uuid, Path, description = "The delivery's id.")),
    responses((status = 202, description = "It waits for its turn.", body = DeliveryView), OfCancellation),
)]
async fn replay_delivery(scope: Scope<ReplayDeliveries>, id: Path<DeliveryId>) -> Result<Saved> {
    let mut tx = scope.begin().await?;
    delivery_page::replay_one(&mut tx, *id, scope.clock().now()).await?;
    let found = store::find(&mut tx, *id).await?.ok_or(AppError::NotFound)?;
    let here = format!("/api/v2/webhooks/deliveries/{id}");
    Ok(tx.commit().await?.accepted(&here, &DeliveryView::from(found)))
}
