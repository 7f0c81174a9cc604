//! What changed since the scan before, as its page shows it.

use super::changes::{Area, ChangeCounts, ChangeKind, Counts, ScanChange, TaskCounts};
use crate::web::time::grouped;

/// The changes of one area.
#[derive(Debug)]
pub(super) struct AreaView {
    pub(super) title: &'static str,
    /// `2 opened, 1 closed`.
    pub(super) summary: String,
    pub(super) rows: Vec<ChangeRow>,
    /// Said below the rows where there are more than are listed.
    pub(super) more: Option<String>,
}

#[derive(Debug)]
pub(super) struct ChangeRow {
    pub(super) kind: &'static str,
    pub(super) subject: String,
    pub(super) place: String,
    /// `1.0 → 1.1`; empty where the kind says it all.
    pub(super) difference: String,
}

/// Makes the areas in which anything changed.
pub(super) fn areas(counts: &ChangeCounts, changes: Vec<ScanChange>) -> Vec<AreaView> {
    let mut views: Vec<AreaView> = Vec::new();
    let mut rows = changes;
    for area in Area::ALL {
        let (own, others): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|change| change.area == area);
        rows = others;
        let (total, summary) = summary(area, counts);
        if total > 0 {
            let hidden = total - i64::try_from(own.len()).unwrap_or(total);
            views.push(AreaView {
                title: title(area),
                summary,
                rows: own.into_iter().map(row).collect(),
                more: (hidden > 0).then(|| format!("{} more are not listed.", number(hidden))),
            });
        }
    }
    views
}

const fn title(area: Area) -> &'static str {
    match area {
        Area::Projects => "Projects",
        Area::Tasks => "Tasks",
        Area::Dependencies => "Dependencies",
        Area::Languages => "Languages",
    }
}

fn summary(area: Area, counts: &ChangeCounts) -> (i64, String) {
    match area {
        Area::Projects => of_things(counts.projects),
        Area::Tasks => of_tasks(counts.tasks),
        Area::Dependencies => of_things(counts.dependencies),
        Area::Languages => of_things(counts.languages),
    }
}

fn of_things(counts: Counts) -> (i64, String) {
    words(&[(counts.added, "added"), (counts.removed, "removed"), (counts.changed, "changed")])
}

fn of_tasks(counts: TaskCounts) -> (i64, String) {
    words(&[
        (counts.opened, "opened"),
        (counts.closed, "closed"),
        (counts.reopened, "reopened"),
        (counts.gone, "gone"),
    ])
}

fn words(counts: &[(i64, &str)]) -> (i64, String) {
    let said: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word}", number(*count)))
        .collect();
    (counts.iter().map(|(count, _)| count).sum(), said.join(", "))
}

fn number(count: i64) -> String {
    grouped(u64::try_from(count).unwrap_or(0))
}

fn row(change: ScanChange) -> ChangeRow {
    ChangeRow {
        difference: difference(&change),
        kind: change.kind.as_str(),
        subject: change.subject,
        place: if change.place == "." { String::new() } else { change.place },
    }
}

fn difference(change: &ScanChange) -> String {
    let said = |value: &Option<String>| match value.as_deref() {
        None | Some("") => "none".to_owned(),
        Some(value) if change.area == Area::Languages => {
            format!("{} lines", value.parse().map_or_else(|_| value.to_owned(), number))
        }
        Some(value) => value.to_owned(),
    };
    let one_side = if change.before.is_some() { &change.before } else { &change.after };
    match change.kind {
        ChangeKind::Opened | ChangeKind::Closed | ChangeKind::Reopened | ChangeKind::Gone => {
            String::new()
        }
        ChangeKind::Changed => format!("{} → {}", said(&change.before), said(&change.after)),
        ChangeKind::Added | ChangeKind::Removed => {
            if one_side.as_deref().is_none_or(str::is_empty) {
                String::new()
            } else {
                said(one_side)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(
        area: Area,
        kind: ChangeKind,
        before: Option<&str>,
        after: Option<&str>,
    ) -> ScanChange {
        ScanChange {
            ordinal: 1,
            area,
            kind,
            subject: "thing".to_owned(),
            place: ".".to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        }
    }

    #[test]
    fn a_difference_is_said_only_where_it_says_more_than_the_kind() {
        let said = |area, kind, before, after| difference(&change(area, kind, before, after));

        assert_eq!(said(Area::Projects, ChangeKind::Changed, None, Some("1.1")), "none → 1.1");
        assert_eq!(
            said(Area::Languages, ChangeKind::Changed, Some("1200"), Some("9")),
            "1\u{202f}200 lines → 9 lines"
        );
        assert_eq!(said(Area::Dependencies, ChangeKind::Added, None, Some("")), "");
        assert_eq!(said(Area::Tasks, ChangeKind::Closed, Some("open"), Some("done")), "");
    }

    #[test]
    fn an_area_says_how_many_are_not_listed() {
        let counts = ChangeCounts {
            tasks: TaskCounts { opened: 1200, closed: 1, ..TaskCounts::default() },
            ..ChangeCounts::default()
        };
        let opened = change(Area::Tasks, ChangeKind::Opened, None, Some("open"));

        let views = areas(&counts, vec![opened]);

        let view = views.first().unwrap();
        assert_eq!((views.len(), view.title), (1, "Tasks"));
        assert_eq!(view.summary, "1\u{202f}200 opened, 1 closed");
        assert_eq!(view.more.as_deref(), Some("1\u{202f}200 more are not listed."));
    }
}
