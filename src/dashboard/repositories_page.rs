//! The list of repositories, and the form that adds one.

use actix_web::{
    http::StatusCode,
    web::{Data, Form, Query},
};
use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{
    overview_page::viewing,
    store::{self, RepositoryNumbers},
};
use crate::{
    connecting,
    connections::Connections,
    organizations::{Rail, listening},
    repositories::{
        RepositoryKey, ScanReason, Source,
        disconnected::{self, Disconnected},
        marks,
        source::AllowedRoots,
    },
    tenancy::{ManageRepositories, Permission, Saved, Scope, ViewGitHub, ViewWork},
    web::{
        Result, chart,
        html::{
            Field, Filters, Html, Pager, Pill, SearchField, Shell, Tone, address, counted, render,
        },
        icon::Icon,
        paging::PageQuery,
        time::{Count, Moment},
    },
    work::{self, ScanSettings, ScanState, Viewing},
};

#[derive(Template)]
#[template(path = "dashboard/repositories.html")]
pub(super) struct RepositoriesPage {
    shell: Shell,
    filters: Filters,
    pager: Pager,
    repositories: Vec<RepositoryRow>,
    form: Option<AddForm>,
    /// For whoever may have them back.
    disconnected: Vec<DisconnectedRow>,
    /// Where GitHub is connected, for whoever may see it.
    github_href: Option<String>,
}

/// A repository that can still be had back.
struct DisconnectedRow {
    name: String,
    source: String,
    at: Moment,
    by: String,
    until: Moment,
    action: String,
}

struct AddForm {
    action: String,
    source: Field,
    paths_allowed: bool,
}

/// One repository in a list.
pub(super) struct RepositoryRow {
    pub name: String,
    pub href: String,
    pub source: String,
    pub language: String,
    pub projects: Count,
    pub open_tasks: Count,
    pub done_percent: Option<u8>,
    pub todos: Count,
    pub commits: Count,
    pub scan: Pill,
    pub scanned: Option<Moment>,
    /// What GitHub says of it, in words.
    pub marks: Vec<&'static str>,
    /// What it is called at GitHub, where that is another name.
    pub full_name: Option<String>,
}

pub(super) fn repository_row(row: RepositoryNumbers, viewing: &Viewing) -> RepositoryRow {
    let (open, done) = (Count::from_signed(row.open_tasks), Count::from_signed(row.done_tasks));
    let marks = marks(row.visibility.as_deref(), row.is_archived, row.is_deleted);
    // Where the address says it already, it need not stand there twice.
    let full_name = row.full_name.filter(|name| !row.source.contains(name.as_str()));
    RepositoryRow {
        marks,
        full_name,
        href: viewing.links.repository(&row.name),
        scan: freshness(row.scan_state),
        scanned: row.scanned_at.map(|at| Moment::new(at, viewing.now)),
        language: row.language.unwrap_or_default(),
        projects: Count::from_signed(row.projects),
        open_tasks: open,
        done_percent: chart::percent(done.0, open.0 + done.0),
        todos: Count::from_signed(row.notes),
        commits: Count::from_signed(row.commits),
        name: row.name,
        source: row.source,
    }
}

/// How the latest scan of a repository went, as one word beside it.
pub(super) fn freshness(state: Option<ScanState>) -> Pill {
    match state {
        None => Pill::new(Tone::Quiet, Icon::Clock, "not scanned"),
        Some(ScanState::Queued) => Pill::new(Tone::Quiet, Icon::Clock, "waiting"),
        Some(ScanState::Running) => Pill::new(Tone::Info, Icon::Running, "scanning"),
        Some(ScanState::Succeeded) => Pill::new(Tone::Good, Icon::Check, "scanned"),
        Some(ScanState::Failed) => Pill::new(Tone::Bad, Icon::Alert, "failed"),
        Some(ScanState::Cancelled) => Pill::new(Tone::Quiet, Icon::Dropped, "cancelled"),
    }
}

/// Which part of the list is asked for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ListQuery {
    q: Option<String>,
    /// An address to put into the form that connects a repository.
    connect: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
}

/// Shows the repositories, and the form to whoever may add one.
pub(super) async fn repositories(
    scope: Scope<ViewWork>,
    rail: Data<Rail>,
    settings: Data<ScanSettings>,
    query: Query<ListQuery>,
) -> Result<Html<RepositoriesPage>> {
    let frame = Frame { rail: &rail, settings: &settings };
    let source = Field { value: query.connect.clone().unwrap_or_default(), error: None };
    Ok(Html::new(page(&scope, &frame, &query, source).await?))
}

/// What the list and the form need of the server.
struct Frame<'a> {
    rail: &'a Rail,
    settings: &'a ScanSettings,
}

async fn page<P: Permission>(
    scope: &Scope<P>,
    frame: &Frame<'_>,
    query: &ListQuery,
    source: Field,
) -> Result<RepositoriesPage> {
    let viewing = viewing(scope);
    let request = PageQuery { cursor: query.cursor.clone(), limit: query.limit.clone() }
        .parse::<RepositoryKey>()?;
    let text = query.q.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let mut tx = scope.begin().await?;
    let rows = store::list_repositories(&mut tx, text, &request).await?;
    let page = request.page(rows, |row| RepositoryKey { name: row.name.clone() })?;
    let disconnected = if scope.may::<ManageRepositories>() {
        disconnected::list(&mut tx, viewing.now).await?
    } else {
        Vec::new()
    };
    drop(tx);

    let path = viewing.links.repositories();
    let with = |cursor: Option<&str>| {
        address(&path, &[("q", text), ("limit", query.limit.as_deref()), ("cursor", cursor)])
    };
    let form =
        AddForm { action: path.clone(), source, paths_allowed: paths_allowed(frame.settings) };
    Ok(RepositoriesPage {
        shell: listening(frame.rail.shell(scope, "repositories", Vec::new())),
        pager: Pager {
            summary: counted(page.items.len(), "repository", "repositories"),
            first: query.cursor.is_some().then(|| with(None)),
            next: page.next.as_deref().map(|next| with(Some(next))),
        },
        repositories: page.items.into_iter().map(|row| repository_row(row, &viewing)).collect(),
        form: scope.may::<ManageRepositories>().then_some(form),
        disconnected: disconnected
            .into_iter()
            .map(|one| disconnected_row(one, (&path, viewing.now)))
            .collect(),
        github_href: scope
            .may::<ViewGitHub>()
            .then(|| format!("/{}/{}", scope.organization().slug, connecting::ENTRY)),
        filters: Filters {
            search: Some(SearchField {
                value: query.q.clone().unwrap_or_default(),
                placeholder: "Filter by name".to_owned(),
            }),
            action: path,
            choices: Vec::new(),
        },
    })
}

fn disconnected_row(one: Disconnected, (path, now): (&str, DateTime<Utc>)) -> DisconnectedRow {
    DisconnectedRow {
        action: format!("{path}/disconnected/{}/undo", one.id),
        at: Moment::new(one.at, now),
        until: Moment::new(one.until(), now),
        name: one.name,
        source: one.source,
        by: one.by,
    }
}

fn paths_allowed(settings: &ScanSettings) -> bool {
    match &settings.policy.allowed_roots {
        AllowedRoots::Any => true,
        AllowedRoots::Within(roots) | AllowedRoots::Trusted { within: roots, .. } => {
            !roots.is_empty()
        }
    }
}

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct Add {
    source: String,
}

/// Connects a repository and shows its first scan; says beside the field why it cannot be.
pub(super) async fn add(
    scope: Scope<ManageRepositories>,
    rail: Data<Rail>,
    (settings, connections): (Data<ScanSettings>, Data<Connections>),
    form: Form<Add>,
) -> Result<Saved> {
    let (links, now) = (viewing(&scope).links, scope.clock().now());
    let problem = match Source::parse(&form.source, &settings.policy) {
        Err(error) => error.to_string(),
        Ok(source) => {
            // A repository that was renamed is the same one, which GitHub alone can say.
            let found = connecting::look_up(scope.begin().await?, &connections, &source).await?;
            let mut tx = scope.begin().await?;
            let connected = match &found {
                Some(found) => connecting::connect_found(&mut tx, found, &source, now).await?,
                None => work::connect(&mut tx, &source, ScanReason::Added, now).await?,
            };
            if connected.is_new {
                return Ok(tx.commit().await?.see_other(links.scan(connected.scan)));
            }
            let words = format!("This repository is connected already, as `{}`.", connected.name);
            // What GitHub has said of it just now is kept; nothing else was changed.
            if found.is_some() {
                tx.commit().await?;
            }
            words
        }
    };
    let field = Field { value: form.source.clone(), error: Some(problem) };
    let frame = Frame { rail: &rail, settings: &settings };
    let page = page(&scope, &frame, &ListQuery::default(), field).await?;
    let tx = scope.begin().await?;
    Ok(tx.refuse(render(StatusCode::UNPROCESSABLE_ENTITY, &page)).await?)
}
