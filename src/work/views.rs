//! What pages show of projects, tasks, commits and scans: words, pills and addresses made of the models.

use chrono::{DateTime, Utc};

use super::{
    links::Links,
    model::{
        Commit, Deed, Phase, Project, ProjectId, Scan, ScanState, Task, TaskPlace, TaskSource,
        TaskState,
    },
};
use crate::{
    tenancy::{Permission, RequestScan, Scope},
    web::{
        chart,
        html::{Pill, Tone, initials},
        icon::Icon,
        time::{Age, Count, Moment, span},
    },
};

/// What every view needs to know besides the model.
#[derive(Clone, Debug)]
pub struct Viewing {
    pub links: Links,
    pub now: DateTime<Utc>,
    /// Whether buttons that ask for scans and cancel them are shown.
    pub may_scan: bool,
}

impl Viewing {
    pub fn of<P: Permission>(scope: &Scope<P>) -> Self {
        Self {
            links: Links::of(scope),
            now: scope.clock().now(),
            may_scan: scope.may::<RequestScan>(),
        }
    }

    /// Where a scan is cancelled, if it can be and the person may.
    pub(super) fn cancel_of(&self, scan: &Scan) -> Option<String> {
        (self.may_scan && !scan.state.is_over()).then(|| self.links.cancel(scan.id))
    }
}

/// A row of a list of tasks.
#[derive(Debug)]
pub struct TaskRow {
    pub id: String,
    pub title: String,
    pub href: String,
    pub project: String,
    pub project_href: String,
    pub section: String,
    /// Its file and line, or GitHub's number.
    pub location: String,
    /// Its page at GitHub.
    pub outside: Option<String>,
    pub status: Pill,
    /// None where it is older than what is known of the history.
    pub opened: Option<Age>,
    /// Who opened it, by the commit or at GitHub, and whom a note names.
    pub by: String,
}

impl TaskRow {
    pub fn new(task: Task, viewing: &Viewing) -> Self {
        let links = &viewing.links;
        let project_href = task
            .project_id
            .map_or_else(|| links.repository(&task.repository), |id| links.project(id));
        Self {
            status: task_pill(&task),
            id: task.key.unwrap_or_default(),
            href: links.task(task.id),
            opened: task.opened_at.map(|at| Age::new(at, viewing.now)),
            by: match &task.place {
                TaskPlace::File { .. } => by(task.opened.as_ref(), task.author.as_deref()),
                TaskPlace::GitHub { .. } => task.author.unwrap_or_default(),
            },
            location: location(&task.place),
            outside: match task.place {
                TaskPlace::File { .. } => None,
                TaskPlace::GitHub { url, .. } => Some(url),
            },
            project: task.project.unwrap_or(task.repository),
            project_href,
            section: task.section.unwrap_or_default(),
            title: task.title,
        }
    }
}

/// `src/main.rs:12`, or `#12`.
pub(super) fn location(place: &TaskPlace) -> String {
    match place {
        TaskPlace::File { path, line } => format!("{path}:{line}"),
        TaskPlace::GitHub { number, .. } => format!("#{number}"),
    }
}

/// `Ada`, or `Ada for grace` where a note names somebody else.
fn by(opened: Option<&Deed>, named: Option<&str>) -> String {
    match (opened.map(|opened| opened.name.as_str()), named) {
        (Some(name), Some(named)) if !name.eq_ignore_ascii_case(named) => {
            format!("{name} for {named}")
        }
        (Some(name), _) => name.to_owned(),
        (None, Some(named)) => format!("for {named}"),
        (None, None) => String::new(),
    }
}

/// A note in a comment shows its marker as long as it is there, any other task its box.
pub(super) fn task_pill(task: &Task) -> Pill {
    match (task.state, task.source) {
        (TaskState::Done, _) => Pill::new(Tone::Good, Icon::Done, "done"),
        (TaskState::Removed, _) => Pill::new(Tone::Quiet, Icon::Dropped, "gone"),
        (TaskState::Open, TaskSource::Tasklist | TaskSource::Issue | TaskSource::Pull) => {
            Pill::new(Tone::Info, Icon::Open, "open")
        }
        (TaskState::Open, TaskSource::Todo) => {
            marker_pill(task.marker.as_deref().unwrap_or("TODO"))
        }
    }
}

fn marker_pill(marker: &str) -> Pill {
    let tone = if marker == "TODO" { Tone::Quiet } else { Tone::Warn };
    Pill::new(tone, Icon::File, marker)
}

/// A row of the tree of projects.
#[derive(Debug)]
pub struct ProjectRow {
    pub name: String,
    pub href: String,
    pub kind: &'static str,
    pub version: String,
    pub path: String,
    /// Ancestors in the list, at most 4.
    pub depth: usize,
    pub done_percent: Option<u8>,
    pub open_tasks: Count,
    pub is_fixture: bool,
    pub has_children: bool,
    pub is_current: bool,
    pub done: String,
}

/// Makes rows of projects that stand in the order of the tree.
pub fn project_rows(
    projects: &[Project],
    current: Option<ProjectId>,
    viewing: &Viewing,
) -> Vec<ProjectRow> {
    let mut depths = std::collections::HashMap::<ProjectId, usize>::new();
    let mut rows = Vec::with_capacity(projects.len());
    for project in projects {
        let above =
            project.parent_id.map(|parent| depths.get(&parent).map_or(0, |depth| depth + 1));
        let depth = above.unwrap_or(0).min(4);
        depths.insert(project.id, depth);
        let has_children = projects.iter().any(|other| other.parent_id == Some(project.id));
        rows.push(
            project_row(project, depth, viewing).marked(has_children, current == Some(project.id)),
        );
    }
    rows
}

impl ProjectRow {
    fn marked(self, has_children: bool, is_current: bool) -> Self {
        Self { has_children, is_current, ..self }
    }
}

fn project_row(project: &Project, depth: usize, viewing: &Viewing) -> ProjectRow {
    let (open, done) =
        (Count::from_signed(project.open_tasks), Count::from_signed(project.done_tasks));
    let done_percent = chart::percent(done.0, open.0 + done.0);
    ProjectRow {
        name: project.name.clone(),
        href: viewing.links.project(project.id),
        kind: kind_label(&project.kind),
        version: project.version.clone().unwrap_or_default(),
        path: project.path.clone(),
        depth,
        done_percent,
        open_tasks: open,
        is_fixture: project.fixture,
        has_children: false,
        is_current: false,
        done: done_percent.map(|percent| format!("{percent} %")).unwrap_or_default(),
    }
}

/// A detector's kind in words.
pub(super) fn kind_label(kind: &str) -> &'static str {
    match kind {
        "npm" => "npm package",
        "python" => "Python package",
        "rust" => "Rust crate",
        "go" => "Go module",
        "tasklist" => "Task list",
        _ => "Directory",
    }
}

/// A row of a list of commits.
#[derive(Debug)]
pub struct CommitRow {
    pub title: String,
    pub href: String,
    pub short: String,
    pub author: String,
    pub initials: String,
    pub repository: String,
    pub repository_href: String,
    pub at: Moment,
    pub files: Count,
    pub added: Count,
    pub removed: Count,
    pub is_merge: bool,
    pub day: String,
}

impl CommitRow {
    pub fn new(commit: Commit, viewing: &Viewing) -> Self {
        Self {
            href: viewing.links.commit(&commit.repository, &commit.oid.to_string()),
            short: commit.oid.short(),
            initials: initials(&commit.author_name),
            author: commit.author_name,
            repository_href: viewing.links.repository(&commit.repository),
            repository: commit.repository,
            at: Moment::new(commit.committed_at, viewing.now),
            files: Count::from_signed(commit.files_changed),
            added: Count::from_signed(commit.insertions),
            removed: Count::from_signed(commit.deletions),
            is_merge: commit.parents.len() > 1,
            day: day_label(commit.committed_at, viewing.now),
            title: if commit.subject.is_empty() {
                "(no message)".to_owned()
            } else {
                commit.subject
            },
        }
    }
}

fn day_label(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match (now.date_naive() - at.date_naive()).num_days() {
        0 => "Today".to_owned(),
        1 => "Yesterday".to_owned(),
        _ => at.format("%A, %-d %B %Y").to_string(),
    }
}

/// A row of a list of scans.
#[derive(Debug)]
pub struct ScanRow {
    pub href: String,
    pub repository: String,
    pub pill: Pill,
    pub started: Moment,
    pub took: String,
    pub projects: String,
    pub tasks: String,
    pub warnings: Count,
    /// Where it is cancelled, as long as it has not ended.
    pub cancel: Option<String>,
}

impl ScanRow {
    pub fn new(scan: &Scan, viewing: &Viewing) -> Self {
        let counted = |count: fn(&super::Found) -> i64| {
            scan.found
                .as_ref()
                .map(|found| Count::from_signed(count(found)).0.to_string())
                .unwrap_or_default()
        };
        Self {
            href: viewing.links.scan(scan.id),
            repository: scan.repository.clone(),
            pill: scan_pill(scan.state),
            started: Moment::new(scan.started_at.unwrap_or(scan.queued_at), viewing.now),
            took: took(scan).unwrap_or_default(),
            projects: counted(|found| found.projects),
            tasks: counted(|found| found.tasks),
            warnings: Count::from_signed(scan.warnings),
            cancel: viewing.cancel_of(scan),
        }
    }
}

/// How long a finished scan took.
pub(super) fn took(scan: &Scan) -> Option<String> {
    let lasted = scan.finished_at? - scan.started_at?;
    Some(span(u64::try_from(lasted.num_milliseconds()).unwrap_or(0)))
}

pub(super) fn scan_pill(state: ScanState) -> Pill {
    match state {
        ScanState::Queued => Pill::new(Tone::Quiet, Icon::Clock, "waiting"),
        ScanState::Running => Pill::new(Tone::Info, Icon::Running, "running"),
        ScanState::Succeeded => Pill::new(Tone::Good, Icon::Check, "done"),
        ScanState::Failed => Pill::new(Tone::Bad, Icon::Alert, "failed"),
        ScanState::Cancelled => Pill::new(Tone::Quiet, Icon::Dropped, "cancelled"),
    }
}

/// A scan under way: what it is at, how far, how fast, how much longer.
#[derive(Debug)]
pub struct ScanProgress {
    pub href: String,
    pub repository: String,
    pub phase: String,
    pub count: Count,
    pub total: Option<Count>,
    pub percent: Option<u8>,
    pub unit: &'static str,
    pub rate: String,
    pub remaining: String,
    /// Where it is cancelled.
    pub cancel: Option<String>,
}

impl ScanProgress {
    /// None for a scan that has ended.
    pub fn of(scan: &Scan, viewing: &Viewing) -> Option<Self> {
        (!scan.state.is_over()).then(|| Self::running(scan, viewing))
    }

    fn running(scan: &Scan, viewing: &Viewing) -> Self {
        let done = Count::from_signed(scan.done);
        let total = scan.total.map(Count::from_signed).filter(|total| total.0 > 0);
        let (words, unit) = phase_words(scan.phase);
        let phase = scan.ahead.map_or_else(|| words.to_owned(), place_words);
        let seconds = scan.started_at.map_or(0, |started| (viewing.now - started).num_seconds());
        // Over the whole scan so far: the rate of a phase would jump at its start.
        let rate = done.0.checked_div(u64::try_from(seconds).unwrap_or(0)).filter(|rate| *rate > 0);
        let left = total.and_then(|total| total.0.saturating_sub(done.0).checked_div(rate?));
        Self {
            cancel: viewing.cancel_of(scan),
            href: viewing.links.scan(scan.id),
            repository: scan.repository.clone(),
            phase,
            count: done,
            total,
            percent: total.and_then(|total| chart::percent(done.0, total.0)),
            unit,
            rate: rate
                .map(|rate| format!("{} a second", crate::web::time::grouped(rate)))
                .unwrap_or_default(),
            remaining: left
                .map(|left| format!("{} left", span(left.max(1) * 1000)))
                .unwrap_or_default(),
        }
    }
}

/// How long a waiting scan waits; of other organisations nothing is told.
fn place_words(ahead: i64) -> String {
    match ahead {
        0 => "Waiting for a free slot".to_owned(),
        1 => "Waiting, 1 scan before this one".to_owned(),
        more => format!("Waiting, {more} scans before this one"),
    }
}

const fn phase_words(phase: Phase) -> (&'static str, &'static str) {
    match phase {
        Phase::Waiting => ("Waiting for its turn", ""),
        Phase::Fetching => ("Fetching", "bytes"),
        Phase::History => ("Reading history", "commits"),
        Phase::Files => ("Reading files", "files"),
        Phase::Saving => ("Saving", ""),
        Phase::Finished => ("Finished", ""),
    }
}
