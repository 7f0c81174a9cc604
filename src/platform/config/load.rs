//! Reads the configuration file and the environment.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use config::{File, FileFormat};
use secrecy::ExposeSecret;

use super::settings::Config;

/// The environment variables that have names of their own, and the key each sets. Those that other
/// products use as well come first, so that ours go over them.
const NAMED: [(&str, &str); 12] = [
    ("PUBLIC_URL", "server.public_url"),
    ("SESSION_SECRET", "sessions.secret"),
    ("JWT_SECRET", "sessions.signing_secret"),
    ("ENCRYPTION_KEY", "keys.secret"),
    ("GITHUB_CLIENT_ID", "github.client_id"),
    ("GITHUB_CLIENT_SECRET", "github.client_secret"),
    ("ALLOWED_ORG", "github.allowed_organizations"),
    ("QUARTERDECK_DATA_DIR", "data_dir"),
    ("QUARTERDECK_POSTGRES_DIR", "postgres.dir"),
    ("QUARTERDECK_LISTEN", "server.listen"),
    ("QUARTERDECK_PUBLIC_URL", "server.public_url"),
    ("DATABASE_URL", "database.url"),
];

/// Keys that hold lists: their variables are comma-separated.
const LISTS: [&str; 4] = [
    "repositories.allowed_networks",
    "scanner.allow_local_paths",
    "server.trusted_proxies",
    "github.allowed_organizations",
];

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("there is no configuration file at {}; leave --config out to use the defaults", .0.display())]
    NoFile(PathBuf),
    #[error("{0}; `config.toml` in the repository lists every key, its default and its unit")]
    Invalid(String),
}

/// The environment as a value, so that tests need not change the process' own.
#[derive(Clone, Debug, Default)]
pub struct Environment(HashMap<String, String>);

impl Environment {
    pub fn of_process() -> Self {
        Self(
            std::env::vars_os()
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?))
                })
                .collect(),
        )
    }

    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// A variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The directories in which programs are looked for.
    pub fn path(&self) -> Vec<PathBuf> {
        self.get("PATH").map(|path| std::env::split_paths(path).collect()).unwrap_or_default()
    }

    /// Where `scripts/run` may have unpacked a PostgreSQL: the user's cache, or root's shared one.
    pub fn cache_dirs(&self) -> Vec<PathBuf> {
        let home = self.get("HOME").map(|home| PathBuf::from(home).join(".cache"));
        let cache = self
            .get("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or(home);
        let shared = std::iter::once(PathBuf::from("/var/cache"));
        shared.chain(cache).map(|cache| cache.join("quarterdeck/postgres")).collect()
    }

    /// `QUARTERDECK_SECTION__KEY` as `section.key` (`QUARTERDECK_OIDC__GOOGLE__CLIENT_ID` as
    /// `oidc.google.client_id`), and the variables with names of their own.
    fn settings(&self) -> impl Iterator<Item = (String, &str)> {
        let named =
            NAMED.iter().filter_map(|(name, key)| Some(((*key).to_owned(), self.get(name)?)));
        let others = self.0.iter().filter_map(|(name, value)| {
            let (section, key) = name.strip_prefix("QUARTERDECK_")?.split_once("__")?;
            let key = format!("{section}.{}", key.replace("__", ".")).to_lowercase();
            (!value.is_empty()).then_some((key, value.as_str()))
        });
        named.chain(others)
    }
}

/// Reads the file (`--config`, else `QUARTERDECK_CONFIG`, else `config.toml` here or in
/// `/etc/quarterdeck`, where there is one), then the environment over it.
pub fn load(file: Option<&Path>, environment: &Environment) -> Result<Config, ConfigError> {
    let mut builder = config::Config::builder();
    if let Some(path) = locate(file, environment)? {
        builder = builder.add_source(File::from(path).format(FileFormat::Toml));
    }
    for (key, value) in environment.settings() {
        builder = if is_list(&key) {
            builder.set_override(key, value.split(',').map(str::trim).collect::<Vec<_>>())
        } else {
            builder.set_override(key, value)
        }
        .map_err(invalid)?;
    }
    let mut config: Config =
        builder.build().map_err(invalid)?.try_deserialize().map_err(invalid)?;
    config.data_dir = Some(config.data_dir.unwrap_or_else(|| default_data_dir(environment)));
    check(&config)?;
    Ok(config)
}

fn is_list(key: &str) -> bool {
    LISTS.contains(&key) || (key.starts_with("oidc.") && key.ends_with(".allowed_domains"))
}

#[expect(clippy::needless_pass_by_value, reason = "it is the shape that map_err wants")]
fn invalid(error: config::ConfigError) -> ConfigError {
    ConfigError::Invalid(error.to_string())
}

fn locate(file: Option<&Path>, environment: &Environment) -> Result<Option<PathBuf>, ConfigError> {
    let named = file
        .map(Path::to_path_buf)
        .or_else(|| environment.get("QUARTERDECK_CONFIG").map(PathBuf::from));
    if let Some(path) = named {
        return if path.is_file() { Ok(Some(path)) } else { Err(ConfigError::NoFile(path)) };
    }
    let usual = ["config.toml", "/etc/quarterdeck/config.toml"];
    Ok(usual.iter().map(PathBuf::from).find(|path| path.is_file()))
}

/// `/var/lib/quarterdeck` as root, else the user's own data directory (XDG).
fn default_data_dir(environment: &Environment) -> PathBuf {
    if nix::unistd::geteuid().is_root() {
        return PathBuf::from("/var/lib/quarterdeck");
    }
    let share =
        environment.get("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || PathBuf::from(environment.get("HOME").unwrap_or("/tmp")).join(".local/share");
    share.unwrap_or_else(home).join("quarterdeck")
}

/// Refuses values that the types allow and the product cannot work with.
fn check(config: &Config) -> Result<(), ConfigError> {
    let refuse = |why: &str| Err(ConfigError::Invalid(why.to_owned()));
    if let Some(url) = &config.server.public_url
        && (!matches!(url.scheme(), "http" | "https") || url.path() != "/" || url.query().is_some())
    {
        return refuse(
            "server.public_url must be http:// or https:// with a host and nothing after it",
        );
    }
    if let Some(data_dir) = &config.data_dir
        && config
            .scanner
            .allow_local_paths
            .iter()
            .any(|root| data_dir.starts_with(root) || root.starts_with(data_dir))
    {
        return refuse(
            "scanner.allow_local_paths must not hold the data directory, where every organisation's mirrors are",
        );
    }
    if config.database.max_connections < 4 {
        return refuse("database.max_connections must be at least 4");
    }
    if config.scanner.parallel == 0 || config.server.workers == 0 {
        return refuse("scanner.parallel and server.workers must be at least 1");
    }
    if config.server.head_seconds == 0 || config.server.body_seconds == 0 {
        return refuse("server.head_seconds and server.body_seconds must be at least 1");
    }
    if config.server.max_connections < config.server.workers {
        return refuse("server.max_connections must be at least server.workers");
    }
    if config.scanner.keep_scans == 0 {
        return refuse("scanner.keep_scans must be at least 1");
    }
    if config.sessions.days == 0 || config.sessions.most_days < config.sessions.days {
        return refuse("sessions.days must be at least 1, and sessions.most_days no less than it");
    }
    check_github(config)?;
    if config.mail.smtp_url.is_some() != config.mail.from.is_some() {
        return refuse("mail.smtp_url and mail.from belong together: set both, or neither");
    }
    check_oidc(config)?;
    let secrets = [
        ("sessions.secret", &config.sessions.secret),
        ("sessions.signing_secret", &config.sessions.signing_secret),
    ];
    for (key, secret) in secrets {
        if secret.as_ref().is_some_and(|secret| secret.expose_secret().chars().count() < 16) {
            return refuse(&format!("{key} must have at least 16 characters"));
        }
    }
    Ok(())
}

/// What of GitHub's settings belongs together.
fn check_github(config: &Config) -> Result<(), ConfigError> {
    let refuse = |text: &str| Err(ConfigError::Invalid(text.to_owned()));
    if config.github.client_id.is_some() != config.github.client_secret.is_some() {
        return refuse(
            "github.client_id and github.client_secret belong together: set both, or neither",
        );
    }
    if config.github.app_id.is_some()
        != (config.github.private_key.is_some() || config.github.private_key_file.is_some())
    {
        return refuse("github.app_id belongs to github.private_key or github.private_key_file");
    }
    Ok(())
}

/// Refuses issuers that nobody could sign in by.
fn check_oidc(config: &Config) -> Result<(), ConfigError> {
    for (name, settings) in &config.oidc {
        let refuse = |why: &str| Err(ConfigError::Invalid(format!("oidc.{name} {why}")));
        let is_plain = name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if !is_plain || name.len() > 39 || name == "github" {
            return refuse("must be called by small letters, digits and hyphens, and not `github`");
        }
        if settings.client_id.is_none() || settings.client_secret.is_none() {
            return refuse("needs client_id and client_secret");
        }
        if settings.issuer.is_none() && name != "google" {
            return refuse("needs its issuer, like https://id.example.com");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn load_text(text: &str, environment: &Environment) -> Result<Config, ConfigError> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("config.toml");
        fs::write(&file, text).unwrap();
        load(Some(&file), environment)
    }

    #[test]
    fn the_environment_goes_over_the_file() {
        let environment = Environment::from_pairs([
            ("QUARTERDECK_LISTEN", "127.0.0.1:9"),
            ("DATABASE_URL", "postgres://there"),
            ("QUARTERDECK_SCANNER__MAX_FILES", "7"),
            ("QUARTERDECK_SCANNER__ALLOW_LOCAL_PATHS", "/a, /b"),
            ("QUARTERDECK_TEST_DATABASE_URL", "is not a setting"),
        ]);

        let config = load_text("[scanner]\nmax_files = 5\nmax_depth = 6\n", &environment).unwrap();

        assert_eq!(config.server.listen.port(), 9);
        assert_eq!(config.database.url.unwrap().expose_secret(), "postgres://there");
        assert_eq!((config.scanner.max_files, config.scanner.max_depth), (7, 6));
        assert_eq!(config.scanner.allow_local_paths, [PathBuf::from("/a"), PathBuf::from("/b")]);
    }

    #[test]
    fn names_of_other_products_are_understood_and_ours_go_over_them() {
        let environment = Environment::from_pairs([
            ("PUBLIC_URL", "https://other.example"),
            ("QUARTERDECK_PUBLIC_URL", "https://ours.example"),
            ("SESSION_SECRET", "a session secret of theirs"),
            ("ENCRYPTION_KEY", "an encryption key of theirs"),
        ]);

        let config = load_text("", &environment).unwrap();

        assert_eq!(config.public_url(), "https://ours.example");
        assert_eq!(config.keys.secret.unwrap().expose_secret(), "an encryption key of theirs");
        assert!(config.sessions.secret.is_some());
    }

    #[test]
    fn issuers_are_sections_of_their_own_also_in_the_environment() {
        let environment = Environment::from_pairs([
            ("QUARTERDECK_OIDC__GOOGLE__CLIENT_ID", "ours"),
            ("QUARTERDECK_OIDC__GOOGLE__CLIENT_SECRET", "secret"),
            ("QUARTERDECK_OIDC__GOOGLE__ALLOWED_DOMAINS", "acme.com, acme.org"),
        ]);

        let config = load_text("", &environment).unwrap();

        let google = &config.oidc["google"];
        assert_eq!(google.client_id.as_deref(), Some("ours"));
        assert_eq!(google.allowed_domains, ["acme.com", "acme.org"]);
    }

    #[test]
    fn an_issuer_that_nobody_could_sign_in_by_is_refused() {
        for (text, word) in [
            ("[oidc.google]\nclient_id = \"x\"\n", "client_secret"),
            ("[oidc.okta]\nclient_id = \"x\"\nclient_secret = \"y\"\n", "issuer"),
            ("[oidc.github]\nclient_id = \"x\"\nclient_secret = \"y\"\n", "called"),
            ("[oidc.google]\nclient = \"x\"\n", "client"),
        ] {
            let error = load_text(text, &Environment::default()).unwrap_err();
            assert!(error.to_string().contains(word), "{text}: {error}");
        }
    }

    #[test]
    fn a_secret_that_can_be_guessed_is_refused() {
        let environment = Environment::from_pairs([("JWT_SECRET", "short")]);

        let error = load_text("", &environment).unwrap_err();

        assert!(error.to_string().contains("signing_secret"), "{error}");
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        let error = load_text("[scanner]\nmax_fils = 5\n", &Environment::default()).unwrap_err();

        assert!(error.to_string().contains("max_fils"), "{error}");
    }

    #[test]
    fn an_unknown_variable_with_a_section_is_an_error() {
        let environment = Environment::from_pairs([("QUARTERDECK_SCANNER__MAX_FILS", "5")]);

        assert!(load_text("", &environment).is_err());
    }

    #[test]
    fn a_file_that_was_named_and_is_not_there_is_an_error() {
        let error =
            load(Some(Path::new("/nowhere/config.toml")), &Environment::default()).unwrap_err();

        assert!(error.to_string().contains("/nowhere/config.toml"), "{error}");
    }

    #[test]
    fn the_shipped_file_lists_every_key_with_its_default() {
        let shipped =
            fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config.toml")).unwrap();
        let uncommented: String = shipped
            .lines()
            .filter_map(|line| {
                line.strip_prefix("#: ").or_else(|| line.starts_with('[').then_some(line))
            })
            .fold(String::new(), |all, line| all + line + "\n");

        let defaults = format!("{:?}", load_text("", &Environment::default()).unwrap());
        let listed = format!("{:?}", load_text(&uncommented, &Environment::default()).unwrap());

        assert_eq!(listed, defaults);
        for key in [
            "data_dir",
            "public_url",
            "metrics_listen",
            "metrics_token",
            "url",
            "listen_url",
            "dir",
            "secret",
            "signing_secret",
            "file",
            "api_url",
            "client_id",
            "client_secret",
            "app_id",
            "private_key",
            "private_key_file",
            "issuer",
            "label",
            "allowed_domains",
            "domain_claim",
            "organization",
        ] {
            assert!(
                shipped.contains(&format!("# {key} = ")),
                "config.toml does not document {key}"
            );
        }
    }
}
