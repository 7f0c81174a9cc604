//! The repositories that a connection reaches, and the form that connects many at once.

use std::collections::{HashMap, HashSet};

use actix_web::{
    http::StatusCode,
    web::{Data, Form, Path, Query},
};
use askama::Template;
use serde::Deserialize;

use super::{
    ENTRY,
    choosing::{Chosen, choose},
    connect::{Found, connect_found},
};
use crate::{
    connections::{self, Connection, ConnectionId, Connections, Opened},
    github::model::Repository,
    organizations::Rail,
    repositories::{self, OnGitHub, Source, Told},
    tenancy::{ManageRepositories, Permission, Routes, Saved, Scope, TenantTx, ViewGitHub},
    web::{
        AppError, Result,
        html::{
            Crumb, Filters, Html, Link, Notice, Pager, SearchField, Shell, Tone, address, counted,
            render,
        },
        icon::Icon,
    },
    work::{Links, ScanSettings},
};

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/{organization}/github/{connection}/repositories", list)
        .post("/{organization}/github/{connection}/repositories", connect)
}

#[derive(Template)]
#[template(path = "connecting/repositories.html")]
struct RepositoriesPage {
    shell: Shell,
    title: String,
    filters: Filters,
    pager: Pager,
    rows: Vec<Row>,
    /// Why there is nothing to choose, in words.
    problem: Option<String>,
    notice: Option<Notice>,
    form: Option<ChooseForm>,
    /// Where an owner lets the App reach more.
    more_href: Option<String>,
}

struct ChooseForm {
    action: String,
    q: String,
    cursor: String,
    /// How many of those on the page are not connected yet.
    left: usize,
}

struct Row {
    id: i64,
    full_name: String,
    href: String,
    description: String,
    marks: Vec<&'static str>,
    /// As what it is connected already.
    connected: Option<Link>,
}

/// Which part of the list is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
struct ListQuery {
    q: Option<String>,
    cursor: Option<String>,
}

impl ListQuery {
    fn words(&self) -> Option<&str> {
        self.q.as_deref().map(str::trim).filter(|text| !text.is_empty())
    }
}

type Server = (Data<Connections>, Data<Rail>);
type Place = Path<(String, ConnectionId)>;

/// Shows what the connection reaches.
async fn list(
    scope: Scope<ViewGitHub>,
    server: Server,
    path: Place,
    query: Query<ListQuery>,
) -> Result<Html<RepositoriesPage>> {
    let (connection, opened) = open(scope.begin().await?, &server.0, path.1).await?;
    let chosen = chosen(opened, &query).await;
    let page = page(&scope, &server.1, (&connection, &query), (chosen, None)).await?;
    Ok(Html::new(page))
}

/// A connection, opened, with the transaction ended: GitHub is asked next.
async fn open(
    mut tx: TenantTx,
    connections: &Connections,
    id: ConnectionId,
) -> Result<(Connection, Result<Opened, String>)> {
    let connection = connections::find_connection(&mut tx, id).await?;
    let connection = connection.filter(|known| known.removed_at.is_none());
    let connection = connection.ok_or(AppError::NotFound)?;
    let opened = connections.open(&mut tx, id).await?.ok_or(AppError::NotFound)?;
    Ok((connection, opened.map_err(|error| format!("{error}."))))
}

async fn chosen(opened: Result<Opened, String>, query: &ListQuery) -> Result<Chosen, String> {
    choose(&opened?, (query.words(), query.cursor.as_deref())).await
}

async fn page<P: Permission>(
    scope: &Scope<P>,
    rail: &Rail,
    (connection, query): (&Connection, &ListQuery),
    (chosen, notice): (Result<Chosen, String>, Option<Notice>),
) -> Result<RepositoriesPage> {
    let links = Links::of(scope);
    let base = format!("/{}/{ENTRY}/{}", scope.organization().slug, connection.id);
    let here = format!("{base}/repositories");
    let (chosen, problem) = match chosen {
        Ok(chosen) => (chosen, None),
        Err(words) => (Chosen { repositories: Vec::new(), next: None }, Some(words)),
    };
    let mut tx = scope.begin().await?;
    let known = Known::find(&mut tx, connection, &chosen.repositories).await?;
    drop(tx);
    let rows: Vec<Row> = chosen.repositories.iter().map(|one| known.row(one, &links)).collect();
    let left = rows.iter().filter(|row| row.connected.is_none()).count();
    let with = |cursor: Option<&str>| address(&here, &[("q", query.words()), ("cursor", cursor)]);
    let may_connect = scope.may::<ManageRepositories>() && problem.is_none();
    Ok(RepositoriesPage {
        shell: rail.shell(
            scope,
            ENTRY,
            vec![Crumb::new(connection.title(), &base), Crumb::new("Repositories", &here)],
        ),
        title: connection.account.clone().unwrap_or_else(|| connection.title()),
        filters: Filters {
            search: Some(SearchField {
                value: query.q.clone().unwrap_or_default(),
                placeholder: "Search by name".to_owned(),
            }),
            action: here.clone(),
            choices: Vec::new(),
        },
        pager: Pager {
            summary: counted(rows.len(), "repository", "repositories"),
            first: query.cursor.is_some().then(|| with(None)),
            next: chosen.next.as_deref().map(|next| with(Some(next))),
        },
        form: may_connect.then(|| ChooseForm {
            action: here,
            q: query.q.clone().unwrap_or_default(),
            cursor: query.cursor.clone().unwrap_or_default(),
            left,
        }),
        more_href: connection.installed_page(),
        rows,
        problem,
        notice,
    })
}

/// Which of GitHub's repositories are connected.
struct Known {
    by_id: HashMap<i64, String>,
    by_key: HashMap<String, String>,
}

impl Known {
    async fn find(
        tx: &mut TenantTx,
        connection: &Connection,
        told: &[Repository],
    ) -> sqlx::Result<Self> {
        let ids: Vec<i64> = told.iter().map(|one| one.id).collect();
        let keys: Vec<String> = told.iter().filter_map(key).collect();
        let known = repositories::list_told(tx, &connection.host, (&ids, &keys)).await?;
        let mut found = Self { by_id: HashMap::new(), by_key: HashMap::new() };
        for Told { name, github_id, source_key, .. } in known {
            match github_id {
                Some(id) => found.by_id.insert(id, name),
                None => found.by_key.insert(source_key, name),
            };
        }
        Ok(found)
    }

    fn row(&self, told: &Repository, links: &Links) -> Row {
        let by_key = || key(told).and_then(|key| self.by_key.get(&key));
        let name = self.by_id.get(&told.id).or_else(by_key);
        let visibility = told.visibility_word();
        let mut marks = repositories::marks(Some(visibility), told.archived, false);
        if told.fork {
            marks.push("Fork");
        }
        Row {
            id: told.id,
            href: told.html_url.clone().unwrap_or_default(),
            description: told.description.clone().unwrap_or_default(),
            marks,
            connected: name.map(|name| Link::new(name, links.repository(name))),
            full_name: told.full_name.clone(),
        }
    }
}

/// What a source of the same address is known by.
fn key(told: &Repository) -> Option<String> {
    let page = told.html_url.as_deref().or(told.clone_url.as_deref())?;
    Some(OnGitHub::new(page, told.id, &told.full_name)?.source_key)
}

/// What the form sends.
#[derive(Default)]
struct Wish {
    chosen: HashSet<i64>,
    query: ListQuery,
}

impl Wish {
    fn of(pairs: &[(String, String)]) -> Self {
        let wanted = if values(pairs, "all").next().is_some() { "shown" } else { "repository" };
        let one = |name: &'static str| {
            values(pairs, name).next().filter(|text| !text.is_empty()).map(str::to_owned)
        };
        Self {
            chosen: values(pairs, wanted).filter_map(|id| id.parse().ok()).collect(),
            query: ListQuery { q: one("q"), cursor: one("cursor") },
        }
    }
}

/// The values of one of the form's fields.
fn values<'a>(pairs: &'a [(String, String)], name: &'a str) -> impl Iterator<Item = &'a str> {
    pairs.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Connects what was chosen, as GitHub itself shows it, and says what came of it.
async fn connect(
    scope: Scope<ManageRepositories>,
    server: Server,
    (path, settings): (Place, Data<ScanSettings>),
    form: Form<Vec<(String, String)>>,
) -> Result<Saved> {
    let (wish, now) = (Wish::of(&form), scope.clock().now());
    let (connection, opened) = open(scope.begin().await?, &server.0, path.1).await?;
    let chosen = chosen(opened, &wish.query).await;
    let found: Vec<&Repository> = match &chosen {
        Ok(chosen) => {
            chosen.repositories.iter().filter(|one| wish.chosen.contains(&one.id)).collect()
        }
        Err(_) => Vec::new(),
    };
    if found.is_empty() {
        let words = "Nothing was connected: choose at least one repository of this list.";
        let notice = Some(Notice { tone: Tone::Bad, text: words.to_owned() });
        let page = page(&scope, &server.1, (&connection, &wish.query), (chosen, notice)).await?;
        let page = render(StatusCode::UNPROCESSABLE_ENTITY, &page);
        return Ok(scope.begin().await?.refuse(page).await?);
    }
    let mut tx = scope.begin().await?;
    let mut outcome = Outcome::default();
    for told in found {
        let address = told.clone_url.as_deref().or(told.html_url.as_deref()).unwrap_or_default();
        match Source::parse(address, &settings.policy) {
            Ok(source) => {
                let found = Found { repository: told.clone(), connection: Some(connection.id) };
                let connected = connect_found(&mut tx, &found, &source, now).await?;
                outcome.count(connected.is_new);
            }
            Err(error) => outcome.failures.push(format!("{}: {error}", told.full_name)),
        }
    }
    let committed = tx.commit().await?;
    let notice = Some(outcome.notice());
    let page = page(&scope, &server.1, (&connection, &wish.query), (chosen, notice)).await?;
    Ok(committed.answer(render(StatusCode::OK, &page)))
}

/// What came of connecting many.
#[derive(Default)]
struct Outcome {
    new: usize,
    known: usize,
    failures: Vec<String>,
}

impl Outcome {
    fn count(&mut self, is_new: bool) {
        if is_new { self.new += 1 } else { self.known += 1 }
    }

    fn notice(&self) -> Notice {
        let mut text = format!(
            "Connected {}; scans follow one after the other.",
            counted(self.new, "repository", "repositories")
        );
        if self.known > 0 {
            let known = counted(self.known, "was", "were");
            text = format!("{text} {known} connected already.");
        }
        if let Some(first) = self.failures.first() {
            let failed = counted(self.failures.len(), "was", "were");
            text = format!("{text} {failed} not connected, for example {first}");
        }
        let tone = if self.failures.is_empty() { Tone::Good } else { Tone::Warn };
        Notice { tone, text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_is_what_is_ticked_or_all_that_is_shown() {
        let pairs = |list: &[(&str, &str)]| -> Vec<(String, String)> {
            list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };

        let some =
            Wish::of(&pairs(&[("shown", "1"), ("shown", "2"), ("repository", "2"), ("q", "")]));
        assert_eq!(some.chosen, HashSet::from([2]));
        assert_eq!(some.query.q, None);
        let all = Wish::of(&pairs(&[("shown", "1"), ("shown", "2"), ("all", "1"), ("shown", "x")]));
        assert_eq!(all.chosen, HashSet::from([1, 2]));
    }
}
