//! Who may see and change a repository, why, and the forms that say so.

use actix_web::{
    http::StatusCode,
    web::{Data, Form, Path},
};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

use super::overview_page::viewing;
use crate::{
    organizations::{Rail, audit},
    repositories::{self, Repository, access},
    tenancy::{Allowed, Level, ManageAccess, Saved, Scope, TenantTx},
    web::{
        AppError, Result,
        html::{Choice, Crumb, Html, Shell, initials, render},
        icon::Icon,
    },
};

#[derive(Template)]
#[template(path = "dashboard/access.html")]
pub(super) struct AccessPage {
    shell: Shell,
    name: String,
    restricted: bool,
    action: String,
    people: Vec<PersonRow>,
    teams: Vec<TeamRow>,
    warning: Option<Warning>,
}

/// What somebody is told before they lock themselves out.
struct Warning {
    text: &'static str,
    fields: Vec<(&'static str, String)>,
}

struct PersonRow {
    name: String,
    initials: String,
    login: String,
    level: Level,
    why: String,
    choices: Vec<Choice>,
}

struct TeamRow {
    name: String,
    slug: String,
    href: String,
    choices: Vec<Choice>,
}

/// Shows who has which level and why.
pub(super) async fn access(
    scope: Scope<ManageAccess>,
    rail: Data<Rail>,
    path: Path<(String, String)>,
) -> Result<Html<AccessPage>> {
    let mut tx = scope.begin().await?;
    let repository = find(&mut tx, &path.1).await?;
    Allowed::<ManageAccess>::find(&mut tx, repository.id.as_uuid()).await?;
    Ok(Html::new(page(&scope, &rail, &mut tx, &repository).await?))
}

/// One thing that is to be said of the repository.
#[derive(Deserialize)]
pub(super) struct Wish {
    /// `yes` or `no`.
    restricted: Option<String>,
    /// A member's login.
    person: Option<String>,
    /// A team's address.
    team: Option<String>,
    /// A level, or empty for none said.
    #[serde(default)]
    level: String,
    /// `yes` from somebody who was told that they lose their own access.
    #[serde(default)]
    confirmed: String,
}

/// Says one thing; tells whoever would lose their own access by it, and asks again.
pub(super) async fn change(
    scope: Scope<ManageAccess>,
    rail: Data<Rail>,
    path: Path<(String, String)>,
    wish: Form<Wish>,
) -> Result<Saved> {
    let mut tx = scope.begin().await?;
    let repository = find(&mut tx, &path.1).await?;
    let allowed = Allowed::<ManageAccess>::find(&mut tx, repository.id.as_uuid()).await?;
    let said = apply(&mut tx, &allowed, &repository, &wish, scope.clock().now()).await?;
    let links = viewing(&scope).links;
    let Some(text) = loss(&mut tx, &repository).await? else {
        record(&mut tx, &repository, said, scope.clock().now()).await?;
        return Ok(tx.commit().await?.see_other(links.access(&repository.name)));
    };
    if wish.confirmed == "yes" {
        record(&mut tx, &repository, said, scope.clock().now()).await?;
        return Ok(tx.commit().await?.see_other(links.repositories()));
    }
    // As it is, without the change.
    drop(tx);
    let mut tx = scope.begin().await?;
    let mut page = page(&scope, &rail, &mut tx, &repository).await?;
    page.warning = Some(Warning { text, fields: fields(&wish) });
    Ok(tx.refuse(render(StatusCode::UNPROCESSABLE_ENTITY, &page)).await?)
}

async fn find(tx: &mut TenantTx, name: &str) -> Result<Repository> {
    repositories::find_named(tx, name).await?.ok_or(AppError::NotFound)
}

/// What was said of whom before, and what is said now.
struct Said {
    of: serde_json::Value,
    before: serde_json::Value,
    after: serde_json::Value,
}

/// Does what is wished and gives what the log says of it.
async fn apply(
    tx: &mut TenantTx,
    allowed: &Allowed<ManageAccess>,
    repository: &Repository,
    wish: &Wish,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Said> {
    if let Some(restricted) = &wish.restricted {
        let restricted = restricted == "yes";
        let before = access::find(tx, repository.id).await?.ok_or(AppError::NotFound)?;
        access::set_restricted(tx, allowed, restricted).await?;
        return Ok(Said {
            of: json!({}),
            before: json!({"restricted": before.restricted}),
            after: json!({"restricted": restricted}),
        });
    }
    let level = level_of(&wish.level)?;
    if let Some(login) = &wish.person {
        let people = access::list_people(tx, repository.id).await?;
        let person =
            people.iter().find(|person| person.login == *login).ok_or(AppError::NotFound)?;
        access::put_person(tx, allowed, (person.account, level), now).await?;
        return Ok(Said::level(json!({"person": login}), person.named, level));
    }
    let slug = wish.team.as_deref().unwrap_or_default();
    let teams = access::list_teams(tx, repository.id).await?;
    let team = teams.iter().find(|team| team.slug == slug).ok_or(AppError::NotFound)?;
    access::put_team(tx, allowed, (team.id, level), now).await?;
    Ok(Said::level(json!({"team": team.name}), team.level, level))
}

impl Said {
    fn level(of: serde_json::Value, before: Option<Level>, after: Option<Level>) -> Self {
        Self { of, before: json!({"level": before}), after: json!({"level": after}) }
    }
}

fn level_of(text: &str) -> Result<Option<Level>> {
    if text.is_empty() {
        return Ok(None);
    }
    let found = Level::ALL.into_iter().find(|level| level.as_str() == text);
    found.map(Some).ok_or_else(|| {
        AppError::BadRequest("`level` is `none`, `read`, `write`, `admin` or empty.".to_owned())
    })
}

/// What the acting person loses by the change that was just made, in words.
async fn loss(tx: &mut TenantTx, repository: &Repository) -> Result<Option<&'static str>> {
    match Allowed::<ManageAccess>::find(tx, repository.id.as_uuid()).await {
        Ok(_) => Ok(None),
        Err(AppError::LevelTooLow { .. }) => {
            Ok(Some("After this you can no longer say who has access to this repository."))
        }
        Err(AppError::NotFound) => {
            Ok(Some("After this you do not see this repository any longer."))
        }
        Err(other) => Err(other),
    }
}

/// Writes down what was said, unless it was said before.
async fn record(
    tx: &mut TenantTx,
    repository: &Repository,
    said: Said,
    at: chrono::DateTime<chrono::Utc>,
) -> Result<()> {
    if said.before == said.after {
        return Ok(());
    }
    let Said { of: mut detail, before, after } = said;
    if let Some(detail) = detail.as_object_mut() {
        detail.insert("repository".to_owned(), json!(repository.name));
    }
    let event = audit::Event::new("repository.access_changed", "repository", repository.id, at)
        .detail(detail)
        .changed(before, after);
    audit::record(tx, event).await?;
    // Whoever lost sight of it is not told by a topic of the repository.
    tx.announce("members");
    tx.announce("repositories");
    Ok(())
}

fn fields(wish: &Wish) -> Vec<(&'static str, String)> {
    let said = [("restricted", &wish.restricted), ("person", &wish.person), ("team", &wish.team)];
    let mut fields: Vec<_> = said
        .into_iter()
        .filter_map(|(name, value)| value.clone().map(|value| (name, value)))
        .collect();
    fields.push(("level", wish.level.clone()));
    fields
}

async fn page(
    scope: &Scope<ManageAccess>,
    rail: &Rail,
    tx: &mut TenantTx,
    repository: &Repository,
) -> Result<AccessPage> {
    let links = viewing(scope).links;
    let grants = access::find(tx, repository.id).await?.ok_or(AppError::NotFound)?;
    let people = access::list_people(tx, repository.id).await?;
    let teams = access::list_teams(tx, repository.id).await?;
    let (here, action) = (links.repository(&repository.name), links.access(&repository.name));
    let steps = vec![Crumb::new(&repository.name, &here), Crumb::new("Access", &action)];
    let slug = &scope.organization().slug;
    Ok(AccessPage {
        shell: rail.shell(scope, "repositories", steps),
        name: repository.name.clone(),
        people: people.into_iter().map(|person| person_row(person, grants.restricted)).collect(),
        teams: teams.into_iter().map(|team| team_row(team, slug)).collect(),
        restricted: grants.restricted,
        action,
        warning: None,
    })
}

fn person_row(person: access::Person, restricted: bool) -> PersonRow {
    let teams = person.team_levels();
    let explained = access::explain(person.role, person.named, &teams, restricted);
    PersonRow {
        why: explained.words(),
        level: explained.level,
        choices: choices(person.named),
        initials: initials(&person.name),
        name: person.name,
        login: person.login,
    }
}

fn team_row(team: access::TeamGrant, slug: &str) -> TeamRow {
    TeamRow {
        href: format!("/{slug}/teams/{}", team.slug),
        choices: choices(team.level),
        name: team.name,
        slug: team.slug,
    }
}

/// What can be said of a person or team; nothing at all is the first.
fn choices(said: Option<Level>) -> Vec<Choice> {
    let choice = |level: Option<Level>| Choice {
        value: level.map(Level::as_str).unwrap_or_default().to_owned(),
        label: level.map_or("nothing said", Level::as_str).to_owned(),
        is_selected: level == said,
    };
    std::iter::once(None).chain(Level::ALL.map(Some)).map(choice).collect()
}
