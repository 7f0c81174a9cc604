//! What the configuration says about fetching and scanning.

use std::{path::PathBuf, time::Duration};

use chrono::TimeDelta;

use super::limits::ReadingLimits;
use crate::{
    platform::config::Config,
    repositories::{
        history,
        mirror::FetchLimits,
        objects::TreeLimits,
        source::{AllowedRoots, FetchPolicy},
    },
    scanner::ScanOptions,
};

/// Where mirrors are kept, what may be fetched, and how much of it.
#[derive(Clone, Debug)]
pub struct ScanSettings {
    pub mirrors: PathBuf,
    pub policy: FetchPolicy,
    pub fetch: FetchLimits,
    pub history: history::Limits,
    pub tree: TreeLimits,
    pub max_blob_bytes: u64,
    pub reading: ReadingLimits,
    pub retention: Retention,
}

/// How long things are kept.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// `repositories.keep_mirrors_days`; none keeps all.
    pub mirrors: Option<TimeDelta>,
    /// `scanner.keep_scans`: of each repository.
    pub scans: u32,
}

impl ScanSettings {
    pub fn from_config(config: &Config, mirrors: PathBuf) -> Self {
        let (repositories, scanner) = (&config.repositories, &config.scanner);
        Self {
            mirrors,
            policy: FetchPolicy {
                allowed_networks: repositories.allowed_networks.clone(),
                allowed_roots: AllowedRoots::Within(scanner.allow_local_paths.clone()),
                credential: None,
            },
            fetch: FetchLimits {
                max_pack_bytes: repositories.max_pack_bytes,
                max_object_bytes: repositories.max_object_bytes,
                max_refs: repositories.max_refs,
                max_mirror_bytes: repositories.max_mirror_bytes,
                min_free_bytes: repositories.min_free_bytes,
                timeout: Duration::from_secs(repositories.fetch_timeout_seconds),
                connect_timeout: Duration::from_secs(repositories.connect_timeout_seconds),
                idle_timeout: Duration::from_secs(repositories.idle_timeout_seconds),
            },
            history: history::Limits {
                max_commits: repositories.max_commits,
                max_files: repositories.max_files_per_commit,
                max_blob_bytes: repositories.max_diff_bytes,
                ..history::Limits::default()
            },
            tree: TreeLimits { files: scanner.max_files, depth: scanner.max_depth },
            max_blob_bytes: scanner.max_blob_bytes,
            reading: ReadingLimits {
                timeout: Duration::from_secs(scanner.timeout_seconds),
                max_memory_bytes: Some(scanner.max_memory_bytes).filter(|limit| *limit > 0),
                ..ReadingLimits::default()
            },
            retention: Retention {
                mirrors: Some(repositories.keep_mirrors_days)
                    .filter(|days| *days > 0)
                    .map(|days| TimeDelta::days(days.into())),
                scans: scanner.keep_scans,
            },
        }
    }

    /// The policy of the command line, which may read any path.
    pub fn any_path(&self) -> FetchPolicy {
        FetchPolicy { allowed_roots: AllowedRoots::Any, ..self.policy.clone() }
    }

    /// How a repository of this name is scanned.
    pub fn options(&self, repository: &str) -> ScanOptions {
        ScanOptions {
            tree: self.tree,
            max_blob_bytes: self.max_blob_bytes,
            ..ScanOptions::new(repository)
        }
    }
}
