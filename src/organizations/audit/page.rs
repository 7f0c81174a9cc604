//! The page of the audit log: who did what, filters, files, and how long it is kept.

use actix_web::{
    http::StatusCode,
    web::{Data, Form, Query},
};
use askama::Template;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Event, api, export,
    model::{AuditFilter, Entry, EntryKey},
    store,
    words::{ACTIONS, ACTORS, KINDS, in_words, kind_in_words},
};
use crate::{
    organizations::{Rail, members::MemberFilter, store::members},
    tenancy::{ManageOrganization, Permission, Routes, Saved, Scope, TenantTx, ViewAudit},
    web::{
        Result,
        agent::browser,
        html::{Field, Filter, Filters, Html, Pager, SearchField, Shell, address, counted, render},
        icon::Icon,
        paging::{PageQuery, PageRequest},
        time::Moment,
    },
};

/// The least and the most days that the log is kept where it is not kept for ever.
const DAYS: std::ops::RangeInclusive<i32> = 30..=36_500;

pub(in crate::organizations) fn routes() -> Routes {
    Routes::default()
        .and(api::routes())
        .read("/{organization}/audit", audit)
        .read("/{organization}/audit/export.csv", export::csv)
        .read("/{organization}/audit/export.json", export::json)
        .post("/{organization}/audit/retention", keep)
}

/// What the page is asked for; what means nothing filters nothing.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct AuditQuery {
    /// An id, or a kind of actors that have none.
    actor: Option<String>,
    action: Option<String>,
    kind: Option<String>,
    from: Option<String>,
    to: Option<String>,
    q: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
}

impl AuditQuery {
    pub(super) fn filter(&self) -> AuditFilter {
        let actor = given(self.actor.as_ref());
        let day = |text: Option<&String>| given(text)?.parse::<NaiveDate>().ok();
        let start = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
        AuditFilter {
            actor: actor.and_then(|actor| actor.parse().ok()),
            actor_kind: among(&ACTORS, actor),
            action: among(&ACTIONS, given(self.action.as_ref())),
            subject_kind: among(&KINDS, given(self.kind.as_ref())),
            text: given(self.q.as_ref()).map(str::to_owned),
            from: day(self.from.as_ref()).map(start),
            // The day itself belongs to it.
            until: day(self.to.as_ref())
                .and_then(|day| day.checked_add_days(Days::new(1)))
                .map(start),
        }
    }

    fn parameters(&self) -> [(&'static str, Option<&str>); 6] {
        [
            ("actor", self.actor.as_deref()),
            ("action", self.action.as_deref()),
            ("kind", self.kind.as_deref()),
            ("from", self.from.as_deref()),
            ("to", self.to.as_deref()),
            ("q", self.q.as_deref()),
        ]
    }

    /// The filters that are set, for the entry about an export.
    pub(super) fn described(&self) -> Value {
        let set = self.parameters().into_iter().filter_map(|(name, value)| {
            let value = value.filter(|value| !value.is_empty())?;
            let value: String = value.chars().take(200).collect();
            Some((name.to_owned(), Value::from(value)))
        });
        Value::Object(set.collect())
    }

    fn pager(&self, path: &str, shown: usize, next: Option<&str>) -> Pager {
        let with = |cursor: Option<&str>| {
            let mut parameters = self.parameters().to_vec();
            parameters.extend([("limit", self.limit.as_deref()), ("cursor", cursor)]);
            address(path, &parameters)
        };
        let is_part = next.is_some() || self.cursor.is_some();
        Pager {
            summary: format!(
                "{}{}",
                counted(shown, "entry", "entries"),
                if is_part { " on this page" } else { "" }
            ),
            first: self.cursor.is_some().then(|| with(None)),
            next: next.map(|cursor| with(Some(cursor))),
        }
    }

    async fn filters(&self, tx: &mut TenantTx, action: String) -> Result<Filters> {
        let owned = |words: &[(&str, &str)]| -> Vec<(String, String)> {
            words.iter().map(|(value, label)| ((*value).to_owned(), (*label).to_owned())).collect()
        };
        let everybody = MemberFilter::default();
        let members = members::list(tx, &everybody, &PageRequest::first(200)).await?;
        let tokens = store::list_tokens(tx).await?;
        let mut actors: Vec<_> = members
            .into_iter()
            .map(|member| (member.account.to_string(), member.name))
            .chain(tokens.into_iter().map(|(id, name)| (id.to_string(), format!("token {name}"))))
            .collect();
        actors.extend(owned(&ACTORS));
        Ok(Filters {
            action,
            search: Some(SearchField {
                value: self.q.clone().unwrap_or_default(),
                placeholder: "Filter by any text".to_owned(),
            }),
            choices: vec![
                Filter::new("actor", "who", self.actor.as_deref(), actors),
                Filter::new("action", "what", self.action.as_deref(), owned(&ACTIONS)),
                Filter::new("kind", "object", self.kind.as_deref(), owned(&KINDS)),
                Filter::day("from", "from", self.from.as_deref()),
                Filter::day("to", "to", self.to.as_deref()),
            ],
        })
    }
}

fn given(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

fn among(words: &[(&str, &str)], chosen: Option<&str>) -> Option<String> {
    words.iter().find(|(value, _)| Some(*value) == chosen).map(|(value, _)| (*value).to_owned())
}

#[derive(Template)]
#[template(path = "organizations/audit.html")]
struct AuditPage {
    shell: Shell,
    filters: Filters,
    entries: Vec<EntryRow>,
    pager: Pager,
    csv: String,
    json: String,
    retention: Retention,
}

/// How long the log is kept, and the form for whoever may change that.
struct Retention {
    in_words: String,
    form: Option<RetentionForm>,
}

struct RetentionForm {
    action: String,
    days: Field,
}

struct EntryRow {
    ordinal: i64,
    /// Of the sort that has a person, an own icon.
    icon: Icon,
    who: String,
    /// The person behind a token.
    behind: Option<String>,
    what: String,
    kind: String,
    object: String,
    at: Moment,
    changes: Vec<ChangeRow>,
    facts: Vec<(String, String)>,
    address: String,
    browser: Option<String>,
    request: String,
}

/// One value that a change changed.
struct ChangeRow {
    name: String,
    before: String,
    after: String,
}

impl EntryRow {
    fn new(entry: Entry, now: DateTime<Utc>) -> Self {
        let is_token = entry.actor_kind == "token";
        Self {
            ordinal: entry.ordinal,
            icon: icon(&entry.actor_kind),
            behind: entry.person_name.clone().filter(|_| is_token),
            who: entry.actor_name,
            what: in_words(&entry.action).to_owned(),
            kind: kind_in_words(&entry.subject_kind).to_owned(),
            object: object(&entry.detail, entry.after.as_ref(), &entry.subject_id),
            at: Moment::new(entry.at, now),
            changes: changes(entry.before.as_ref(), entry.after.as_ref()),
            facts: facts(&entry.detail),
            browser: (!entry.user_agent.is_empty()).then(|| browser(&entry.user_agent)),
            address: entry.address,
            request: entry.request_id,
        }
    }
}

fn icon(actor_kind: &str) -> Icon {
    match actor_kind {
        "token" => Icon::Api,
        "command" => Icon::Keyboard,
        "job" => Icon::Running,
        "unknown" => Icon::Alert,
        _ => Icon::Person,
    }
}

/// The object's name where the entry says it, else its id.
fn object(detail: &Value, after: Option<&Value>, id: &str) -> String {
    let named = |value: &Value| {
        let name = value.get("name").or_else(|| value.get("login"))?;
        name.as_str().map(str::to_owned)
    };
    named(detail).or_else(|| after.and_then(named)).unwrap_or_else(|| id.to_owned())
}

fn changes(before: Option<&Value>, after: Option<&Value>) -> Vec<ChangeRow> {
    let keys = |value: Option<&Value>| -> Vec<String> {
        value
            .and_then(Value::as_object)
            .map(|map| map.keys().cloned().collect())
            .unwrap_or_default()
    };
    let mut names = keys(before);
    names.extend(keys(after));
    names.sort();
    names.dedup();
    let of = |value: Option<&Value>, name: &str| {
        value.and_then(|value| value.get(name)).map_or_else(|| "–".to_owned(), text)
    };
    let row = |name: String| ChangeRow {
        before: of(before, &name),
        after: of(after, &name),
        name: label(&name),
    };
    names.into_iter().map(row).filter(|row| row.before != row.after).collect()
}

fn facts(detail: &Value) -> Vec<(String, String)> {
    let Some(map) = detail.as_object() else { return Vec::new() };
    map.iter().map(|(name, value)| (label(name), text(value))).collect()
}

fn label(name: &str) -> String {
    name.replace('_', " ")
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// Shows the log, newest first.
async fn audit(
    scope: Scope<ViewAudit>,
    rail: Data<Rail>,
    query: Query<AuditQuery>,
) -> Result<Html<AuditPage>> {
    Ok(Html::new(page(&scope, &rail, &query, None).await?))
}

async fn page<P: Permission>(
    scope: &Scope<P>,
    rail: &Rail,
    query: &AuditQuery,
    typed: Option<Field>,
) -> Result<AuditPage> {
    let paging = PageQuery { cursor: query.cursor.clone(), limit: query.limit.clone() };
    let request = paging.parse::<EntryKey>()?;
    let path = format!("/{}/audit", scope.organization().slug);
    let mut tx = scope.begin().await?;
    let rows = store::list_page(&mut tx, &query.filter(), &request).await?;
    let filters = query.filters(&mut tx, path.clone()).await?;
    let days = store::find_keep_days(&mut tx).await?;
    drop(tx);
    let page = request.page(rows, |row| EntryKey { ordinal: row.ordinal })?;
    let now = scope.clock().now();
    let file = |kind: &str| address(&format!("{path}/export.{kind}"), &query.parameters());
    Ok(AuditPage {
        shell: rail.shell(scope, "audit", Vec::new()),
        pager: query.pager(&path, page.items.len(), page.next.as_deref()),
        filters,
        entries: page.items.into_iter().map(|entry| EntryRow::new(entry, now)).collect(),
        csv: file("csv"),
        json: file("json"),
        retention: retention(scope, &path, days, typed),
    })
}

fn retention<P: Permission>(
    scope: &Scope<P>,
    path: &str,
    days: Option<i32>,
    typed: Option<Field>,
) -> Retention {
    let value = days.map(|days| days.to_string()).unwrap_or_default();
    Retention {
        in_words: days.map_or_else(
            || "Entries are kept for ever.".to_owned(),
            |days| format!("Entries are deleted after {days} days."),
        ),
        form: scope.may::<ManageOrganization>().then(|| RetentionForm {
            action: format!("{path}/retention"),
            days: typed.unwrap_or(Field { value, error: None }),
        }),
    }
}

/// What the form of the retention sends.
#[derive(Deserialize)]
struct Keep {
    #[serde(default)]
    days: String,
}

/// Changes how long the log is kept.
async fn keep(
    scope: Scope<ManageOrganization>,
    rail: Data<Rail>,
    form: Form<Keep>,
) -> Result<Saved> {
    let days = match parse_days(&form.days) {
        Ok(days) => days,
        Err(error) => {
            let field = Field { value: form.days.clone(), error: Some(error) };
            let page = page(&scope, &rail, &AuditQuery::default(), Some(field)).await?;
            let form = render(StatusCode::UNPROCESSABLE_ENTITY, &page);
            return Ok(scope.begin().await?.refuse(form).await?);
        }
    };
    let mut tx = scope.begin().await?;
    let before = store::find_keep_days(&mut tx).await?;
    if before != days {
        store::set_keep_days(&mut tx, days).await?;
        let now = scope.clock().now();
        let event = Event::new("audit.retention_changed", "audit", tx.tenant(), now)
            .changed(json!({"days": before}), json!({"days": days}));
        tx.record(event);
    }
    Ok(tx.commit().await?.see_other(format!("/{}/audit", scope.organization().slug)))
}

fn parse_days(text: &str) -> Result<Option<i32>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let days = text.parse().ok().filter(|days| DAYS.contains(days));
    days.map(Some).ok_or_else(|| {
        format!("A number of days from {} to {}, or nothing.", DAYS.start(), DAYS.end())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_kept_for_thirty_days_or_more_or_for_ever() {
        assert_eq!(parse_days(" "), Ok(None));
        assert_eq!(parse_days("30"), Ok(Some(30)));
        for text in ["29", "-1", "soon", "36501"] {
            assert!(parse_days(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_change_shows_what_became_different() {
        let (before, after) =
            (json!({"name": "a", "source": "x"}), json!({"name": "b", "source": "x"}));

        let rows = changes(Some(&before), Some(&after));

        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].before.as_str(), rows[0].after.as_str()), ("a", "b"));
    }

    #[test]
    fn the_last_day_of_a_filter_belongs_to_it() {
        let query = AuditQuery {
            from: Some("2026-03-01".to_owned()),
            to: Some("2026-03-01".to_owned()),
            ..AuditQuery::default()
        };

        let filter = query.filter();

        assert_eq!((filter.until.unwrap() - filter.from.unwrap()).num_hours(), 24);
    }
}
