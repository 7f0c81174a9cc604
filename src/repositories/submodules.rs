//! Submodules: what `.gitmodules` says, and which connected repository an address means.

use gix::{bstr::ByteSlice, config};
use serde::{Deserialize, Serialize};
use url::Url;

use super::source;

/// An entry of `.gitmodules`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleEntry {
    pub name: String,
    pub path: String,
    /// As it is written; may be relative to the repository's own address.
    pub url: String,
    pub branch: Option<String>,
}

/// Reads `.gitmodules`; entries without path or address are left out. Err: why it cannot be read.
pub fn parse(bytes: &[u8]) -> Result<Vec<ModuleEntry>, String> {
    let file = config::File::from_bytes_no_includes(
        bytes,
        config::file::Metadata::api(),
        config::file::init::Options::default(),
    )
    .map_err(|error| error.to_string())?;
    let sections = file.sections_by_name("submodule").into_iter().flatten();
    let entries = sections.filter_map(|section| {
        let value = |key: &str| section.value(key).map(|value| value.to_str_lossy().into_owned());
        Some(ModuleEntry {
            name: section.header().subsection_name()?.to_str_lossy().into_owned(),
            path: value("path")?.trim_end_matches('/').to_owned(),
            url: value("url").filter(|url| !url.trim().is_empty())?,
            branch: value("branch"),
        })
    });
    Ok(entries.collect())
}

/// Where a submodule's repository is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// What people may put into the form that connects a repository.
    pub url: String,
    /// Equal to the `source_key` of the repository that is connected from there.
    pub key: String,
}

/// Resolves a submodule's address against the one of the repository that it stands in.
///
/// An SSH address becomes the https one of the same repository. Only text is looked at: neither the
/// network nor the disk, whose paths a stranger's repository may name. None where it is no address.
pub fn resolve(repository: &str, url: &str) -> Option<Address> {
    // Escapes and the address it is relative to make it longer than what was written.
    address(repository, url).filter(|found| found.key.len() <= 2_048 && found.url.len() <= 2_048)
}

fn address(repository: &str, url: &str) -> Option<Address> {
    let url = url.trim();
    if url.is_empty() || url.len() > 2_048 || url.chars().any(char::is_control) {
        return None;
    }
    if url.starts_with("./") || url.starts_with("../") {
        return relative(repository, url);
    }
    if url.starts_with('/') {
        return Some(local(url));
    }
    remote(&https_of_ssh(url).unwrap_or_else(|| url.to_owned()))
}

fn relative(repository: &str, url: &str) -> Option<Address> {
    if repository.starts_with('/') {
        return Some(local(&format!("{repository}/{url}")));
    }
    // Git takes the repository itself as a directory: `../other` is beside it.
    let mut base = Url::parse(repository).ok()?;
    base.set_path(&format!("{}/", base.path().trim_end_matches('/')));
    remote(base.join(url).ok()?.as_str())
}

fn remote(url: &str) -> Option<Address> {
    let mut parsed = Url::parse(url).ok()?;
    if !matches!(parsed.scheme(), "https" | "http") || parsed.host_str().is_none() {
        return None;
    }
    // Nothing secret is stored or shown.
    parsed.set_username("").ok()?;
    parsed.set_password(None).ok()?;
    parsed.set_query(None);
    parsed.set_fragment(None);
    let path = parsed.path().trim_end_matches('/').to_owned();
    if path.is_empty() {
        return None;
    }
    parsed.set_path(&path);
    Some(Address { key: source::key_of_url(&parsed), url: parsed.to_string() })
}

/// `git@host:owner/name` and `ssh://git@host/owner/name` as https; git:// likewise.
fn https_of_ssh(url: &str) -> Option<String> {
    for scheme in ["ssh://", "git+ssh://", "git://"] {
        if let Some(rest) = url.strip_prefix(scheme) {
            let (authority, path) = rest.split_once('/')?;
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            let host = host.split_once(':').map_or(host, |(host, _)| host);
            return Some(format!("https://{host}/{path}"));
        }
    }
    // `name::address` runs a program of that name.
    if url.contains("://") || url.contains("::") {
        return None;
    }
    let (authority, path) = url.split_once(':')?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    (!host.contains('/')).then(|| format!("https://{host}/{}", path.trim_start_matches('/')))
}

/// A path with `.` and `..` taken out.
fn local(path: &str) -> Address {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let path = format!("/{}", parts.join("/"));
    Address { url: path.clone(), key: path }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(repository: &str, url: &str) -> Option<String> {
        resolve(repository, url).map(|address| address.key)
    }

    #[test]
    fn entries_have_a_path_and_an_address() {
        let text = b"[submodule \"money\"]\n\tpath = vendor/money/\n\turl = ../money.git\n\tbranch = main\n[submodule \"lost\"]\n\tpath = lost\n";

        let entries = parse(text).unwrap();

        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].path, "vendor/money");
        assert_eq!(entries[0].branch.as_deref(), Some("main"));
        assert!(parse(b"[submodule \"a\n").is_err());
    }

    #[test]
    fn addresses_are_resolved_as_git_does() {
        let home = "https://example.com/acme/api.git";

        assert_eq!(key(home, "../money.git").as_deref(), Some("https://example.com/acme/money"));
        assert_eq!(key(home, "../../lib/x").as_deref(), Some("https://example.com/lib/x"));
        assert_eq!(key("/srv/git/api", "../money").as_deref(), Some("/srv/git/money"));
        assert_eq!(key(home, "/srv/./git/x").as_deref(), Some("/srv/git/x"));
    }

    #[test]
    fn ssh_means_the_https_address_of_the_same_repository() {
        for url in [
            "git@github.com:Acme/Money.git",
            "ssh://git@github.com/acme/money.git",
            "ssh://git@github.com:22/acme/money.git",
            "https://token:x@github.com/Acme/money.git/",
        ] {
            assert_eq!(key("", url).as_deref(), Some("https://github.com/acme/money"), "{url}");
        }
    }

    #[test]
    fn what_is_no_address_resolves_to_nothing() {
        for url in ["", "file:///etc", "ext::sh -c x", "https://", "https://host/", "a\nb"] {
            assert_eq!(key("https://example.com/a/b", url), None, "{url}");
        }
    }
}
