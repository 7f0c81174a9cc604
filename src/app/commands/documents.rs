//! Commands that print what the documents are made from.

use super::say;
use crate::{
    app::{cli::SchemaPart, database, openapi_document},
    platform::config::{Config, Environment},
    tenancy::{Access, Role, TableRights, permissions},
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
        say(&permission_table().trim_end());
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
    let mut text =
        format!("| Permission | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(names.len()));
    for (name, minimum) in permissions() {
        let cells: Vec<&str> =
            Role::ALL.iter().map(|role| if role >= minimum { "yes" } else { "–" }).collect();
        text += &format!("| `{name}` | {} |\n", cells.join(" | "));
    }
    text += "\n| Route | Needs |\n|---|---|\n";
    let routes = crate::app::routes();
    let mut entries: Vec<_> = routes.entries().iter().collect();
    entries.sort_by_key(|entry| (entry.path, entry.method.as_str()));
    for entry in entries {
        let needs = match entry.access {
            Access::Permission { name, minimum } => format!("`{name}` ({minimum})"),
            Access::SignedIn => "signed in".to_owned(),
            Access::Anyone => "nothing".to_owned(),
        };
        text += &format!("| `{} {}` | {needs} |\n", entry.method, entry.path);
    }
    text
}
