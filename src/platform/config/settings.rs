//! Every setting, with its default.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use ipnet::IpNet;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the managed Postgres and the mirrors live.
    pub data_dir: Option<PathBuf>,
    pub server: ServerSettings,
    pub database: DatabaseSettings,
    pub postgres: PostgresSettings,
    pub log: LogSettings,
    pub limits: LimitSettings,
    pub sessions: SessionSettings,
    pub keys: KeySettings,
    pub github: GitHubSettings,
    pub mail: MailSettings,
    /// Issuers of OpenID Connect, by the names they have in addresses.
    pub oidc: BTreeMap<String, OidcSettings>,
    pub repositories: RepositorySettings,
    pub scanner: ScannerSettings,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerSettings {
    pub listen: SocketAddr,
    /// What people type into their browsers; from `listen` where it is not set.
    pub public_url: Option<Url>,
    /// An own listener for `/metrics`, without a token.
    pub metrics_listen: Option<SocketAddr>,
    /// The bearer token that opens `/metrics` on the main listener.
    pub metrics_token: Option<SecretString>,
    pub shutdown_seconds: u64,
    pub workers: usize,
    /// The reverse proxies whose word about addresses is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether other processes serve the same site, so that limits have to be shared.
    pub shared_limits: bool,
    /// Open connections at most; more of them wait.
    pub max_connections: usize,
    /// How long the head of a request may take.
    pub head_seconds: u64,
    /// How long its body may take.
    pub body_seconds: u64,
    /// How long a connection waits for its next request.
    pub keep_alive_seconds: u64,
}

/// Where mail goes out; without an address, links are there to copy.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailSettings {
    /// `smtps://user:password@host:465`, or `smtp://…?tls=required` for STARTTLS.
    pub smtp_url: Option<SecretString>,
    /// Who mail is from.
    pub from: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseSettings {
    /// A Postgres of your own; without it, the binary runs a private one.
    pub url: Option<SecretString>,
    pub max_connections: u32,
    /// A direct address for LISTEN where `url` is a transaction pooler.
    pub listen_url: Option<SecretString>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PostgresSettings {
    /// A directory with `bin/postgres` to prefer over the system's.
    pub dir: Option<PathBuf>,
    /// The unprivileged user that the server runs as when started by root.
    pub user: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Pretty,
    Json,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    pub format: LogFormat,
    pub filter: String,
}

/// Requests in a minute; 0 sets no limit.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// Of an address without a good credential.
    pub address_requests: u32,
    /// Of a session or token.
    pub credential_requests: u32,
    /// Of an address to the routes that sign in.
    pub sign_ins: u32,
    /// Of an address to the routes of webhooks.
    pub webhooks: u32,
    /// Wrong links, codes and invitations of an address before it has to wait; 0 never makes it wait.
    pub failed_sign_ins: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionSettings {
    /// Days without a visit after which a sign-in ends.
    pub days: u32,
    /// Days after which it ends in any case.
    pub most_days: u32,
    /// Goes into what is stored of sessions; another one signs everybody out.
    pub secret: Option<SecretString>,
    /// What the key that signs sessions' passes is made of, where the server is not to make its own.
    pub signing_secret: Option<SecretString>,
}

/// The keys that secrets in the database are sealed with.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeySettings {
    /// The file they stand in; made at the first start.
    pub file: Option<PathBuf>,
    /// What they are made of instead, comma-separated; the first seals.
    pub secret: Option<SecretString>,
}

/// Where GitHub is, and as what Quarterdeck is known there.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GitHubSettings {
    pub web_url: String,
    /// From `web_url` where it is not set.
    pub api_url: Option<String>,
    pub client_id: Option<String>,
    pub client_secret: Option<SecretString>,
    pub app_id: Option<i64>,
    pub private_key: Option<SecretString>,
    pub private_key_file: Option<PathBuf>,
    /// GitHub organisations whose members are let into the first organisation.
    pub allowed_organizations: Vec<String>,
}

/// An issuer of OpenID Connect, and as what Quarterdeck is known there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OidcSettings {
    /// Google's where the section is called `google` and this is not set.
    pub issuer: Option<String>,
    pub client_id: Option<String>,
    pub client_secret: Option<SecretString>,
    /// What it is called on the button; from the section's name where it is not set.
    pub label: Option<String>,
    /// Domains whose people are let in without an invitation.
    pub allowed_domains: Vec<String>,
    /// `hd` or `email`; `hd` for Google and `email` for others where it is not set.
    pub domain_claim: Option<String>,
    /// The organisation that they are let into; the first one where it is not set.
    pub organization: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RepositorySettings {
    pub allowed_networks: Vec<IpNet>,
    pub max_pack_bytes: u64,
    pub max_object_bytes: u64,
    pub max_refs: usize,
    pub max_mirror_bytes: u64,
    pub min_free_bytes: u64,
    /// Days after which an unused mirror is deleted; 0 keeps it.
    pub keep_mirrors_days: u32,
    pub fetch_timeout_seconds: u64,
    pub connect_timeout_seconds: u64,
    pub idle_timeout_seconds: u64,
    pub max_commits: usize,
    pub max_files_per_commit: usize,
    pub max_diff_bytes: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScannerSettings {
    pub allow_local_paths: Vec<PathBuf>,
    pub parallel: usize,
    pub max_files: usize,
    pub max_depth: usize,
    pub max_blob_bytes: u64,
    pub timeout_seconds: u64,
    /// Memory of the whole process at which the latest scan is ended; 0 sets no limit.
    pub max_memory_bytes: u64,
    /// Scans of each repository whose rows are kept.
    pub keep_scans: u32,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
            public_url: None,
            metrics_listen: None,
            metrics_token: None,
            shutdown_seconds: 20,
            workers: 2,
            trusted_proxies: Vec::new(),
            shared_limits: false,
            max_connections: 8192,
            head_seconds: 10,
            body_seconds: 30,
            keep_alive_seconds: 75,
        }
    }
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Self { url: None, max_connections: 20, listen_url: None }
    }
}

impl Default for PostgresSettings {
    fn default() -> Self {
        Self { dir: None, user: "quarterdeck".to_owned() }
    }
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { format: LogFormat::Pretty, filter: "info".to_owned() }
    }
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            address_requests: 600,
            credential_requests: 1200,
            sign_ins: 60,
            webhooks: 30_000,
            failed_sign_ins: 10,
        }
    }
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self { days: 7, most_days: 90, secret: None, signing_secret: None }
    }
}

impl Default for GitHubSettings {
    fn default() -> Self {
        Self {
            web_url: "https://github.com".to_owned(),
            api_url: None,
            client_id: None,
            client_secret: None,
            app_id: None,
            private_key: None,
            private_key_file: None,
            allowed_organizations: Vec::new(),
        }
    }
}

impl Default for RepositorySettings {
    fn default() -> Self {
        Self {
            allowed_networks: Vec::new(),
            max_pack_bytes: 2 << 30,
            max_object_bytes: 512 << 20,
            max_refs: 200_000,
            max_mirror_bytes: 8 << 30,
            min_free_bytes: 512 << 20,
            keep_mirrors_days: 90,
            fetch_timeout_seconds: 900,
            connect_timeout_seconds: 20,
            idle_timeout_seconds: 60,
            max_commits: 1_000_000,
            max_files_per_commit: 1_000,
            max_diff_bytes: 64 << 20,
        }
    }
}

impl Default for ScannerSettings {
    fn default() -> Self {
        Self {
            allow_local_paths: Vec::new(),
            parallel: 2,
            max_files: 200_000,
            max_depth: 100,
            max_blob_bytes: 2 << 20,
            timeout_seconds: 1800,
            max_memory_bytes: 1 << 30,
            keep_scans: 100,
        }
    }
}

impl Config {
    /// The address people use, without a slash at its end.
    pub fn public_url(&self) -> String {
        if let Some(url) = &self.server.public_url {
            return url.as_str().trim_end_matches('/').to_owned();
        }
        let listen = self.server.listen;
        if listen.ip().is_unspecified() {
            // Nobody can type 0.0.0.0: from this machine, or a container's, it is localhost.
            return format!("http://localhost:{}", listen.port());
        }
        format!("http://{listen}")
    }

    /// Whether cookies may be marked `Secure`.
    pub fn is_https(&self) -> bool {
        self.server.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }

    /// Where the keys stand that secrets are sealed with.
    pub fn keys_file(&self, data_dir: &Path) -> PathBuf {
        self.keys.file.clone().unwrap_or_else(|| data_dir.join("keys"))
    }

    /// Where the bare mirrors of the connected repositories are kept.
    pub fn mirrors_dir(data_dir: &Path) -> PathBuf {
        data_dir.join("mirrors")
    }
}
