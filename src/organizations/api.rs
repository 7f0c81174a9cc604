//! `/api/v2/members` and `/api/v2/teams`.

#![expect(
    unused_qualifications,
    reason = "utoipa qualifies the types of parameters in the code it writes"
)]

use actix_web::web::{Data, Json, Path, Query};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};
use uuid::Uuid;

use super::{
    members::{self, Change, Member, MemberFilter, MemberKey, MemberSource},
    store::{members as store, teams},
    teams::Team,
};
use crate::{
    tenancy::{
        AccountId, Db, ManageMembers, Role, Routes, Saved, Scope, TenantTx, ViewOrganization,
    },
    web::{
        AppError, Problem, Result,
        paging::{PageOf, PageQuery, PageRequest},
        problems::{OfAlteration, OfCancellation, OfList},
    },
};

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/api/v2/members", list_members)
        .patch("/api/v2/members/{account}", change_member)
        .delete("/api/v2/members/{account}", remove_member)
        .read("/api/v2/teams", list_teams)
}

/// The description of the API of members and teams.
#[derive(OpenApi)]
#[openapi(
    paths(list_members, change_member, remove_member, list_teams),
    components(schemas(Problem)),
    tags(
        (name = "members", description = "The people of the organisation, and what they may do."),
        (name = "teams", description = "People who are given repositories together."),
    ),
)]
pub struct ApiDocument;

/// A person in the organisation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Member)]
struct MemberView {
    /// The id of the person's account.
    account: Uuid,
    login: String,
    name: String,
    role: RoleView,
    /// Who vouches for them.
    source: MemberSource,
    created_at: DateTime<Utc>,
    active: bool,
    /// Null where they are let in.
    deactivated_at: Option<DateTime<Utc>>,
}

/// What a member may do, each role all that the ones before it may.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Role)]
#[serde(rename_all = "lowercase")]
enum RoleView {
    Viewer,
    Member,
    Manager,
    Admin,
    Owner,
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        match role {
            Role::Viewer => Self::Viewer,
            Role::Member => Self::Member,
            Role::Manager => Self::Manager,
            Role::Admin => Self::Admin,
            Role::Owner => Self::Owner,
        }
    }
}

impl From<RoleView> for Role {
    fn from(role: RoleView) -> Self {
        match role {
            RoleView::Viewer => Self::Viewer,
            RoleView::Member => Self::Member,
            RoleView::Manager => Self::Manager,
            RoleView::Admin => Self::Admin,
            RoleView::Owner => Self::Owner,
        }
    }
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self {
            active: member.is_active(),
            account: member.account.as_uuid(),
            login: member.login,
            name: member.name,
            role: member.role.into(),
            source: member.source,
            created_at: member.created_at,
            deactivated_at: member.deactivated_at,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MemberQuery {
    /// A part of the name or login, in any case.
    #[param(nullable = false)]
    q: Option<String>,
    /// Only those of this role.
    #[param(inline, nullable = false)]
    role: Option<RoleView>,
    /// Only those who are let in, or only those who are not.
    #[param(nullable = false)]
    active: Option<bool>,
    /// Where to go on: the `next` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]+$", nullable = false)]
    cursor: Option<String>,
    /// How many items to answer at most; 50 unless said otherwise.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, nullable = false)]
    limit: Option<String>,
}

/// List the members by name
#[utoipa::path(
    get, path = "/api/v2/members", tag = "members", security(("bearer" = [])), params(MemberQuery),
    responses((status = 200, description = "A page of members.", body = PageOf<MemberView>), OfList),
)]
async fn list_members(
    scope: Scope<ViewOrganization>,
    query: Query<MemberQuery>,
) -> Result<Json<PageOf<MemberView>>> {
    let page = page::<MemberKey>(query.cursor.as_ref(), query.limit.as_ref())?;
    let filter = MemberFilter {
        text: query.q.as_deref().filter(|text| !text.is_empty()),
        role: query.role.map(Role::from),
        is_active: query.active,
    };
    let mut tx = scope.begin().await?;
    let rows = store::list(&mut tx, &filter, &page).await?;
    let key = |last: &Member| MemberKey { name: last.name.clone(), account: last.account };
    Ok(Json(page.page(rows, key)?.map(MemberView::from)))
}

/// Parses `cursor` and `limit`. An empty cursor is refused: it would start the list again, for ever.
fn page<K: serde::de::DeserializeOwned>(
    cursor: Option<&String>,
    limit: Option<&String>,
) -> Result<PageRequest<K>> {
    if cursor.is_some_and(String::is_empty) || limit.is_some_and(String::is_empty) {
        let text = "Leave `cursor` and `limit` out rather than empty.";
        return Err(AppError::BadRequest(text.to_owned()));
    }
    PageQuery { cursor: cursor.cloned(), limit: limit.cloned() }.parse()
}

/// What is to be different about a member; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = MemberChange)]
#[serde(deny_unknown_fields)]
struct MemberChangeView {
    #[schema(nullable = false)]
    role: Option<RoleView>,
    /// Whether they are let in.
    #[schema(nullable = false)]
    active: Option<bool>,
}

/// Give a member another role, deactivate them or let them in again
///
/// Nobody but an owner changes somebody of their own role or above, and nobody gives a role above
/// their own. The last active owner stays one: 409.
#[utoipa::path(
    patch, path = "/api/v2/members/{account}", tag = "members", security(("bearer" = [])),
    params(("account" = Uuid, Path, description = "The id of their account.")),
    request_body = MemberChangeView,
    responses(
        (status = 200, description = "The member as they are now.", body = MemberView),
        (status = 409, description = "They are the last owner.", body = Problem, content_type = "application/problem+json"),
        OfAlteration,
    ),
)]
async fn change_member(
    scope: Scope<ManageMembers>,
    path: Path<String>,
    db: Data<Db>,
    body: Json<MemberChangeView>,
) -> Result<Saved> {
    let (account, now) = (account(&path)?, scope.clock().now());
    let mut tx = scope.begin().await?;
    find(&mut tx, account).await?;
    if let Some(role) = body.role {
        members::change(&mut tx, account, Change::Role(role.into()), now).await?;
    }
    if let Some(active) = body.active {
        let change = if active { Change::Reactivate } else { Change::Deactivate };
        members::change(&mut tx, account, change, now).await?;
    }
    let view = MemberView::from(find(&mut tx, account).await?);
    let committed = tx.commit().await?;
    members::end_sessions_of_nobody(&db, account).await?;
    Ok(committed.json(&view))
}

/// Remove a member
///
/// What they did stays: tasks, commits, the audit log. Their places in teams, grants and tokens go.
#[utoipa::path(
    delete, path = "/api/v2/members/{account}", tag = "members", security(("bearer" = [])),
    params(("account" = Uuid, Path, description = "The id of their account.")),
    responses((status = 204, description = "They belong to the organisation no more."), OfCancellation),
)]
async fn remove_member(
    scope: Scope<ManageMembers>,
    path: Path<String>,
    db: Data<Db>,
) -> Result<Saved> {
    let account = account(&path)?;
    let mut tx = scope.begin().await?;
    members::change(&mut tx, account, Change::Remove, scope.clock().now()).await?;
    let committed = tx.commit().await?;
    members::end_sessions_of_nobody(&db, account).await?;
    Ok(committed.no_content())
}

fn account(text: &str) -> Result<AccountId> {
    let refuse = |_| AppError::BadRequest(format!("`{text}` is not the id of an account."));
    text.parse().map_err(refuse)
}

async fn find(tx: &mut TenantTx, account: AccountId) -> Result<Member> {
    store::find(tx, account).await?.ok_or(AppError::NotFound)
}

/// A team.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Team)]
struct TeamView {
    id: Uuid,
    /// Its name in addresses.
    slug: String,
    name: String,
    description: String,
    /// How many people are in it.
    #[schema(minimum = 0)]
    members: i64,
    created_at: DateTime<Utc>,
}

impl From<Team> for TeamView {
    fn from(team: Team) -> Self {
        let Team { id, slug, name, description, members, is_githubs: _, created_at } = team;
        Self { id, slug, name, description, members, created_at }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TeamQuery {
    /// Where to go on: the `next` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]+$", nullable = false)]
    cursor: Option<String>,
    /// How many items to answer at most; 50 unless said otherwise.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, nullable = false)]
    limit: Option<String>,
}

/// List the teams
#[utoipa::path(
    get, path = "/api/v2/teams", tag = "teams", security(("bearer" = [])), params(TeamQuery),
    responses((status = 200, description = "A page of teams.", body = PageOf<TeamView>), OfList),
)]
async fn list_teams(
    scope: Scope<ViewOrganization>,
    query: Query<TeamQuery>,
) -> Result<Json<PageOf<TeamView>>> {
    let page = page::<String>(query.cursor.as_ref(), query.limit.as_ref())?;
    let mut tx = scope.begin().await?;
    let rows = teams::list(&mut tx, &page).await?;
    Ok(Json(page.page(rows, |last| last.slug.clone())?.map(TeamView::from)))
}
