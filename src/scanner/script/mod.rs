//! A tolerant reader for manifests that are programs: it sees their literals and runs nothing.
//!
//! Gemfiles, `mix.exs`, `Package.swift`, `meson.build`, `MODULE.bazel` and `rebar.config` have
//! grammars of their own, but what they declare is written alike: calls, lists and tuples of
//! strings and names. [`Script`] is the file as tokens with its brackets paired, [`Slice`] a part of
//! it that can be asked for items, keys and texts. A part that is no literal answers nothing.
//!
//! Each byte is looked at a fixed number of times and nothing recurses, whatever the input.

mod dialect;
mod lexer;

use std::borrow::Cow;

pub(super) use dialect::{Dialect, ELIXIR, ERLANG, PYTHON, RUBY, SWIFT};
use lexer::lex;

/// A piece of a program, without comments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Word(&'a str),
    /// A string that is the same whenever the program runs.
    Text(Cow<'a, str>),
    /// A string that is only known once the program runs.
    Computed,
    /// `:name` of Ruby and Elixir.
    Symbol(Cow<'a, str>),
    Open(char),
    Close(char),
    Mark(char),
    Line,
}

/// A program as tokens, with its brackets paired.
#[derive(Debug)]
pub(super) struct Script<'a> {
    tokens: Vec<Token<'a>>,
    /// For an opening bracket the index of its closing one, else the token's own index.
    partners: Vec<usize>,
    problem: Option<String>,
}

/// A part of a script.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slice<'s> {
    script: &'s Script<'s>,
    start: usize,
    end: usize,
}

/// `name(arguments)`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'s> {
    pub(super) name: &'s str,
    pub(super) arguments: Slice<'s>,
}

impl<'a> Script<'a> {
    pub(super) fn new(text: &'a str, dialect: &Dialect) -> Self {
        let (tokens, unclosed) = lex(text, dialect);
        let (partners, unpaired) = pair(&tokens);
        Self { tokens, partners, problem: unclosed.or(unpaired) }
    }

    /// Why the file is broken; what could be read is there all the same.
    pub(super) fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    pub(super) fn all(&self) -> Slice<'_> {
        Slice { script: self, start: 0, end: self.tokens.len() }
    }
}

/// Pairs brackets; one that is never closed reaches to the end.
fn pair(tokens: &[Token<'_>]) -> (Vec<usize>, Option<String>) {
    let mut partners: Vec<usize> = (0..tokens.len()).collect();
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut problem = None;
    for (index, token) in tokens.iter().enumerate() {
        match token {
            Token::Open(bracket) => open.push((index, *bracket)),
            Token::Close(bracket) => match open.last() {
                Some((start, other)) if closing(*other) == *bracket => {
                    if let Some(partner) = partners.get_mut(*start) {
                        *partner = index;
                    }
                    open.pop();
                }
                _ => problem = problem.or_else(|| Some(format!("a `{bracket}` closes nothing"))),
            },
            Token::Word(_)
            | Token::Text(_)
            | Token::Computed
            | Token::Symbol(_)
            | Token::Mark(_)
            | Token::Line => {}
        }
    }
    for (start, bracket) in open {
        if let Some(partner) = partners.get_mut(start) {
            *partner = tokens.len();
        }
        problem = problem.or_else(|| Some(format!("a `{bracket}` is never closed")));
    }
    (partners, problem)
}

fn closing(bracket: char) -> char {
    match bracket {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}

impl<'s> Slice<'s> {
    pub(super) fn tokens(self) -> &'s [Token<'s>] {
        self.script.tokens.get(self.start..self.end).unwrap_or_default()
    }

    fn token(self, index: usize) -> Option<&'s Token<'s>> {
        self.script.tokens.get(index).filter(|_| index < self.end)
    }

    /// Behind the token at `index`, or behind the whole group that it opens.
    fn next(self, index: usize) -> usize {
        self.script.partners.get(index).map_or(self.end, |partner| partner + 1).min(self.end)
    }

    fn part(self, start: usize, end: usize) -> Self {
        Self { start, end: end.max(start), ..self }
    }

    /// The slice behind its first `count` tokens.
    pub(super) fn after(self, count: usize) -> Self {
        self.part((self.start + count).min(self.end), self.end)
    }

    /// Without line ends at its ends.
    fn trimmed(self) -> Self {
        self.without(&[Token::Line])
    }

    /// The parts between top-level marks; empty parts are left out.
    pub(super) fn split(self, mark: char) -> Vec<Self> {
        let mut parts = Vec::new();
        let (mut start, mut index) = (self.start, self.start);
        while index < self.end {
            if self.token(index) == Some(&Token::Mark(mark)) {
                parts.push(self.part(start, index).trimmed());
                start = index + 1;
            }
            index = self.next(index);
        }
        parts.push(self.part(start, self.end).trimmed());
        parts.retain(|part| part.start < part.end);
        parts
    }

    pub(super) fn items(self) -> Vec<Self> {
        self.split(',')
    }

    /// What is inside, where the whole slice is one bracketed group.
    pub(super) fn group(self) -> Option<Self> {
        let whole = self.trimmed();
        let Some(Token::Open(_)) = whole.tokens().first() else { return None };
        let partner = *self.script.partners.get(whole.start)?;
        (partner + 1 >= whole.end).then(|| self.part(whole.start + 1, partner.min(whole.end)))
    }

    /// The groups with this bracket at the slice's own level.
    pub(super) fn groups(self, bracket: char) -> Vec<Self> {
        let mut groups = Vec::new();
        let mut index = self.start;
        while index < self.end {
            let next = self.next(index);
            if self.token(index) == Some(&Token::Open(bracket)) {
                groups.push(self.part(index + 1, next.saturating_sub(1)));
            }
            index = next;
        }
        groups
    }

    /// The statements of a language whose lines end them, those inside braces included; one goes on
    /// inside brackets and behind a comma or an operator.
    pub(super) fn lines(self) -> Vec<Self> {
        let mut lines = Vec::new();
        let (mut start, mut index) = (self.start, self.start);
        while index < self.end {
            let before = index.checked_sub(1).and_then(|before| self.token(before));
            let goes_on = matches!(before, Some(Token::Mark(',' | '=' | '.' | '+' | '<' | '|')));
            let block_end = matches!(
                (self.token(index), self.token(index + 1)),
                (Some(Token::Open('{')), Some(Token::Mark('|')))
            );
            let ends = match self.token(index) {
                Some(Token::Line) => !goes_on || before == Some(&Token::Mark('|')),
                Some(Token::Mark(';')) => true,
                _ => block_end,
            };
            if ends {
                lines.push(self.part(start, index).trimmed());
                start = index + 1;
            }
            index = if block_end { index + 1 } else { self.next(index) };
        }
        lines.push(self.part(start, self.end).trimmed());
        lines.retain(|line| line.start < line.end);
        lines
    }

    /// The parts that start with `def`, `defp` or `@name` at a line's start, each up to the next,
    /// with their first tokens.
    pub(super) fn definitions(self) -> Vec<(&'s [Token<'s>], Self)> {
        let mut starts = Vec::new();
        for (index, token) in self.tokens().iter().enumerate() {
            let before = index.checked_sub(1).and_then(|before| self.tokens().get(before));
            let at_start = matches!(before, None | Some(Token::Line | Token::Word("do")));
            let defines =
                matches!(token, Token::Word("def" | "defp" | "defmodule") | Token::Mark('@'));
            if at_start && defines {
                starts.push(self.start + index);
            }
        }
        let ends = starts.iter().skip(1).copied().chain([self.end]);
        let parts = starts.iter().zip(ends).map(|(start, end)| self.part(*start, end));
        parts.map(|part| (part.tokens(), part)).collect()
    }

    /// Without these tokens at its ends.
    pub(super) fn without(mut self, tokens: &[Token<'_>]) -> Self {
        while self.tokens().first().is_some_and(|token| tokens.contains(token)) {
            self.start += 1;
        }
        while self.tokens().last().is_some_and(|token| tokens.contains(token)) {
            self.end -= 1;
        }
        self
    }

    /// Up to the first of these words at the slice's own level.
    pub(super) fn until_word(self, words: &[&str]) -> Self {
        let mut index = self.start;
        while index < self.end {
            if matches!(self.token(index), Some(Token::Word(word)) if words.contains(word))
                && self.token(index + 1) != Some(&Token::Mark(':'))
            {
                return self.part(self.start, index).trimmed();
            }
            index = self.next(index);
        }
        self
    }

    /// `key: value`, `key = value`, `"key": value` or `:key => value`.
    pub(super) fn pair(self) -> Option<(&'s str, Self)> {
        let whole = self.trimmed();
        let (key, rest) = whole.tokens().split_first()?;
        let key = match key {
            Token::Word(word) => *word,
            Token::Text(text) | Token::Symbol(text) => text.as_ref(),
            _ => return None,
        };
        let marks = match rest {
            [Token::Mark('='), Token::Mark('>'), ..] => 2,
            [Token::Mark('='), Token::Mark('=' | '~'), ..]
            | [Token::Mark(':'), Token::Mark(':'), ..] => return None,
            [Token::Mark(':' | '='), ..] => 1,
            _ => return None,
        };
        Some((key, whole.after(1 + marks)))
    }

    /// The value under a key, where the slice is a list of arguments.
    pub(super) fn get(self, key: &str) -> Option<Self> {
        self.items()
            .into_iter()
            .find_map(|item| item.pair().filter(|(name, _)| *name == key))
            .map(|(_, value)| value)
    }

    /// The text, where the slice is one literal or several put together.
    pub(super) fn text(self) -> Option<Cow<'s, str>> {
        let mut whole: Option<Cow<'s, str>> = None;
        for token in self.tokens() {
            match (token, whole.as_mut()) {
                (Token::Text(text), None) => whole = Some(Cow::Borrowed(text.as_ref())),
                (Token::Text(text), Some(all)) if all.len() < 10_000 => all.to_mut().push_str(text),
                // `<<"text">>` of Erlang; texts over several lines; `.freeze` is Ruby's.
                (Token::Text(_) | Token::Mark('+' | '<' | '>' | '.' | '/') | Token::Line, _)
                | (Token::Word("freeze" | "utf8"), Some(_)) => {}
                _ => return None,
            }
        }
        whole
    }

    /// A name or a symbol standing alone.
    pub(super) fn atom(self) -> Option<&'s str> {
        match self.trimmed().tokens() {
            [Token::Word(word)] => Some(word),
            [Token::Symbol(symbol)] => Some(symbol.as_ref()),
            _ => None,
        }
    }

    /// A text, a name or a symbol standing alone.
    pub(super) fn literal(self) -> Option<Cow<'s, str>> {
        self.atom().map(Cow::Borrowed).or_else(|| self.trimmed().text())
    }

    /// One literal, or those of a list.
    pub(super) fn literals(self) -> Vec<Cow<'s, str>> {
        match self.group() {
            Some(list) => list.items().into_iter().filter_map(Self::literal).collect(),
            None => self.literal().into_iter().collect(),
        }
    }

    /// Names joined by dots: `MyApp.Application`.
    pub(super) fn path(self) -> Option<String> {
        let mut path = String::new();
        for token in self.trimmed().tokens() {
            match token {
                Token::Word(word) if path.len() < 1_000 => path.push_str(word),
                Token::Mark('.') => path.push('.'),
                _ => return None,
            }
        }
        Some(path).filter(|path| !path.is_empty())
    }

    /// `name(…)` or `.name(…)`, where the whole slice is that.
    pub(super) fn call(self) -> Option<Call<'s>> {
        let whole = self.trimmed();
        let skipped = usize::from(whole.tokens().first() == Some(&Token::Mark('.')));
        let rest = whole.after(skipped);
        let Some(Token::Word(name)) = rest.tokens().first() else { return None };
        Some(Call { name, arguments: rest.after(1).group()? })
    }

    /// All calls with parentheses in it, those inside others included.
    pub(super) fn calls(self) -> impl Iterator<Item = Call<'s>> {
        (self.start..self.end).filter_map(move |index| {
            let (Token::Word(name), Token::Open('(')) =
                (self.token(index)?, self.token(index + 1)?)
            else {
                return None;
            };
            let end = self.next(index + 1);
            let closed =
                self.script.partners.get(index + 1).is_some_and(|partner| partner + 1 == end);
            let end = if closed { end - 1 } else { end };
            Some(Call { name, arguments: self.part(index + 2, end) })
        })
    }
}

#[cfg(test)]
#[path = "../script_tests.rs"]
mod tests;
