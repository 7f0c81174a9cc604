//! Members: the rules of who may change what about whom, and the changes.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    audit,
    store::{invitations, members as store},
};
use crate::{
    tenancy::{AccountId, Actor, Db, ManageMembers, Permission, Role, SystemReason, TenantTx},
    web::{AppError, Result},
};

/// Who vouches for a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum MemberSource {
    Owner,
    Github,
    Oidc,
    Setup,
    Command,
}

impl MemberSource {
    /// Whether a provider lets them in again when they sign in.
    pub const fn is_provider(self) -> bool {
        match self {
            Self::Github | Self::Oidc => true,
            Self::Owner | Self::Setup | Self::Command => false,
        }
    }
}

impl MemberSource {
    /// How the member came in, for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Owner => "invited",
            Self::Github => "GitHub organisation",
            Self::Oidc => "sign-in provider",
            Self::Setup => "setup link",
            Self::Command => "command line",
        }
    }
}

/// A person in an organisation.
#[derive(Clone, Debug)]
pub struct Member {
    pub account: AccountId,
    pub login: String,
    pub name: String,
    pub role: Role,
    pub source: MemberSource,
    pub created_at: DateTime<Utc>,
    /// Since when they are let in nowhere in the organisation.
    pub deactivated_at: Option<DateTime<Utc>>,
    /// Whether it was GitHub's word that put them out.
    pub deactivated_by_github: bool,
}

impl Member {
    pub const fn is_active(&self) -> bool {
        self.deactivated_at.is_none()
    }
}

/// Where a page of the list of members goes on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MemberKey {
    pub name: String,
    pub account: AccountId,
}

/// Which members a list shows.
#[derive(Clone, Debug, Default)]
pub struct MemberFilter<'a> {
    /// A part of the name or login, in any case.
    pub text: Option<&'a str>,
    pub role: Option<Role>,
    pub is_active: Option<bool>,
}

/// What is to be different about a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Role(Role),
    Deactivate,
    Reactivate,
    Remove,
}

/// Why a change of a member, or an invitation, is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("somebody of the role {0} is changed by an owner only, or by a higher role")]
    NotBelow(Role),
    #[error("the role {0} is above the own one")]
    RoleAbove(Role),
    #[error("they are the last owner; make somebody else an owner first")]
    LastOwner,
}

impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotBelow(Role::Viewer) => Self::Forbidden { minimum: Role::Member.as_str() },
            Refusal::NotBelow(Role::Member) => Self::Forbidden { minimum: Role::Manager.as_str() },
            Refusal::NotBelow(Role::Manager) => Self::Forbidden { minimum: Role::Admin.as_str() },
            Refusal::NotBelow(Role::Admin | Role::Owner) => {
                Self::Forbidden { minimum: Role::Owner.as_str() }
            }
            Refusal::RoleAbove(role) => Self::Forbidden { minimum: role.as_str() },
            Refusal::LastOwner => Self::Conflict(
                "This is the organisation's last owner. Make somebody else an owner first."
                    .to_owned(),
            ),
        }
    }
}

/// Whether somebody of this role may give another one.
pub fn allow_role(actor: Role, role: Role) -> Result<(), Refusal> {
    if role > actor { Err(Refusal::RoleAbove(role)) } else { Ok(()) }
}

/// Whether somebody of this role may change members of another one at all.
pub fn allow_touch(actor: Role, member: Role) -> Result<(), Refusal> {
    if actor == Role::Owner || actor > member { Ok(()) } else { Err(Refusal::NotBelow(member)) }
}

/// Whether the change may be made; `other_owners` are the active ones beside the member.
pub fn allow(
    actor: Role,
    member: &Member,
    change: Change,
    other_owners: i64,
) -> Result<(), Refusal> {
    allow_touch(actor, member.role)?;
    let stays_owner = match change {
        Change::Role(role) => {
            allow_role(actor, role)?;
            role == Role::Owner
        }
        Change::Reactivate => true,
        Change::Deactivate | Change::Remove => false,
    };
    if member.role == Role::Owner && member.is_active() && !stays_owner && other_owners == 0 {
        return Err(Refusal::LastOwner);
    }
    Ok(())
}

/// Makes the change and writes it into the audit log; a change that changes nothing is no change.
///
/// One such change at a time in an organisation: two that each leave one owner would leave none.
pub async fn change(
    tx: &mut TenantTx,
    account: AccountId,
    change: Change,
    now: DateTime<Utc>,
) -> Result<()> {
    let role = lock_managing(tx).await?;
    if let Change::Role(role) = change {
        allow_credential(tx, role)?;
    }
    let member = store::find(tx, account).await?.ok_or(AppError::NotFound)?;
    let others = store::count_other_owners(tx, account).await?;
    allow(role, &member, change, others)?;
    if !apply(tx, &member, change, now).await? {
        return Ok(());
    }
    audit::record(tx, event(&member, change, now)).await?;
    tx.announce("members");
    Ok(())
}

/// Lets one transaction at a time change who belongs to the organisation, and gives the actor's role
/// as it is then: another request may have changed it while this one waited.
pub(super) async fn lock(tx: &mut TenantTx) -> Result<Role> {
    store::lock(tx).await?;
    let Some(person) = tx.person() else { return Ok(tx.role()) };
    let member = store::find(tx, person).await?.filter(Member::is_active);
    Ok(member.ok_or(AppError::NotFound)?.role.min(tx.role()))
}

/// The same for whoever manages members, where they still do.
pub(super) async fn lock_managing(tx: &mut TenantTx) -> Result<Role> {
    let role = lock(tx).await?;
    if role < ManageMembers::MINIMUM {
        return Err(AppError::Forbidden { minimum: ManageMembers::MINIMUM.as_str() });
    }
    Ok(role)
}

/// Whether this credential gives a role: no token makes people who could make tokens in its stead.
pub(super) fn allow_credential(tx: &TenantTx, role: Role) -> Result<()> {
    let is_token = matches!(tx.actor(), Actor::Token { .. });
    if is_token && role >= ManageMembers::MINIMUM { Err(AppError::NotByToken) } else { Ok(()) }
}

async fn apply(
    tx: &mut TenantTx,
    member: &Member,
    change: Change,
    now: DateTime<Utc>,
) -> Result<bool> {
    match change {
        Change::Role(role) if role == member.role => return Ok(false),
        Change::Role(role) => store::set_role(tx, member.account, role).await?,
        // Whom a provider's word put out comes back by it, unless somebody here says otherwise.
        Change::Deactivate if !member.is_active() && !member.deactivated_by_github => {
            return Ok(false);
        }
        Change::Deactivate => store::set_active(tx, member.account, Some(now)).await?,
        Change::Reactivate if member.is_active() => return Ok(false),
        Change::Reactivate => store::set_active(tx, member.account, None).await?,
        Change::Remove => {
            store::delete(tx, member.account).await?;
            // Another invitation would be another way in.
            for id in invitations::revoke_of_login(tx, &member.login, now).await? {
                let of = json!({"login": member.login});
                let event = audit::Event::new("invitation.revoked", "invitation", id, now);
                audit::record(tx, event.detail(of)).await?;
            }
        }
    }
    Ok(true)
}

fn event(member: &Member, change: Change, at: DateTime<Utc>) -> audit::Event<'static> {
    let was = json!({"role": member.role, "active": member.is_active()});
    let member_event = |action, role: Option<Role>, active| {
        audit::Event::new(action, "member", member.account, at)
            .detail(json!({"login": member.login}))
            .changed(was.clone(), json!({"role": role, "active": active}))
    };
    let role = Some(member.role);
    match change {
        Change::Role(role) => member_event("member.role_changed", Some(role), member.is_active()),
        Change::Deactivate => member_event("member.deactivated", role, false),
        Change::Reactivate => member_event("member.reactivated", role, true),
        Change::Remove => member_event("member.removed", None, false),
    }
}

/// Ends the sessions of somebody who belongs to no organisation any more.
pub async fn end_sessions_of_nobody(db: &Db, account: AccountId) -> Result<()> {
    let mut tx = db.system(SystemReason::Login).await?;
    store::end_sessions_of_nobody(&mut tx, account).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(role: Role) -> Member {
        Member {
            account: AccountId::new(),
            login: "ada".to_owned(),
            name: "Ada".to_owned(),
            role,
            source: MemberSource::Owner,
            created_at: DateTime::UNIX_EPOCH,
            deactivated_at: None,
            deactivated_by_github: false,
        }
    }

    #[test]
    fn nobody_but_an_owner_changes_somebody_of_the_own_role_or_above() {
        for actor in Role::ALL {
            for role in Role::ALL {
                let may = allow(actor, &member(role), Change::Deactivate, 1).is_ok();
                assert_eq!(may, actor == Role::Owner || role < actor, "{actor} changes {role}");
            }
        }
    }

    #[test]
    fn nobody_gives_a_role_above_the_own() {
        for actor in Role::ALL {
            for role in Role::ALL {
                assert_eq!(allow_role(actor, role).is_ok(), role <= actor, "{actor} gives {role}");
            }
        }
        let promoted = allow(Role::Admin, &member(Role::Member), Change::Role(Role::Owner), 1);
        assert_eq!(promoted, Err(Refusal::RoleAbove(Role::Owner)));
    }

    #[test]
    fn the_last_active_owner_stays() {
        let owner = member(Role::Owner);
        for change in [Change::Role(Role::Admin), Change::Deactivate, Change::Remove] {
            assert_eq!(allow(Role::Owner, &owner, change, 0), Err(Refusal::LastOwner));
            assert_eq!(allow(Role::Owner, &owner, change, 1), Ok(()));
        }
        assert_eq!(allow(Role::Owner, &owner, Change::Role(Role::Owner), 0), Ok(()));
        let out = Member { deactivated_at: Some(DateTime::UNIX_EPOCH), ..owner };
        assert_eq!(allow(Role::Owner, &out, Change::Remove, 0), Ok(()));
    }
}
