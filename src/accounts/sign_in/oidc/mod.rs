//! Issuers of OpenID Connect: Google, and any other one that the configuration names.
//!
//! [`provider`] speaks to an issuer over [`http`], [`person`] is what it says of somebody, and the rule of
//! whose word is enough. Invariants: nothing is believed that is not in an ID token whose signature, issuer,
//! audience, end and nonce are right; whoever it names is told apart by issuer and subject, and never by an
//! address; every call goes over https, ends in time and reads so much and no more.

mod error;
mod http;
mod person;
mod provider;

pub(super) use error::Error;
pub(super) use person::NotAdmitted;
pub(super) use person::OidcPerson;
pub use person::{DomainClaim, Rule};
pub(super) use provider::{Provider, Question};

use secrecy::SecretString;

/// Where Google's accounts are.
pub const GOOGLE: &str = "https://accounts.google.com";

/// An issuer, and as what Quarterdeck is known there.
#[derive(Clone, Debug)]
pub struct OidcSettings {
    /// What it is called in addresses: `google`.
    pub name: String,
    /// What it is called on the button.
    pub label: String,
    pub issuer: String,
    pub client_id: String,
    pub client_secret: SecretString,
    pub rule: Rule,
    /// The slug of the organisation that people of the allowed domains are let into; else the first one.
    pub organization: Option<String>,
}
