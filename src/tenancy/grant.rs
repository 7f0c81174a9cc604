//! The proof that somebody may act for one organisation.

use super::permission::Role;

crate::id! {
    /// An organisation's id, which leads every key of its rows.
    TenantId
}

crate::id! {
    /// A person's id.
    AccountId
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    Account {
        id: AccountId,
        login: String,
        name: String,
    },
    Token {
        id: uuid::Uuid,
        name: String,
    },
    /// Somebody at the server's own command line.
    Command,
    Job {
        kind: String,
    },
}

impl Actor {
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Account { .. } => "account",
            Self::Token { .. } => "token",
            Self::Command => "command",
            Self::Job { .. } => "job",
        }
    }

    pub const fn id(&self) -> Option<uuid::Uuid> {
        match self {
            Self::Account { id, .. } => Some(id.as_uuid()),
            Self::Token { id, .. } => Some(*id),
            Self::Command | Self::Job { .. } => None,
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Account { name, .. } | Self::Token { name, .. } => name,
            Self::Command => "command line",
            Self::Job { kind } => kind,
        }
    }
}

/// The organisation that somebody acts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    pub id: TenantId,
    pub slug: String,
    pub name: String,
}

/// The proof that an actor may act for an organisation, in a role.
///
/// Made by look-ups only: of a session or API token, of a job's row, of an organisation by the
/// operator at the command line, or of each organisation by retention.
#[derive(Clone, Debug)]
pub struct Grant {
    pub(super) organization: Organization,
    pub(super) actor: Actor,
    pub(super) role: Role,
}

impl Grant {
    pub const fn organization(&self) -> &Organization {
        &self.organization
    }

    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    pub const fn role(&self) -> Role {
        self.role
    }
}
