//! Fetching over HTTP from a server that works.

use std::{io::Write, sync::Arc};

use quarterdeck::repositories::{
    Source,
    mirror::{FetchError, FetchLimits, Fetched, Watch},
    source::{Credential, FetchPolicy},
};

use crate::{
    repository::{Repository, limits},
    server::{self, Server, backend, redirect, response},
};

/// As if the operator had opened the loopback.
pub(crate) fn loopback() -> FetchPolicy {
    let allowed_networks = vec!["127.0.0.0/8".parse().unwrap()];
    FetchPolicy { allowed_networks, ..FetchPolicy::public_only() }
}

pub(crate) fn fetch_with(
    repository: &Repository,
    url: &str,
    limits: &FetchLimits,
    watch: &Watch<'_>,
) -> Result<Fetched, FetchError> {
    let source = Source::parse(url, &loopback()).unwrap();
    repository.mirror().fetch(&source, &loopback(), limits, watch)
}

pub(crate) fn fetch(repository: &Repository, url: &str) -> Result<Fetched, FetchError> {
    fetch_with(repository, url, &limits(), &Watch::none())
}

#[test]
fn a_clone_over_http_has_everything() {
    let repository = Repository::with_commits(3);
    repository.git(&["tag", "--annotate", "v1", "--message", "One"]);
    repository.git(&["branch", "side"]);
    let server = Server::of(repository.directory.path());

    let fetched = fetch(&repository, &server.url("work/.git")).unwrap();

    assert_eq!(fetched.default_branch.as_deref(), Some("main"));
    assert_eq!(fetched.head, Some(repository.head()));
    assert!(fetched.changed && fetched.bytes > 0);
    assert_eq!(
        repository.mirrored_references(),
        ["refs/heads/main", "refs/heads/side", "refs/tags/v1"]
    );
    assert_eq!(repository.mirrored(&["rev-list", "--count", "HEAD"]), "3");
    repository.mirrored(&["fsck", "--strict"]);
}

#[test]
fn a_token_is_said_to_the_server_that_wants_it_and_to_no_other() {
    let repository = Repository::with_commits(1);
    let root = repository.directory.path().to_owned();
    let private = Server::start(Arc::new(move |request, stream| {
        let said = request.headers.get("authorization").map(String::as_str);
        let answer = match said {
            Some("Basic eC1hY2Nlc3MtdG9rZW46Z2hzXzE=") => backend(&root, request),
            _ => response("401 Unauthorized", "", b""),
        };
        drop(stream.write_all(&answer));
    }));
    let at = |server: &Server| {
        let url = server.url("").parse().unwrap();
        loopback().known_by(Credential::token(&url, &"ghs_1".into()).as_ref())
    };
    let fetch = |server: &Server, policy: &FetchPolicy| {
        let source = Source::parse(&server.url("work/.git"), policy).unwrap();
        repository.mirror().fetch(&source, policy, &limits(), &Watch::none())
    };

    let refused = fetch(&private, &loopback()).unwrap_err();
    assert!(matches!(refused, FetchError::CredentialsWanted { .. }), "{refused}");
    assert_eq!(fetch(&private, &at(&private)).unwrap().head, Some(repository.head()));
    // A redirect to the server that the token is of takes it along, one away from it does not.
    let leading = redirect(&private.url("work/.git/info/refs?service=git-upload-pack"));
    let other = Server::saying(leading);
    assert_eq!(fetch(&other, &at(&private)).unwrap().head, Some(repository.head()));
    let refused = fetch(&other, &at(&other)).unwrap_err();
    assert!(matches!(refused, FetchError::CredentialsWanted { .. }), "{refused}");
}

#[test]
fn a_second_fetch_brings_only_what_is_new() {
    let repository = Repository::empty();
    let noise: Vec<u8> = (0..300_000_u32)
        .flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    repository.commit("large", noise);
    let server = Server::of(repository.directory.path());
    let url = server.url("work/.git");
    let first = fetch(&repository, &url).unwrap();
    let new = repository.commit("file", "new\n");

    let second = fetch(&repository, &url).unwrap();
    let third = fetch(&repository, &url).unwrap();

    assert!(first.bytes > 1_000_000, "{first:?}");
    assert!(second.changed && second.bytes < 10_000, "{second:?}");
    assert_eq!(second.head, Some(new));
    assert!(!third.changed, "{third:?}");
    repository.mirrored(&["fsck", "--strict"]);
}

#[test]
fn an_empty_repository_is_no_error() {
    let repository = Repository::empty();
    let server = Server::of(repository.directory.path());

    let fetched = fetch(&repository, &server.url("work/.git")).unwrap();

    assert_eq!(fetched.head, None);
    assert_eq!(fetched.default_branch.as_deref(), Some("main"));
}

#[test]
fn a_redirect_to_where_a_repository_moved_is_followed() {
    let repository = Repository::with_commits(2);
    let root = repository.directory.path().to_owned();
    let server = Server::start(Arc::new(move |request, stream| {
        let moved = request.target.replace("/old/name", "/work/.git");
        let answer =
            if moved == request.target { backend(&root, request) } else { redirect(&moved) };
        Write::write_all(stream, &answer).unwrap();
    }));

    let fetched = fetch(&repository, &server.url("old/name")).unwrap();

    assert_eq!(fetched.head, Some(repository.head()));
    let targets = server.targets.lock().unwrap().clone();
    assert!(targets.contains(&"POST /work/.git/git-upload-pack".to_owned()), "{targets:?}");
}

#[test]
fn progress_is_told_while_a_fetch_runs() {
    let repository = Repository::with_commits(1);
    let backend = server::serving(repository.directory.path());
    let server = Server::start(Arc::new(move |request, stream| {
        std::thread::sleep(std::time::Duration::from_millis(150));
        backend(request, stream);
    }));
    let seen = std::sync::Mutex::new(Vec::new());
    let watch = Watch {
        cancelled: &|| false,
        progress: &|progress| seen.lock().unwrap().push(progress.bytes),
    };

    fetch_with(&repository, &server.url("work/.git"), &limits(), &watch).unwrap();

    assert!(seen.lock().unwrap().iter().any(|bytes| *bytes > 0));
}
