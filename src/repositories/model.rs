//! A connected repository, and the request to scan it.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Oid, Source};
use crate::{jobs::Job, tenancy::TenantId};

crate::id! {
    /// A connected repository.
    RepositoryId
}

/// How a repository is reached.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum SourceKind {
    Url,
    Path,
}

impl SourceKind {
    pub const fn of(source: &Source) -> Self {
        match source {
            Source::Url(_) => Self::Url,
            Source::Path(_) => Self::Path,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Path => "path",
        }
    }
}

/// A connected repository as its last whole scan left it.
#[derive(Clone, Debug)]
pub struct Repository {
    pub id: RepositoryId,
    /// Unique within the organisation; part of addresses.
    pub name: String,
    pub source_kind: SourceKind,
    pub source: String,
    /// The directories that reading it touches, where it was added at the command line, which may
    /// name any path of the machine.
    pub trusted_roots: Vec<PathBuf>,
    /// What its mirror takes on the disk; none where nothing is kept.
    pub mirror_bytes: Option<u64>,
    pub default_branch: Option<String>,
    pub head: Option<Oid>,
    /// Whether every commit that the head reaches is stored.
    pub history_complete: bool,
    pub scanned_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

impl Repository {
    /// The name that a source suggests, in the characters that addresses may hold.
    pub fn name_of(source: &Source) -> String {
        let allowed = |character: char| {
            character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-')
        };
        let name: String = source
            .display_name()
            .chars()
            .map(|character| if allowed(character) { character } else { '-' })
            .take(100)
            .collect();
        if name.trim_matches(['.', '-']).is_empty() { "repository".to_owned() } else { name }
    }

    /// Whether a text may be a repository's name: it stands in addresses.
    pub fn is_name(text: &str) -> bool {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        (1..=100).contains(&text.len())
            && text.bytes().all(allowed)
            && text.bytes().any(|byte| byte.is_ascii_alphanumeric())
    }

    /// Where its bare mirror is kept.
    pub fn mirror_path(mirrors: &Path, tenant: TenantId, id: RepositoryId) -> PathBuf {
        mirrors.join(tenant.to_string()).join(format!("{id}.git"))
    }
}

/// Where a page of repositories goes on: after this name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RepositoryKey {
    pub name: String,
}

/// Why a scan was asked for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum ScanReason {
    Added,
    Requested,
    Command,
    /// GitHub told of a push.
    Push,
}

impl ScanReason {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Requested => "requested",
            Self::Command => "command",
            Self::Push => "push",
        }
    }
}

/// The request to fetch and scan a repository; what does it is in `work`.
///
/// Idempotent: a second run finds the same commit and writes the same rows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScanRepository {
    pub repository: RepositoryId,
    /// The scan's row, which tells how far it is.
    pub scan: uuid::Uuid,
}

impl Job for ScanRepository {
    const KIND: &'static str = "scan_repository";
    const ATTEMPTS: u16 = 3;

    fn lane(&self) -> String {
        format!("repository:{}", self.repository)
    }
}
