//! What the palette jumps to: pages, repositories and projects whose name has the typed text in it.

use actix_web::web::{Data, Query};
use askama::Template;
use serde::Deserialize;

use super::overview_page::viewing;
use crate::{
    organizations::Rail,
    repositories,
    tenancy::{Scope, TenantTx, ViewWork},
    web::{
        Result,
        html::{Html, RailItem},
        paging::PageRequest,
    },
    work::{self, Links, ProjectFilter},
};

const ROWS: u16 = 8;

#[derive(Template)]
#[template(path = "web/palette.html")]
pub(super) struct Palette {
    query: String,
    groups: Vec<Group>,
}

struct Group {
    label: &'static str,
    links: Vec<Jump>,
}

struct Jump {
    label: String,
    href: String,
    hint: String,
}

/// What has been typed so far.
#[derive(Deserialize)]
pub(super) struct Typed {
    q: Option<String>,
}

/// Lists where the person may want to go.
pub(super) async fn palette(
    scope: Scope<ViewWork>,
    rail: Data<Rail>,
    typed: Query<Typed>,
) -> Result<Html<Palette>> {
    let query = typed.q.as_deref().unwrap_or_default().trim().to_lowercase();
    let links = viewing(&scope).links;
    let items = rail.shell(&scope, "", Vec::new()).rail;
    let mut tx = scope.begin().await?;
    let groups = vec![
        Group {
            label: "Pages",
            links: items
                .into_iter()
                .filter(|item| matches(&item.label, &query))
                .map(page)
                .collect(),
        },
        Group { label: "Repositories", links: find_repositories(&mut tx, &query, &links).await? },
        Group { label: "Projects", links: find_projects(&mut tx, &query, &links).await? },
    ];
    Ok(Html::new(Palette {
        query,
        groups: groups.into_iter().filter(|group| !group.links.is_empty()).collect(),
    }))
}

fn matches(label: &str, query: &str) -> bool {
    label.to_lowercase().contains(query)
}

fn page(item: RailItem) -> Jump {
    Jump {
        label: item.label,
        href: item.href,
        hint: item.key.map(|key| format!("g {key}")).unwrap_or_default(),
    }
}

async fn find_repositories(tx: &mut TenantTx, query: &str, links: &Links) -> Result<Vec<Jump>> {
    let all = repositories::list_all(tx).await?;
    let found = all.into_iter().filter(|(_, name)| matches(name, query)).take(ROWS.into());
    Ok(found
        .map(|(_, name)| Jump { href: links.repository(&name), label: name, hint: String::new() })
        .collect())
}

async fn find_projects(tx: &mut TenantTx, query: &str, links: &Links) -> Result<Vec<Jump>> {
    let filter = ProjectFilter {
        text: Some(query.to_owned()).filter(|text| !text.is_empty()),
        ..ProjectFilter::default()
    };
    let found = work::list_projects(tx, &filter, &PageRequest::first(ROWS)).await?;
    let jumps = found.into_iter().take(ROWS.into());
    Ok(jumps
        .map(|project| Jump {
            label: project.name,
            href: links.project(project.id),
            hint: project.repository,
        })
        .collect())
}
