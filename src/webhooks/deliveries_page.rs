//! The page of deliveries: what GitHub has told, what became of it, and the dead letters tried again.

use actix_web::web::{Data, Query};
use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;

use super::{
    model::{Delivery, DeliveryId, DeliveryState},
    store::deliveries::{self as store, DeliveryFilter},
};
use crate::{
    organizations::{
        Rail,
        audit::{self, Event},
        listening,
    },
    tenancy::{ReplayDeliveries, Routes, Saved, Scope, ViewDeliveries},
    web::{
        Result,
        html::{Filter, Filters, Html, Pager, Pill, SearchField, Shell, Tone, address, counted},
        icon::Icon,
        paging::PageQuery,
        time::Moment,
    },
};

/// Where in the rail the page stands.
pub(super) const ENTRY: &str = "deliveries";

/// How many dead letters are tried again with one press.
const MOST_AT_ONCE: i64 = 1_000;

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/{organization}/deliveries", deliveries)
        .post("/{organization}/deliveries/replay", replay_dead)
}

/// What the page is asked for; what means nothing filters nothing.
#[derive(Clone, Debug, Default, Deserialize)]
struct DeliveriesQuery {
    state: Option<String>,
    event: Option<String>,
    q: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
}

impl DeliveriesQuery {
    fn filter(&self) -> DeliveryFilter<'_> {
        DeliveryFilter {
            state: self.state.as_deref().and_then(|state| state.parse().ok()),
            event: given(self.event.as_ref()),
            hook: None,
            guid: given(self.q.as_ref()),
        }
    }

    fn address(&self, path: &str, cursor: Option<&str>) -> String {
        address(
            path,
            &[
                ("state", self.state.as_deref()),
                ("event", self.event.as_deref()),
                ("q", self.q.as_deref()),
                ("limit", self.limit.as_deref()),
                ("cursor", cursor),
            ],
        )
    }

    fn filters(
        &self,
        path: &str,
        (counts, events): (&[(DeliveryState, i64)], Vec<String>),
    ) -> Filters {
        let states = DeliveryState::ALL.into_iter().map(|state| {
            let count =
                counts.iter().find(|(known, _)| *known == state).map_or(0, |(_, count)| *count);
            (state.as_str().to_owned(), format!("{} ({count})", in_words(state)))
        });
        let events = events.into_iter().map(|event| (event.clone(), event));
        Filters {
            action: path.to_owned(),
            search: Some(SearchField {
                value: self.q.clone().unwrap_or_default(),
                placeholder: "GitHub's delivery id".to_owned(),
            }),
            choices: vec![
                Filter::new("state", "state", self.state.as_deref(), states),
                Filter::new("event", "event", self.event.as_deref(), events),
            ],
        }
    }

    fn pager(&self, path: &str, shown: usize, next: Option<&str>) -> Pager {
        Pager {
            summary: counted(shown, "delivery", "deliveries"),
            first: self.cursor.is_some().then(|| self.address(path, None)),
            next: next.map(|cursor| self.address(path, Some(cursor))),
        }
    }
}

fn given(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

const fn in_words(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Received => "waits",
        DeliveryState::Done => "done",
        DeliveryState::Failed => "tried again",
        DeliveryState::Dead => "failed for good",
    }
}

/// A delivery's state as an icon and a word.
pub(super) fn pill(state: DeliveryState) -> Pill {
    match state {
        DeliveryState::Received => Pill::new(Tone::Info, Icon::Clock, in_words(state)),
        DeliveryState::Done => Pill::new(Tone::Good, Icon::Check, in_words(state)),
        DeliveryState::Failed => Pill::new(Tone::Warn, Icon::Refresh, in_words(state)),
        DeliveryState::Dead => Pill::new(Tone::Bad, Icon::Alert, in_words(state)),
    }
}

#[derive(Template)]
#[template(path = "webhooks/deliveries.html")]
struct DeliveriesPage {
    shell: Shell,
    filters: Filters,
    /// This page with its filters, which the stream's events fetch again.
    here: String,
    deliveries: Vec<DeliveryRow>,
    pager: Pager,
    hooks_href: String,
    gaps_href: String,
    /// Where the form posts to that has those tried again that failed for good.
    replay: Option<String>,
}

struct DeliveryRow {
    href: String,
    what: String,
    pill: Pill,
    hook: String,
    /// What became of it, or why it failed.
    remark: String,
    at: Moment,
}

impl DeliveryRow {
    fn new(delivery: Delivery, path: &str, now: DateTime<Utc>) -> Self {
        Self {
            href: format!("{path}/{}", delivery.id),
            what: what(&delivery),
            pill: pill(delivery.state),
            hook: delivery.hook_name.unwrap_or_default(),
            remark: delivery.error.or(delivery.remark).unwrap_or_default(),
            at: Moment::new(delivery.received_at, now),
        }
    }
}

/// `issues · opened`.
pub(super) fn what(delivery: &Delivery) -> String {
    match &delivery.action {
        Some(action) => format!("{} · {action}", delivery.event),
        None => delivery.event.clone(),
    }
}

/// Shows the deliveries, newest first.
async fn deliveries(
    scope: Scope<ViewDeliveries>,
    rail: Data<Rail>,
    query: Query<DeliveriesQuery>,
) -> Result<Html<DeliveriesPage>> {
    let paging = PageQuery { cursor: query.cursor.clone(), limit: query.limit.clone() };
    let (request, now) = (paging.parse::<DeliveryId>()?, scope.clock().now());
    let slug = &scope.organization().slug;
    let path = format!("/{slug}/{ENTRY}");
    let mut tx = scope.begin().await?;
    let rows = store::list(&mut tx, &query.filter(), &request).await?;
    let (counts, events) = (store::count(&mut tx).await?, store::list_events(&mut tx).await?);
    drop(tx);
    let page = request.page(rows, |last| last.id)?;
    let dead = counts.iter().find(|(state, _)| *state == DeliveryState::Dead);
    let may_replay = scope.may::<ReplayDeliveries>() && dead.is_some_and(|(_, count)| *count > 0);
    Ok(Html::new(DeliveriesPage {
        here: query.address(&path, query.cursor.as_deref()),
        pager: query.pager(&path, page.items.len(), page.next.as_deref()),
        filters: query.filters(&path, (&counts, events)),
        deliveries: page
            .items
            .into_iter()
            .map(|delivery| DeliveryRow::new(delivery, &path, now))
            .collect(),
        hooks_href: format!("/{slug}/hooks"),
        gaps_href: format!("/{slug}/gaps"),
        replay: may_replay.then(|| format!("{path}/replay")),
        shell: listening(rail.shell(&scope, ENTRY, Vec::new())),
    }))
}

/// Has all dead letters tried again.
async fn replay_dead(scope: Scope<ReplayDeliveries>) -> Result<Saved> {
    let now = scope.clock().now();
    let mut tx = scope.begin().await?;
    let count = store::replay_dead(&mut tx, MOST_AT_ONCE, now).await?;
    if count > 0 {
        let organization = scope.organization().id;
        let event = Event::new("delivery.all_replayed", "delivery", organization, now)
            .detail(json!({"count": count}));
        audit::record(&mut tx, event).await?;
        tx.announce("deliveries");
    }
    Ok(tx.commit().await?.see_other(format!("/{}/{ENTRY}", scope.organization().slug)))
}
