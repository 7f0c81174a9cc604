//! The page of gaps: when deliveries were missed, how many, and how they came back.

use actix_web::web::{Data, Query};
use askama::Template;
use chrono::{DateTime, Utc};

use super::{
    GapId,
    missed::{Gap, GapReason},
};
use crate::{
    organizations::{Rail, listening},
    tenancy::{Routes, Scope, ViewDeliveries},
    web::{
        Result,
        html::{Crumb, Html, Pager, Pill, Shell, Tone, address, counted},
        icon::Icon,
        paging::PageQuery,
        time::{Moment, span},
    },
    webhooks::{
        deliveries_page::ENTRY,
        store::{gaps as store, recovery},
    },
};

pub(in crate::webhooks) fn routes() -> Routes {
    Routes::default().read("/{organization}/gaps", list)
}

#[derive(Template)]
#[template(path = "webhooks/gaps.html")]
struct GapsPage {
    shell: Shell,
    here: String,
    gaps: Vec<GapRow>,
    pager: Pager,
    deliveries_href: String,
    /// Why logs could not be read.
    troubles: Vec<Trouble>,
    /// Whether there are hooks whose logs cannot be read at all.
    is_blind: bool,
}

/// Why the log of a hook could not be read last.
pub(in crate::webhooks) struct Trouble {
    pub(in crate::webhooks) hook: String,
    pub(in crate::webhooks) words: String,
}

struct GapRow {
    began: Moment,
    lasted: String,
    /// Why, in a few words.
    why: String,
    pill: Pill,
    missed: i64,
    /// How what was missed came back.
    back: String,
    whole: Option<Moment>,
}

impl GapRow {
    fn new(gap: Gap, now: DateTime<Utc>) -> Self {
        let lasted = (gap.ended_at - gap.began_at).num_milliseconds();
        let out = gap.missed - gap.redelivered - gap.read - gap.lost;
        Self {
            began: Moment::new(gap.began_at, now),
            lasted: span(u64::try_from(lasted).unwrap_or_default()),
            pill: pill(&gap, out),
            back: back(&gap, out),
            whole: gap.whole_at.map(|at| Moment::new(at, now)),
            missed: gap.missed,
            why: match (gap.reason, gap.hook_name) {
                (GapReason::Down, _) => "The server was down".to_owned(),
                (GapReason::Database, _) => "The database was not reached".to_owned(),
                (GapReason::Missed, Some(name)) => format!("{name} was not reached"),
                (GapReason::Missed, None) => "A hook was not reached".to_owned(),
            },
        }
    }
}

fn pill(gap: &Gap, out: i64) -> Pill {
    match (gap.whole_at, gap.lost, out) {
        (Some(_), 0, _) => Pill::new(Tone::Good, Icon::Check, "whole"),
        (Some(_), _, _) => Pill::new(Tone::Bad, Icon::Cross, "some are lost"),
        (None, _, 0) => Pill::new(Tone::Info, Icon::Clock, "being looked into"),
        (None, _, _) => Pill::new(Tone::Info, Icon::Clock, "coming back"),
    }
}

fn back(gap: &Gap, out: i64) -> String {
    let parts = [
        (gap.redelivered, "delivered again"),
        (gap.read, "read from GitHub's log"),
        (gap.lost, "gone from GitHub's log"),
        (out, "still out"),
    ];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0);
    parts.map(|(count, words)| format!("{count} {words}")).collect::<Vec<_>>().join(", ")
}

/// Shows the gaps, newest first.
async fn list(
    scope: Scope<ViewDeliveries>,
    rail: Data<Rail>,
    query: Query<PageQuery>,
) -> Result<Html<GapsPage>> {
    let (request, now) = (query.parse::<GapId>()?, scope.clock().now());
    let slug = &scope.organization().slug;
    let path = format!("/{slug}/gaps");
    let mut tx = scope.begin().await?;
    let rows = store::list(&mut tx, &request).await?;
    let troubles = recovery::list_troubles(&mut tx).await?;
    let is_blind = recovery::has_unwatched(&mut tx).await?;
    drop(tx);
    let page = request.page(rows, |last| last.id)?;
    let with = |cursor: Option<&str>| {
        address(&path, &[("limit", query.limit.as_deref()), ("cursor", cursor)])
    };
    let crumb = Crumb::new("Gaps", &path);
    Ok(Html::new(GapsPage {
        here: with(query.cursor.as_deref()),
        pager: Pager {
            summary: counted(page.items.len(), "gap", "gaps"),
            first: query.cursor.is_some().then(|| with(None)),
            next: page.next.as_deref().map(|cursor| with(Some(cursor))),
        },
        gaps: page.items.into_iter().map(|gap| GapRow::new(gap, now)).collect(),
        shell: listening(rail.shell(&scope, ENTRY, vec![crumb])),
        troubles,
        is_blind,
        deliveries_href: format!("/{slug}/deliveries"),
    }))
}
