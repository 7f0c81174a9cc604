//! The SQL of what became different between scans.
#![expect(
    clippy::as_conversions,
    reason = "`as` in a query's arguments is how sqlx is told their type; it converts nothing"
)]

use sqlx::types::{Json, Uuid};

use crate::{
    repositories::RepositoryId,
    tenancy::TenantTx,
    web::paging::PageRequest,
    work::{
        changes::{Area, ChangeCounts, ChangeKind, ScanChange, State, TaskChange},
        model::{OrdinalKey, ScanId},
    },
};

/// Reads what a repository is known to hold.
pub(crate) async fn read_state(tx: &mut TenantTx, repository: RepositoryId) -> sqlx::Result<State> {
    let projects = sqlx::query!(
        "SELECT path, name, version FROM projects WHERE repository_id = $1",
        repository.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await?;
    let dependencies = sqlx::query!(
        r#"SELECT p.path,
                  CASE d.scope WHEN 'runtime' THEN d.name ELSE format('%s (%s)', d.name, d.scope) END AS "name!",
                  string_agg(DISTINCT d.requirement, ', ' ORDER BY d.requirement) AS "requirement!"
           FROM dependencies d
           JOIN projects p ON p.id = d.project_id
           WHERE p.repository_id = $1
           GROUP BY p.path, d.name, d.scope"#,
        repository.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await?;
    let languages = sqlx::query!(
        "SELECT name, code FROM languages WHERE repository_id = $1",
        repository.as_uuid(),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(State {
        projects: projects.into_iter().map(|row| (row.path, (row.name, row.version))).collect(),
        dependencies: dependencies
            .into_iter()
            .map(|row| ((row.path, row.name), row.requirement))
            .collect(),
        languages: languages.into_iter().map(|row| (row.name, row.code)).collect(),
    })
}

/// The ids of the tasks that scans have found in a repository and, in the same order, their states.
pub(crate) type TaskStates = (Vec<Uuid>, Vec<String>);

/// Reads how the tasks stand; as two arrays, because there may be very many.
pub(crate) async fn read_task_states(
    tx: &mut TenantTx,
    repository: RepositoryId,
) -> sqlx::Result<TaskStates> {
    let row = sqlx::query!(
        r#"SELECT coalesce(array_agg(id ORDER BY id), '{}') AS "ids!",
                  coalesce(array_agg(state ORDER BY id), '{}') AS "states!"
           FROM tasks
           WHERE repository_id = $1
             AND source IN ('tasklist', 'todo')"#,
        repository.as_uuid(),
    )
    .fetch_one(tx.connection())
    .await?;
    Ok((row.ids, row.states))
}

/// Lists the tasks that stand otherwise than they did; those of test fixtures are nobody's work,
/// and those that history alone tells of are no news.
pub(crate) async fn list_task_changes(
    tx: &mut TenantTx,
    repository: RepositoryId,
    (ids, states): &TaskStates,
) -> sqlx::Result<Vec<TaskChange>> {
    sqlx::query_as!(
        TaskChange,
        r#"SELECT t.title, t.path AS "path!", o.state AS "before?", t.state AS after
           FROM tasks t
           LEFT JOIN UNNEST($2::uuid[], $3::text[]) AS o (id, state) ON o.id = t.id
           WHERE t.repository_id = $1
             AND t.source IN ('tasklist', 'todo')
             AND t.state IS DISTINCT FROM o.state
             AND NOT t.fixture
             AND (t.present OR o.state = 'open')
           ORDER BY t.id"#,
        repository.as_uuid(),
        ids,
        states,
    )
    .fetch_all(tx.connection())
    .await
}

/// Writes what is different since the scan before.
pub(crate) async fn insert_changes(
    tx: &mut TenantTx,
    scan: ScanId,
    counts: &ChangeCounts,
    changes: &[ScanChange],
) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query!("UPDATE scans SET changes = $2 WHERE id = $1", scan.as_uuid(), Json(counts) as _,)
        .execute(tx.connection())
        .await?;
    let text = |of: fn(&ScanChange) -> &str| {
        changes.iter().map(|change| of(change).to_owned()).collect::<Vec<_>>()
    };
    let maybe = |of: fn(&ScanChange) -> Option<&String>| {
        changes.iter().map(|change| of(change).cloned()).collect::<Vec<_>>()
    };
    sqlx::query!(
        "INSERT INTO scan_changes (tenant_id, scan_id, ordinal, area, kind, subject, place, before, after)
         SELECT $1, $2, c.ordinal, c.area, c.kind, c.subject, c.place, c.before, c.after
         FROM UNNEST($3::integer[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
              AS c (ordinal, area, kind, subject, place, before, after)",
        tenant.as_uuid(),
        scan.as_uuid(),
        &changes.iter().map(|change| change.ordinal).collect::<Vec<_>>(),
        &text(|change| change.area.as_str()),
        &text(|change| change.kind.as_str()),
        &text(|change| &change.subject),
        &text(|change| &change.place),
        &maybe(|change| change.before.as_ref()) as &[Option<String>],
        &maybe(|change| change.after.as_ref()) as &[Option<String>],
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Lists what is different since the scan before, a page at a time.
pub async fn list_changes(
    tx: &mut TenantTx,
    scan: ScanId,
    page: &PageRequest<OrdinalKey>,
) -> sqlx::Result<Vec<ScanChange>> {
    sqlx::query_as!(
        ScanChange,
        r#"SELECT ordinal, area AS "area: Area", kind AS "kind: ChangeKind", subject, place, before, after
           FROM scan_changes
           WHERE scan_id = $1
             AND ordinal > $2
           ORDER BY ordinal
           LIMIT $3"#,
        scan.as_uuid(),
        page.after.as_ref().map_or(0, |key| key.ordinal),
        page.fetch(),
    )
    .fetch_all(tx.connection())
    .await
}
