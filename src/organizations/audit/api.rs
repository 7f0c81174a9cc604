//! `/api/v2/audit`.

#![expect(
    unused_qualifications,
    reason = "utoipa qualifies the types of parameters in the code it writes"
)]

use actix_web::web::{Json, Query};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

use super::{
    model::{AuditFilter, Entry, EntryKey},
    store,
};
use crate::{
    tenancy::{Routes, Scope, ViewAudit},
    web::{
        Result,
        paging::PageOf,
        problems::OfGuardedList,
        query::{self, wrong},
    },
};

pub(super) fn routes() -> Routes {
    Routes::default().read("/api/v2/audit", list_audit_entries)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditQuery {
    /// Where to go on: the `next` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]+$", nullable = false)]
    cursor: Option<String>,
    /// How many items to answer at most; 50 unless said otherwise.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, nullable = false)]
    limit: Option<String>,
    /// The id of a person, whose tokens count as theirs, or of a token.
    #[param(value_type = Option<uuid::Uuid>, nullable = false)]
    actor: Option<String>,
    /// `account`, `token`, `command`, `job` or `unknown`.
    #[param(pattern = "^(account|token|command|job|unknown)$", nullable = false)]
    actor_kind: Option<String>,
    /// Such as `repository.added`.
    #[param(pattern = "^[a-z_.]{1,100}$", nullable = false)]
    action: Option<String>,
    /// Such as `repository`.
    #[param(pattern = "^[a-z_]{1,100}$", nullable = false)]
    subject_kind: Option<String>,
    /// Text that the entry holds anywhere, in any case.
    #[param(nullable = false)]
    q: Option<String>,
    /// From this time or day on.
    #[param(nullable = false)]
    from: Option<String>,
    /// Before this time, or the beginning of this day.
    #[param(nullable = false)]
    until: Option<String>,
}

impl AuditQuery {
    fn filter(&self) -> Result<AuditFilter> {
        Ok(AuditFilter {
            actor: match self.actor.as_deref() {
                None => None,
                Some(text) => match text.parse() {
                    Ok(id) => Some(id),
                    Err(_) => {
                        return wrong(&format!("`{text}` is not the id of a person or token."));
                    }
                },
            },
            actor_kind: self.actor_kind.clone(),
            action: self.action.clone(),
            subject_kind: self.subject_kind.clone(),
            text: query::text(self.q.clone()),
            from: query::time("from", self.from.as_deref())?,
            until: query::time("until", self.until.as_deref())?,
        })
    }
}

/// List the audit log, newest first
#[utoipa::path(
    get, path = "/api/v2/audit", tag = "audit", security(("bearer" = [])), params(AuditQuery),
    responses((status = 200, description = "A page of entries.", body = PageOf<Entry>), OfGuardedList),
)]
pub(super) async fn list_audit_entries(
    scope: Scope<ViewAudit>,
    query: Query<AuditQuery>,
) -> Result<Json<PageOf<Entry>>> {
    let page = query::page(query.cursor.as_ref(), query.limit.as_ref())?;
    let filter = query.filter()?;
    let mut tx = scope.begin().await?;
    let rows = store::list_page(&mut tx, &filter, &page).await?;
    Ok(Json(page.page(rows, |last| EntryKey { ordinal: last.ordinal })?))
}

/// The description of the API of the log.
#[derive(OpenApi)]
#[openapi(
    paths(list_audit_entries),
    tags((name = "audit", description = "What was done in the organisation, and by whom.")),
)]
pub struct ApiDocument;
