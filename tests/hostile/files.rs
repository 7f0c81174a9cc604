//! Files that are not what their names say, and objects that are not there.

use crate::{
    repository::Repository,
    scanned::{notes_of, pair, warnings_of},
};

#[test]
fn text_in_any_encoding_is_counted_and_searched() {
    let utf16: Vec<u8> = "// TODO wide\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let repository = Repository::with(&[
        (b"bom.rs", b"\xef\xbb\xbf// TODO after the mark\n"),
        (b"latin.rs", b"// TODO na\xefve caf\xe9\n"),
        (b"shift.rs", b"// TODO \x83\x65\x83\x58\x83\x67\n"),
        (b"old-mac.rs", b"// TODO one\rlet a = 1;\r"),
        (b"windows.rs", b"// TODO two\r\nlet a = 1;\r\n"),
        (b"wide.rs", &utf16),
        (b"package.json", b"\xef\xbb\xbf{\"name\": \"with-mark\"}"),
    ]);

    let scanned = repository.scan();

    assert_eq!(
        scanned.all("todos", "path"),
        ["bom.rs", "latin.rs", "old-mac.rs", "shift.rs", "windows.rs"]
    );
    assert_eq!(scanned.all("todos", "text")[1], "na\u{fffd}ve caf\u{fffd}");
    assert_eq!(scanned.all("projects", "name"), ["with-mark"]);
}

#[test]
fn binary_files_with_names_of_code_are_passed_over() {
    let noise: Vec<u8> =
        (0..100_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let repository = Repository::with(&[
        (b"elf.rs", b"\x7fELF\x02\x01\x01\0\0// TODO no\n"),
        (b"noise.py", &noise),
        (b"Cargo.toml", &noise),
        (b"tasklist.md", b"- [ ] no\0 task\n"),
        (b"real.rs", b"fn main() {}\n"),
    ]);

    let scanned = repository.scan();

    assert_eq!(scanned.all("languages", "name"), ["Rust"]);
    assert_eq!(scanned.all("todos", "path").len() + scanned.all("tasks", "path").len(), 0);
}

#[test]
fn pointers_of_large_files_are_known_as_such_where_they_are_whole() {
    let pointer: &[u8] = b"version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 1\n";
    let talks = [pointer, &b"// TODO no pointer but text\n".repeat(60)].concat();
    let repository = Repository::with(&[
        (b"model.py", pointer),
        (b"package.json", pointer),
        (b"talks-of-it.rs", &talks),
    ]);

    let scanned = repository.scan();

    assert_eq!(scanned.warnings(), [pair("large-file-pointer", "package.json")]);
    assert_eq!(scanned.report["languages"][0]["files"], 1);
    assert_eq!(scanned.all("todos", "path").len(), 60);
}

#[test]
fn objects_of_the_wrong_kind_are_told_of() {
    let repository = Repository::empty();
    let blob = repository.blob(b"// TODO a\n");
    let inner = repository.tree(&[("100644", b"a.rs", &blob)]);
    let tree = repository.tree(&[
        ("100644", b"a.rs", &inner),
        ("40000", b"blob", &blob),
        ("40000", b"dir", &inner),
    ]);
    repository.commit_tree(&tree);

    let report = repository.read_directly();

    assert_eq!(notes_of(&report), ["dir/a.rs"]);
    assert_eq!(
        warnings_of(&report),
        [pair("object-missing", "a.rs"), pair("object-missing", "blob")]
    );
}

#[test]
fn a_tree_that_breaks_off_is_read_as_far_as_it_goes() {
    let repository = Repository::empty();
    let blob = repository.blob(b"// TODO a\n");
    let whole = gix::ObjectId::from_hex(blob.as_bytes()).unwrap();
    let bytes = [b"100644 a.rs\0", whole.as_bytes(), b"100644 b.rs\0short"].concat();
    let broken = repository.object("tree", &bytes);
    let tree = repository.tree(&[("40000", b"broken", &broken), ("100644", b"c.rs", &blob)]);
    repository.commit_tree(&tree);

    let report = repository.read_directly();

    assert_eq!(notes_of(&report), ["broken/a.rs", "c.rs"]);
    assert_eq!(warnings_of(&report), [pair("object-missing", "broken")]);
}
