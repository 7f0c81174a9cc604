//! Servers that lie, stall, or lead astray, and limits that are hit.

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use quarterdeck::repositories::{
    Source,
    mirror::{FetchError, FetchLimits, Watch},
    source::FetchPolicy,
};

use crate::{
    http::{fetch, fetch_with, loopback},
    repository::{Repository, limits},
    server::{Server, backend, redirect, response},
};

const ADVERTISEMENT: &str = "content-type: application/x-git-upload-pack-advertisement\r\n";
const RESULT: &str = "content-type: application/x-git-upload-pack-result\r\n";

fn error_from(answer: impl Into<Vec<u8>>) -> FetchError {
    let server = Server::saying(answer);
    fetch(&Repository::empty(), &server.url("a/b.git")).unwrap_err()
}

/// A server that works but for what `spoil` makes of its answers to POST.
fn spoiling(
    repository: &Repository,
    spoil: impl Fn(Vec<u8>) -> Vec<u8> + Send + Sync + 'static,
) -> Server {
    let root = repository.directory.path().to_owned();
    Server::start(Arc::new(move |request, stream| {
        let answer = backend(&root, request);
        let is_pack = request.body.windows(13).any(|bytes| bytes == b"command=fetch");
        let answer = if is_pack { spoil(answer) } else { answer };
        drop(stream.write_all(&answer));
    }))
}

fn noise(bytes: u32) -> Vec<u8> {
    (0..bytes / 4).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

#[test]
fn refusals_of_the_server_are_told_apart() {
    assert!(matches!(
        error_from(response("401 No", "", b"")),
        FetchError::CredentialsWanted { .. }
    ));
    assert!(matches!(error_from(response("403 No", "", b"")), FetchError::Forbidden { .. }));
    assert!(matches!(
        error_from(response("404 No", "", b"")),
        FetchError::NotFound { status: 404, .. }
    ));
    assert!(matches!(
        error_from(response("503 No", "", b"")),
        FetchError::Status { status: 503, .. }
    ));
    let words =
        error_from(response("401 No", "www-authenticate: Basic realm=x\r\n", b"")).to_string();
    assert!(words.contains("asks for credentials"), "{words}");
}

#[test]
fn what_is_no_git_server_is_called_so() {
    for answer in [
        response("200 OK", "content-type: text/html\r\n", b"<html>Welcome</html>"),
        response("200 OK", "content-type: text/plain\r\n", b"0123\trefs/heads/main\n"),
        response("200 OK", ADVERTISEMENT, b"garbage that is no packet line"),
        response("200 OK", ADVERTISEMENT, b""),
        response("200 OK", ADVERTISEMENT, b"001e# service=git-upload-pack\n0000ffff"),
        response("200 OK", ADVERTISEMENT, b"000eversion 2\n0015agent=git/2.47.3\n0000"),
    ] {
        let error = error_from(answer);

        assert!(matches!(error, FetchError::NotGit { .. }), "{error:?}");
    }
    let error = error_from("SSH-2.0-OpenSSH_9.2\r\n");
    assert!(matches!(error, FetchError::Unreachable { .. }), "{error:?}");
}

#[test]
fn a_redirect_to_a_forbidden_address_is_refused() {
    let policy =
        FetchPolicy { allowed_networks: vec!["127.0.0.1/32".parse().unwrap()], ..loopback() };
    for target in
        ["https://127.0.0.2:1", "https://[::1]:1", "https://169.254.169.254", "https://10.0.0.1:1"]
    {
        let repository = Repository::empty();
        let to = format!("{target}/a.git/info/refs?service=git-upload-pack");
        let server = Server::saying(redirect(&to));
        let source = Source::parse(&server.url("a.git"), &policy).unwrap();

        let error =
            repository.mirror().fetch(&source, &policy, &limits(), &Watch::none()).unwrap_err();

        assert!(matches!(error, FetchError::AddressRefused { .. }), "{target}: {error:?}");
    }
}

#[test]
fn redirects_that_lead_elsewhere_are_refused() {
    for to in [
        "ftp://127.0.0.1/a.git/info/refs?service=git-upload-pack",
        "file:///etc/passwd",
        "http://me:pw@127.0.0.1/a.git/info/refs?service=git-upload-pack",
        "/sign-in",
        "",
    ] {
        let error = error_from(redirect(to));

        assert!(matches!(error, FetchError::RedirectRefused { .. }), "{to}: {error:?}");
        assert!(!error.to_string().contains("pw@"), "{error}");
    }
}

#[test]
fn a_redirect_loop_ends_after_five_hops() {
    let server = Server::start(Arc::new(|request, stream| {
        drop(stream.write_all(&redirect(&request.target)));
    }));

    let error = fetch(&Repository::empty(), &server.url("a.git")).unwrap_err();

    assert!(matches!(error, FetchError::RedirectRefused { .. }), "{error:?}");
    assert_eq!(server.targets.lock().unwrap().len(), 6);
}

#[test]
fn a_name_that_leads_to_the_loopback_is_refused() {
    let repository = Repository::with_commits(1);
    let server = Server::of(repository.directory.path());
    let policy = FetchPolicy::public_only();
    let source =
        Source::parse(&format!("https://localhost:{}/work/.git", server.port()), &policy).unwrap();

    let error = repository.mirror().fetch(&source, &policy, &limits(), &Watch::none()).unwrap_err();

    assert!(
        matches!(&error, FetchError::AddressRefused { host, .. } if host == "localhost"),
        "{error:?}"
    );
    assert!(server.targets.lock().unwrap().is_empty());
}

#[test]
fn a_name_in_an_allowed_network_is_fetched() {
    let repository = Repository::with_commits(1);
    let server = Server::of(repository.directory.path());

    let fetched =
        fetch(&repository, &format!("http://localhost:{}/work/.git", server.port())).unwrap();

    assert_eq!(fetched.head, Some(repository.head()));
}

#[test]
fn a_name_that_does_not_exist_is_said_so() {
    let error = fetch(&Repository::empty(), "http://no-such-host.invalid/a.git").unwrap_err();

    assert!(matches!(error, FetchError::NameNotFound { .. }), "{error:?}");
}

#[test]
fn a_port_where_nobody_listens_is_said_so() {
    let error = fetch(&Repository::empty(), "http://127.0.0.1:1/a.git").unwrap_err();

    assert!(matches!(error, FetchError::Unreachable { .. }), "{error:?}");
}

#[test]
fn a_pack_above_the_limit_is_broken_off_and_leaves_the_mirror_whole() {
    let repository = Repository::with_commits(2);
    let before = fetch_by_path(&repository);
    repository.commit("large", noise(2_500_000));
    let server = Server::of(repository.directory.path());
    let limits = FetchLimits { max_pack_bytes: 1_000_000, ..limits() };

    let error =
        fetch_with(&repository, &server.url("work/.git"), &limits, &Watch::none()).unwrap_err();

    assert!(
        matches!(error, FetchError::PackTooLarge { found, limit: 1_000_000 } if found < 2_000_000),
        "{error:?}"
    );
    assert!(error.to_string().contains("repositories.max_pack_bytes"));
    assert_whole(&repository, &before);
}

#[test]
fn an_object_that_unpacks_to_too_much_is_refused() {
    let repository = Repository::with_commits(1);
    let before = fetch_by_path(&repository);
    repository.commit("bomb", vec![0; 20_000_000]);
    let server = Server::of(repository.directory.path());
    let limits = FetchLimits { max_object_bytes: 8 << 20, ..limits() };

    let error =
        fetch_with(&repository, &server.url("work/.git"), &limits, &Watch::none()).unwrap_err();

    assert!(matches!(error, FetchError::ObjectTooLarge { .. }), "{error:?}");
    assert_whole(&repository, &before);
}

#[test]
fn too_many_branches_are_refused() {
    let repository = Repository::with_commits(1);
    repository.git(&["branch", "second"]);
    let server = Server::of(repository.directory.path());
    let limits = FetchLimits { max_refs: 1, ..limits() };

    let error =
        fetch_with(&repository, &server.url("work/.git"), &limits, &Watch::none()).unwrap_err();

    assert!(matches!(error, FetchError::TooManyRefs { limit: 1, .. }), "{error:?}");
}

/// Sends lines of a list until nobody takes them; says how many bytes were taken.
fn endless(start: Vec<u8>, sent: Arc<AtomicU64>) -> Server {
    Server::start(Arc::new(move |_, stream| {
        let mut taken = stream.write_all(&start);
        for number in 0_u64.. {
            let line = format!("{number:040x} refs/heads/{number}\n");
            let line = format!("{:04x}{line}", line.len() + 4);
            taken = taken.and_then(|()| stream.write_all(line.as_bytes()));
            if taken.is_err() {
                return;
            }
            sent.fetch_add(u64::try_from(line.len()).unwrap(), Ordering::Relaxed);
        }
    }))
}

#[test]
fn a_list_of_references_without_end_is_broken_off() {
    let limits = FetchLimits { max_refs: 1_000, ..limits() };
    let head = format!("HTTP/1.1 200 OK\r\n{ADVERTISEMENT}connection: close\r\n\r\n");
    let first = format!("{:040x} HEAD\0ofs-delta\n", 1);
    let first = format!("{:04x}{first}", first.len() + 4);
    for beginning in [first.as_str(), "000eversion 2\n"] {
        let start = format!("001e# service=git-upload-pack\n0000{beginning}");
        let sent = Arc::new(AtomicU64::new(0));
        let server = endless([head.as_bytes(), start.as_bytes()].concat(), Arc::clone(&sent));

        let error = fetch_with(&Repository::empty(), &server.url("a.git"), &limits, &Watch::none())
            .unwrap_err();

        assert!(matches!(error, FetchError::ReferencesTooLong { limit: 321_536 }), "{error:?}");
        assert!(error.to_string().contains("`repositories.max_refs`"));
        assert!(sent.load(Ordering::Relaxed) < 20_000_000, "{sent:?}");
    }
}

#[test]
fn an_answer_about_references_without_end_is_broken_off() {
    let limits = FetchLimits { max_refs: 1_000, ..limits() };
    let greeting = response(
        "200 OK",
        ADVERTISEMENT,
        b"001e# service=git-upload-pack\n0000000eversion 2\n000cls-refs\n000afetch\n0000",
    );
    let server = Server::start(Arc::new(move |request, stream| {
        if request.method == "GET" {
            drop(stream.write_all(&greeting));
            return;
        }
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-git-upload-pack-result\r\nconnection: close\r\n\r\n";
        let mut taken = stream.write_all(head.as_bytes());
        // One line of the greatest length after the other.
        let name = "n".repeat(60_000);
        for number in 0_u64.. {
            let line = format!("{number:040x} refs/heads/{number}{name}\n");
            taken = taken.and_then(|()| write!(stream, "{:04x}{line}", line.len() + 4));
            if taken.is_err() {
                return;
            }
        }
    }));

    let error = fetch_with(&Repository::empty(), &server.url("a.git"), &limits, &Watch::none())
        .unwrap_err();

    assert!(matches!(error, FetchError::ReferencesTooLong { .. }), "{error:?}");
}

#[test]
fn a_full_disk_is_noticed() {
    let repository = Repository::with_commits(1);
    let server = stalling();
    let limits = FetchLimits { min_free_bytes: u64::MAX, ..limits() };

    let error =
        fetch_with(&repository, &server.url("work/.git"), &limits, &Watch::none()).unwrap_err();

    assert!(matches!(error, FetchError::DiskFull { .. }), "{error:?}");
}

/// What a server of git's first protocol says of its branch, with these capabilities.
fn first_protocol(capabilities: &str) -> String {
    let line = |text: &str| format!("{:04x}{text}", text.len() + 4);
    let id = "1".repeat(40);
    format!(
        "{}0000{}{}0000",
        line("# service=git-upload-pack\n"),
        line(&format!("{id} HEAD\0{capabilities}\n")),
        line(&format!("{id} refs/heads/main\n")),
    )
}

#[test]
fn a_server_that_names_a_symbolic_reference_it_does_not_have_is_refused() {
    let advertisement =
        first_protocol("multi_ack_detailed symref=refs/heads/gone:refs/heads/main agent=git/1.9");
    let server = Server::saying(response("200 OK", ADVERTISEMENT, advertisement.as_bytes()));

    let error = fetch(&Repository::empty(), &server.url("a/b.git")).unwrap_err();

    assert!(matches!(error, FetchError::NotGit { .. }), "{error:?}");
    assert!(error.to_string().contains("contradict"), "{error}");
}

/// A server that greets like this and gives every question the same answer.
fn repeating(greeting: &[u8], answer: &[u8]) -> Server {
    let greeting = response("200 OK", ADVERTISEMENT, greeting);
    let answer = response("200 OK", RESULT, answer);
    Server::start(Arc::new(move |request, stream| {
        let answer = if request.method == "GET" { &greeting } else { &answer };
        drop(stream.write_all(answer));
    }))
}

fn hung_up(server: &Server) {
    let error = fetch(&Repository::empty(), &server.url("a/b.git")).unwrap_err();

    assert!(matches!(error, FetchError::Broken { .. }), "{error:?}");
    assert!(error.to_string().contains("hung up"), "{error}");
    let targets = server.targets.lock().unwrap();
    assert!(targets.len() <= 3, "asked {} times", targets.len());
}

#[test]
fn a_server_of_the_first_protocol_that_hangs_up_is_not_waited_for() {
    let greeting =
        first_protocol("multi_ack_detailed side-band-64k ofs-delta shallow agent=git/1.9");

    for answer in ["", "0008NAK\n", "0008NAK\n0008NAK\n"] {
        hung_up(&repeating(greeting.as_bytes(), answer.as_bytes()));
    }
}

#[test]
fn a_server_of_the_second_protocol_that_never_sends_a_pack_is_not_asked_for_ever() {
    let greeting =
        b"001e# service=git-upload-pack\n0000000eversion 2\n000cls-refs\n000afetch\n0000";
    let greeting = response("200 OK", ADVERTISEMENT, greeting);
    let references = format!("0032{0} HEAD\n003d{0} refs/heads/main\n0000", "1".repeat(40));
    let server = Server::start(Arc::new(move |request, stream| {
        let asks_for_references = request.body.windows(15).any(|bytes| bytes == b"command=ls-refs");
        let answer = match (request.method.as_str(), asks_for_references) {
            ("GET", _) => greeting.clone(),
            (_, true) => response("200 OK", RESULT, references.as_bytes()),
            (_, false) => response("200 OK", RESULT, b"0014acknowledgments\n0008NAK\n0000"),
        };
        drop(stream.write_all(&answer));
    }));

    hung_up(&server);
}

#[test]
fn a_pack_that_ends_early_leaves_the_mirror_whole() {
    let repository = Repository::with_commits(2);
    let before = fetch_by_path(&repository);
    repository.commit("large", noise(400_000));
    let server = spoiling(&repository, |mut answer| {
        answer.truncate(answer.len() / 2);
        answer
    });

    let error = fetch(&repository, &server.url("work/.git")).unwrap_err();

    assert!(matches!(error, FetchError::Broken { .. }), "{error:?}");
    assert_whole(&repository, &before);
}

#[test]
fn a_pack_with_a_wrong_byte_leaves_the_mirror_whole() {
    let repository = Repository::with_commits(2);
    let before = fetch_by_path(&repository);
    repository.commit("large", noise(400_000));
    let server = spoiling(&repository, |mut answer| {
        let middle = answer.len() / 2;
        answer[middle] ^= 0xff;
        answer
    });

    let error = fetch(&repository, &server.url("work/.git")).unwrap_err();

    // It came whole: what it builds upon may as well be broken here, so all is to be fetched anew.
    assert!(error.is_damage(), "{error:?}");
    assert_whole(&repository, &before);
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let server = stalling();
    let limits = FetchLimits { idle_timeout: Duration::from_millis(300), ..limits() };
    let started = Instant::now();

    let error = fetch_with(&Repository::empty(), &server.url("a.git"), &limits, &Watch::none())
        .unwrap_err();

    assert!(matches!(error, FetchError::Silent { .. }), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_fetch_ends_when_its_time_is_over() {
    let server = stalling();
    let limits = FetchLimits { timeout: Duration::from_millis(300), ..limits() };
    let started = Instant::now();

    let error = fetch_with(&Repository::empty(), &server.url("a.git"), &limits, &Watch::none())
        .unwrap_err();

    assert!(matches!(error, FetchError::TimedOut { .. }), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_fetch_can_be_cancelled() {
    let server = stalling();
    let cancelled = AtomicBool::new(false);
    let watch = Watch { cancelled: &|| cancelled.load(Ordering::Relaxed), progress: &|_| () };
    let started = Instant::now();

    let error = thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(200));
            cancelled.store(true, Ordering::Relaxed);
        });
        fetch_with(&Repository::empty(), &server.url("a.git"), &limits(), &watch).unwrap_err()
    });

    assert!(matches!(error, FetchError::Cancelled), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(3));
}

/// Accepts, reads, and says nothing for longer than any test waits.
fn stalling() -> Server {
    Server::start(Arc::new(|_, _| thread::sleep(Duration::from_secs(8))))
}

fn fetch_by_path(repository: &Repository) -> String {
    repository.fetch().unwrap();
    repository.mirrored(&["for-each-ref"])
}

/// The mirror is as before, sound, and the next fetch clears away what is left.
fn assert_whole(repository: &Repository, before: &str) {
    assert_eq!(repository.mirrored(&["for-each-ref"]), before);
    repository.mirrored(&["fsck", "--strict"]);
    let fetched = repository.fetch().unwrap();
    assert_eq!(fetched.head, Some(repository.head()));
    let packs = std::fs::read_dir(repository.mirror().path().join("objects/pack")).unwrap();
    for file in packs.map(|file| file.unwrap().path()) {
        let extension = file.extension().unwrap_or_default().to_string_lossy().into_owned();
        assert!(["pack", "idx", "keep"].contains(&extension.as_str()), "{}", file.display());
    }
}
