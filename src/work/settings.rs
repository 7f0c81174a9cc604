//! What the configuration says about fetching and scanning.

use std::{path::PathBuf, time::Duration};

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
    pub timeout: Duration,
}

impl ScanSettings {
    pub fn from_config(config: &Config, mirrors: PathBuf) -> Self {
        let (repositories, scanner) = (&config.repositories, &config.scanner);
        Self {
            mirrors,
            policy: FetchPolicy {
                allowed_networks: repositories.allowed_networks.clone(),
                allowed_roots: AllowedRoots::Within(scanner.allow_local_paths.clone()),
            },
            fetch: FetchLimits {
                max_pack_bytes: repositories.max_pack_bytes,
                max_object_bytes: repositories.max_object_bytes,
                max_refs: repositories.max_refs,
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
            timeout: Duration::from_secs(scanner.timeout_seconds),
        }
    }

    /// The policy of a scan; the command line may read any path.
    pub fn policy(&self, any_path: bool) -> FetchPolicy {
        if any_path {
            FetchPolicy { allowed_roots: AllowedRoots::Any, ..self.policy.clone() }
        } else {
            self.policy.clone()
        }
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
