//! Facts: all that a scan ever needs of one blob, computed once and kept.
//!
//! A fact belongs to a blob *and* to how its path makes it read: the same bytes as `a.rs` and as
//! `b.txt` are two facts. [`FACTS_VERSION`] is part of the key, so that a scanner that reads
//! differently reads again.

use std::{collections::HashMap, sync::Arc};

use serde::{Deserialize, Serialize};
use tokei::LanguageType;

use super::{
    comments::{CommentScanner, LineCounts, MarkerFact},
    details::{Document, DocumentFact},
    detectors::{self, CHAIN, Detector, FileName},
    generated,
    languages::{self, Guess},
    licence::Licences,
    manifest::Finding,
    syntax::Syntax,
};
use crate::repositories::Oid;

/// Raise it whenever the same bytes would give other facts; where these are tasks or markers,
/// raise [`super::marks::MARKS_VERSION`] too.
pub const FACTS_VERSION: u32 = 4;

const LARGE_FILE_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// Facts of earlier scans.
pub type KnownFacts = HashMap<FactKey, BlobFacts>;

/// What a fact is stored under.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FactKey {
    pub blob: Oid,
    /// `4:Rust`, `4:TOML+rust:x/Cargo.toml`, `4:?`: version, language, detector and file name;
    /// `4:` where only the size is asked for.
    pub reading: String,
}

/// What one blob says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BlobFacts {
    /// In bytes.
    pub size: u64,
    /// The content that a Git LFS pointer stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub large_file: Option<LargeFile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentFact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread: Option<Unread>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<LineCounts>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub markers: Vec<MarkerFact>,
    /// Few files have one, and it is large.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<Box<Finding>>,
}

/// A content that is kept outside git.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LargeFile {
    /// SHA-256 of the content, in hexadecimal.
    pub oid: String,
    /// In bytes.
    pub size: u64,
}

/// Why a blob's text was not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unread {
    Binary,
    Minified,
    /// The content is kept outside git (Git LFS).
    LargeFilePointer,
}

/// How a path makes its blob read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    language: Guess,
    /// Index into the chain.
    pub(super) detector: Option<usize>,
    document: Option<Document>,
}

/// What a thread keeps between blobs.
pub(super) struct Tools {
    comments: CommentScanner,
    syntaxes: HashMap<LanguageType, Syntax>,
    licences: Arc<Licences>,
}

impl Reading {
    #[cfg(test)]
    pub(super) fn of(path: &str) -> Self {
        Self::in_language(path, None)
    }

    /// In the language that people say it is in, where that is one.
    pub(super) fn in_language(path: &str, language: Option<&str>) -> Self {
        let file = FileName(path);
        let named = language.and_then(languages::named).map(Guess::Known);
        let detector = CHAIN.iter().position(|detector| detector.reads(file));
        Self {
            language: named.unwrap_or_else(|| languages::guess(file.name())),
            detector,
            document: Document::of(file.name()).filter(|_| detector.is_none()),
        }
    }

    /// Whether the path promises nothing to read, so that only its size counts.
    pub(super) fn is_size_only(&self) -> bool {
        matches!(self.language, Guess::None) && self.detector.is_none() && self.document.is_none()
    }

    pub(super) fn key(self, blob: Oid, path: &str) -> FactKey {
        let language = match self.language {
            Guess::Known(language) => language.name(),
            Guess::AskFirstLine => "?",
            Guess::None => "",
        };
        let file = FileName(path);
        let reading = match self.detector() {
            // A detector may look at the name and at the directory's name, and at nothing else.
            Some(detector) => format!(
                "{FACTS_VERSION}:{language}+{}:{}/{}",
                detector.kind(),
                file.directory_name(),
                file.name()
            ),
            None => match self.document {
                Some(document) => {
                    format!("{FACTS_VERSION}:{language}+{}", document.key(file.name()))
                }
                None => format!("{FACTS_VERSION}:{language}"),
            },
        };
        FactKey { blob, reading }
    }

    fn detector(self) -> Option<&'static dyn Detector> {
        CHAIN.get(self.detector?).copied()
    }
}

impl Tools {
    #[cfg(any(test, feature = "fuzzing"))]
    pub(super) fn new() -> Self {
        Self::sharing(Arc::default())
    }

    /// With the licence texts that other threads use too.
    pub(super) fn sharing(licences: Arc<Licences>) -> Self {
        Self { comments: CommentScanner::new(), syntaxes: HashMap::new(), licences }
    }

    pub(super) fn facts(&mut self, source: &[u8], reading: Reading, path: &str) -> BlobFacts {
        let size = u64::try_from(source.len()).unwrap_or(u64::MAX);
        if let Some(reason) = unread(source, reading) {
            let large_file = pointer(source);
            return BlobFacts { size, unread: Some(reason), large_file, ..BlobFacts::default() };
        }
        if reading.is_size_only() {
            return BlobFacts { size, ..BlobFacts::default() };
        }
        let finding = reading.detector().map(|detector| {
            let text = String::from_utf8_lossy(source);
            // Names are made from paths, in which git takes any sign but NUL.
            let path = path.replace(char::is_control, " ");
            Box::new(detectors::read(detector, FileName(&path), &text))
        });
        let language = match reading.language {
            Guess::Known(language) => Some(language),
            Guess::AskFirstLine => languages::by_first_line(source),
            Guess::None => None,
        };
        let document = reading.document.map(|it| it.read(path, source, &self.licences));
        let mut facts = BlobFacts { size, document, finding, ..BlobFacts::default() };
        if let Some(language) = language {
            let syntax = self.syntaxes.entry(language).or_insert_with(|| Syntax::of(language));
            let (lines, markers) = self.comments.scan(source, syntax);
            facts.language = Some(language.name().to_owned());
            facts.lines = Some(lines);
            if !markers.is_empty() && !generated::is_generated(source) {
                facts.markers = markers;
                facts.markers.shrink_to_fit();
            }
        }
        facts
    }
}

fn unread(source: &[u8], reading: Reading) -> Option<Unread> {
    let start = source.get(..source.len().min(8_192)).unwrap_or(source);
    if start.starts_with(LARGE_FILE_POINTER) && source.len() < 1_024 {
        return Some(Unread::LargeFilePointer);
    }
    if memchr::memchr(0, start).is_some() {
        return Some(Unread::Binary);
    }
    is_minified(source, reading).then_some(Unread::Minified)
}

/// Git LFS pointers are smaller, by their specification.
pub(super) const POINTER_BYTES: u64 = 1_024;

/// Reads `oid sha256:…` and `size …` of a pointer.
fn pointer(source: &[u8]) -> Option<LargeFile> {
    let text = str::from_utf8(source).ok().filter(|_| source.starts_with(LARGE_FILE_POINTER))?;
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
    let oid = value("oid")?.trim();
    let oid = oid.strip_prefix("sha256:").unwrap_or(oid);
    let is_hash = oid.len() <= 128 && oid.bytes().all(|byte| byte.is_ascii_hexdigit());
    let size = value("size")?.trim().parse().ok()?;
    is_hash.then(|| LargeFile { oid: oid.to_owned(), size })
}

/// Lines of a machine's length in a language that is shipped minified.
fn is_minified(source: &[u8], reading: Reading) -> bool {
    let shipped = matches!(
        reading.language,
        Guess::Known(LanguageType::JavaScript | LanguageType::Css | LanguageType::TypeScript)
    );
    shipped
        && source.len() > 8_192
        && source.len() / (memchr::memchr_iter(b'\n', source).count() + 1) > 400
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(path: &str, source: &[u8]) -> BlobFacts {
        Tools::new().facts(source, Reading::of(path), path)
    }

    #[test]
    fn a_name_from_a_path_has_no_controls() {
        let application = br#"{application, team, [{description, "The team"}]}."#;
        let facts = facts("src/te\u{1b}am.app.src", application);

        let json = serde_json::to_string(&facts).unwrap();
        assert!(json.contains("te am"), "{json}");
        assert!(!json.contains("u001b"), "{json}");
    }

    #[test]
    fn binaries_pointers_and_minified_files_are_not_counted() {
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 9\n";
        let minified = format!("{}\n", "a();".repeat(5_000));

        assert_eq!(facts("a.rs", b"fn\0main").unread, Some(Unread::Binary));
        let read = facts("a.rs", pointer);
        assert_eq!(read.unread, Some(Unread::LargeFilePointer));
        assert_eq!(read.large_file, Some(LargeFile { oid: "aa".into(), size: 9 }));
        assert_eq!(facts("a.js", minified.as_bytes()).unread, Some(Unread::Minified));
        assert_eq!(facts("a.rs", minified.as_bytes()).unread, None);
    }

    #[test]
    fn a_manifest_has_lines_and_a_finding() {
        let facts = facts("Cargo.toml", b"[package]\nname = \"a\"\n");

        assert_eq!(facts.lines.unwrap().code, 2);
        assert!(facts.finding.is_some());
    }

    #[test]
    fn pictures_are_only_measured() {
        assert!(Reading::of("logo.png").is_size_only());
        assert_eq!(
            facts("logo.png", b"x\0y"),
            BlobFacts { size: 3, unread: Some(Unread::Binary), ..BlobFacts::default() }
        );
    }

    #[test]
    fn the_key_changes_with_the_reading() {
        let blob = Oid::from_bytes([1; 20]);
        let key = |path| Reading::of(path).key(blob, path).reading;

        assert_eq!(key("a.rs"), "4:Rust");
        assert_eq!(key("x/a.rs"), key("b.rs"));
        assert_eq!(key("x/Cargo.toml"), "4:TOML+rust:x/Cargo.toml");
        assert_eq!(key("run"), "4:?");
        assert_eq!(key("a/README.md"), "4:Markdown+readme:README.md");
        assert_eq!(key("LICENSE"), "4:?+licence");
    }

    #[test]
    fn facts_survive_storage_and_small_ones_are_small() {
        let first = facts("tasklist.md", b"---\nowner: ada\n---\n- [ ] TASK-A-1 x (due: now)\n");
        let stored = serde_json::to_string(&first).unwrap();

        assert_eq!(serde_json::from_str::<BlobFacts>(&stored).unwrap(), first);
        let small = serde_json::to_string(&facts("a.rs", b"fn main() {}\n")).unwrap();
        assert_eq!(
            small,
            r#"{"size":13,"language":"Rust","lines":{"code":1,"comments":0,"blanks":0}}"#
        );
    }

    #[test]
    fn hostile_manifests_are_warnings_in_time() {
        let deep_json = "[".repeat(1_000_000);
        let deep_objects = "{\"a\":".repeat(300_000);
        let deep_toml = format!("a = {}", "[".repeat(500_000));
        let inline = "a = ".to_owned() + &"{b=".repeat(300_000);
        let dotted = format!("{}a = 1", "a.".repeat(500_000));
        let header = format!("[{}a]", "a.".repeat(500_000));
        let deep_yaml = format!("packages: {}", "[".repeat(1_000_000));
        let long = format!("{{\"name\": \"{}\"}}", "x".repeat(1_000_000));
        let start = crate::platform::clock::CpuTime::start();

        for (path, text) in [
            ("package.json", &deep_json),
            ("package.json", &deep_objects),
            ("Cargo.toml", &deep_toml),
            ("Cargo.toml", &inline),
            ("Cargo.toml", &dotted),
            ("Cargo.toml", &header),
            ("pyproject.toml", &header),
            ("pnpm-workspace.yaml", &deep_yaml),
        ] {
            let finding = facts(path, text.as_bytes()).finding.unwrap();
            assert_eq!(finding.problems.len(), 1, "{path}: {}", text.split_at(4).0);
        }
        let named = facts("package.json", long.as_bytes()).finding.unwrap();
        let serde_json::Value::String(name) =
            serde_json::to_value(&named).unwrap()["contribution"]["project"]["name"].take()
        else {
            panic!("no name")
        };
        assert!(name.chars().count() <= 257);
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    }
}
