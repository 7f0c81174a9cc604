//! Packs that no git would make, from a server that answers everything else as git does.

use std::{
    io::Write,
    sync::Arc,
    time::{Duration, Instant},
};

use flate2::{Compression, write::ZlibEncoder};
use gix::{ObjectId, objs::Kind};
use quarterdeck::repositories::mirror::{FetchError, FetchLimits, Watch};

use crate::{
    http::fetch_with,
    repository::{Repository, limits},
    server::{Request, Server, response},
};

const COMMIT: u8 = 1;
const TREE: u8 = 2;
const BLOB: u8 = 3;
const OFFSET_DELTA: u8 = 6;
const REFERENCE_DELTA: u8 = 7;

/// A pack in the making.
struct Pack {
    bytes: Vec<u8>,
    count: u32,
}

impl Pack {
    fn new() -> Self {
        Self { bytes: b"PACK\0\0\0\x02\0\0\0\0".to_vec(), count: 0 }
    }

    /// Adds an entry that says this kind and size, and gives where it starts.
    fn entry(&mut self, kind: u8, size: u64, between: &[u8], content: &[u8]) -> usize {
        let start = self.bytes.len();
        self.header(kind, size);
        self.bytes.extend_from_slice(between);
        self.bytes.extend(deflated(content));
        self.count += 1;
        start
    }

    fn object(&mut self, kind: u8, content: &[u8]) -> usize {
        self.entry(kind, length(content), b"", content)
    }

    /// A difference to the entry that starts at `base`.
    fn delta(&mut self, base: usize, delta: &[u8]) -> usize {
        let back = offset(self.bytes.len() - base);
        self.entry(OFFSET_DELTA, length(delta), &back, delta)
    }

    fn header(&mut self, kind: u8, mut size: u64) {
        let mut byte = (kind << 4) | low_bits(size, 4);
        size >>= 4;
        while size > 0 {
            self.bytes.push(byte | 0x80);
            byte = low_bits(size, 7);
            size >>= 7;
        }
        self.bytes.push(byte);
    }

    fn finished(self) -> Vec<u8> {
        let count = self.count;
        self.claiming(count)
    }

    /// Finished with another count of objects than there are.
    fn claiming(mut self, count: u32) -> Vec<u8> {
        self.bytes[8..12].copy_from_slice(&count.to_be_bytes());
        let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
        hasher.update(&self.bytes);
        self.bytes.extend_from_slice(hasher.try_finalize().unwrap().as_bytes());
        self.bytes
    }
}

fn length(bytes: &[u8]) -> u64 {
    bytes.len().try_into().unwrap()
}

fn low_bits(number: u64, bits: u32) -> u8 {
    u8::try_from(number & ((1 << bits) - 1)).unwrap()
}

fn deflated(content: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn offset(mut back: usize) -> Vec<u8> {
    let mut bytes = vec![u8::try_from(back & 0x7f).unwrap()];
    while back >= 0x80 {
        back = (back >> 7) - 1;
        bytes.insert(0, 0x80 | u8::try_from(back & 0x7f).unwrap());
    }
    bytes
}

fn number(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(0x80 | low_bits(number, 7));
        number >>= 7;
    }
    bytes.push(low_bits(number, 7));
    bytes
}

/// A delta: the sizes it says, then these instructions.
fn delta(base: u64, result: u64, instructions: &[u8]) -> Vec<u8> {
    [number(base), number(result), instructions.to_vec()].concat()
}

/// Copies 0xffffff bytes from the start of the base.
const COPY_MUCH: [u8; 4] = [0b1111_0000, 0xff, 0xff, 0xff];

/// What `main` of the lying server points to.
fn commit(number: u32) -> Vec<u8> {
    let who = "A <a@x> 1700000000 +0000";
    let tree = ObjectId::empty_tree(gix::hash::Kind::Sha1);
    format!("tree {tree}\nauthor {who}\ncommitter {who}\n\nCommit {number}\n").into_bytes()
}

fn id_of(kind: Kind, content: &[u8]) -> ObjectId {
    gix::objs::compute_hash(gix::hash::Kind::Sha1, kind, content).unwrap()
}

fn packet(content: &[u8]) -> Vec<u8> {
    [format!("{:04x}", content.len() + 4).as_bytes(), content].concat()
}

/// A server whose branch is at `commit(1)`, and whose pack is this.
fn serving(pack: Vec<u8>) -> Server {
    let head = id_of(Kind::Commit, &commit(1));
    Server::start(Arc::new(move |request, stream| {
        drop(stream.write_all(&answer(request, head, &pack)));
    }))
}

fn answer(request: &Request, head: ObjectId, pack: &[u8]) -> Vec<u8> {
    if request.method == "GET" {
        let lines: [&[u8]; 5] = [
            b"version 2\n",
            b"agent=liar\n",
            b"ls-refs=unborn\n",
            b"fetch=shallow\n",
            b"object-format=sha1\n",
        ];
        let greeting = lines.map(packet).concat();
        let body =
            [&packet(b"# service=git-upload-pack\n"), b"0000".as_slice(), &greeting, b"0000"]
                .concat();
        return response(
            "200 OK",
            "content-type: application/x-git-upload-pack-advertisement\r\n",
            &body,
        );
    }
    let mut body = Vec::new();
    if request.body.windows(15).any(|bytes| bytes == b"command=ls-refs") {
        body.extend(packet(format!("{head} HEAD symref-target:refs/heads/main\n").as_bytes()));
        body.extend(packet(format!("{head} refs/heads/main\n").as_bytes()));
    } else {
        body.extend(packet(b"packfile\n"));
        for part in pack.chunks(60_000) {
            body.extend(packet(&[b"\x01", part].concat()));
        }
    }
    body.extend_from_slice(b"0000");
    response("200 OK", "content-type: application/x-git-upload-pack-result\r\n", &body)
}

/// What came of fetching this pack; the mirror has nothing of it, and takes an honest one after.
fn refused(name: &str, pack: Vec<u8>, limits: &FetchLimits) -> FetchError {
    let repository = Repository::with_commits(1);
    let server = serving(pack);
    let begun = Instant::now();

    let fetched = fetch_with(&repository, &server.url("a.git"), limits, &Watch::none());

    let error = fetched.expect_err(name);
    assert!(begun.elapsed() < Duration::from_secs(30), "{name}: {:?}", begun.elapsed());
    assert!(error.to_string().len() < 600, "{name}: {error}");
    assert_eq!(repository.mirrored_references(), [""; 0], "{name}");
    repository.fetch().unwrap();
    repository.mirrored(&["fsck", "--strict"]);
    error
}

fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

#[test]
fn an_honest_pack_of_this_server_is_taken() {
    let mut pack = Pack::new();
    let mut base = pack.object(COMMIT, &commit(0));
    let text = commit(1);
    // A chain of differences that end in the commit that is wanted.
    let whole: Vec<u8> = [&[u8::try_from(text.len()).unwrap()], text.as_slice()].concat();
    let size = length(&commit(0));
    base = pack.delta(base, &delta(size, length(&text), &split_insert(&whole[1..])));
    assert!(base > 12);
    pack.object(TREE, b"");
    let repository = Repository::with_commits(1);
    let server = serving(pack.finished());

    let fetched = fetch_with(&repository, &server.url("a.git"), &limits(), &Watch::none()).unwrap();

    assert_eq!(fetched.default_branch.as_deref(), Some("main"));
    assert_eq!(repository.mirrored(&["log", "--format=%s"]), "Commit 1");
}

/// Instructions that insert a text, at most 127 bytes each.
fn split_insert(text: &[u8]) -> Vec<u8> {
    let insert = |part: &[u8]| [&[u8::try_from(part.len()).unwrap()], part].concat();
    text.chunks(127).flat_map(insert).collect()
}

#[test]
fn sizes_that_are_lies_reserve_no_memory() {
    let good = commit(1);
    for (name, count, size) in [
        ("four thousand million objects", u32::MAX, length(&good)),
        ("an object of an exabyte", 1, 1 << 60),
        ("an object of the greatest size", 1, u64::MAX),
        ("an object smaller than it is", 1, 3),
        ("an object larger than it is", 1, length(&good) + 1),
    ] {
        let mut pack = Pack::new();
        pack.entry(COMMIT, size, b"", &good);

        refused(name, pack.claiming(count), &limits());
    }
    assert!(peak_megabytes() < 700, "{} MB", peak_megabytes());
}

#[test]
fn what_inflates_to_more_than_it_says_is_given_up() {
    let mut pack = Pack::new();
    pack.entry(BLOB, 10, b"", &vec![0; 64 << 20]);

    refused("a zlib bomb", pack.finished(), &limits());
}

#[test]
fn differences_that_unfold_are_given_up() {
    let base = vec![0; 0x00ff_ffff];
    let limits = FetchLimits { max_object_bytes: 64 << 20, ..limits() };
    for (name, base_size, result, copies) in [
        ("a result of a terabyte", 0x00ff_ffff_u64, 1_u64 << 40, 1_usize),
        ("a result of the greatest size", 0x00ff_ffff, u64::MAX, 1),
        ("a result larger than it says", 0x00ff_ffff, 10, 1_000),
        ("a result smaller than it says", 0x00ff_ffff, 60 << 20, 1),
        ("a base of another size", 5, 0x00ff_ffff, 1),
        ("a whole gigabyte", 0x00ff_ffff, 64 * 0x00ff_ffff, 64),
    ] {
        let mut pack = Pack::new();
        pack.object(COMMIT, &commit(1));
        let start = pack.object(BLOB, &base);
        pack.delta(start, &delta(base_size, result, &COPY_MUCH.repeat(copies)));

        refused(name, pack.finished(), &limits);
    }
    assert!(peak_megabytes() < 900, "{} MB", peak_megabytes());
}

#[test]
fn instructions_that_reach_beyond_are_given_up() {
    let base = b"base".repeat(10);
    for (name, instructions) in [
        ("a copy from beyond the end", [0b1001_0001, 0xff, 5].as_slice()),
        ("a copy that has no end", &[0b1011_0000, 0xff, 0xff]),
        ("an instruction that breaks off", &[0b1111_1111, 1]),
        ("an insertion that breaks off", &[100, b'x']),
        ("the reserved instruction", &[0]),
        ("no instruction", &[]),
    ] {
        let mut pack = Pack::new();
        pack.object(COMMIT, &commit(1));
        let start = pack.object(BLOB, &base);
        pack.delta(start, &delta(length(&base), 5, instructions));

        refused(name, pack.finished(), &limits());
    }
}

#[test]
fn bases_that_are_no_bases_are_given_up() {
    let insert = delta(4, 3, &[3, b'a', b'b', b'c']);
    for (name, between) in [
        ("itself", offset(0)),
        ("before the pack", offset(1 << 40)),
        ("the pack's head", offset(14)),
        ("the middle of another", offset(20)),
        ("an offset that never ends", vec![0xff; 20]),
    ] {
        let mut pack = Pack::new();
        pack.object(COMMIT, &commit(1));
        pack.entry(OFFSET_DELTA, length(&insert), &between, &insert);

        refused(name, pack.finished(), &limits());
    }
    for (name, base) in [
        ("what is nowhere", ObjectId::from([7; 20])),
        ("a null id", ObjectId::null(gix::hash::Kind::Sha1)),
    ] {
        let mut pack = Pack::new();
        pack.object(COMMIT, &commit(1));
        pack.entry(REFERENCE_DELTA, length(&insert), base.as_bytes(), &insert);

        refused(name, pack.finished(), &limits());
    }
}

#[test]
fn kinds_and_ends_that_do_not_exist_are_given_up() {
    for kind in [0, 5] {
        let mut pack = Pack::new();
        pack.object(COMMIT, &commit(1));
        pack.object(kind, b"what am I");

        refused(&format!("kind {kind}"), pack.finished(), &limits());
    }
    let mut pack = Pack::new();
    pack.object(COMMIT, &commit(1));
    let mut newer = pack.finished();
    newer[7] = 9;
    refused("version 9", newer, &limits());
    refused("no pack", b"KCAP".repeat(100), &limits());
    refused("nothing", Vec::new(), &limits());
    refused("half a head", b"PACK\0\0".to_vec(), &limits());
}

/// git calls it an error, and the library leaves it out of the pack that it keeps.
#[test]
fn what_comes_behind_the_end_is_not_kept() {
    let mut pack = Pack::new();
    pack.object(COMMIT, &commit(1));
    pack.object(TREE, b"");
    let repository = Repository::with_commits(1);
    let server = serving([pack.finished(), vec![1; 5_000]].concat());

    fetch_with(&repository, &server.url("a.git"), &limits(), &Watch::none()).unwrap();

    repository.mirrored(&["fsck", "--strict"]);
    assert_eq!(repository.mirrored(&["log", "--format=%s"]), "Commit 1");
}

#[test]
fn a_pack_without_what_was_asked_for_is_given_up() {
    refused("no object", Pack::new().finished(), &limits());
    let mut pack = Pack::new();
    pack.object(COMMIT, &commit(2));
    refused("another commit", pack.finished(), &limits());
}

/// Not one of them is too large, and all together are a hundred gigabytes.
#[test]
fn a_thousand_large_results_end_with_the_time_for_a_fetch() {
    let mut pack = Pack::new();
    pack.object(COMMIT, &commit(1));
    let start = pack.object(BLOB, &vec![0; 0x00ff_ffff]);
    for number in 0..1_000_u32 {
        let tail = number.to_be_bytes();
        let copies = [COPY_MUCH.repeat(6).as_slice(), &[4], &tail].concat();
        pack.delta(start, &delta(0x00ff_ffff, 6 * 0x00ff_ffff + 4, &copies));
    }
    let limits = FetchLimits { timeout: Duration::from_secs(2), ..limits() };

    let error = refused("a thousand results", pack.finished(), &limits);

    assert!(matches!(error, FetchError::TimedOut { .. }), "{error:?}");
    assert!(peak_megabytes() < 900, "{} MB", peak_megabytes());
}

#[test]
fn a_chain_of_twenty_thousand_differences_ends_without_a_crash() {
    let mut pack = Pack::new();
    pack.object(COMMIT, &commit(1));
    pack.object(TREE, b"");
    let mut last = pack.object(BLOB, b"00000");
    for number in 0..20_000 {
        let text = format!("{number:05}");
        last = pack.delta(last, &delta(5, 5, &split_insert(text.as_bytes())));
    }
    let repository = Repository::with_commits(1);
    let server = serving(pack.finished());

    let fetched = fetch_with(&repository, &server.url("a.git"), &limits(), &Watch::none());

    assert!(fetched.is_ok_and(|fetched| fetched.head.is_some()));
}
