//! Why a fetch failed, in sentences that say what to do.

use std::{io, net::IpAddr, path::PathBuf};

/// A failed fetch; the mirror is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("The fetch was cancelled.")]
    Cancelled,
    #[error(
        "Fetching took longer than {limit_seconds} seconds; try again, or raise `repositories.fetch_timeout_seconds`."
    )]
    TimedOut { limit_seconds: u64 },
    #[error(
        "`{host}` sent nothing for {limit_seconds} seconds; try again later, or raise `repositories.idle_timeout_seconds`."
    )]
    Silent { host: String, limit_seconds: u64 },
    #[error(
        "The repository is too large: {found} bytes had come when the limit of {limit} was passed; raise `repositories.max_pack_bytes` if it may be fetched."
    )]
    PackTooLarge { found: u64, limit: u64 },
    #[error(
        "The repository has {found} branches and tags, more than the limit of {limit}; raise `repositories.max_refs` if it may be fetched."
    )]
    TooManyRefs { found: usize, limit: usize },
    #[error(
        "The list of branches and tags is longer than {limit} bytes, the room for `repositories.max_refs` of them; raise it if they may be fetched."
    )]
    ReferencesTooLong { limit: u64 },
    #[error(
        "The repository holds an object that unpacks to more than {limit} bytes; raise `repositories.max_object_bytes` if it may be fetched ({detail})."
    )]
    ObjectTooLarge { limit: u64, detail: String },
    #[error(
        "The copy of the repository takes {found} bytes on the disk, more than the limit of {limit}; raise `repositories.max_mirror_bytes` if it may be kept."
    )]
    MirrorTooLarge { found: u64, limit: u64 },
    #[error(
        "Only {free} bytes are free where the mirrors are, below the {limit} of `repositories.min_free_bytes`; free some space and fetch again."
    )]
    DiskFull { free: u64, limit: u64 },
    #[error(
        "`{host}` leads to {kind}. If that is meant, add its network to `repositories.allowed_networks`."
    )]
    /// The address is not in the sentence: what names mean inside is not for everyone.
    AddressRefused { host: String, address: IpAddr, kind: &'static str },
    #[error(
        "The name `{host}` has no address: check the spelling, or the name service of this machine ({reason})."
    )]
    NameNotFound { host: String, reason: String },
    #[error("`{host}` cannot be reached: {reason}.")]
    Unreachable { host: String, reason: String },
    #[error("The server redirects to `{to}`, which is not followed: {reason}.")]
    RedirectRefused { to: String, reason: String },
    #[error(
        "`{host}` asks for credentials: the repository is private, or does not exist. A private repository is read by a connection to GitHub that may see it, or from a path on this machine."
    )]
    CredentialsWanted { host: String },
    #[error(
        "`{host}` refuses access (403): check that the repository may be read without signing in."
    )]
    Forbidden { host: String },
    #[error("`{host}` has no such repository ({status}): check the address.")]
    NotFound { host: String, status: u16 },
    #[error("`{host}` answered {status}; try again later.")]
    Status { host: String, status: u16 },
    #[error("`{host}` answers, but not as a git server: {reason}. Check the address.")]
    NotGit { host: String, reason: String },
    #[error(
        "The transfer from `{host}` broke off: {reason}. Fetch again; if it goes on, the server is at fault."
    )]
    Broken { host: String, reason: String },
    #[error("`{0}` names its objects by SHA-256; only SHA-1 repositories can be read.")]
    ObjectFormat(String),
    #[error("git cannot be run, which reading a local path needs: {reason}. Install git.")]
    GitMissing { reason: String },
    #[error("`{path}` cannot be read by git: {reason}.")]
    UploadPack { path: PathBuf, reason: String },
    #[error("Another fetch of this repository is under way; wait for it.")]
    Busy,
    #[error("The mirror is damaged ({reason}); it has to be made again.")]
    Damaged { reason: String },
    #[error(
        "The server cannot write its copy of the repository: {source}. Its log says where; whoever runs it has to look at that disk."
    )]
    Disk { source: io::Error },
}

impl FetchError {
    /// Whether the same fetch may succeed later without anyone changing anything.
    pub const fn is_worth_retrying(&self) -> bool {
        match self {
            Self::TimedOut { .. }
            | Self::Silent { .. }
            | Self::DiskFull { .. }
            | Self::NameNotFound { .. }
            | Self::Unreachable { .. }
            | Self::Status { .. }
            | Self::Broken { .. }
            | Self::Busy
            | Self::Disk { .. } => true,
            Self::Cancelled
            | Self::PackTooLarge { .. }
            | Self::TooManyRefs { .. }
            | Self::ReferencesTooLong { .. }
            | Self::ObjectTooLarge { .. }
            | Self::MirrorTooLarge { .. }
            | Self::AddressRefused { .. }
            | Self::RedirectRefused { .. }
            | Self::CredentialsWanted { .. }
            | Self::Forbidden { .. }
            | Self::NotFound { .. }
            | Self::NotGit { .. }
            | Self::ObjectFormat(_)
            | Self::GitMissing { .. }
            | Self::UploadPack { .. }
            | Self::Damaged { .. } => false,
        }
    }

    /// Whether [`super::Mirror::remake`] is the repair.
    pub const fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. })
    }
}
