//! Roles, and the permissions each of them has.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Every permission with the least role that has it, and what it is for.
pub const fn permissions() -> &'static [PermissionEntry] {
    EVERY
}

/// A line of the table of permissions.
#[derive(Clone, Copy, Debug)]
pub struct PermissionEntry {
    pub name: &'static str,
    pub minimum: Role,
    doc: &'static str,
}

impl PermissionEntry {
    /// What it lets somebody do, for people: the first line of the type's description.
    pub fn words(&self) -> &'static str {
        self.doc.trim().trim_end_matches('.')
    }
}

/// What a member may do, each role all that the ones before it may.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type,
)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Role {
    Viewer,
    Member,
    Manager,
    Admin,
    Owner,
}

#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no role; the roles are viewer, member, manager, admin and owner")]
pub struct InvalidRole(String);

impl Role {
    pub const ALL: [Self; 5] =
        [Self::Viewer, Self::Member, Self::Manager, Self::Admin, Self::Owner];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Manager => "manager",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| InvalidRole(text.to_owned()))
    }
}

/// One thing a handler may need leave for; the type stands in the handler's signature.
pub trait Permission: 'static {
    const NAME: &'static str;
    /// The least role that has it.
    const MINIMUM: Role;
    /// Whether its transactions only read.
    const READ_ONLY: bool;
    /// Whether the second factor is asked for again where there is one.
    const IS_DANGEROUS: bool;
    /// Whether only a person in a browser has it, and no token, whatever its scope.
    const IS_PERSONAL: bool;
    /// The scope that a token needs for it.
    const SCOPE: TokenScope = TokenScope::of(Self::READ_ONLY, Self::MINIMUM);
}

/// What a token may do at most, each scope all that the ones before it may.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type,
)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum TokenScope {
    /// See what members see.
    Read,
    /// Change what members and managers change.
    Write,
    /// All that the role may.
    Admin,
}

impl TokenScope {
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Admin];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    const fn of(read_only: bool, minimum: Role) -> Self {
        match (minimum, read_only) {
            (Role::Admin | Role::Owner, _) => Self::Admin,
            (Role::Viewer | Role::Member | Role::Manager, true) => Self::Read,
            (Role::Viewer | Role::Member | Role::Manager, false) => Self::Write,
        }
    }
}

/// What somebody may do in a repository, each level all that the ones before it may.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type,
)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "access_level", rename_all = "lowercase")]
pub enum Level {
    None,
    Read,
    Write,
    Admin,
}

impl Level {
    pub const ALL: [Self; 4] = [Self::None, Self::Read, Self::Write, Self::Admin];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// A permission that is about one repository, in which it needs a level besides.
pub trait RepositoryPermission: Permission {
    const LEVEL: Level;
}

impl RepositoryPermission for RequestScan {
    const LEVEL: Level = Level::Write;
}

impl RepositoryPermission for ManageRepositories {
    const LEVEL: Level = Level::Admin;
}

impl RepositoryPermission for ManageAccess {
    const LEVEL: Level = Level::Admin;
}

macro_rules! permissions {
    ($(#[doc = $doc:literal] $name:ident: $minimum:ident, $mode:ident;)*) => {
        $(
            #[doc = $doc]
            #[derive(Clone, Copy, Debug)]
            pub struct $name;

            impl Permission for $name {
                const NAME: &'static str = stringify!($name);
                const MINIMUM: Role = Role::$minimum;
                const READ_ONLY: bool = permissions!(@ $mode);
                const IS_DANGEROUS: bool = permissions!(@@ $mode);
                const IS_PERSONAL: bool = permissions!(@@@ $mode);
            }
        )*

        const EVERY: &[PermissionEntry] = &[
            $(PermissionEntry { name: stringify!($name), minimum: Role::$minimum, doc: $doc }),*
        ];
    };
    (@ read) => { true };
    (@ write) => { false };
    (@ danger) => { false };
    (@ personal) => { false };
    (@@ read) => { false };
    (@@ write) => { false };
    (@@ danger) => { true };
    (@@ personal) => { true };
    (@@@ read) => { false };
    (@@@ write) => { false };
    (@@@ danger) => { false };
    (@@@ personal) => { true };
}

permissions! {
    /// See projects, tasks, commits, repositories and scans.
    ViewWork: Viewer, read;
    /// See the organisation and its members.
    ViewOrganization: Viewer, read;
    /// Change the organisation's name, and what newcomers become.
    ManageOrganization: Owner, danger;
    /// See how people sign in.
    ViewSignIn: Owner, read;
    /// Give the credentials that people sign in by, where the organisation is the server's first.
    ManageSignIn: Owner, danger;
    /// Invite people, give them roles up to one's own, and put them out.
    ManageMembers: Admin, danger;
    /// Make, change and delete teams, and say who is in them.
    ManageTeams: Manager, write;
    /// Say who is in the teams that one leads.
    LeadTeams: Member, write;
    /// Say who may see and change the repositories that one administers.
    ManageAccess: Member, write;
    /// See analytics.
    ViewAnalytics: Viewer, read;
    /// Ask for a scan of a repository.
    RequestScan: Member, write;
    /// Connect and remove repositories.
    ManageRepositories: Admin, write;
    /// See the hooks, and what GitHub has told by them.
    ViewDeliveries: Admin, read;
    /// Have what GitHub has told tried again.
    ReplayDeliveries: Admin, write;
    /// Make and revoke hooks, and give them other secrets.
    ManageHooks: Admin, danger;
    /// See the connections to GitHub, and what they reach.
    ViewGitHub: Admin, read;
    /// Connect GitHub and remove its connections.
    ManageGitHub: Admin, danger;
    /// See what the isolation checks found.
    InspectIsolation: Admin, read;
    /// Read the audit log.
    ViewAudit: Admin, read;
    /// Take data out as a file, which is written into the audit log.
    ExportData: Admin, write;
    /// Make API tokens for oneself.
    MakeTokens: Viewer, personal;
    /// Revoke API tokens of one's own.
    RevokeOwnTokens: Viewer, write;
    /// Leave the organisation.
    LeaveOrganization: Viewer, personal;
    /// See everybody's API tokens.
    ViewTokens: Admin, read;
    /// Revoke anybody's API tokens.
    RevokeTokens: Admin, personal;
    /// See which keys the site signs and seals with, in the organisation that was made first.
    ViewKeys: Owner, read;
    /// Have another key sign the site's sessions.
    RotateKeys: Owner, personal;
}
