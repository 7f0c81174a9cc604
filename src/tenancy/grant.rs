//! The proof that somebody may act for one organisation.

use std::sync::Arc;

use super::{
    confirmation::Confirmation,
    permission::{Role, TokenScope},
    session::SessionId,
};
use crate::platform::crypto::SecretHash;

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

/// What a grant was looked up by. Each transaction looks it up again, so that whoever was removed,
/// demoted or signed out meanwhile is so at once.
#[derive(Clone, Debug)]
pub(super) enum Credential {
    Session(SessionId),
    Token(SecretHash),
    /// A job's, the operator's, retention's, or of the transaction that has just let somebody in.
    Own,
}

/// Where a request comes from, for the audit log; empty for jobs and commands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    pub address: String,
    pub user_agent: String,
    pub request_id: String,
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
    /// Whose eyes the transaction has: the person, also where a token of theirs acts.
    pub(super) person: Option<AccountId>,
    pub(super) credential: Credential,
    pub(super) origin: Arc<Origin>,
    /// What a token may do at most.
    pub(super) scope: TokenScope,
    pub(super) confirmation: Confirmation,
}

impl Grant {
    /// The grant of somebody who needs none looked up.
    pub(super) fn own(organization: Organization, actor: Actor, role: Role) -> Self {
        let person = match &actor {
            Actor::Account { id, .. } => Some(*id),
            Actor::Token { .. } | Actor::Command | Actor::Job { .. } => None,
        };
        Self {
            organization,
            actor,
            role,
            person,
            credential: Credential::Own,
            origin: Arc::default(),
            scope: TokenScope::Admin,
            confirmation: Confirmation::default(),
        }
    }

    pub const fn organization(&self) -> &Organization {
        &self.organization
    }

    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    pub const fn role(&self) -> Role {
        self.role
    }

    /// The person who acts, also by a token.
    pub const fn person(&self) -> Option<AccountId> {
        self.person
    }

    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}
