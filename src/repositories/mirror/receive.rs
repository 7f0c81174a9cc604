//! One fetch from the first word to the new references.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::Arc,
};

use gix::{
    bstr::{BStr, ByteSlice},
    progress::Discard,
    protocol::{
        fetch::{RefMap, refmap::Source as MappingSource},
        handshake::Ref,
        transport::{
            Protocol,
            client::blocking_io::{Transport, http},
        },
    },
    remote::{fetch::Tags, ref_map},
};

use super::{
    FetchError, FetchPolicy, Fetched, Oid, Source,
    guard::Guard,
    http::SmartHttp,
    layout::{self, Head, References},
    local::UploadPack,
    names::CheckedNames,
};
use crate::repositories::source::{LocalPath, RemoteUrl};

/// gix writes the references it fetches at once, so it gets a place aside; [`References::write`]
/// replaces them all when the objects have been checked.
const REFSPECS: [&str; 2] =
    ["+refs/heads/*:refs/incoming/heads/*", "+refs/tags/*:refs/incoming/tags/*"];

/// How much of gix's words an error repeats, in bytes.
const MAX_REASON: usize = 300;

/// What errors call the other side.
pub(super) fn name_of(source: &Source) -> String {
    match source {
        Source::Url(url) => url.as_url().host_str().unwrap_or_default().to_owned(),
        Source::Path(path) => path.path().to_string_lossy().into_owned(),
    }
}

pub(super) fn receive(
    mirror: &Path,
    source: &Source,
    policy: &FetchPolicy,
    guard: &Arc<Guard>,
) -> Result<Fetched, FetchError> {
    let (before, packs) = (layout::snapshot(mirror)?, layout::packs(mirror)?);
    let references = match source {
        Source::Url(url) => over_http(mirror, url, policy, guard)?,
        Source::Path(path) => from_path(mirror, path, guard)?,
    };
    // A small fetch is over before the guard has looked. What was fetched must go again, or the
    // mirror would grow with each attempt.
    if let Some(error) = guard.too_large(mirror) {
        layout::remove_new_packs(mirror, &packs)?;
        return Err(error);
    }
    finish(mirror, &references, guard, &before)
}

/// Makes the references those of the mirror, once all that they name is here.
fn finish(
    mirror: &Path,
    references: &References,
    guard: &Guard,
    before: &[Vec<u8>; 2],
) -> Result<Fetched, FetchError> {
    check_objects(mirror, references, guard)?;
    references.write(mirror)?;
    let changed = *before != layout::snapshot(mirror)?;
    let (default_branch, head) = references.default_branch();
    Ok(Fetched { default_branch, head, bytes: guard.bytes(), changed })
}

fn over_http(
    mirror: &Path,
    url: &RemoteUrl,
    policy: &FetchPolicy,
    guard: &Arc<Guard>,
) -> Result<References, FetchError> {
    let names = CheckedNames::new(&policy.allowed_networks, Arc::clone(guard));
    let credential = policy.credential.clone();
    let http = SmartHttp::new(names, credential, Arc::clone(guard)).map_err(|error| {
        FetchError::Unreachable { host: guard.host().to_owned(), reason: error.to_string() }
    })?;
    let address = gix::url::parse(url.as_url().as_str()).map_err(|error| not_git(guard, &error))?;
    let transport = http::Transport::new_http(http, address, Protocol::V2, false);
    exchange(mirror, url.as_url().as_str(), transport, guard)
}

fn from_path(
    mirror: &Path,
    path: &LocalPath,
    guard: &Arc<Guard>,
) -> Result<References, FetchError> {
    let (mut upload_pack, transport) = UploadPack::start(path, guard)?;
    // gix wants an address; nothing is ever looked up under this one.
    let received = exchange(mirror, "file:///local", transport, guard);
    received.map_err(|error| match (error, upload_pack.complaint()) {
        (FetchError::Broken { .. } | FetchError::NotGit { .. }, Some(reason)) => {
            FetchError::UploadPack { path: path.path().to_owned(), reason }
        }
        (error, _) => error,
    })
}

/// Takes the answers of a server that does not listen.
#[cfg(feature = "fuzzing")]
pub(super) fn from_answers(
    mirror: &Path,
    answers: &[u8],
    guard: &Arc<Guard>,
) -> Result<Fetched, FetchError> {
    use gix::protocol::transport::client::git::{ConnectMode, blocking_io::Connection};

    let before = layout::snapshot(mirror)?;
    let answers = super::ending::Answers::new(answers);
    let (nobody, mode) = (None::<(String, _)>, ConnectMode::Process);
    let transport =
        Connection::new(answers, std::io::sink(), Protocol::V2, "fuzz", nobody, mode, false);
    let references = exchange(mirror, "file:///fuzz", transport, guard)?;
    finish(mirror, &references, guard, &before)
}

/// Speaks git with the other side until the objects of all its branches and tags are here.
///
/// gix gives up with a panic on some answers that no git server makes; references are not written
/// yet, so nothing is half done.
fn exchange<T: Transport>(
    mirror: &Path,
    address: &str,
    transport: T,
    guard: &Arc<Guard>,
) -> Result<References, FetchError> {
    catch_unwind(AssertUnwindSafe(|| converse(mirror, address, transport, guard))).unwrap_or_else(
        |_told_by_the_hook| Err(not_git(guard, &"its answers contradict each other")),
    )
}

fn converse<T: Transport>(
    mirror: &Path,
    address: &str,
    transport: T,
    guard: &Arc<Guard>,
) -> Result<References, FetchError> {
    let repository = layout::open(mirror, guard.limits().max_object_bytes)?;
    check_existing(&repository)?;
    let remote = repository
        .remote_at_without_url_rewrite(address)
        .and_then(|remote| remote.with_refspecs(REFSPECS, gix::remote::Direction::Fetch))
        .map_err(|error| not_git(guard, &error))?
        .with_fetch_tags(Tags::None);
    let options =
        ref_map::Options { extra_refspecs: vec![head_refspec()?], ..ref_map::Options::default() };
    let prepared = remote
        .to_connection_with_transport(transport)
        .with_credentials(|_wanted| Ok(None))
        .with_transport_options(Box::new(()))
        .prepare_fetch(Discard, options)
        .map_err(|error| failure(&error, guard, Phase::Greeting))?;
    guard.references_have_come();
    let references = References::of(prepared.ref_map(), guard)?;
    if !references.targets.is_empty() {
        prepared
            .with_write_packed_refs_only(true)
            .receive(Discard, guard.stop_flag())
            .map_err(|error| failure(&error, guard, Phase::Transfer))?;
    }
    Ok(references)
}

fn head_refspec() -> Result<gix::refspec::RefSpec, FetchError> {
    gix::refspec::parse("HEAD".into(), gix::refspec::parse::Operation::Fetch)
        .map(|spec| spec.to_owned())
        .map_err(|error| FetchError::Damaged { reason: error.to_string() })
}

impl References {
    fn of(map: &RefMap, guard: &Guard) -> Result<Self, FetchError> {
        let limit = guard.limits().max_refs;
        if map.mappings.len() > limit {
            return Err(FetchError::TooManyRefs { found: map.mappings.len(), limit });
        }
        let mut targets = BTreeMap::new();
        for mapping in &map.mappings {
            let MappingSource::Ref(reference) = &mapping.remote else { continue };
            if let Some((name, target)) = branch_or_tag(reference) {
                targets.insert(name, target);
            }
        }
        let head = map.remote_refs.iter().find_map(head);
        Ok(Self { targets, head })
    }

    fn default_branch(&self) -> (Option<String>, Option<Oid>) {
        match &self.head {
            Some(Head::Branch(name)) => {
                let short = name.strip_prefix("refs/heads/").unwrap_or(name);
                (Some(short.to_owned()), self.targets.get(name).copied())
            }
            Some(Head::Detached(id)) => (None, Some(*id)),
            None => (None, None),
        }
    }
}

/// Names that git would not take, or that are no text, are left out.
fn branch_or_tag(reference: &Ref) -> Option<(String, Oid)> {
    let (name, target, _peeled) = reference.unpack();
    Some((valid_name(name)?, Oid::from(target?.to_owned())))
}

fn valid_name(name: &BStr) -> Option<String> {
    gix::validate::reference::name(name).ok()?;
    let name = name.to_str().ok()?;
    let is_mirrored = name.starts_with("refs/heads/") || name.starts_with("refs/tags/");
    is_mirrored.then(|| name.to_owned())
}

fn head(reference: &Ref) -> Option<Head> {
    match reference {
        Ref::Symbolic { full_ref_name, target, .. } | Ref::Unborn { full_ref_name, target } => {
            let target = valid_name(target.as_ref()).filter(|_| full_ref_name == "HEAD")?;
            Some(Head::Branch(target))
        }
        Ref::Direct { full_ref_name, object } | Ref::Peeled { full_ref_name, object, .. } => {
            (full_ref_name == "HEAD").then(|| Head::Detached(Oid::from(*object)))
        }
    }
}

/// What the mirror has is what the other side will be told not to send.
fn check_existing(repository: &gix::Repository) -> Result<(), FetchError> {
    let damaged = |reason: String| FetchError::Damaged { reason };
    let platform = repository.references().map_err(|error| damaged(error.to_string()))?;
    for reference in platform.all().map_err(|error| damaged(error.to_string()))? {
        let reference = reference.map_err(|error| damaged(error.to_string()))?;
        if let Some(target) = reference.try_id().filter(|target| !repository.has_object(*target)) {
            let name = reference.name().as_bstr();
            return Err(damaged(format!("{name} at {target} is missing")));
        }
    }
    Ok(())
}

/// No reference may come to point at nothing: a server that withheld an object would leave the
/// mirror worse than it was.
fn check_objects(mirror: &Path, references: &References, guard: &Guard) -> Result<(), FetchError> {
    let repository = layout::open(mirror, guard.limits().max_object_bytes)?;
    let missing = references
        .targets
        .iter()
        .find(|(_, target)| !repository.has_object(gix::ObjectId::from(**target)));
    match missing {
        Some((name, target)) => {
            Err(FetchError::Damaged { reason: format!("{name} at {target} is missing") })
        }
        None => Ok(()),
    }
}

#[derive(Clone, Copy)]
enum Phase {
    Greeting,
    Transfer,
}

/// What gix's error means; a failure that the guard knows of takes its place later.
fn failure(error: &gix::Error, guard: &Guard, phase: Phase) -> FetchError {
    let host = guard.host().to_owned();
    let reason = error.probable_cause().to_string();
    // What the other side has sent is repeated as a list of numbers, before the words.
    let mut reason =
        reason.rsplit_once("] ").map_or(reason.as_str(), |(_, words)| words).to_owned();
    reason.truncate(reason.floor_char_boundary(MAX_REASON));
    if error.is_resource_exhausted() {
        return FetchError::ObjectTooLarge {
            limit: guard.limits().max_object_bytes,
            detail: reason,
        };
    }
    if reason.contains("sha256") || reason.contains("64 hexadecimal") {
        return FetchError::ObjectFormat(host);
    }
    match phase {
        Phase::Greeting => FetchError::NotGit { host, reason },
        Phase::Transfer => FetchError::Broken { host, reason },
    }
}

fn not_git(guard: &Guard, error: &dyn std::fmt::Display) -> FetchError {
    FetchError::NotGit { host: guard.host().to_owned(), reason: error.to_string() }
}
