//! Reads a source file once: counts its lines and finds the markers in its comments.
//!
//! Lines are counted as tokei counts them (a line with any code is code, a blank line inside a
//! comment is comment), but in one linear pass together with the markers, without recursion into
//! embedded languages, so that no input can make it slow or overflow the stack.

use aho_corasick::AhoCorasick;
use memchr::{memchr, memchr_iter, memmem};
use serde::{Deserialize, Serialize};

use super::{
    model::Marker,
    syntax::{Block, Opening, Syntax, Text},
    text,
};

/// A file with more markers than this is data.
pub(super) const MAX_MARKERS: usize = 1_000;

const MARKERS: [(&str, Marker); 4] = [
    ("TODO", Marker::Todo),
    ("FIXME", Marker::Fixme),
    ("HACK", Marker::Hack),
    ("XXX", Marker::Xxx),
];

/// A text without any of these has no marker.
pub(super) const MARKER_WORDS: [&str; 4] = ["TODO", "FIXME", "HACK", "XXX"];

/// The lines of one file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineCounts {
    pub code: u32,
    pub comments: u32,
    pub blanks: u32,
}

/// A marker in one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkerFact {
    pub marker: Marker,
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// From 1.
    pub line: u32,
}

/// Finds markers; made once per thread.
#[derive(Debug)]
pub(super) struct CommentScanner {
    markers: Option<AhoCorasick>,
}

impl CommentScanner {
    pub(super) fn new() -> Self {
        Self { markers: AhoCorasick::new(MARKERS.map(|(word, _)| word)).ok() }
    }

    pub(super) fn scan(&self, source: &[u8], syntax: &Syntax) -> (LineCounts, Vec<MarkerFact>) {
        let mut file = File {
            scanner: self,
            syntax,
            state: State::Code,
            counts: LineCounts::default(),
            found: Vec::new(),
        };
        let mut start = 0;
        let mut number = 0;
        for end in memchr_iter(b'\n', source).chain([source.len()]) {
            let line = source.get(start..end).unwrap_or_default();
            // What follows the last line break is a line only if there is something.
            if end < source.len() || !line.is_empty() {
                number += 1;
                file.line(line, number);
            }
            start = end + 1;
        }
        (file.counts, file.found)
    }
}

#[derive(Debug, Clone, Copy)]
enum State {
    Code,
    Text(Text),
    Comment(Block, u32),
}

struct File<'a> {
    scanner: &'a CommentScanner,
    syntax: &'a Syntax,
    state: State,
    counts: LineCounts,
    found: Vec<MarkerFact>,
}

/// What a line has shown so far.
#[derive(Default)]
struct Line {
    has_code: bool,
    has_comment: bool,
}

impl File<'_> {
    fn line(&mut self, line: &[u8], number: u32) {
        if matches!(self.state, State::Code) && line.trim_ascii().is_empty() {
            self.counts.blanks += 1;
            return;
        }
        let mut seen = Line::default();
        let mut at = 0;
        while at < line.len() {
            at = match self.state {
                State::Code => self.code(line, at, number, &mut seen),
                State::Text(text) => self.text(line, at, text, &mut seen),
                State::Comment(block, depth) => {
                    seen.has_comment = true;
                    self.comment(line, at, number, (block, depth))
                }
            };
        }
        self.finish(&seen);
    }

    /// Counts the line, and closes a string that cannot go on in the next one.
    fn finish(&mut self, seen: &Line) {
        let is_comment = match self.state {
            _ if self.syntax.is_prose => true,
            State::Comment(..) => !seen.has_code,
            State::Code | State::Text(_) => !seen.has_code && seen.has_comment,
        };
        let count = if is_comment { &mut self.counts.comments } else { &mut self.counts.code };
        *count += 1;
        if matches!(self.state, State::Text(text) if !text.spans_lines) {
            self.state = State::Code;
        }
    }

    fn code(&mut self, line: &[u8], at: usize, number: u32, seen: &mut Line) -> usize {
        let next = self.syntax.next(line, at);
        let start = next.map_or(line.len(), |(start, _, _)| start);
        seen.has_code |= !slice(line, at, start).trim_ascii().is_empty();
        let Some((start, end, opening)) = next else { return line.len() };
        match opening {
            Opening::LineComment => {
                seen.has_comment = true;
                self.markers(slice(line, end, line.len()), number);
                line.len()
            }
            Opening::Block(block) => {
                seen.has_comment = true;
                self.state = State::Comment(block, 1);
                end
            }
            Opening::Text(text) => {
                seen.has_code = true;
                self.state = State::Text(text);
                end
            }
            Opening::Character => {
                seen.has_code = true;
                after_character(line, start)
            }
        }
    }

    fn text(&mut self, line: &[u8], mut at: usize, text: Text, seen: &mut Line) -> usize {
        seen.has_code = true;
        let end = text.end.as_bytes();
        let Some(first) = end.first() else { return line.len() };
        while at < line.len() {
            let rest = slice(line, at, line.len());
            let step = if text.has_escapes {
                memchr::memchr2(*first, b'\\', rest)
            } else {
                memchr(*first, rest)
            };
            let Some(step) = step else { return line.len() };
            at += step;
            if slice(line, at, line.len()).starts_with(end) {
                self.state = State::Code;
                return at + end.len();
            }
            let is_escape = text.has_escapes && line.get(at) == Some(&b'\\');
            at += if is_escape { 2 } else { 1 };
        }
        line.len()
    }

    /// Reads on to the end of the comment or of the line, each sign looked for only once.
    fn comment(&mut self, line: &[u8], at: usize, number: u32, inside: (Block, u32)) -> usize {
        let (block, mut depth) = inside;
        let mut at = at;
        let mut ends = Signs::of(block.end);
        let mut starts = Signs::of(if block.nests { block.start } else { "" });
        while depth > 0 && at < line.len() {
            let (end, start) = (ends.next(line, at), starts.next(line, at));
            let (until, step, change) = match (end, start) {
                (Some(end), Some(start)) if start < end => (start, block.start.len(), 1),
                (None, Some(start)) => (start, block.start.len(), 1),
                (Some(end), _) => (end, block.end.len(), -1),
                (None, None) => (line.len(), 0, 0),
            };
            self.markers(slice(line, at, until), number);
            depth = depth.saturating_add_signed(change);
            at = until + step;
        }
        self.state = if depth == 0 { State::Code } else { State::Comment(block, depth) };
        at
    }

    /// Takes the first marker of a stretch of comment.
    fn markers(&mut self, comment: &[u8], line: u32) {
        let Some(searcher) = &self.scanner.markers else { return };
        if self.found.len() >= MAX_MARKERS {
            return;
        }
        for found in searcher.find_iter(comment) {
            let before = slice(comment, 0, found.start());
            let after = slice(comment, found.end(), comment.len());
            let Some((_, marker)) = MARKERS.get(found.pattern().as_usize()) else { continue };
            if is_marker(before, after) {
                let (author, text) = split_author(after);
                self.found.push(MarkerFact { marker: *marker, text, author, line });
                return;
            }
        }
    }
}

/// The places of one sign in a line, found from left to right.
struct Signs {
    sign: &'static str,
    was_looked_for: bool,
    /// The next one; once looked for, none means none in the rest of the line.
    found: Option<usize>,
}

impl Signs {
    const fn of(sign: &'static str) -> Self {
        Self { sign, was_looked_for: sign.is_empty(), found: None }
    }

    /// The first at or after `at`.
    fn next(&mut self, line: &[u8], at: usize) -> Option<usize> {
        if !self.was_looked_for || self.found.is_some_and(|place| place < at) {
            let rest = slice(line, at, line.len());
            self.was_looked_for = true;
            self.found = memmem::find(rest, self.sign.as_bytes()).map(|place| at + place);
        }
        self.found
    }
}

/// Where the code goes on after a `'`: behind a character literal, or behind the quote alone.
fn after_character(line: &[u8], quote: usize) -> usize {
    let rest = slice(line, quote + 1, line.len());
    let close = if rest.first() == Some(&b'\\') {
        rest.iter().skip(2).take(12).position(|byte| *byte == b'\'').map(|found| found + 2)
    } else {
        // One character, of up to four bytes.
        rest.iter().skip(1).take(4).position(|byte| *byte == b'\'').map(|found| found + 1).filter(
            |length| {
                rest.get(..*length)
                    .and_then(|bytes| str::from_utf8(bytes).ok())
                    .is_some_and(|text| text.chars().count() == 1)
            },
        )
    };
    quote + 1 + close.map_or(0, |close| close + 1)
}

/// A marker is a word of its own, neither quoted nor part of `TODO-list` or `XXX-XXX`.
fn is_marker(before: &[u8], after: &[u8]) -> bool {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
    let quoted = matches!(
        (before.last(), after.first()),
        (Some(b'`'), _)
            | (Some(b'"'), Some(b'"'))
            | (Some(b'\''), Some(b'\''))
            | (Some(b'{'), Some(b'}'))
            | (Some(b'<'), Some(b'>'))
    );
    let joined = after.first() == Some(&b'-') && after.get(1).is_some_and(is_word);
    let joined_before = before.last() == Some(&b'-')
        && before.len().checked_sub(2).and_then(|at| before.get(at)).is_some_and(is_word);
    !before.last().is_some_and(is_word)
        && !after.first().is_some_and(is_word)
        && !quoted
        && !joined
        && !joined_before
}

fn split_author(after: &[u8]) -> (Option<String>, String) {
    let after = String::from_utf8_lossy(after);
    let named = after.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    let (author, rest) = match named {
        Some((name, rest)) if is_name(name) => (Some(text::line(name, 80)), rest),
        _ => (None, after.as_ref()),
    };
    let rest = rest.trim_start_matches([':', '-', ' ', '\t', '!', '\u{2013}', '\u{2014}']);
    let rest = rest.trim_end_matches(['*', '/', '#', '-', ' ', '\t', '\r']);
    (author, text::line(rest, 500))
}

/// Not an issue number and not a link.
fn is_name(name: &str) -> bool {
    let name = name.trim();
    !name.is_empty()
        && name.len() <= 80
        && !name.contains(['#', '/', ':'])
        && name.contains(char::is_alphabetic)
}

fn slice(bytes: &[u8], from: usize, to: usize) -> &[u8] {
    bytes.get(from..to).unwrap_or_default()
}

#[cfg(test)]
#[path = "comments_tests.rs"]
mod tests;
