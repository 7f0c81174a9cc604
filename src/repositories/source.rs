//! Where a repository comes from: an address on the web, or a directory of this machine.
//!
//! A text is parsed once, at the edge; what is left afterwards holds no credentials, names no
//! scheme but http(s), and, if it is a path, lies inside a directory the operator has allowed.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use ipnet::IpNet;
use url::{Host, Url};

use crate::platform::addresses;

mod credential;
mod local;

pub use credential::Credential;

/// The longest address or path that is taken, in bytes.
const MAX_LENGTH: usize = 2_048;

/// What an installation allows to be fetched.
#[derive(Debug, Clone)]
pub struct FetchPolicy {
    /// Networks that may be reached although they are private, loopback or link-local:
    /// `repositories.allowed_networks`. Plain http is spoken with hosts inside them only.
    pub allowed_networks: Vec<IpNet>,
    pub allowed_roots: AllowedRoots,
    /// Who we are to the server that is fetched from, where it has to know.
    pub credential: Option<Credential>,
}

/// The directories below which a local repository may lie.
#[derive(Debug, Clone)]
pub enum AllowedRoots {
    /// The command line: whoever can run it can read the directory anyway.
    Any,
    /// `scanner.allow_local_paths`; an empty list allows none.
    Within(Vec<PathBuf>),
    /// The same, and the directories that a repository of the command line consisted of when it was
    /// added.
    Trusted { within: Vec<PathBuf>, trusted: Vec<PathBuf> },
}

impl FetchPolicy {
    /// The policy of a fresh installation: the public internet, no local path.
    pub fn public_only() -> Self {
        Self {
            allowed_networks: Vec::new(),
            allowed_roots: AllowedRoots::Within(Vec::new()),
            credential: None,
        }
    }

    /// The same, known to a server by a token.
    #[must_use]
    pub fn known_by(&self, credential: Option<&Credential>) -> Self {
        Self { credential: credential.cloned(), ..self.clone() }
    }

    /// The same with these directories allowed besides: where a repository of the command line lay
    /// when it was added.
    #[must_use]
    pub fn trusting(&self, trusted: &[PathBuf]) -> Self {
        let allowed_roots = match &self.allowed_roots {
            AllowedRoots::Within(roots) if !trusted.is_empty() => {
                AllowedRoots::Trusted { within: roots.clone(), trusted: trusted.to_vec() }
            }
            other => other.clone(),
        };
        Self { allowed_roots, ..self.clone() }
    }
}

/// A place to fetch a repository from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    Url(RemoteUrl),
    Path(LocalPath),
}

/// An http(s) address without credentials, query or fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteUrl(Url);

/// A git repository on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalPath {
    path: PathBuf,
    git_directory: PathBuf,
    roots: Vec<PathBuf>,
}

/// Why a text is no source; each sentence says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    #[error("Give the https address of a repository, or the path of one on this machine.")]
    Empty,
    #[error("The address has {0} bytes; at most {MAX_LENGTH} are taken.")]
    TooLong(usize),
    #[error("The address contains a control character or a line break; remove it.")]
    ControlCharacter,
    #[error(
        "`{0}` is fetched over SSH, which needs a key kept here; use the https address of the same repository."
    )]
    Ssh(String),
    #[error("`{0}` addresses are not fetched; use https://, or a path on this machine.")]
    Scheme(String),
    #[error("This is no address: {0}. It looks like https://host/owner/repository.git.")]
    Malformed(String),
    #[error(
        "The address carries a user name or password. Nothing secret is kept in an address: remove the part before the @."
    )]
    Credentials,
    #[error("Remove the part of the address from `{0}` on: a repository has no query or fragment.")]
    QueryOrFragment(char),
    #[error(
        "The address names a host but no repository: add its path, as in https://host/owner/repository.git."
    )]
    NoRepository,
    #[error(
        "`{0}` is not encrypted. Use https://, or allow the host's network in `repositories.allowed_networks`."
    )]
    PlainHttp(String),
    #[error(
        "`{host}` is {kind}, where only this machine or its neighbours live. If that is meant, add its network to `repositories.allowed_networks`."
    )]
    Address { host: String, kind: &'static str },
    #[error("A path starts with `/`; `{0}` would depend on where the server was started.")]
    RelativePath(String),
    #[error("`{path}` cannot be read: {reason}.")]
    Unreadable { path: PathBuf, reason: String },
    #[error(
        "`{0}` is no git repository: it has neither a `.git` nor `HEAD`, `objects` and `refs`."
    )]
    NotARepository(PathBuf),
    #[error(
        "Local paths are off. Name the directories they may lie in: `scanner.allow_local_paths`."
    )]
    PathsOff,
    #[error(
        "`{0}` lies outside the directories of `scanner.allow_local_paths`; add its parent there if it may be read."
    )]
    OutsideAllowedRoots(PathBuf),
    #[error(
        "`{0}` leads elsewhere than when this repository was added at the command line. If that is meant, add it there again: `quarterdeck scan --organization … PATH`."
    )]
    Moved(PathBuf),
}

impl Source {
    /// Reads an address or a path, and checks it against the policy.
    ///
    /// Names are resolved, and their addresses checked, when the repository is fetched.
    pub fn parse(text: &str, policy: &FetchPolicy) -> Result<Self, SourceError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(SourceError::Empty);
        }
        if text.len() > MAX_LENGTH {
            return Err(SourceError::TooLong(text.len()));
        }
        if text.chars().any(char::is_control) {
            return Err(SourceError::ControlCharacter);
        }
        match Shape::of(text) {
            Shape::Url => RemoteUrl::parse(text, policy).map(Self::Url),
            Shape::Path => LocalPath::parse(text, &policy.allowed_roots).map(Self::Path),
            Shape::Ssh => Err(SourceError::Ssh(without_credentials(text))),
            Shape::Helper(scheme) => Err(SourceError::Scheme(format!("{scheme}::"))),
        }
    }

    /// What people call it: the last part of its name, without `.git`.
    pub fn display_name(&self) -> String {
        match self {
            Self::Url(url) => url.display_name(),
            Self::Path(path) => path.display_name(),
        }
    }

    /// What a later fetch may touch without being allowed to anew, where this one may be trusted.
    pub fn roots(&self) -> &[PathBuf] {
        match self {
            Self::Url(_) => &[],
            Self::Path(path) => path.roots(),
        }
    }

    /// Whether it is a shallow clone; of hosts nobody knows, and they have none.
    pub fn is_shallow(&self) -> bool {
        match self {
            Self::Url(_) => false,
            Self::Path(path) => path
                .roots()
                .iter()
                .any(|root| root.join("shallow").is_file() || root.join(".git/shallow").is_file()),
        }
    }

    /// The form under which two ways of writing the same place are equal.
    pub fn normalized(&self) -> String {
        match self {
            Self::Url(url) => url.normalized(),
            Self::Path(path) => path.path.to_string_lossy().into_owned(),
        }
    }
}

/// Writes what [`Source::parse`] reads.
impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => fmt::Display::fmt(&url.0, out),
            Self::Path(path) => path.path.display().fmt(out),
        }
    }
}

impl RemoteUrl {
    fn parse(text: &str, policy: &FetchPolicy) -> Result<Self, SourceError> {
        let mut url =
            Url::parse(text).map_err(|error| SourceError::Malformed(error.to_string()))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(refused_scheme(&url));
        }
        // The error must not repeat the secret, so this comes before any that quotes the address.
        if !url.username().is_empty() || url.password().is_some() {
            return Err(SourceError::Credentials);
        }
        if let Some(mark) = text.chars().find(|mark| matches!(mark, '?' | '#')) {
            return Err(SourceError::QueryOrFragment(mark));
        }
        if url.path().trim_matches('/').is_empty() {
            return Err(SourceError::NoRepository);
        }
        check_host(&url, policy)?;
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }

    pub(super) const fn as_url(&self) -> &Url {
        &self.0
    }

    fn display_name(&self) -> String {
        let last =
            self.0.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
        let decoded = percent_encoding::percent_decode_str(last).decode_utf8_lossy();
        without_git(&decoded).to_owned()
    }

    fn normalized(&self) -> String {
        key_of_url(&self.0)
    }
}

impl LocalPath {
    /// The directory as it was named, without symbolic links.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory that holds the objects.
    pub fn git_directory(&self) -> &Path {
        &self.git_directory
    }

    /// Every directory that reading it touches: itself, its git directory, what that shares with
    /// others.
    pub fn roots(&self) -> &[PathBuf] {
        &self.roots
    }

    fn parse(text: &str, roots: &AllowedRoots) -> Result<Self, SourceError> {
        local::parse(text, roots)
    }

    fn display_name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        without_git(&name).to_owned()
    }
}

/// What a text looks like, before it is taken apart.
enum Shape<'a> {
    Url,
    Path,
    Ssh,
    Helper(&'a str),
}

impl<'a> Shape<'a> {
    fn of(text: &'a str) -> Self {
        if let Some((scheme, _)) = text.split_once("::")
            && scheme.chars().all(|each| each.is_ascii_alphanumeric())
        {
            return Self::Helper(scheme);
        }
        if text.contains("://") {
            return Self::Url;
        }
        // git reads `host:path` as SSH when the colon comes before any slash.
        match text.split_once(':') {
            Some((host, _)) if !host.contains('/') => Self::Ssh,
            Some(_) | None => Self::Path,
        }
    }
}

fn refused_scheme(url: &Url) -> SourceError {
    match url.scheme() {
        "ssh" | "git+ssh" | "ssh+git" => SourceError::Ssh(without_credentials(url.as_str())),
        other => SourceError::Scheme(format!("{other}://")),
    }
}

fn check_host(url: &Url, policy: &FetchPolicy) -> Result<(), SourceError> {
    let host = url.host_str().unwrap_or_default();
    if url.scheme() == "http" && policy.allowed_networks.is_empty() {
        return Err(SourceError::PlainHttp(without_credentials(url.as_str())));
    }
    let address = match url.host() {
        Some(Host::Ipv4(address)) => address.into(),
        Some(Host::Ipv6(address)) => address.into(),
        Some(Host::Domain(_)) => return Ok(()),
        None => return Err(SourceError::Malformed("it names no host".into())),
    };
    if addresses::is_allowed(address, &policy.allowed_networks) {
        return Ok(());
    }
    if let Some(kind) = addresses::refused_kind(address) {
        return Err(SourceError::Address { host: host.to_owned(), kind });
    }
    match url.scheme() {
        "http" => Err(SourceError::PlainHttp(without_credentials(url.as_str()))),
        _ => Ok(()),
    }
}

/// The form under which two ways of writing the same address are equal.
pub(super) fn key_of_url(url: &Url) -> String {
    let text = without_git(url.as_str());
    // GitHub ignores case in owners and names; elsewhere two spellings may be two repositories.
    match url.host_str() {
        Some("github.com" | "www.github.com") => text.to_ascii_lowercase(),
        Some(_) | None => text.to_owned(),
    }
}

fn without_git(name: &str) -> &str {
    name.strip_suffix(".git").unwrap_or(name)
}

/// The text with a possible `user:password@` cut out, for quoting in an error.
fn without_credentials(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").map_or(("", text), |(scheme, rest)| (scheme, rest));
    let authority_end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(authority_end).unwrap_or((rest, ""));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let separator = if scheme.is_empty() { "" } else { "://" };
    format!("{scheme}{separator}{host}{path}")
}

#[cfg(test)]
mod tests;
