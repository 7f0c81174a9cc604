//! The teams: which there are, who is in them, and which repositories they were given.

use actix_web::{
    http::StatusCode,
    web::{Data, Form, Path, Query},
};
use askama::Template;
use serde::Deserialize;

use super::{
    Rail, listening,
    store::{members, teams as store},
    teams::{self, LedTeam, Naming, Refusal, Team, TeamMember},
};
use crate::{
    tenancy::{
        AccountId, LeadTeams, Level, ManageTeams, Permission, Routes, Saved, Scope, TenantTx,
        ViewOrganization,
    },
    web::{
        AppError, Result,
        html::{Crumb, Field, Html, Pager, Shell, address, counted, initials, render},
        icon::Icon,
        paging::{PageQuery, PageRequest},
        time::Count,
    },
};

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/{organization}/teams", list)
        .post("/{organization}/teams", create)
        .read("/{organization}/teams/{team}", show)
        .post("/{organization}/teams/{team}", change)
        .read("/{organization}/teams/{team}/removal", confirm)
        .post("/{organization}/teams/{team}/removal", remove)
        .post("/{organization}/teams/{team}/members", add)
        .post("/{organization}/teams/{team}/members/{account}", change_member)
}

#[derive(Template)]
#[template(path = "organizations/teams.html")]
struct TeamsPage {
    shell: Shell,
    teams: Vec<TeamRow>,
    pager: Pager,
    form: Option<NamingForm>,
}

struct TeamRow {
    name: String,
    href: String,
    description: String,
    members: Count,
    is_githubs: bool,
}

/// A team's name and description to fill in.
struct NamingForm {
    action: String,
    name: Field,
    description: Field,
}

impl NamingForm {
    fn refused(action: String, form: &NewTeam, refusal: &Refusal) -> Self {
        let (mut name, mut description) = (typed(&form.name), typed(&form.description));
        match refusal {
            Refusal::Name | Refusal::NameTaken => name.error = Some(refusal.to_string()),
            Refusal::Description => description.error = Some(refusal.to_string()),
        }
        Self { action, name, description }
    }
}

fn typed(value: &str) -> Field {
    Field { value: value.to_owned(), error: None }
}

/// Shows the teams, and the form to whoever may make one.
async fn list(
    scope: Scope<ViewOrganization>,
    rail: Data<Rail>,
    query: Query<PageQuery>,
) -> Result<Html<TeamsPage>> {
    let request = query.parse::<String>()?;
    let mut tx = scope.begin().await?;
    let mut page = page(&scope, &rail, &mut tx, &request).await?;
    page.pager.first = query.cursor.is_some().then(|| path(&scope));
    Ok(Html::new(page))
}

fn path<P: Permission>(scope: &Scope<P>) -> String {
    format!("/{}/teams", scope.organization().slug)
}

async fn page<P: Permission>(
    scope: &Scope<P>,
    rail: &Rail,
    tx: &mut TenantTx,
    request: &PageRequest<String>,
) -> Result<TeamsPage> {
    let rows = store::list(tx, request).await?;
    let page = request.page(rows, |row| row.slug.clone())?;
    let path = path(scope);
    let next = page.next.as_deref().map(|next| address(&path, &[("cursor", Some(next))]));
    let row = |team: Team| TeamRow {
        href: format!("{path}/{}", team.slug),
        name: team.name,
        description: team.description,
        members: Count::from_signed(team.members),
        is_githubs: team.is_githubs,
    };
    Ok(TeamsPage {
        shell: listening(rail.shell(scope, "teams", Vec::new())),
        pager: Pager { summary: counted(page.items.len(), "team", "teams"), first: None, next },
        teams: page.items.into_iter().map(row).collect(),
        form: scope.may::<ManageTeams>().then(|| NamingForm {
            action: path.clone(),
            name: Field::default(),
            description: Field::default(),
        }),
    })
}

/// What the form of a team sends.
#[derive(Deserialize)]
struct NewTeam {
    #[serde(default)]
    name: String,
    #[serde(default)]
    description: String,
}

/// Makes a team and shows it; says beside the field why it cannot be.
async fn create(scope: Scope<ManageTeams>, rail: Data<Rail>, form: Form<NewTeam>) -> Result<Saved> {
    let mut tx = scope.begin().await?;
    let created = match Naming::parse(&form.name, &form.description) {
        Ok(naming) => teams::create(&mut tx, &naming, scope.clock().now()).await?,
        Err(refusal) => Err(refusal),
    };
    match created {
        Ok(slug) => Ok(tx.commit().await?.see_other(format!("{}/{slug}", path(&scope)))),
        Err(refusal) => {
            let mut page = page(&scope, &rail, &mut tx, &PageRequest::first(50)).await?;
            page.form = Some(NamingForm::refused(path(&scope), &form, &refusal));
            Ok(tx.refuse(render(StatusCode::UNPROCESSABLE_ENTITY, &page)).await?)
        }
    }
}

#[derive(Template)]
#[template(path = "organizations/team.html")]
struct TeamPage {
    shell: Shell,
    name: String,
    description: String,
    is_githubs: bool,
    members: Vec<MemberRow>,
    repositories: Vec<RepositoryRow>,
    /// For whoever may say who is in it.
    add: Option<AddForm>,
    form: Option<NamingForm>,
    removal: Option<String>,
}

struct AddForm {
    action: String,
    login: Field,
}

struct MemberRow {
    name: String,
    initials: String,
    login: String,
    is_lead: bool,
    is_active: bool,
    /// Where it is changed, for whoever may.
    action: Option<String>,
}

struct RepositoryRow {
    name: String,
    href: String,
    level: Level,
}

/// Shows a team: its members, and its repositories as far as the viewer may see them.
async fn show(
    scope: Scope<ViewOrganization>,
    rail: Data<Rail>,
    path: Path<(String, String)>,
) -> Result<Html<TeamPage>> {
    let mut tx = scope.begin().await?;
    Ok(Html::new(team_page(&scope, &rail, &mut tx, &path.1).await?))
}

async fn team_page<P: Permission>(
    scope: &Scope<P>,
    rail: &Rail,
    tx: &mut TenantTx,
    slug: &str,
) -> Result<TeamPage> {
    let team = find(tx, slug).await?;
    // What is GitHub's is changed there.
    let is_ours = !team.is_githubs;
    let may_lead = is_ours && scope.may::<LeadTeams>() && LedTeam::find(tx, slug).await.is_ok();
    let action = format!("{}/{slug}", path(scope));
    let people = store::list_members(tx, team.id).await?;
    let repositories = store::list_repositories(tx, team.id).await?;
    let may_manage = is_ours && scope.may::<ManageTeams>();
    let shell = rail.shell(scope, "teams", vec![Crumb::new(&team.name, &action)]);
    Ok(TeamPage {
        shell: listening(shell),
        members: people.into_iter().map(|row| member_row(row, &action, may_lead)).collect(),
        repositories: repositories
            .into_iter()
            .map(|row| RepositoryRow {
                href: format!("/{}/repositories/{}", scope.organization().slug, row.name),
                name: row.name,
                level: row.level,
            })
            .collect(),
        add: may_lead
            .then(|| AddForm { action: format!("{action}/members"), login: Field::default() }),
        form: may_manage.then(|| NamingForm {
            action: action.clone(),
            name: typed(&team.name),
            description: typed(&team.description),
        }),
        removal: may_manage.then(|| format!("{action}/removal")),
        is_githubs: team.is_githubs,
        name: team.name,
        description: team.description,
    })
}

fn member_row(member: TeamMember, action: &str, may_lead: bool) -> MemberRow {
    MemberRow {
        action: may_lead.then(|| format!("{action}/members/{}", member.account)),
        initials: initials(&member.name),
        name: member.name,
        login: member.login,
        is_lead: member.is_lead,
        is_active: member.is_active,
    }
}

async fn find(tx: &mut TenantTx, slug: &str) -> Result<Team> {
    store::find(tx, slug).await?.ok_or(AppError::NotFound)
}

/// Changes a team's name and description.
async fn change(
    scope: Scope<ManageTeams>,
    rail: Data<Rail>,
    path: Path<(String, String)>,
    form: Form<NewTeam>,
) -> Result<Saved> {
    let mut tx = scope.begin().await?;
    let team = find(&mut tx, &path.1).await?;
    let changed = match Naming::parse(&form.name, &form.description) {
        Ok(naming) => teams::rename(&mut tx, &team, &naming, scope.clock().now()).await?,
        Err(refusal) => Err(refusal),
    };
    let action = format!("/{}/teams/{}", scope.organization().slug, team.slug);
    let Err(refusal) = changed else { return Ok(tx.commit().await?.see_other(action)) };
    let mut page = team_page(&scope, &rail, &mut tx, &team.slug).await?;
    page.form = Some(NamingForm::refused(action, &form, &refusal));
    Ok(tx.refuse(render(StatusCode::UNPROCESSABLE_ENTITY, &page)).await?)
}

#[derive(Template)]
#[template(path = "organizations/team_removal.html")]
struct RemovalPage {
    shell: Shell,
    name: String,
    members: Count,
    repositories: usize,
    action: String,
    here: String,
}

/// Says what goes with a team.
async fn confirm(
    scope: Scope<ManageTeams>,
    rail: Data<Rail>,
    path: Path<(String, String)>,
) -> Result<Html<RemovalPage>> {
    let mut tx = scope.begin().await?;
    let team = find(&mut tx, &path.1).await?;
    let repositories = store::list_repositories(&mut tx, team.id).await?.len();
    let here = format!("/{}/teams/{}", scope.organization().slug, team.slug);
    let action = format!("{here}/removal");
    let steps = vec![Crumb::new(&team.name, &here), Crumb::new("Delete", &action)];
    Ok(Html::new(RemovalPage {
        shell: rail.shell(&scope, "teams", steps),
        name: team.name,
        members: Count::from_signed(team.members),
        repositories,
        action,
        here,
    }))
}

/// Deletes a team.
async fn remove(scope: Scope<ManageTeams>, path: Path<(String, String)>) -> Result<Saved> {
    let mut tx = scope.begin().await?;
    let team = find(&mut tx, &path.1).await?;
    teams::delete(&mut tx, &team, scope.clock().now()).await?;
    Ok(tx.commit().await?.see_other(format!("/{}/teams", scope.organization().slug)))
}

/// What the form that adds somebody sends.
#[derive(Deserialize)]
struct Addition {
    #[serde(default)]
    login: String,
    /// Set where they are to lead it.
    lead: Option<String>,
}

/// Puts a member of the organisation into a team; says beside the field where there is no such one.
async fn add(
    scope: Scope<LeadTeams>,
    rail: Data<Rail>,
    path: Path<(String, String)>,
    form: Form<Addition>,
) -> Result<Saved> {
    let mut tx = scope.begin().await?;
    let led = LedTeam::find(&mut tx, &path.1).await?;
    let login = form.login.trim();
    let Some(member) = members::find_login(&mut tx, login).await? else {
        let mut page = team_page(&scope, &rail, &mut tx, &path.1).await?;
        if let Some(add) = &mut page.add {
            let problem = "Nobody of this login belongs to the organisation.".to_owned();
            add.login = Field { value: form.login.clone(), error: Some(problem) };
        }
        return Ok(tx.refuse(render(StatusCode::UNPROCESSABLE_ENTITY, &page)).await?);
    };
    led.put(&mut tx, member.account, form.lead.is_some(), scope.clock().now()).await?;
    let here = format!("/{}/teams/{}", scope.organization().slug, led.team().slug);
    Ok(tx.commit().await?.see_other(here))
}

/// What the buttons beside a member of a team send.
#[derive(Deserialize)]
struct Alteration {
    #[serde(default)]
    what: String,
}

/// Makes somebody of a team a lead or no lead, or takes them out of it.
async fn change_member(
    scope: Scope<LeadTeams>,
    path: Path<(String, String, AccountId)>,
    form: Form<Alteration>,
) -> Result<Saved> {
    let (now, account) = (scope.clock().now(), path.2);
    let mut tx = scope.begin().await?;
    let led = LedTeam::find(&mut tx, &path.1).await?;
    match form.what.as_str() {
        "lead" => led.put(&mut tx, account, true, now).await?,
        "member" => led.put(&mut tx, account, false, now).await?,
        "remove" => led.take(&mut tx, account, now).await?,
        other => {
            let text = format!("`what` is `lead`, `member` or `remove`, not `{other}`.");
            return Err(AppError::BadRequest(text));
        }
    }
    let here = format!("/{}/teams/{}", scope.organization().slug, led.team().slug);
    Ok(tx.commit().await?.see_other(here))
}
