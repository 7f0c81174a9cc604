//! What GitHub says of people, memberships and Apps.

use serde::Deserialize;

use super::super::{Error, Hosts, Login};

/// A person on GitHub; the id is what stays.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct GitHubUser {
    pub id: i64,
    pub node_id: String,
    pub login: Login,
    pub name: Option<String>,
    /// What the profile shows; nobody has proved it. See [`crate::github::Client::verified_emails`].
    pub email: Option<String>,
    pub avatar_url: String,
}

/// An address that GitHub has verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailAddress {
    pub address: String,
    pub is_primary: bool,
}

/// How a person belongs to an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Membership {
    pub state: MembershipState,
    pub role: MembershipRole,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MembershipState {
    Active,
    /// Invited, and has not said yes.
    Pending,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MembershipRole {
    /// An owner of the organisation.
    Admin,
    Member,
    /// Somebody who pays the bills and sees nothing else.
    BillingManager,
}

/// A GitHub App, as it sees itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct App {
    pub id: i64,
    pub slug: String,
    pub name: String,
    pub html_url: String,
    /// Of the side that signs people in; older Enterprise Servers do not say it.
    pub client_id: Option<String>,
}

impl Membership {
    /// The membership if it lets somebody in: active, and of one who may see what members see.
    pub fn active(self, organization: &Login, hosts: &Hosts) -> Result<Self, Error> {
        let organization = organization.clone();
        match (self.state, self.role) {
            (MembershipState::Pending, _) => {
                let url = hosts.invitation_url(&organization);
                Err(Error::Pending { organization, url })
            }
            (MembershipState::Active, MembershipRole::BillingManager) => {
                Err(Error::NotMember { organization })
            }
            (MembershipState::Active, MembershipRole::Admin | MembershipRole::Member) => Ok(self),
        }
    }
}
