//! The SQL of leaving an organisation.

use crate::tenancy::{AccountId, Role, TenantTx};

/// A member who thinks of leaving, and what would go with them.
pub(super) struct Leaving {
    pub(super) login: String,
    pub(super) role: Role,
    /// Whether a GitHub organisation vouches for them, which lets them in again.
    pub(super) is_by_github: bool,
    pub(super) is_last_owner: bool,
    pub(super) teams: i64,
    pub(super) grants: i64,
    pub(super) tokens: i64,
}

pub(super) async fn find(tx: &mut TenantTx, person: AccountId) -> sqlx::Result<Option<Leaving>> {
    sqlx::query_as!(
        Leaving,
        r#"SELECT m.login, m.role AS "role: Role", m.source = 'github' AS "is_by_github!",
                  m.role = 'owner' AND NOT EXISTS (SELECT FROM memberships other
                                                   WHERE other.account_id <> m.account_id
                                                     AND other.role = 'owner'
                                                     AND other.deactivated_at IS NULL) AS "is_last_owner!",
                  (SELECT count(*) FROM team_members WHERE account_id = $1) AS "teams!",
                  (SELECT count(*) FROM repository_people WHERE account_id = $1) AS "grants!",
                  (SELECT count(*) FROM api_tokens WHERE account_id = $1 AND revoked_at IS NULL) AS "tokens!"
           FROM memberships m
           WHERE m.account_id = $1"#,
        person.as_uuid(),
    )
    .fetch_optional(tx.connection())
    .await
}
