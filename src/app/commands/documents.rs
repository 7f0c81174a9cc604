//! Commands that print what the documents are made from.

use super::say;
use crate::{
    app::{cli::SchemaPart, database, openapi_document},
    platform::config::{Config, Environment},
    tenancy::{Access, PermissionEntry, Role, RouteEntry, TableRights, permissions},
};

pub(in crate::app) fn openapi() -> anyhow::Result<()> {
    say(&openapi_document().to_pretty_json()?);
    Ok(())
}

pub(in crate::app) async fn schema(
    config: &Config,
    environment: &Environment,
    part: SchemaPart,
) -> anyhow::Result<()> {
    if matches!(part, SchemaPart::Permissions) {
        say(&permission_table());
        return Ok(());
    }
    let opened = database::open(config, environment).await?;
    let text = match part {
        SchemaPart::Diagram => opened.db.entity_diagram().await?,
        SchemaPart::Rights => rights_table(&opened.db.table_rights().await?),
        SchemaPart::Permissions => String::new(),
    };
    opened.close().await;
    say(&text.trim_end());
    Ok(())
}

/// Tables × roles × policies.
fn rights_table(rows: &[TableRights]) -> String {
    let head = "| Table | Class | Tenant role | System role | Policies |\n|---|---|---|---|---|\n";
    rows.iter().fold(head.to_owned(), |text, row| {
        let policies = row.policies.join(", ");
        text + &format!(
            "| `{}` | {} | {} | {} | {policies} |\n",
            row.table, row.class, row.tenant, row.system
        )
    })
}

/// Permissions × roles, then every route with what it needs.
fn permission_table() -> String {
    let names: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
    let mut lines = vec![
        format!("| Permission | To | {} |", names.join(" | ")),
        format!("|---|---|{}", "---|".repeat(names.len())),
    ];
    lines.extend(permissions().iter().map(permission_line));
    lines.extend([String::new(), "| Route | Needs |".to_owned(), "|---|---|".to_owned()]);
    let routes = crate::app::routes();
    let mut entries: Vec<_> = routes.entries().iter().collect();
    entries.sort_by_key(|entry| (entry.path, entry.method.as_str()));
    lines.extend(entries.into_iter().map(route_line));
    lines.join("\n")
}

fn permission_line(entry: &PermissionEntry) -> String {
    let cells: Vec<&str> =
        Role::ALL.iter().map(|role| if *role >= entry.minimum { "yes" } else { "–" }).collect();
    format!("| `{}` | {} | {} |", entry.name, entry.words(), cells.join(" | "))
}

fn route_line(entry: &RouteEntry) -> String {
    let needs = match entry.access {
        Access::Permission { name, minimum } => format!("`{name}` ({minimum})"),
        Access::SignedIn => "signed in".to_owned(),
        Access::Anyone => "nothing".to_owned(),
    };
    format!("| `{} {}` | {needs} |", entry.method, entry.path)
}
