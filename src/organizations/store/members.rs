//! The SQL of members as administrators see and change them.

use chrono::{DateTime, Utc};

use crate::{
    organizations::members::{Member, MemberFilter, MemberKey, MemberSource},
    tenancy::{AccountId, Role, SystemTx, TenantTx},
    web::paging::PageRequest,
};

/// Lists members by name.
pub(in crate::organizations) async fn list(
    tx: &mut TenantTx,
    filter: &MemberFilter<'_>,
    page: &PageRequest<MemberKey>,
) -> sqlx::Result<Vec<Member>> {
    sqlx::query_as!(
        Member,
        r#"SELECT account_id AS "account: AccountId", login, name, role AS "role: Role", source AS "source: MemberSource",
                  created_at, deactivated_at, deactivated_by_github
           FROM memberships
           WHERE ($1::text IS NULL OR strpos(lower(name), lower($1)) > 0 OR strpos(lower(login), lower($1)) > 0)
             AND ($2::text IS NULL OR role = $2)
             AND ($3::boolean IS NULL OR (deactivated_at IS NULL) = $3)
             AND ($4::text IS NULL OR (lower(name), account_id) > (lower($4), $5::uuid))
           ORDER BY lower(name), account_id
           LIMIT $6"#,
        filter.text,
        filter.role.map(Role::as_str),
        filter.is_active,
        page.after.as_ref().map(|key| key.name.as_str()),
        page.after.as_ref().map(|key| key.account.as_uuid()),
        page.fetch(),
    )
    .fetch_all(tx.connection())
    .await
}

pub(in crate::organizations) async fn find(
    tx: &mut TenantTx,
    account: AccountId,
) -> sqlx::Result<Option<Member>> {
    sqlx::query_as!(
        Member,
        r#"SELECT account_id AS "account: AccountId", login, name, role AS "role: Role", source AS "source: MemberSource",
                  created_at, deactivated_at, deactivated_by_github
           FROM memberships
           WHERE account_id = $1"#,
        account.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await
}

/// Finds a member by login, in any case.
pub(in crate::organizations) async fn find_login(
    tx: &mut TenantTx,
    login: &str,
) -> sqlx::Result<Option<Member>> {
    sqlx::query_as!(
        Member,
        r#"SELECT account_id AS "account: AccountId", login, name, role AS "role: Role", source AS "source: MemberSource",
                  created_at, deactivated_at, deactivated_by_github
           FROM memberships
           WHERE lower(login) = lower($1)"#,
        login,
    )
    .fetch_optional(tx.connection())
    .await
}

/// Lets one transaction at a time change the members of the organisation.
pub(in crate::organizations) async fn lock(tx: &mut TenantTx) -> sqlx::Result<()> {
    sqlx::query!("SELECT tenant_id FROM organizations FOR NO KEY UPDATE")
        .fetch_one(tx.connection())
        .await
        .map(|_| ())
}

/// Counts the active owners beside somebody.
pub(in crate::organizations) async fn count_other_owners(
    tx: &mut TenantTx,
    account: AccountId,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!"
           FROM memberships
           WHERE role = 'owner'
             AND deactivated_at IS NULL
             AND account_id <> $1"#,
        account.as_uuid(),
    )
    .fetch_one(tx.connection())
    .await
}

pub(in crate::organizations) async fn set_role(
    tx: &mut TenantTx,
    account: AccountId,
    role: Role,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE memberships SET role = $2 WHERE account_id = $1",
        account.as_uuid(),
        role.as_str(),
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Deactivates somebody since a time, or lets them in again; GitHub's word has no part in it.
pub(in crate::organizations) async fn set_active(
    tx: &mut TenantTx,
    account: AccountId,
    deactivated_at: Option<DateTime<Utc>>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE memberships SET deactivated_at = $2, deactivated_by_github = false WHERE account_id = $1",
        account.as_uuid(),
        deactivated_at,
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// Deletes a membership, and with it its places in teams, grants and tokens.
pub(in crate::organizations) async fn delete(
    tx: &mut TenantTx,
    account: AccountId,
) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM memberships WHERE account_id = $1", account.as_uuid())
        .execute(tx.connection())
        .await
        .map(|_| ())
}

/// Ends the sessions of somebody whom no organisation lets in.
pub(in crate::organizations) async fn end_sessions_of_nobody(
    tx: &mut SystemTx,
    account: AccountId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM sessions
         WHERE account_id = $1
           AND NOT EXISTS (SELECT FROM memberships m WHERE m.account_id = $1 AND m.deactivated_at IS NULL)",
        account.as_uuid(),
    )
    .execute(tx.connection())
    .await
    .map(|_| ())
}

/// What would go with a member.
#[derive(Debug)]
pub(in crate::organizations) struct Belongings {
    pub(in crate::organizations) teams: i64,
    pub(in crate::organizations) grants: i64,
    pub(in crate::organizations) tokens: i64,
}

pub(in crate::organizations) async fn count_belongings(
    tx: &mut TenantTx,
    account: AccountId,
) -> sqlx::Result<Belongings> {
    sqlx::query_as!(
        Belongings,
        r#"SELECT (SELECT count(*) FROM team_members WHERE account_id = $1) AS "teams!",
                  (SELECT count(*) FROM repository_people WHERE account_id = $1) AS "grants!",
                  (SELECT count(*) FROM api_tokens WHERE account_id = $1 AND revoked_at IS NULL) AS "tokens!""#,
        account.as_uuid(),
    )
    .fetch_one(tx.connection())
    .await
}
