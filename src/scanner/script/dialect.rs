//! How the languages write comments, strings and names.

/// What the lexer has to know of a language.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a peculiarity of one language")]
pub(in crate::scanner) struct Dialect {
    pub(super) line_comment: &'static str,
    pub(super) block_comment: Option<(&'static str, &'static str)>,
    /// Quotes of strings over several lines.
    pub(super) long_quotes: &'static [&'static str],
    pub(super) quotes: &'static [char],
    /// What opens a computed part inside a string in double quotes.
    pub(super) interpolation: Option<(&'static str, u8, u8)>,
    /// `'name'` is a name, not a text.
    pub(super) quoted_names: bool,
    /// `:name` is a value.
    pub(super) symbols: bool,
    /// Opens the literal of one character: `$"` or `?"`.
    pub(super) character: Option<char>,
    /// Opens `%w[…]` or `~w[…]`.
    pub(super) sigil: Option<char>,
    /// Heredocs, regular expressions between slashes, and the end by `__END__`.
    pub(super) ruby: bool,
    /// `r"…"` and its like.
    pub(super) prefixes: bool,
}

const PLAIN: Dialect = Dialect {
    line_comment: "#",
    block_comment: None,
    long_quotes: &[],
    quotes: &['"', '\''],
    interpolation: None,
    quoted_names: false,
    symbols: false,
    character: None,
    sigil: None,
    ruby: false,
    prefixes: false,
};

/// Gemfiles, gemspecs, Rakefiles, podspecs and Podfiles.
pub(in crate::scanner) const RUBY: Dialect = Dialect {
    interpolation: Some(("#{", b'{', b'}')),
    symbols: true,
    sigil: Some('%'),
    ruby: true,
    quotes: &['"', '\'', '`'],
    ..PLAIN
};

pub(in crate::scanner) const ELIXIR: Dialect = Dialect {
    long_quotes: &["\"\"\"", "'''"],
    interpolation: Some(("#{", b'{', b'}')),
    symbols: true,
    character: Some('?'),
    sigil: Some('~'),
    ..PLAIN
};

pub(in crate::scanner) const ERLANG: Dialect =
    Dialect { line_comment: "%", quoted_names: true, character: Some('$'), ..PLAIN };

pub(in crate::scanner) const SWIFT: Dialect = Dialect {
    line_comment: "//",
    block_comment: Some(("/*", "*/")),
    long_quotes: &["\"\"\""],
    interpolation: Some(("\\(", b'(', b')')),
    quotes: &['"'],
    ..PLAIN
};

/// Python, Starlark and Meson.
pub(in crate::scanner) const PYTHON: Dialect =
    Dialect { long_quotes: &["\"\"\"", "'''"], prefixes: true, ..PLAIN };
