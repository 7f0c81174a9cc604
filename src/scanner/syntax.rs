//! How a language writes comments and strings: tokei's tables, made searchable.

use aho_corasick::{AhoCorasick, MatchKind};
use tokei::LanguageType;

/// One language's tokens, found in a single pass.
#[derive(Debug)]
pub(super) struct Syntax {
    searcher: Option<AhoCorasick>,
    tokens: Vec<Token>,
    /// Prose: every line counts as comment, as tokei counts it.
    pub(super) is_prose: bool,
}

/// What a token of the code opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    LineComment,
    Block(Block),
    Text(Text),
    /// `'x'`, or a lifetime: the scanner looks which.
    Character,
}

/// A comment with an end of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) start: &'static str,
    pub(super) end: &'static str,
    pub(super) nests: bool,
}

/// A string literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) end: &'static str,
    pub(super) has_escapes: bool,
    pub(super) spans_lines: bool,
}

#[derive(Debug)]
struct Token {
    text: &'static str,
    opening: Opening,
    place: Place,
}

/// Where a token counts.
#[derive(Debug, Clone, Copy)]
enum Place {
    Anywhere,
    /// First on its line: words such as `REM` and `=begin`.
    LineStart,
    /// After a space: `#` in shells and YAML.
    AfterSpace,
    /// Not after `:`, which makes it a URL, nor after a backslash.
    NotInUrl,
}

impl Syntax {
    pub(super) fn of(language: LanguageType) -> Self {
        let tokens = tokens(language);
        let searcher = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(tokens.iter().map(|token| token.text))
            .ok()
            .filter(|_| !tokens.is_empty());
        Self { searcher, tokens, is_prose: language.is_literate() }
    }

    /// The next token of `line` at or after `from`: where it starts, where it ends, what it opens.
    pub(super) fn next(&self, line: &[u8], mut from: usize) -> Option<(usize, usize, Opening)> {
        let searcher = self.searcher.as_ref()?;
        loop {
            let input = aho_corasick::Input::new(line).range(from..line.len());
            let found = searcher.find(input)?;
            let token = self.tokens.get(found.pattern().as_usize())?;
            if token.place.allows(line.get(..found.start()).unwrap_or_default()) {
                return Some((found.start(), found.end(), token.opening));
            }
            from = found.end();
        }
    }
}

impl Place {
    fn allows(self, before: &[u8]) -> bool {
        let last = before.last();
        match self {
            Self::Anywhere => true,
            // Nobody indents further; a long line must not be looked through for each token.
            Self::LineStart => before.len() <= 1_000 && before.trim_ascii().is_empty(),
            Self::AfterSpace => last.is_none_or(|byte| byte.is_ascii_whitespace() || *byte == b';'),
            Self::NotInUrl => last.is_none_or(|byte| *byte != b':' && *byte != b'\\'),
        }
    }
}

/// Comments come first: where a table lists one token as both, it is a comment.
fn tokens(language: LanguageType) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    if !language.is_literate() {
        tokens.extend(language.line_comments().iter().map(|text| line_comment(language, text)));
    }
    tokens.extend(blocks(language).map(block_comment));
    if !is_markup(language) {
        tokens.extend(texts(language));
    }
    if has_character_literals(language) {
        let opening = Opening::Character;
        tokens.push(Token { text: "'", opening, place: Place::Anywhere });
    }
    tokens
}

fn line_comment(language: LanguageType, text: &'static str) -> Token {
    let is_word = text.starts_with(|first: char| first.is_alphanumeric() || "*=".contains(first));
    let place = if is_word {
        Place::LineStart
    } else if text == "#" && needs_space_before_hash(language) {
        Place::AfterSpace
    } else {
        Place::NotInUrl
    };
    Token { text, opening: Opening::LineComment, place }
}

fn block_comment(block: Block) -> Token {
    let place = if block.start.starts_with('=') { Place::LineStart } else { Place::Anywhere };
    Token { text: block.start, opening: Opening::Block(block), place }
}

fn blocks(language: LanguageType) -> impl Iterator<Item = Block> {
    let all_nest = language.allows_nested();
    let plain = language.multi_line_comments().iter().map(move |pair| (pair, all_nest));
    let nested = language.nested_comments().iter().map(|pair| (pair, true));
    // tokei sees no comments in Markdown, but `<!-- -->` is one.
    let markdown = is_markdown(language).then_some((&("<!--", "-->"), false));
    plain.chain(nested).chain(markdown).map(|(pair, nests)| Block {
        start: pair.0,
        end: pair.1,
        nests,
    })
}

fn texts(language: LanguageType) -> impl Iterator<Item = Token> {
    let long = long_strings_everywhere(language);
    let text = move |pair: &(&'static str, &'static str), has_escapes, spans_lines| Token {
        text: pair.0,
        opening: Opening::Text(Text { end: pair.1, has_escapes, spans_lines }),
        place: Place::Anywhere,
    };
    let docs = language.doc_quotes().iter().map(move |pair| text(pair, true, true));
    let verbatim = language.verbatim_quotes().iter().map(move |pair| text(pair, false, true));
    let plain = language.quotes().iter().map(move |pair| {
        let spans_lines = long || pair.0.len() > 1 || pair.0 == "`";
        text(pair, true, spans_lines)
    });
    // tokei's table lacks Go's raw strings.
    let raw = (language == LanguageType::Go).then(|| text(&("`", "`"), false, true));
    docs.chain(verbatim).chain(plain).chain(raw)
}

fn is_markdown(language: LanguageType) -> bool {
    matches!(language, LanguageType::Markdown | LanguageType::Mdx | LanguageType::Djot)
}

/// In markup an apostrophe is text far more often than a string.
fn is_markup(language: LanguageType) -> bool {
    language.is_literate()
        || language.multi_line_comments().iter().any(|(start, _)| *start == "<!--")
}

fn needs_space_before_hash(language: LanguageType) -> bool {
    use LanguageType as L;
    matches!(
        language,
        L::Sh
            | L::Bash
            | L::Zsh
            | L::Fish
            | L::Ksh
            | L::CShell
            | L::Yaml
            | L::Makefile
            | L::Dockerfile
    )
}

/// Where a plain quote goes on over the end of its line; elsewhere an unclosed one is a slip.
fn long_strings_everywhere(language: LanguageType) -> bool {
    use LanguageType as L;
    matches!(
        language,
        L::Rust
            | L::Sh
            | L::Bash
            | L::Zsh
            | L::Fish
            | L::Ruby
            | L::Crystal
            | L::Php
            | L::Perl
            | L::Sql
            | L::Elixir
            | L::Clojure
            | L::ClojureScript
            | L::Lisp
            | L::Scheme
            | L::Racket
            | L::OCaml
            | L::R
            | L::Julia
    )
}

fn has_character_literals(language: LanguageType) -> bool {
    use LanguageType as L;
    matches!(
        language,
        L::Rust
            | L::C
            | L::CHeader
            | L::Cpp
            | L::CppHeader
            | L::CSharp
            | L::Java
            | L::Kotlin
            | L::Go
            | L::Scala
            | L::ObjectiveC
            | L::Zig
            | L::Haskell
    )
}
