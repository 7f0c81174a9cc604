//! Cuts a program into tokens.

use std::borrow::Cow;

use super::{Dialect, Token};

/// A manifest with more tokens is generated; the rest is left unread.
const MAX_TOKENS: usize = 300_000;
/// Longest regular expression that is looked for between slashes.
const MAX_REGEX: usize = 500;

struct Lexer<'a, 'd> {
    text: &'a str,
    at: usize,
    dialect: &'d Dialect,
    tokens: Vec<Token<'a>>,
    /// Heredocs whose text starts on the next line: their token and their end.
    heredocs: Vec<(usize, &'a str)>,
    problem: Option<String>,
}

/// The tokens, and what was never closed.
pub(super) fn lex<'a>(text: &'a str, dialect: &Dialect) -> (Vec<Token<'a>>, Option<String>) {
    let tokens = Vec::new();
    let mut lexer = Lexer { text, at: 0, dialect, tokens, heredocs: Vec::new(), problem: None };
    while let Some(next) = lexer.rest().chars().next() {
        if lexer.tokens.len() >= MAX_TOKENS {
            lexer.problem = Some("it is too long for a manifest".to_owned());
            break;
        }
        if lexer.is_at_end_mark() {
            break;
        }
        lexer.step(next);
    }
    (lexer.tokens, lexer.problem)
}

impl<'a> Lexer<'a, '_> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn byte(&self, offset: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + offset).copied()
    }

    /// The byte just before the current place.
    fn before(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at.checked_sub(1)?).copied()
    }

    fn step(&mut self, next: char) {
        if next == '\n' {
            self.at += 1;
            self.tokens.push(Token::Line);
            self.read_heredocs();
        } else if next.is_whitespace() {
            self.at += next.len_utf8();
        } else if !(self.comment() || self.literal(next) || self.word(next)) {
            self.mark(next);
        }
    }

    fn mark(&mut self, next: char) {
        self.at += next.len_utf8();
        match next {
            // A line that goes on.
            '\\' if self.byte(0) == Some(b'\n') => self.at += 1,
            '(' | '[' | '{' => self.tokens.push(Token::Open(next)),
            ')' | ']' | '}' => self.tokens.push(Token::Close(next)),
            _ => self.tokens.push(Token::Mark(next)),
        }
    }

    /// Ruby's programs may end before their file does.
    fn is_at_end_mark(&self) -> bool {
        self.dialect.ruby
            && self.before().is_none_or(|byte| byte == b'\n')
            && self.rest().starts_with("__END__")
    }

    fn comment(&mut self) -> bool {
        let rest = self.rest();
        if rest.starts_with(self.dialect.line_comment) && !self.is_raw_string(rest) {
            self.at += memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
            return true;
        }
        let line_start = self.before().is_none_or(|byte| byte == b'\n');
        if self.dialect.ruby && line_start && rest.starts_with("=begin") {
            self.at += rest.find("\n=end").map_or(rest.len(), |end| end + 5);
            return true;
        }
        let Some((open, close)) = self.dialect.block_comment else { return false };
        let Some(inside) = rest.strip_prefix(open) else { return false };
        let end = inside.find(close).map(|end| end + open.len() + close.len());
        if end.is_none() {
            self.complain("a comment");
        }
        self.at += end.unwrap_or(rest.len());
        true
    }

    /// `#"…"#` of Swift; its comments start otherwise.
    fn is_raw_string(&self, rest: &str) -> bool {
        self.dialect.line_comment == "//" && rest.starts_with("#\"")
    }

    fn complain(&mut self, what: &str) {
        if self.problem.is_some() {
            return;
        }
        let before = self.text.as_bytes().get(..self.at).unwrap_or_default();
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        self.problem = Some(format!("{what} in line {line} is never closed"));
    }

    fn literal(&mut self, next: char) -> bool {
        if self.is_raw_string(self.rest()) {
            self.at += 2;
            let token = self.until("\"#", None);
            self.tokens.push(token);
            return true;
        }
        if self.dialect.character == Some(next) && !self.is_after_value() {
            self.character();
            return true;
        }
        self.quoted(next) || self.symbol(next) || self.sigil(next) || self.ruby_literal(next)
    }

    /// `$a` or `?\n`.
    fn character(&mut self) {
        let mut rest = self.rest().chars().skip(1);
        let first = rest.next();
        let second = rest.next().filter(|_| first == Some('\\'));
        self.at += 1 + first.map_or(0, char::len_utf8) + second.map_or(0, char::len_utf8);
        self.tokens.push(Token::Computed);
    }

    fn quoted(&mut self, next: char) -> bool {
        if !self.dialect.quotes.contains(&next) {
            return false;
        }
        let long = self.dialect.long_quotes.iter().find(|quote| self.rest().starts_with(**quote));
        let quote: &str = match (long, next) {
            (Some(long), _) => long,
            (None, '"') => "\"",
            (None, '`') => "`",
            (None, _) => "'",
        };
        self.at += quote.len();
        let interpolation = self.dialect.interpolation.filter(|_| next == '"');
        let token = match self.until(quote, interpolation) {
            Token::Text(Cow::Borrowed(name)) if self.dialect.quoted_names && next == '\'' => {
                Token::Word(name)
            }
            Token::Text(_) if next == '`' => Token::Computed,
            token => token,
        };
        self.tokens.push(token);
        true
    }

    /// Reads up to `close` and over it.
    fn until(&mut self, close: &str, interpolation: Option<(&str, u8, u8)>) -> Token<'a> {
        let bytes = self.text.as_bytes();
        let (start, mut computed, mut escaped) = (self.at, false, false);
        while let Some(here) = bytes.get(self.at..).filter(|here| !here.is_empty()) {
            let opened = interpolation.filter(|(mark, _, _)| here.starts_with(mark.as_bytes()));
            if let Some((mark, open, shut)) = opened {
                computed = true;
                self.at += mark.len();
                self.skip_computed(open, shut);
            } else if here.first() == Some(&b'\\') {
                escaped = true;
                self.at += 2;
            } else if here.starts_with(close.as_bytes()) {
                let text = self.text.get(start..self.at);
                self.at += close.len();
                return match text {
                    Some(text) if !computed => Token::Text(plain(text, escaped)),
                    _ => Token::Computed,
                };
            } else {
                self.at += 1;
            }
        }
        self.at = start;
        self.complain("a string");
        self.at = bytes.len();
        Token::Computed
    }

    /// Over the expression inside a string, and the strings inside that.
    fn skip_computed(&mut self, open: u8, shut: u8) {
        let (mut depth, mut in_string) = (1_usize, false);
        while let Some(byte) = self.byte(0) {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'"' => in_string = !in_string,
                _ if in_string => {}
                _ if byte == open => depth += 1,
                _ if byte == shut => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn symbol(&mut self, next: char) -> bool {
        let joined = self.before().is_some_and(|byte| is_name(byte) || b":\"'".contains(&byte));
        if !self.dialect.symbols || next != ':' || joined {
            return false;
        }
        let rest = self.rest().get(1..).unwrap_or_default();
        if rest.starts_with('"') {
            self.at += 2;
            let token = match self.until("\"", self.dialect.interpolation) {
                Token::Text(text) => Token::Symbol(text),
                token => token,
            };
            self.tokens.push(token);
            return true;
        }
        let name = name(rest, true);
        if name.is_empty() {
            return false;
        }
        self.at += 1 + name.len();
        self.tokens.push(Token::Symbol(Cow::Borrowed(name)));
        true
    }

    /// `%w[a b]`, `~w(a b)a`, `%q(text)`, `~s"text"`.
    fn sigil(&mut self, next: char) -> bool {
        if self.dialect.sigil != Some(next) {
            return false;
        }
        let rest = self.rest().get(1..).unwrap_or_default();
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let kind = rest.get(..letters).unwrap_or_default();
        let Some(delimiter) = rest.get(letters..).and_then(|rest| rest.chars().next()) else {
            return false;
        };
        let is_known = if next == '%' {
            kind.len() <= 1
                && "wWiIqQrsx".contains(kind)
                && (!kind.is_empty() || !self.is_after_value())
        } else {
            !kind.is_empty()
        };
        if !is_known || !"([{<|/!\"'".contains(delimiter) {
            return false;
        }
        self.at += 1 + letters;
        self.delimited(kind, delimiter);
        true
    }

    fn delimited(&mut self, kind: &str, delimiter: char) {
        let long = self.dialect.long_quotes.iter().find(|quote| self.rest().starts_with(**quote));
        let token = if let Some(long) = long {
            self.at += long.len();
            self.until(long, None)
        } else {
            self.at += 1;
            self.balanced(delimiter)
        };
        match (token, kind) {
            (Token::Text(text), "w" | "W" | "i" | "I") => self.list(&text),
            (Token::Text(text), "" | "q" | "Q" | "s" | "S") => {
                let computed = text.contains("#{") && !matches!(kind, "q" | "S");
                self.tokens.push(if computed { Token::Computed } else { Token::Text(text) });
            }
            _ => self.tokens.push(Token::Computed),
        }
        // `~w(a b)a`: what the words become.
        if self.dialect.sigil == Some('~') {
            self.at += self.rest().find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(0);
        }
    }

    /// Up to the delimiter's partner, which may stand inside in pairs.
    fn balanced(&mut self, delimiter: char) -> Token<'a> {
        let close = match delimiter {
            '(' => ')',
            '[' => ']',
            '{' => '}',
            '<' => '>',
            other => other,
        };
        let (start, mut depth, mut escaped) = (self.at, 1_usize, false);
        for (offset, character) in self.rest().char_indices() {
            if escaped {
                escaped = false;
            } else if character == '\\' {
                escaped = true;
            } else if character == close {
                depth -= 1;
            } else if character == delimiter {
                depth += 1;
            }
            if depth == 0 {
                self.at += offset + 1;
                let text = self.text.get(start..start + offset).unwrap_or_default();
                return Token::Text(Cow::Borrowed(text));
            }
        }
        self.complain("a string");
        self.at = self.text.len();
        Token::Computed
    }

    /// The words of a literal list, as if it had been written with brackets.
    fn list(&mut self, text: &str) {
        self.tokens.push(Token::Open('['));
        for word in text.split_whitespace() {
            self.tokens.push(Token::Text(Cow::Owned(word.to_owned())));
            self.tokens.push(Token::Mark(','));
        }
        self.tokens.push(Token::Close(']'));
    }

    /// Does the last token end a value, so that an operator comes next?
    fn is_after_value(&self) -> bool {
        match self.tokens.last() {
            Some(
                Token::Word(_)
                | Token::Text(_)
                | Token::Computed
                | Token::Symbol(_)
                | Token::Close(_),
            ) => true,
            Some(Token::Open(_) | Token::Mark(_) | Token::Line) | None => false,
        }
    }

    fn ruby_literal(&mut self, next: char) -> bool {
        self.dialect.ruby && (next == '<' && self.heredoc() || next == '/' && self.regex())
    }

    fn heredoc(&mut self) -> bool {
        let Some(rest) = self.rest().strip_prefix("<<") else { return false };
        let marked = rest.strip_prefix(['~', '-']);
        let quoted = marked.unwrap_or(rest);
        let bare = quoted.strip_prefix(['"', '\'']).unwrap_or(quoted);
        let end = name(bare, false);
        let is_heredoc = if marked.is_some() {
            !end.is_empty()
        } else {
            end.len() > 1 && end.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        };
        if !is_heredoc {
            return false;
        }
        let around = quoted.len() - bare.len();
        self.at += self.rest().len() - bare.len() + end.len() + around;
        self.heredocs.push((self.tokens.len(), end));
        self.tokens.push(Token::Computed);
        true
    }

    /// The texts of the heredocs that the line before opened.
    fn read_heredocs(&mut self) {
        for (token, end) in std::mem::take(&mut self.heredocs) {
            let rest = self.rest();
            let mut length = 0;
            let mut closed = None;
            for line in rest.split_inclusive('\n') {
                if line.trim() == end {
                    closed = Some(length);
                    length += line.len();
                    break;
                }
                length += line.len();
            }
            if closed.is_none() {
                self.complain("a heredoc");
            }
            let text = rest.get(..closed.unwrap_or(0)).filter(|text| !text.contains("#{"));
            if let (Some(text), Some(token)) = (text, self.tokens.get_mut(token)) {
                *token = Token::Text(Cow::Borrowed(text));
            }
            self.at += length;
        }
    }

    /// `/…/` where a value may start, on one line.
    fn regex(&mut self) -> bool {
        let spaced = self.before().is_some_and(|byte| byte == b' ')
            && self.byte(1).is_some_and(|byte| byte != b' ' && byte != b'=');
        let after_word = matches!(self.tokens.last(), Some(Token::Word(_)));
        if self.is_after_value() && !(after_word && spaced) {
            return false;
        }
        let mut escaped = false;
        for (offset, byte) in self.rest().bytes().enumerate().skip(1).take(MAX_REGEX) {
            match byte {
                b'\n' => return false,
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'/' => {
                    self.at += offset + 1;
                    self.tokens.push(Token::Computed);
                    return true;
                }
                _ => {}
            }
        }
        false
    }

    fn word(&mut self, next: char) -> bool {
        if !(next.is_alphanumeric() || next == '_') {
            return false;
        }
        let word = name(self.rest(), self.dialect.symbols);
        self.at += word.len();
        let is_quote = self.byte(0).is_some_and(|byte| byte == b'"' || byte == b'\'');
        if !(self.dialect.prefixes && is_quote && word.len() <= 2) {
            self.tokens.push(Token::Word(word));
        } else if word.contains(['f', 'F']) {
            // A text that the program fills in: read as a string, and forgotten.
            if let Some(next) = self.rest().chars().next() {
                self.quoted(next);
            }
            self.tokens.pop();
            self.tokens.push(Token::Computed);
        }
        true
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// The name at the start of a text; with `?` or `!` at its end where the language has that.
fn name(text: &str, with_mark: bool) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    let rest = text.as_bytes().get(end..).unwrap_or_default();
    let marked = with_mark
        && end > 0
        && matches!(rest.first(), Some(b'?' | b'!'))
        && !matches!(rest.get(1), Some(b'='));
    text.get(..end + usize::from(marked)).unwrap_or_default()
}

/// The text with its escapes read.
fn plain(text: &str, escaped: bool) -> Cow<'_, str> {
    if !escaped {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, character == '\\') {
            (_, false) => plain.push(character),
            (_, true) => match characters.next() {
                Some('n' | 'r' | 't') => plain.push(' '),
                Some(other) => plain.push(other),
                None => {}
            },
        }
    }
    Cow::Owned(plain)
}
