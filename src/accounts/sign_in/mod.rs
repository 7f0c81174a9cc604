//! Signing in by a provider's word: the way there and back, who is let in, and what they become.
//!
//! [`pages`] and [`callback`] hold the addresses, [`attempts`] the way there and back, [`providers`] who can
//! be asked, [`word`] what they say, [`gate`] GitHub's doors, [`people`] what is written about somebody.
//! Invariants: a state is good once, for ten minutes, in the browser that began; an account is found by the
//! provider's unchanging id and never by a name or address; nothing is asked of a provider inside a
//! transaction.

mod attempts;
mod callback;
mod gate;
mod identities_page;
mod oidc;
mod pages;
mod people;
mod providers;
mod refusal;
mod revocation;
mod settings;
mod store;
mod watch;
mod word;

pub use attempts::{LIFETIME as ATTEMPT_LIFETIME, forget as forget_attempts};
pub use oidc::{DomainClaim, GOOGLE, OidcSettings, Rule};
pub use pages::routes;
pub use providers::{Choice, GitHubSettings, Providers};
pub use revocation::{ForgetAuthorization, register_jobs};
pub use settings::{Giver, SignInApp, adopt, may_adopt};
pub use store::{list_accounts_at_github, list_members_at_github};
pub use watch::{AskAgain, COUNTS as ASKED_AGAIN_AFTER, watch};
