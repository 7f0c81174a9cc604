//! The members: who they are, what they may do, and what an administrator changes about them.

use actix_web::{
    http::StatusCode,
    web::{Data, Form, Path, Query},
};
use askama::Template;
use serde::Deserialize;

use super::{
    Rail, listening,
    members::{self, Change, Member, MemberFilter, MemberKey, allow_role, allow_touch},
    store::members as store,
};
use crate::{
    tenancy::{
        AccountId, Db, ManageMembers, Permission, Role, Routes, Saved, Scope, ViewOrganization,
        permissions,
    },
    web::{
        AppError, Result,
        html::{
            Choice, Crumb, Field, Filter, Filters, Html, Pager, Pill, SearchField, Shell, Tone,
            address, counted, initials, render,
        },
        icon::Icon,
        paging::PageQuery,
        time::{Count, Moment},
    },
};

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/{organization}/members", members)
        .post("/{organization}/members/{account}", change_role)
        .post("/{organization}/members/{account}/state", change_state)
        .read("/{organization}/members/{account}/removal", confirm)
        .post("/{organization}/members/{account}/removal", remove)
}

#[derive(Template)]
#[template(path = "organizations/members.html")]
struct MembersPage {
    shell: Shell,
    filters: Filters,
    pager: Pager,
    members: Vec<MemberRow>,
    /// Where people are invited; none for those who may not.
    invitations: Option<String>,
    roles: Vec<&'static str>,
    permissions: Vec<PermissionRow>,
}

struct MemberRow {
    name: String,
    initials: String,
    login: String,
    role: Role,
    source: &'static str,
    since: Moment,
    state: Pill,
    is_you: bool,
    edit: Option<Edit>,
}

/// What the viewer may change about a member.
struct Edit {
    action: String,
    roles: Vec<Choice>,
    removal: String,
}

/// One thing that some roles may do.
struct PermissionRow {
    words: &'static str,
    allowed: Vec<bool>,
}

/// Which part of the list is asked for.
#[derive(Debug, Default, Deserialize)]
struct ListQuery {
    q: Option<String>,
    role: Option<String>,
    state: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
}

/// Shows who belongs to the organisation, and what each role may do.
async fn members(
    scope: Scope<ViewOrganization>,
    rail: Data<Rail>,
    query: Query<ListQuery>,
) -> Result<Html<MembersPage>> {
    let request = PageQuery { cursor: query.cursor.clone(), limit: query.limit.clone() }
        .parse::<MemberKey>()?;
    let mut tx = scope.begin().await?;
    let rows = store::list(&mut tx, &wanted(&query), &request).await?;
    let page =
        request.page(rows, |row| MemberKey { name: row.name.clone(), account: row.account })?;
    let path = format!("/{}/members", scope.organization().slug);
    let you = tx.person();
    let row = |member| row(&scope, member, you);
    Ok(Html::new(MembersPage {
        shell: listening(rail.shell(&scope, "members", Vec::new())),
        pager: pager(&path, &query, page.items.len(), page.next.as_deref()),
        members: page.items.into_iter().map(row).collect(),
        filters: filters(path, &query),
        invitations: scope
            .may::<ManageMembers>()
            .then(|| format!("/{}/invitations", scope.organization().slug)),
        roles: Role::ALL.map(Role::as_str).to_vec(),
        permissions: permission_rows(),
    }))
}

fn wanted(query: &ListQuery) -> MemberFilter<'_> {
    MemberFilter {
        text: query.q.as_deref().map(str::trim).filter(|text| !text.is_empty()),
        role: query.role.as_deref().and_then(|role| role.parse().ok()),
        is_active: match query.state.as_deref() {
            Some("active") => Some(true),
            Some("deactivated") => Some(false),
            Some(_) | None => None,
        },
    }
}

fn pager(path: &str, query: &ListQuery, count: usize, next: Option<&str>) -> Pager {
    let with = |cursor: Option<&str>| {
        let parameters = [
            ("q", query.q.as_deref()),
            ("role", query.role.as_deref()),
            ("state", query.state.as_deref()),
            ("limit", query.limit.as_deref()),
            ("cursor", cursor),
        ];
        address(path, &parameters)
    };
    Pager {
        summary: counted(count, "member", "members"),
        first: query.cursor.is_some().then(|| with(None)),
        next: next.map(|next| with(Some(next))),
    }
}

fn filters(action: String, query: &ListQuery) -> Filters {
    let word = |word: &str| (word.to_owned(), word.to_owned());
    let roles = Role::ALL.into_iter().map(|role| word(role.as_str()));
    let states = ["active", "deactivated"].map(word);
    Filters {
        search: Some(SearchField {
            value: query.q.clone().unwrap_or_default(),
            placeholder: "Filter by name or login".to_owned(),
        }),
        action,
        choices: vec![
            Filter::new("role", "role", query.role.as_deref(), roles),
            Filter::new("state", "state", query.state.as_deref(), states),
        ],
    }
}

fn row<P: Permission>(scope: &Scope<P>, member: Member, you: Option<AccountId>) -> MemberRow {
    let may = scope.may::<ManageMembers>() && allow_touch(scope.role(), member.role).is_ok();
    let action = format!("/{}/members/{}", scope.organization().slug, member.account);
    MemberRow {
        edit: may.then(|| Edit {
            removal: format!("{action}/removal"),
            action,
            roles: role_choices(scope.role(), member.role),
        }),
        initials: initials(&member.name),
        is_you: you == Some(member.account),
        state: state_pill(&member),
        source: member.source.words(),
        since: Moment::new(member.created_at, scope.clock().now()),
        role: member.role,
        name: member.name,
        login: member.login,
    }
}

/// The roles that somebody may give.
pub(super) fn role_choices(actor: Role, chosen: Role) -> Vec<Choice> {
    let roles = Role::ALL.into_iter().filter(|role| allow_role(actor, *role).is_ok());
    let choice = |role: Role| Choice {
        value: role.to_string(),
        label: role.to_string(),
        is_selected: role == chosen,
    };
    roles.map(choice).collect()
}

fn state_pill(member: &Member) -> Pill {
    match (member.is_active(), member.deactivated_by_github) {
        (true, _) => Pill::new(Tone::Good, Icon::Check, "active"),
        (false, false) => Pill::new(Tone::Quiet, Icon::Dropped, "deactivated"),
        (false, true) if member.source == members::MemberSource::Github => {
            Pill::new(Tone::Warn, Icon::Dropped, "left on GitHub")
        }
        (false, true) => Pill::new(Tone::Warn, Icon::Dropped, "left at the provider"),
    }
}

fn permission_rows() -> Vec<PermissionRow> {
    let row = |entry: &crate::tenancy::PermissionEntry| PermissionRow {
        words: entry.words(),
        allowed: Role::ALL.iter().map(|role| *role >= entry.minimum).collect(),
    };
    permissions().iter().map(row).collect()
}

/// What the form of a role sends.
#[derive(Deserialize)]
struct NewRole {
    #[serde(default)]
    role: String,
}

/// Gives a member another role.
async fn change_role(
    scope: Scope<ManageMembers>,
    path: Path<(String, AccountId)>,
    form: Form<NewRole>,
) -> Result<Saved> {
    let mut tx = scope.begin().await?;
    find(&mut tx, path.1).await?;
    let role = form.role.parse().map_err(|error: crate::tenancy::InvalidRole| {
        AppError::invalid("role", format!("{error}."))
    })?;
    members::change(&mut tx, path.1, Change::Role(role), scope.clock().now()).await?;
    Ok(tx.commit().await?.see_other(format!("/{}/members", scope.organization().slug)))
}

/// What the buttons of the page that asks send.
#[derive(Deserialize)]
struct NewState {
    #[serde(default)]
    active: String,
}

/// Deactivates a member, or lets them in again.
async fn change_state(
    scope: Scope<ManageMembers>,
    path: Path<(String, AccountId)>,
    db: Data<Db>,
    form: Form<NewState>,
) -> Result<Saved> {
    let change = if form.active == "yes" { Change::Reactivate } else { Change::Deactivate };
    let mut tx = scope.begin().await?;
    members::change(&mut tx, path.1, change, scope.clock().now()).await?;
    let committed = tx.commit().await?;
    members::end_sessions_of_nobody(&db, path.1).await?;
    Ok(committed.see_other(format!("/{}/members", scope.organization().slug)))
}

#[derive(Template)]
#[template(path = "organizations/member_removal.html")]
struct RemovalPage {
    shell: Shell,
    name: String,
    login: String,
    is_active: bool,
    is_by_provider: bool,
    /// Whether it was the provider's word that put them out, which can take that back.
    comes_back: bool,
    teams: Count,
    grants: Count,
    tokens: Count,
    field: Field,
    action: String,
    state_action: String,
    here: String,
}

/// Says what happens to a member's work.
async fn confirm(
    scope: Scope<ManageMembers>,
    rail: Data<Rail>,
    path: Path<(String, AccountId)>,
) -> Result<Html<RemovalPage>> {
    Ok(Html::new(removal(&scope, &rail, path.1, Field::default()).await?))
}

async fn removal(
    scope: &Scope<ManageMembers>,
    rail: &Rail,
    account: AccountId,
    field: Field,
) -> Result<RemovalPage> {
    let mut tx = scope.begin().await?;
    let member = find(&mut tx, account).await?;
    allow_touch(scope.role(), member.role)?;
    let with = store::count_belongings(&mut tx, account).await?;
    let here = format!("/{}/members", scope.organization().slug);
    let action = format!("{here}/{account}/removal");
    let crumb = Crumb::new(format!("Remove {}", member.name), &action);
    Ok(RemovalPage {
        shell: rail.shell(scope, "members", vec![crumb]),
        is_active: member.is_active(),
        is_by_provider: member.source.is_provider(),
        comes_back: member.deactivated_by_github,
        teams: Count::from_signed(with.teams),
        grants: Count::from_signed(with.grants),
        tokens: Count::from_signed(with.tokens),
        name: member.name,
        login: member.login,
        field,
        action,
        state_action: format!("{here}/{account}/state"),
        here,
    })
}

/// What the form of a removal sends.
#[derive(Deserialize)]
struct Removal {
    #[serde(default)]
    login: String,
}

/// Removes a member whose login was typed.
async fn remove(
    scope: Scope<ManageMembers>,
    rail: Data<Rail>,
    path: Path<(String, AccountId)>,
    server: Data<Db>,
    form: Form<Removal>,
) -> Result<Saved> {
    let mut tx = scope.begin().await?;
    let member = find(&mut tx, path.1).await?;
    if form.login.trim() != member.login {
        drop(tx);
        let problem = format!("Type `{}` to remove them; nobody was removed.", member.login);
        let field = Field { value: form.login.clone(), error: Some(problem) };
        let page = removal(&scope, &rail, path.1, field).await?;
        let form = render(StatusCode::UNPROCESSABLE_ENTITY, &page);
        return Ok(scope.begin().await?.refuse(form).await?);
    }
    members::change(&mut tx, path.1, Change::Remove, scope.clock().now()).await?;
    let committed = tx.commit().await?;
    members::end_sessions_of_nobody(&server, path.1).await?;
    Ok(committed.see_other(format!("/{}/members", scope.organization().slug)))
}

async fn find(tx: &mut crate::tenancy::TenantTx, account: AccountId) -> Result<Member> {
    store::find(tx, account).await?.ok_or(AppError::NotFound)
}
