//! All that is kept about a person, as one file that is sent as it is read.

use std::collections::VecDeque;

use actix_web::{
    HttpResponse,
    http::header,
    web::{Bytes, Data},
};
use futures_util::{Stream, stream};
use serde_json::{Value, json};

use super::store::{self, Place};
use crate::{
    organizations::audit::{self, AuditFilter, EntryKey, Event},
    platform::clock::Clock,
    tenancy::{AccountId, Confirmed, Db, Routes, SystemReason, TenantTx},
    web::{Result, paging::PageRequest},
};

pub(super) const PATH: &str = "/account/data/export";

/// How many entries of a log are read at a time.
const BATCH: u16 = 200;

pub(super) fn routes() -> Routes {
    Routes::default().read(PATH, export)
}

/// Writes down that the person takes their data out, and then sends it.
async fn export(person: Confirmed, db: Data<Db>, clock: Data<Clock>) -> Result<HttpResponse> {
    let Confirmed(person) = person;
    let now = clock.now();
    let mut tx = db.system(SystemReason::Login).await?;
    let mut head = store::describe_person(&mut tx, person.account).await?;
    let places = store::list_places(&mut tx, person.account).await?;
    let event = Event::new("account.exported", "account", person.account, now);
    tx.record(Some(person.account), &person.origin, &event).await?;
    tx.commit().await?;
    if let Some(head) = head.as_object_mut() {
        head.insert("made_at".to_owned(), json!(now));
    }
    let name = format!(
        "attachment; filename=\"quarterdeck-{}-{}.json\"",
        person.login,
        now.format("%Y-%m-%d")
    );
    let sending = Sending {
        db: db.get_ref().clone(),
        account: person.account,
        ready: VecDeque::from([opened(&head, "organizations")]),
        places: places.into(),
        reading: None,
        is_first: true,
        has_ended: false,
    };
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(Box::pin(pieces(sending))))
}

/// An object that goes on with one more member, an array that is not closed yet.
fn opened(object: &Value, member: &str) -> Bytes {
    let mut text = object.to_string();
    text.pop();
    Bytes::from(format!("{text},\n\"{member}\":[\n"))
}

/// What is still to be sent.
struct Sending {
    db: Db,
    account: AccountId,
    ready: VecDeque<Bytes>,
    /// Of which nothing was sent.
    places: VecDeque<Place>,
    /// The one whose log is being read, and the entry it is read from.
    reading: Option<(Place, Option<EntryKey>)>,
    /// Whether the next item is the first one of its array.
    is_first: bool,
    has_ended: bool,
}

/// The file in pieces. Each looks anew whether the person still belongs to the organisation.
fn pieces(start: Sending) -> impl Stream<Item = anyhow::Result<Bytes>> {
    stream::try_unfold(start, |mut sending| async move {
        while sending.ready.is_empty() && !sending.has_ended {
            sending.read().await?;
        }
        Ok(sending.ready.pop_front().map(|piece| (piece, sending)))
    })
}

impl Sending {
    async fn read(&mut self) -> anyhow::Result<()> {
        if let Some((place, after)) = self.reading.take() {
            return self.read_log(place, after).await;
        }
        if let Some(place) = self.places.pop_front() {
            return self.begin(place).await;
        }
        self.ready.push_back(Bytes::from_static(b"\n]}\n"));
        self.has_ended = true;
        Ok(())
    }

    async fn enter(&self, place: &Place) -> anyhow::Result<Option<TenantTx>> {
        let mut tx = self.db.system(SystemReason::Login).await?;
        match tx.grant_of_member(place.tenant, self.account).await? {
            Some(grant) => Ok(Some(tx.enter(grant).await?)),
            None => Ok(None),
        }
    }

    async fn begin(&mut self, place: Place) -> anyhow::Result<()> {
        let Some(mut tx) = self.enter(&place).await? else { return Ok(()) };
        let mut about = store::describe_member(&mut tx, self.account).await?;
        if let Some(about) = about.as_object_mut() {
            about.insert("organization".to_owned(), json!(place.slug));
            about.insert("name".to_owned(), json!(place.name));
        }
        if !self.is_first {
            self.ready.push_back(Bytes::from_static(b",\n"));
        }
        self.ready.push_back(opened(&about, "done"));
        self.is_first = true;
        self.reading = Some((place, None));
        Ok(())
    }

    /// Reads on in what the person did, with and without tokens.
    async fn read_log(&mut self, place: Place, after: Option<EntryKey>) -> anyhow::Result<()> {
        let filter = AuditFilter { actor: Some(self.account.as_uuid()), ..AuditFilter::default() };
        let mut page = PageRequest::first(BATCH);
        page.after = after;
        let entries = match self.enter(&place).await? {
            Some(mut tx) => audit::list_page(&mut tx, &filter, &page).await?,
            None => Vec::new(),
        };
        let mut text = String::new();
        for entry in &entries {
            text.push_str(if self.is_first { "" } else { ",\n" });
            text.push_str(&serde_json::to_string(entry)?);
            self.is_first = false;
        }
        if !text.is_empty() {
            self.ready.push_back(text.into());
        }
        if let Some(last) = entries.last() {
            self.reading = Some((place, Some(EntryKey { ordinal: last.ordinal })));
        } else {
            self.ready.push_back(Bytes::from_static(b"\n]}"));
            self.is_first = false;
        }
        Ok(())
    }
}
