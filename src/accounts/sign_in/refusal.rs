//! Why somebody is not let in, in words for them.

use thiserror::Error;

use super::oidc;
use crate::{
    github::{self, Error as GitHubError},
    organizations::invitations::NotAccepted,
    tenancy::TenantId,
    web::html::Link,
};

/// Why somebody is not let in.
#[derive(Clone, Debug, Error)]
pub(super) enum Refusal {
    #[error(transparent)]
    GitHub(#[from] GitHubError),
    #[error(transparent)]
    Oidc(#[from] oidc::Error),
    #[error(transparent)]
    NotAdmitted(#[from] oidc::NotAdmitted),
    #[error(
        "Nobody has invited {login} to this Quarterdeck. Ask an owner or administrator for an invitation, and give them this GitHub login"
    )]
    NotInvited { login: String },
    #[error(
        "Nobody has invited {who} to this Quarterdeck. Ask an owner or administrator for an invitation's link, and open it before you sign in"
    )]
    NoLink { who: String },
    #[error(
        "This account belongs to another person here. Sign in with it, or choose another account"
    )]
    AnothersIdentity,
    #[error(
        "You have an account of this provider here already. Remove it before you add another one"
    )]
    HasOne,
    #[error("You were signed out meanwhile. Sign in, then add the account again")]
    SignedOut,
    /// The link that they followed lets nobody in, or not them.
    #[error("{why}")]
    Invitation { tenant: TenantId, id: uuid::Uuid, why: NotAccepted },
}

impl Refusal {
    /// Whether a provider has said that somebody does not belong; one that cannot be asked has not.
    pub(super) const fn is_certain(&self) -> bool {
        match self {
            Self::GitHub(error) => {
                matches!(error, GitHubError::NotMember { .. } | GitHubError::Pending { .. })
            }
            Self::NotAdmitted(why) => {
                matches!(why, oidc::NotAdmitted::OtherDomain(_) | oidc::NotAdmitted::Private)
            }
            Self::Oidc(_)
            | Self::NotInvited { .. }
            | Self::NoLink { .. }
            | Self::AnothersIdentity
            | Self::HasOne
            | Self::SignedOut
            | Self::Invitation { .. } => false,
        }
    }

    /// Where the person can mend it.
    pub(super) fn mend(&self) -> Option<Link> {
        let Self::GitHub(error) = self else { return None };
        match error {
            GitHubError::Pending { url, .. } => Some(Link::new("Accept the invitation", url)),
            GitHubError::ThirdPartyRestricted { url, .. } => {
                Some(Link::new("Approve the application", url))
            }
            GitHubError::SsoRequired { url, .. } => {
                Some(Link::new("Sign on to the organisation", url))
            }
            github::Error::NotMember { .. }
            | GitHubError::TokenRejected
            | GitHubError::RateLimited { .. }
            | GitHubError::MissingPermission { .. }
            | GitHubError::NotInstalled { .. }
            | GitHubError::AppRejected
            | GitHubError::ClockWrong
            | GitHubError::OAuth(_)
            | GitHubError::OffLimits(_)
            | GitHubError::Unreachable { .. }
            | GitHubError::Unexpected { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::github::Login;

    #[test]
    fn only_a_no_is_a_no() {
        let organization = Login::parse("acme").unwrap();
        let certain = |error: GitHubError| Refusal::GitHub(error).is_certain();
        assert!(certain(GitHubError::NotMember { organization: organization.clone() }));
        assert!(!certain(GitHubError::Unreachable { reason: String::new() }));
        assert!(!certain(GitHubError::TokenRejected));
        assert!(!certain(GitHubError::ThirdPartyRestricted { organization, url: String::new() }));
        let other = oidc::NotAdmitted::OtherDomain("x.org".to_owned());
        assert!(Refusal::NotAdmitted(other).is_certain());
        assert!(!Refusal::NotAdmitted(oidc::NotAdmitted::NoEmail).is_certain());
    }
}
