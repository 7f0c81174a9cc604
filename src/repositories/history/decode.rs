//! From the bytes of a commit to text that can be shown and stored.

use chrono::{DateTime, NaiveDate, Utc};
use encoding_rs::{Encoding, UTF_8};
use gix::{
    actor::SignatureRef,
    bstr::{BStr, ByteSlice},
    mailmap::Snapshot,
    objs::CommitRef,
};

use super::{Commit, Moment, Oid, Person};

/// Longer messages are cut: some tools write whole logs into them.
const MAX_BODY: usize = 64 * 1024;
const MAX_LINE: usize = 1_024;
const MINUTES_A_DAY: i16 = 24 * 60;

/// The commit as it will be given out, but for its files.
pub(super) fn commit(oid: Oid, raw: &CommitRef<'_>, mailmap: &Snapshot) -> Commit {
    let label = raw.encoding.map_or(&b"utf-8"[..], |label| label.as_bytes());
    let encoding = Encoding::for_label(label).unwrap_or(UTF_8);
    let (author, authored_at) = person(raw.author, encoding, mailmap);
    let (committer, committed_at) = person(raw.committer, encoding, mailmap);
    let (subject, body) = message(&text(raw.message, encoding));
    Commit {
        oid,
        parents: raw.parents().map(Oid::from).collect(),
        author,
        committer,
        authored_at,
        committed_at,
        subject,
        body,
        files: Vec::new(),
        files_changed: 0,
        insertions: 0,
        deletions: 0,
    }
}

/// Text without NUL, which a database does not take.
pub(super) fn text(bytes: &BStr, encoding: &'static Encoding) -> String {
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text.into_owned() }
}

fn person(header: &BStr, encoding: &'static Encoding, mailmap: &Snapshot) -> (Person, Moment) {
    let Ok(signature) = SignatureRef::from_bytes(header) else {
        // Not even `name <email>`: the line says best itself what it holds.
        let name = line(&text(header, encoding));
        return (Person { name, email: String::new() }, Moment::clamped(0, 0));
    };
    let signature = signature.trim();
    let mapped = mailmap.try_resolve_ref(signature);
    let mapped_name = mapped.as_ref().and_then(|mapped| mapped.name).map(|name| text(name, UTF_8));
    let mapped_email =
        mapped.as_ref().and_then(|mapped| mapped.email).map(|email| text(email, UTF_8));
    let person = Person {
        name: line(&mapped_name.unwrap_or_else(|| text(signature.name, encoding))),
        email: line(&mapped_email.unwrap_or_else(|| text(signature.email, encoding))),
    };
    let time = signature.time();
    let (seconds, offset) =
        time.map_or((signature.seconds(), 0), |time| (time.seconds, time.offset));
    (person, Moment::clamped(seconds, offset))
}

impl Moment {
    fn clamped(seconds: i64, offset_seconds: i32) -> Self {
        let minutes = i16::try_from(offset_seconds / 60).unwrap_or(0);
        Self {
            at: DateTime::from_timestamp_secs(seconds.clamp(year_start(1), year_start(10_000) - 1))
                .unwrap_or(DateTime::<Utc>::UNIX_EPOCH),
            offset_minutes: minutes.clamp(-MINUTES_A_DAY, MINUTES_A_DAY),
        }
    }
}

fn year_start(year: i32) -> i64 {
    NaiveDate::from_yo_opt(year, 1)
        .map_or(0, |day| day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp())
}

/// The first paragraph on one line, and the rest.
fn message(text: &str) -> (String, String) {
    let text = text.trim_start_matches(['\n', '\r']);
    let mut subject = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (first, after) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = after;
        if first.trim().is_empty() {
            break;
        }
        subject.push(first.trim());
    }
    (line(&subject.join(" ")), cut(rest.trim(), MAX_BODY))
}

fn line(text: &str) -> String {
    cut(text.trim(), MAX_LINE)
}

fn cut(text: &str, limit: usize) -> String {
    let end = text.floor_char_boundary(limit);
    text.get(..end).unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(raw: &str) -> Commit {
        decode_bytes(raw.as_bytes(), b"")
    }

    fn decode_bytes(raw: &[u8], mailmap: &[u8]) -> Commit {
        let commit = CommitRef::from_bytes(raw, gix::hash::Kind::Sha1).unwrap();
        super::commit(Oid::from_bytes([7; 20]), &commit, &Snapshot::from_bytes(mailmap))
    }

    fn with_author(author: &str) -> Commit {
        decode(&format!(
            "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor {author}\ncommitter C <c@x> 5 +0000\n\nHello\n"
        ))
    }

    #[test]
    fn a_message_is_a_subject_and_a_body() {
        assert_eq!(
            message("One\nline\n\nBody\n\nmore\n"),
            ("One line".into(), "Body\n\nmore".into())
        );
        assert_eq!(message("\n\nLate\r\n\r\nBody"), ("Late".into(), "Body".into()));
        assert_eq!(message(""), (String::new(), String::new()));
    }

    #[test]
    fn a_long_body_is_cut_between_characters() {
        let (_, body) = message(&format!("S\n\n{}", "ä".repeat(MAX_BODY)));

        assert_eq!(body.len(), MAX_BODY);
    }

    #[test]
    fn absurd_times_are_brought_into_range() {
        let late = with_author("A <a@x> 99999999999999 +0000").authored_at;
        let early = with_author("A <a@x> -99999999999999 +0000").authored_at;
        let odd = with_author("A <a@x> 1000 +9999").authored_at;
        let none = with_author("A <a@x>").authored_at;

        assert_eq!(late.at.to_rfc3339(), "9999-12-31T23:59:59+00:00");
        assert_eq!(early.at.to_rfc3339(), "0001-01-01T00:00:00+00:00");
        assert_eq!(odd.at.timestamp(), 1000);
        assert!(odd.offset_minutes.abs() <= MINUTES_A_DAY);
        assert_eq!(none.at.timestamp(), 0);
    }

    #[test]
    fn the_offset_of_the_clock_is_kept() {
        let moment = with_author("A <a@x> 1000 -0330").authored_at;

        assert_eq!((moment.at.timestamp(), moment.offset_minutes), (1000, -210));
    }

    #[test]
    fn latin_text_is_read_by_its_header() {
        let raw = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor J\xfcrgen <j@x> 1 +0000\ncommitter J\xfcrgen <j@x> 1 +0000\nencoding ISO-8859-1\n\nGr\xfc\xdfe\n";

        let commit = decode_bytes(raw, b"");

        assert_eq!(commit.author.name, "Jürgen");
        assert_eq!(commit.subject, "Grüße");
    }

    #[test]
    fn broken_text_and_nul_are_replaced() {
        let raw = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A\xff <a@x> 1 +0000\ncommitter C <c@x> 1 +0000\n\nx\0y\n";

        let commit = decode_bytes(raw, b"");

        assert_eq!(commit.author.name, "A\u{fffd}");
        assert_eq!(commit.subject, "x\u{fffd}y");
    }

    #[test]
    fn the_mailmap_names_author_and_committer() {
        let raw = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor old <old@x> 1 +0000\ncommitter old <OLD@x> 1 +0000\n\nx\n";

        let commit = decode_bytes(raw, b"New Name <new@x> <old@x>\n");

        let expected = Person { name: "New Name".into(), email: "new@x".into() };
        assert_eq!((commit.author, commit.committer), (expected.clone(), expected));
    }
}
