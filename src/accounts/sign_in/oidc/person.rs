//! What an issuer says of somebody, and whose word is enough to come in.

use std::str::FromStr;

use thiserror::Error;

/// The most characters of a name that are kept.
const MOST: usize = 100;

/// Who an ID token is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::accounts::sign_in) struct OidcPerson {
    /// What stays of them at this issuer.
    pub(in crate::accounts::sign_in) subject: String,
    pub(in crate::accounts::sign_in) name: Option<String>,
    pub(in crate::accounts::sign_in) username: Option<String>,
    pub(in crate::accounts::sign_in) email: Option<String>,
    /// Whether the issuer says that the address is theirs.
    pub(in crate::accounts::sign_in) is_verified: bool,
    /// The domain that a Google account belongs to; none of a private one.
    pub(in crate::accounts::sign_in) hosted_domain: Option<String>,
}

impl OidcPerson {
    /// What they are shown as among their ways of signing in.
    pub(in crate::accounts::sign_in) fn shown(&self) -> String {
        let known = self.email.as_deref().or(self.username.as_deref());
        short(known.unwrap_or(&self.subject))
    }

    /// What a new account is called: letters, digits and hyphens of what is known of them.
    pub(in crate::accounts::sign_in) fn login(&self) -> String {
        let email = self.email.as_deref().and_then(|email| email.split('@').next());
        let known = self.username.as_deref().and_then(|name| name.split('@').next()).or(email);
        let login: String = known
            .unwrap_or_default()
            .chars()
            .map(|character| if character.is_ascii_alphanumeric() { character } else { '-' })
            .take(39)
            .collect();
        let login = login.trim_matches('-');
        if login.is_empty() { "member".to_owned() } else { login.to_owned() }
    }

    pub(in crate::accounts::sign_in) fn full_name(&self) -> String {
        let name = short(self.name.as_deref().unwrap_or_default());
        if name.is_empty() { self.shown() } else { name }
    }
}

fn short(text: &str) -> String {
    let kept: String =
        text.chars().filter(|character| !character.is_control()).take(MOST).collect();
    kept.trim().to_owned()
}

/// What tells which domain somebody belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DomainClaim {
    /// Google's `hd`: the domain whose administrators look after the account.
    Hosted,
    /// The domain of the verified address.
    Email,
}

/// Which people of an issuer are let in without an invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    claim: DomainClaim,
    domains: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not a domain like example.com")]
pub struct InvalidDomain(String);

#[derive(Debug, Error)]
#[error("it is `hd` or `email`")]
pub struct InvalidClaim;

impl FromStr for DomainClaim {
    type Err = InvalidClaim;

    fn from_str(text: &str) -> Result<Self, InvalidClaim> {
        match text {
            "hd" => Ok(Self::Hosted),
            "email" => Ok(Self::Email),
            _ => Err(InvalidClaim),
        }
    }
}

/// Why the issuer's word is not enough.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(in crate::accounts::sign_in) enum NotAdmitted {
    #[error(
        "The provider says no e-mail address of you, so it cannot be told whether you belong here. Ask whoever runs \
         this server"
    )]
    NoEmail,
    #[error(
        "The provider has not verified your e-mail address {0}. Verify it there, then sign in again"
    )]
    Unverified(String),
    #[error(
        "Accounts of {0} are not let in here. Sign in with the account of your organisation, or ask for an invitation"
    )]
    OtherDomain(String),
    #[error(
        "Private accounts are not let in here. Sign in with the account of your organisation, or ask for an invitation"
    )]
    Private,
}

impl Rule {
    pub fn new(claim: DomainClaim, domains: &[String]) -> Result<Self, InvalidDomain> {
        let parse = |text: &String| {
            let domain = text.trim().trim_start_matches('@').to_ascii_lowercase();
            let is_domain = domain.contains('.')
                && domain.len() <= 253
                && domain.split('.').all(|label| !label.is_empty())
                && domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
            if is_domain { Ok(domain) } else { Err(InvalidDomain(text.clone())) }
        };
        Ok(Self { claim, domains: domains.iter().map(parse).collect::<Result<_, _>>()? })
    }

    pub fn domains(&self) -> &[String] {
        &self.domains
    }

    /// Whether somebody belongs to one of the domains; none where none is named, and only invited people
    /// get in. A part of a domain is not the domain: `evil-acme.com` and `a.acme.com` are not `acme.com`.
    pub(in crate::accounts::sign_in) fn admits(
        &self,
        person: &OidcPerson,
    ) -> Option<Result<(), NotAdmitted>> {
        (!self.domains.is_empty()).then(|| self.check(person))
    }

    fn check(&self, person: &OidcPerson) -> Result<(), NotAdmitted> {
        let Some(email) = &person.email else { return Err(NotAdmitted::NoEmail) };
        if !person.is_verified {
            return Err(NotAdmitted::Unverified(short(email)));
        }
        let domain = match self.claim {
            DomainClaim::Hosted => person.hosted_domain.as_deref().ok_or(NotAdmitted::Private)?,
            DomainClaim::Email => email.rsplit('@').next().unwrap_or_default(),
        };
        if self.domains.iter().any(|allowed| domain.eq_ignore_ascii_case(allowed)) {
            Ok(())
        } else {
            Err(NotAdmitted::OtherDomain(short(domain)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(email: &str) -> OidcPerson {
        OidcPerson {
            subject: "1".to_owned(),
            name: None,
            username: None,
            email: Some(email.to_owned()),
            is_verified: true,
            hosted_domain: None,
        }
    }

    fn rule(claim: DomainClaim) -> Rule {
        Rule::new(claim, &["Acme.com".to_owned()]).unwrap()
    }

    #[test]
    fn only_the_whole_domain_of_a_verified_address_is_let_in() {
        let rule = rule(DomainClaim::Email);
        assert_eq!(rule.admits(&person("ada@ACME.com")), Some(Ok(())));
        for email in ["a@evil-acme.com", "a@sub.acme.com", "a@acme.com.evil.org", "acme.com@x.org"]
        {
            assert!(
                matches!(rule.admits(&person(email)), Some(Err(NotAdmitted::OtherDomain(_)))),
                "{email}"
            );
        }
        let unverified = OidcPerson { is_verified: false, ..person("ada@acme.com") };
        assert!(matches!(rule.admits(&unverified), Some(Err(NotAdmitted::Unverified(_)))));
        let nameless = OidcPerson { email: None, ..person("") };
        assert_eq!(rule.admits(&nameless), Some(Err(NotAdmitted::NoEmail)));
    }

    #[test]
    fn of_google_the_hosted_domain_counts_and_not_the_address() {
        let rule = rule(DomainClaim::Hosted);
        let hosted = |domain: Option<&str>, email| OidcPerson {
            hosted_domain: domain.map(str::to_owned),
            ..person(email)
        };
        assert_eq!(rule.admits(&hosted(Some("acme.com"), "ada@other.com")), Some(Ok(())));
        let private = hosted(None, "ada@acme.com");
        assert_eq!(rule.admits(&private), Some(Err(NotAdmitted::Private)));
    }

    #[test]
    fn without_domains_the_word_of_the_issuer_lets_nobody_in() {
        let rule = Rule::new(DomainClaim::Email, &[]).unwrap();
        assert_eq!(rule.admits(&person("ada@acme.com")), None);
        for wrong in ["", "com", "acme..com", "a b.com", "*.acme.com"] {
            assert!(Rule::new(DomainClaim::Email, &[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_login_is_made_of_what_is_known() {
        let named = OidcPerson { username: Some("ada.lovelace@x".to_owned()), ..person("b@x.org") };
        assert_eq!(named.login(), "ada-lovelace");
        assert_eq!(person("ben+news@x.org").login(), "ben-news");
        assert_eq!(OidcPerson { email: None, ..person("") }.login(), "member");
    }
}
