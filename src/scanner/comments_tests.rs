use proptest::prelude::*;
use tokei::{Config, LanguageType as L};

use super::*;

fn scan(language: L, source: &str) -> (LineCounts, Vec<MarkerFact>) {
    CommentScanner::new().scan(source.as_bytes(), &Syntax::of(language))
}

fn counts(language: L, source: &str) -> (u32, u32, u32) {
    let lines = scan(language, source).0;
    (lines.code, lines.comments, lines.blanks)
}

fn markers(language: L, source: &str) -> Vec<(u32, String)> {
    scan(language, source).1.into_iter().map(|one| (one.line, one.text)).collect()
}

fn found(line: u32, text: &str) -> (u32, String) {
    (line, text.to_owned())
}

#[test]
fn markers_are_found_in_comments_only() {
    let rust = "// TODO: one\nlet a = \"// TODO: no\"; // FIXME two\n/* HACK three\n   XXX four */\n\
                let c = '\"'; // TODO five\nlet raw = r#\"// TODO no\"#;\nfn f<'a>(x: &'a str) {} // TODO six\n";

    assert_eq!(
        markers(L::Rust, rust),
        [
            found(1, "one"),
            found(2, "two"),
            found(3, "three"),
            found(4, "four"),
            found(5, "five"),
            found(7, "six")
        ]
    );
    assert_eq!(
        markers(L::Python, "\"\"\"\nTODO no\n\"\"\"\nx = '#' # TODO yes\n"),
        [found(4, "yes")]
    );
    assert_eq!(
        markers(
            L::JavaScript,
            "const u = 'http://TODO';\nlet r = /['\"]/; // TODO a\nx // TODO b\n"
        ),
        [found(3, "b")]
    );
    assert_eq!(markers(L::Sh, "echo $# ${#TODO} a#TODO\n# TODO yes\n"), [found(2, "yes")]);
    assert_eq!(markers(L::Go, "x := `\n// TODO no\n` // TODO yes\n"), [found(3, "yes")]);
    assert_eq!(markers(L::Markdown, "TODO no\n<!-- TODO yes -->\n"), [found(2, "yes")]);
    assert_eq!(
        markers(L::Html, "<p>don't</p>\n<!-- FIXME it's here -->\n"),
        [found(2, "it's here")]
    );
    assert_eq!(markers(L::Yaml, "a: don't\nb: c # TODO yes\nd: x#TODO\n"), [found(2, "yes")]);
    assert_eq!(markers(L::Text, "TODO no\n"), []);
}

#[test]
fn a_marker_has_an_author_and_a_text() {
    let (_, found) =
        scan(L::Rust, "// TODO(ada): write it\n/* FIXME(#12) look */\n// XXX\n// HACK - x\n");
    let all: Vec<_> =
        found.iter().map(|one| (one.marker, one.author.as_deref(), one.text.as_str())).collect();

    assert_eq!(
        all,
        [
            (Marker::Todo, Some("ada"), "write it"),
            (Marker::Fixme, None, "(#12) look"),
            (Marker::Xxx, None, ""),
            (Marker::Hack, None, "x"),
        ]
    );
}

#[test]
fn words_that_only_look_like_markers_are_passed_over() {
    for text in [
        "// TODOs",
        "// a_TODO",
        "// XXX-XXXX",
        "// the TODO-list",
        "// finds `TODO` notes",
        "// a~{XXX}~b",
        "// todo",
    ] {
        assert_eq!(markers(L::Rust, text), [], "{text}");
    }
}

#[test]
fn nested_comments_end_with_the_outermost() {
    let source = "/* a /* b */ TODO yes */ let x = 1; // TODO two\n";

    assert_eq!(markers(L::Rust, source), [found(1, "yes"), found(1, "two")]);
    assert_eq!(markers(L::C, "/* a /* b */ int TODO;\n"), []);
}

#[test]
fn lines_are_counted() {
    let source = "//! doc\n\nfn main() { /* a\n\n b */\n    x(); // y\n}\n";

    assert_eq!(counts(L::Rust, source), (3, 3, 1));
    assert_eq!(counts(L::Rust, "a"), (1, 0, 0));
    assert_eq!(counts(L::Rust, ""), (0, 0, 0));
    assert_eq!(counts(L::Rust, "a\n"), (1, 0, 0));
    assert_eq!(counts(L::Rust, "a\r\n\r\n// b\r\n"), (1, 1, 1));
    assert_eq!(counts(L::Markdown, "# A\n\ntext\n"), (0, 2, 1));
}

/// The counts are tokei's wherever both see the same; these samples are from its own domain.
#[test]
fn counts_agree_with_tokei() {
    let samples = [
        (
            L::C,
            "#include <a.h>\n/* one\n * two\n */\nint main(void) {\n  char *a = \"/*\"; // x\n\n  return 0;\n}\n",
        ),
        (
            L::Python,
            "#!/usr/bin/env python\n# a\n\ndef f():\n    '''doc\n    more'''\n    return '#'\n",
        ),
        (L::Go, "package a\n\n// F does.\nfunc F() string {\n\treturn \"//\" /* no */\n}\n"),
        (L::Toml, "# a\n[b]\nc = \"#\"\n\n"),
        (L::JavaScript, "/**\n * a\n */\nexport const a = `\n  // b\n`;\n\n// c\n"),
        (L::Haskell, "{- a {- b -} c -}\nmodule Main where\n-- d\n\nmain = pure ()\n"),
        (L::Lua, "--[[ a\nb ]]\nlocal x = 1 -- c\n\n-- d\n"),
        (L::Json, "{\n  \"a\": 1\n}\n"),
        (L::Sql, "-- a\nSELECT 'x--y';\n/* b */\n"),
        (L::Css, "/* a */\nb { c: d; }\n\n"),
    ];

    for (language, source) in samples {
        let tokei = language.parse_from_str(source, &Config::default()).summarise();
        let lines = [tokei.code, tokei.comments, tokei.blanks].map(|n| u32::try_from(n).unwrap());
        assert_eq!(counts(language, source), lines.into(), "{language}");
    }
}

#[test]
fn hostile_sources_are_read_in_time() {
    let hostile = [
        "/*".repeat(1_000_000),
        "/* ".repeat(700_000),
        "/*\n".repeat(300_000) + &"*/ ".repeat(300_000),
        "\"\\".repeat(1_000_000),
        "'".repeat(2_000_000),
        " ".repeat(2_000_000),
        "/* ".to_owned() + &"\n".repeat(2_000_000),
        "// ".to_owned() + &"TODO".repeat(500_000),
        "// ".to_owned() + &"`TODO` ".repeat(300_000),
        "//".repeat(1_000_000),
        "/// ```rust\n".repeat(100_000),
        "x".repeat(1_000_000),
        "// TODO x\n".repeat(100_000),
    ];

    for source in hostile {
        for language in [L::Rust, L::JavaScript, L::Markdown, L::Python, L::Html] {
            let start = crate::platform::clock::CpuTime::start();
            let (_, found) = scan(language, &source);
            assert!(found.len() <= MAX_MARKERS);
            let took = start.elapsed();
            assert!(took.as_secs() < 5, "{language} {:?} took {took:?}", source.split_at(6).0);
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_counted_whole_and_in_order(
        source in "(\\PC|\n|\"|'|//|/\\*|\\*/|#|TODO|FIXME\\(a\\):|\\\\|<!--|-->){0,60}",
        language in proptest::sample::select(L::list().iter().map(|(language, _)| *language).collect::<Vec<_>>()),
    ) {
        let (lines, found) = scan(language, &source);
        let total = u32::try_from(source.split('\n').count()).unwrap() - u32::from(source.is_empty() || source.ends_with('\n'));

        prop_assert_eq!(lines.code + lines.comments + lines.blanks, total);
        prop_assert!(found.iter().all(|one| (1..=total).contains(&one.line)));
        prop_assert!(found.windows(2).all(|pair| pair[0].line <= pair[1].line));
    }
}
