//! The log as a file: all that a filter leaves, sent as it is read.

use std::collections::VecDeque;

use actix_web::{
    HttpResponse,
    http::header,
    web::{Bytes, Query},
};
use anyhow::Context;
use futures_util::{Stream, stream};
use serde_json::{Value, json};

use super::{
    Event,
    model::{AuditFilter, Entry, EntryKey},
    page::AuditQuery,
    store,
};
use crate::{
    tenancy::{ExportData, Scope},
    web::Result,
};

/// How many entries are read at a time.
const BATCH: i64 = 500;

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Csv,
    Json,
}

impl Format {
    const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
        }
    }
}

/// Sends the entries that the filters leave as a table.
pub(super) async fn csv(
    scope: Scope<ExportData>,
    query: Query<AuditQuery>,
) -> Result<HttpResponse> {
    export(scope, &query, Format::Csv).await
}

/// Sends the entries that the filters leave as an array.
pub(super) async fn json(
    scope: Scope<ExportData>,
    query: Query<AuditQuery>,
) -> Result<HttpResponse> {
    export(scope, &query, Format::Json).await
}

/// Writes down that the log is taken out, and then sends it.
async fn export(
    scope: Scope<ExportData>,
    query: &AuditQuery,
    format: Format,
) -> Result<HttpResponse> {
    let (filter, slug) = (query.filter(), scope.organization().slug.clone());
    let mut tx = scope.begin().await?;
    // What is there now: not the entry about this export, nor what is written while it is sent.
    let newest = store::read(&mut tx, &AuditFilter::default(), None, 1).await?;
    let start = EntryKey { ordinal: newest.first().map_or(0, |entry| entry.ordinal) + 1 };
    let event = Event::new("audit.exported", "audit", tx.tenant(), scope.clock().now())
        .detail(json!({"format": format.name(), "filters": query.described()}));
    tx.record(event);
    tx.commit().await?;
    let day = scope.clock().now().format("%Y-%m-%d");
    let name = format!("attachment; filename=\"{slug}-audit-{day}.{}\"", format.name());
    Ok(HttpResponse::Ok()
        .content_type(format.media_type())
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(Box::pin(pieces(scope, filter, format, start))))
}

/// What an export still has to send.
struct Sending {
    scope: Scope<ExportData>,
    filter: AuditFilter,
    format: Format,
    after: Option<EntryKey>,
    ready: VecDeque<Bytes>,
    is_first: bool,
    has_ended: bool,
}

/// The file in pieces. Each looks anew whether the person may still have it.
fn pieces(
    scope: Scope<ExportData>,
    filter: AuditFilter,
    format: Format,
    start: EntryKey,
) -> impl Stream<Item = anyhow::Result<Bytes>> {
    let head = match format {
        Format::Csv => Bytes::from(format!("{}\r\n", COLUMNS.join(","))),
        Format::Json => Bytes::from_static(b"[\n"),
    };
    let start = Sending {
        scope,
        filter,
        format,
        after: Some(start),
        ready: VecDeque::from([head]),
        is_first: true,
        has_ended: false,
    };
    stream::try_unfold(start, |mut sending| async move {
        if sending.ready.is_empty() && !sending.has_ended {
            sending.read().await?;
        }
        Ok(sending.ready.pop_front().map(|piece| (piece, sending)))
    })
}

impl Sending {
    async fn read(&mut self) -> anyhow::Result<()> {
        let mut tx = self.scope.begin().await.map_err(|error| anyhow::anyhow!("{error}"))?;
        let entries = store::read(&mut tx, &self.filter, self.after, BATCH).await?;
        drop(tx);
        self.after = entries.last().map(|last| EntryKey { ordinal: last.ordinal }).or(self.after);
        self.has_ended = entries.is_empty();
        if !entries.is_empty() {
            let text = match self.format {
                Format::Csv => table(&entries)?,
                Format::Json => self.items(&entries)?,
            };
            self.ready.push_back(text.into());
        }
        if self.has_ended && self.format == Format::Json {
            self.ready.push_back(Bytes::from_static(b"\n]\n"));
        }
        Ok(())
    }

    fn items(&mut self, entries: &[Entry]) -> anyhow::Result<Vec<u8>> {
        let mut text = Vec::new();
        for entry in entries {
            if !std::mem::take(&mut self.is_first) {
                text.extend_from_slice(b",\n");
            }
            serde_json::to_writer(&mut text, entry)?;
        }
        Ok(text)
    }
}

const COLUMNS: [&str; 16] = [
    "ordinal",
    "at",
    "actor_kind",
    "actor_id",
    "actor_name",
    "person_id",
    "person_name",
    "action",
    "subject_kind",
    "subject_id",
    "detail",
    "before",
    "after",
    "address",
    "user_agent",
    "request_id",
];

fn table(entries: &[Entry]) -> anyhow::Result<Vec<u8>> {
    let mut writer = ::csv::WriterBuilder::new()
        .terminator(::csv::Terminator::CRLF)
        .has_headers(false)
        .from_writer(Vec::new());
    for entry in entries {
        writer.write_record(cells(entry).iter().map(|cell| defused(cell)))?;
    }
    writer.into_inner().context("write the table")
}

fn cells(entry: &Entry) -> [String; 16] {
    let id = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let value = |value: &Option<Value>| value.as_ref().map(Value::to_string).unwrap_or_default();
    let entry = entry.clone();
    [
        entry.ordinal.to_string(),
        entry.at.to_rfc3339(),
        entry.actor_kind,
        id(entry.actor_id),
        entry.actor_name,
        id(entry.person_id),
        entry.person_name.unwrap_or_default(),
        entry.action,
        entry.subject_kind,
        entry.subject_id,
        entry.detail.to_string(),
        value(&entry.before),
        value(&entry.after),
        entry.address,
        entry.user_agent,
        entry.request_id,
    ]
}

/// A cell that no spreadsheet takes for a formula.
fn defused(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::defused;

    #[test]
    fn no_cell_is_a_formula() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(defused(cell), format!("'{cell}"));
        }
        assert_eq!(defused("Ada"), "Ada");
    }
}
