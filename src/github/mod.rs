//! GitHub: where it is, how people sign in by it, and what it says of them.
//!
//! The only module that speaks to GitHub, and it knows neither tenants nor SQL: `accounts` signs
//! people in by it, and what reads repositories and deliveries will ask through it. [`OAuthApp`] is
//! the way in, [`Client`] asks as a person, [`InstalledApp`] as the App itself; [`api`] is what
//! import, hooks and recovery ask.
//!
//! Invariants: no token and no secret is in a log, an error or a `Debug`; GitHub is where it was said to
//! be ([`Hosts`]) as far as that may be ([`Reach`]), and no redirect leads elsewhere; every call ends within the
//! time and the size of [`Limits`]; none is made inside a transaction.

// Before those that use its macro.
#[macro_use]
mod words;

mod access;
mod answer;
pub mod api;
mod app;
mod budget;
mod client;
mod error;
pub mod event;
mod full_name;
mod hosts;
mod http;
mod login;
pub mod model;
mod oauth;
mod reach;
mod storable;
pub mod subscription;
mod webhook;

pub use access::Access;
pub use api::{Api, ApiError, Cursor, Page};
pub use app::{AppKey, InstallationToken, InstalledApp, InvalidKey};
pub use budget::{Budget, Quota, Urgency};
pub use client::Client;
pub use error::{Error, OAuthRefusal};
pub use event::{Envelope, Event, Undigestible};
pub use full_name::FullName;
pub use hosts::{Hosts, InvalidHost};
pub use http::{Http, Limits};
pub use login::{InvalidLogin, Login};
pub use model::{App, EmailAddress, GitHubUser, Membership, MembershipRole, MembershipState};
pub use oauth::{OAuthApp, Pkce, UserToken};
pub use reach::{OffLimits, Reach};
pub use storable::storable;
pub use webhook::{BadSignature, Encoding, Signature, Unreadable, payload};
