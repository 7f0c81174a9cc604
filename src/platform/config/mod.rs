//! The configuration: `config.toml`, then environment variables over it.
//!
//! Every module is given its section by `app`; nothing else reads the environment. Invariants: an
//! unknown key is an error, and `config.toml` in the repository lists every key with its default.

mod load;
mod settings;

pub use load::{ConfigError, Environment, load};
pub use settings::{
    Config, DatabaseSettings, LimitSettings, LogFormat, LogSettings, MailSettings, OidcSettings,
    PostgresSettings, RepositorySettings, ScannerSettings, ServerSettings, SessionSettings,
};
