//! The page that says how a repository stands to GitHub: what is read, how fast, what is left, what failed.

use actix_web::web::{Data, Path};
use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};

use super::{
    actions::{self, Action},
    model::{Import, ImportState, Reason},
    views::{Asked, Standing},
};
use crate::{
    connections::Connections,
    organizations::{Rail, listening},
    repositories::{self, Repository},
    tenancy::{ManageGitHub, ManageRepositories, Routes, Saved, Scope, TenantTx, ViewWork},
    web::{
        AppError, Result, chart,
        html::{Crumb, Html, Pill, Shell, Tone},
        icon::Icon,
        time::{Count, Moment, grouped},
    },
    work::Links,
};

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/{organization}/repositories/{repository}/sync", sync)
        .post("/{organization}/repositories/{repository}/sync/import", import)
        .post("/{organization}/repositories/{repository}/sync/resume", resume)
        .post("/{organization}/repositories/{repository}/sync/cancel", cancel)
}

#[derive(Template)]
#[template(path = "sync/sync.html")]
struct SyncPage {
    shell: Shell,
    name: String,
    /// This page, which the stream's events fetch again.
    here: String,
    repository_href: String,
    pill: Pill,
    is_on_github: bool,
    settings_href: Option<String>,
    /// Where GitHub is connected, for whoever may.
    connect_href: Option<String>,
    connection: Option<ConnectionView>,
    complete_through: Option<Moment>,
    compared: Option<ComparedView>,
    rows: Vec<Row>,
    import: Option<String>,
    resume: Option<String>,
    cancel: Option<String>,
}

/// By what GitHub is asked, and what it lets that ask.
struct ConnectionView {
    name: String,
    quota: String,
    waits: Option<Moment>,
    problem: Option<String>,
}

/// The comparison by the clock.
struct ComparedView {
    next: Moment,
    error: Option<String>,
}

/// How one resource stands.
struct Row {
    name: &'static str,
    pill: Pill,
    items: Count,
    total: Option<Count>,
    percent: Option<u8>,
    rate: Option<Count>,
    end: Option<Moment>,
    complete_through: Option<Moment>,
    remark: String,
    is_problem: bool,
}

/// Shows how a repository stands to GitHub; live while it is read.
async fn sync(
    scope: Scope<ViewWork>,
    rail: Data<Rail>,
    connections: Data<Connections>,
    path: Path<(String, String)>,
) -> Result<Html<SyncPage>> {
    let (links, now) = (Links::of(&scope), scope.clock().now());
    let mut tx = scope.begin().await?;
    let repository = find(&mut tx, &path.1).await?;
    let standing = Standing::find(&mut tx, &connections, repository.id).await?;
    let standing = standing.ok_or(AppError::NotFound)?;
    let may_act = scope.may::<ManageRepositories>() && actions::may(&mut tx, repository.id).await?;
    drop(tx);
    let repository_href = links.repository(&repository.name);
    let here = links.sync(&repository.name);
    let steps = vec![Crumb::new(&repository.name, &repository_href), Crumb::new("GitHub", &here)];
    let action =
        |name: &str, is_there: bool| (may_act && is_there).then(|| format!("{here}/{name}"));
    let can_ask = standing.is_on_github() && standing.connection.is_some();
    Ok(Html::new(SyncPage {
        shell: listening(rail.shell(&scope, "repositories", steps)),
        pill: pill_of_all(&standing),
        is_on_github: standing.is_on_github(),
        connect_href: scope.may::<ManageGitHub>().then(|| links.github()),
        settings_href: may_act.then(|| links.settings(&repository.name)),
        complete_through: standing.all_complete_through().map(|at| Moment::new(at, now)),
        compared: standing.sync.as_ref().filter(|_| can_ask).map(|sync| ComparedView {
            next: Moment::new(sync.due_at, now),
            error: sync.error.clone(),
        }),
        rows: standing.imports.iter().map(|import| row(&standing, import, now)).collect(),
        import: action("import", can_ask && !standing.is_running()),
        resume: action("resume", can_ask && standing.can_go_on()),
        cancel: action("cancel", standing.is_running()),
        connection: standing.connection.map(|asked| connection(asked, now)),
        name: repository.name,
        repository_href,
        here,
    }))
}

async fn find(tx: &mut TenantTx, name: &str) -> Result<Repository> {
    repositories::find_named(tx, name).await?.ok_or(AppError::NotFound)
}

fn connection(asked: Asked, now: DateTime<Utc>) -> ConnectionView {
    let number = |number: i64| grouped(u64::try_from(number).unwrap_or(0));
    let quota = asked.quota.map(|quota| {
        format!("{} of {} requests an hour", number(quota.remaining), number(quota.limit))
    });
    ConnectionView {
        name: asked.name,
        quota: quota.unwrap_or_default(),
        waits: asked.wait_until.map(|until| Moment::new(until, now)),
        problem: asked.problem,
    }
}

/// The state of the whole as one word.
fn pill_of_all(standing: &Standing) -> Pill {
    let has = |state| standing.imports.iter().any(|import| import.state == state);
    let is_daily = standing.imports.iter().any(|import| import.reason == Reason::Sweep);
    match standing {
        _ if standing.imports.is_empty() => Pill::new(Tone::Quiet, Icon::Clock, "not read yet"),
        _ if has(ImportState::Quota) => Pill::new(Tone::Warn, Icon::Clock, "waits for GitHub"),
        _ if standing.is_running() && is_daily => {
            Pill::new(Tone::Info, Icon::Running, "reading all once more")
        }
        _ if standing.is_running() => Pill::new(Tone::Info, Icon::Running, "reading"),
        _ if has(ImportState::Failed) => Pill::new(Tone::Bad, Icon::Alert, "not all could be read"),
        _ if has(ImportState::Cancelled) => Pill::new(Tone::Quiet, Icon::Dropped, "cancelled"),
        Standing { sync: Some(sync), .. } if sync.error.is_some() => {
            Pill::new(Tone::Warn, Icon::Warning, "not compared")
        }
        _ => Pill::new(Tone::Good, Icon::Check, "in step"),
    }
}

fn pill(import: &Import) -> Pill {
    match import.state {
        ImportState::Waiting => Pill::new(Tone::Quiet, Icon::Clock, "waits"),
        ImportState::Running => Pill::new(Tone::Info, Icon::Running, "reading"),
        ImportState::Quota => Pill::new(Tone::Warn, Icon::Clock, "paused"),
        ImportState::Done => Pill::new(Tone::Good, Icon::Check, "read"),
        ImportState::Failed => Pill::new(Tone::Bad, Icon::Alert, "failed"),
        ImportState::Cancelled => Pill::new(Tone::Quiet, Icon::Dropped, "cancelled"),
    }
}

fn row(standing: &Standing, import: &Import, now: DateTime<Utc>) -> Row {
    let items = Count::from_signed(import.items);
    let total = import.total.filter(|_| import.state != ImportState::Done).map(Count::from_signed);
    let rate = import.rate().filter(|_| !import.state.is_over());
    // What ends at once needs no time.
    let end = import.estimated_end(now).filter(|end| *end - now > TimeDelta::minutes(1));
    Row {
        name: import.resource.in_words(),
        pill: pill(import),
        items,
        total,
        percent: total.and_then(|total| chart::percent(items.0.min(total.0), total.0)),
        rate: rate.map(Count::from_signed),
        end: end.map(|end| Moment::new(end, now)),
        complete_through: standing.complete_through(import).map(|at| Moment::new(at, now)),
        is_problem: import.error.is_some(),
        remark: import.error.clone().or_else(|| import.remark.clone()).unwrap_or_default(),
    }
}

/// Has everything read again.
async fn import(scope: Scope<ManageRepositories>, path: Path<(String, String)>) -> Result<Saved> {
    act(scope, &path.1, Action::Import).await
}

/// Goes on with what failed or was cancelled.
async fn resume(scope: Scope<ManageRepositories>, path: Path<(String, String)>) -> Result<Saved> {
    act(scope, &path.1, Action::Resume).await
}

/// Ends the reading that is under way.
async fn cancel(scope: Scope<ManageRepositories>, path: Path<(String, String)>) -> Result<Saved> {
    act(scope, &path.1, Action::Cancel).await
}

async fn act(scope: Scope<ManageRepositories>, name: &str, action: Action) -> Result<Saved> {
    let mut tx = scope.begin().await?;
    let repository = find(&mut tx, name).await?;
    // A button of a page that has been open for long: what it shows next says how things stand.
    actions::act(&mut tx, &repository, action, scope.clock().now()).await?;
    let here = Links::of(&scope).sync(&repository.name);
    Ok(tx.commit().await?.see_other(here))
}
