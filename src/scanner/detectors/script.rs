//! Words, texts and signs of build scripts that are programs: Gradle's and sbt's.
//!
//! Neither Groovy, nor Kotlin, nor Scala is parsed: a script is cut into tokens, and a detector
//! looks for the few forms by which people declare things. What it does not know it passes over.

/// Scripts beyond this are generated; nobody declares projects in them by hand.
const MAX_TOKENS: usize = 200_000;

/// Tokens of one call or line that are looked at, so that calls in calls cost no square.
pub(super) const MAX_REACH: usize = 5_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    /// A literal; `$name` inside is written `${name}`.
    Text(String),
    Sign(char),
    Newline,
}

/// How a language writes its literals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    /// `'` begins a text: Groovy.
    Both,
    /// `'` begins a character: Kotlin, Scala.
    Double,
}

impl Token {
    pub(super) fn is(&self, sign: char) -> bool {
        *self == Self::Sign(sign)
    }

    pub(super) fn word(&self) -> Option<&str> {
        if let Self::Word(word) = self { Some(word) } else { None }
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

pub(super) fn tokens(text: &str, quotes: Quotes) -> Vec<Token> {
    let mut cutter = Cutter { rest: text, quotes };
    std::iter::from_fn(|| cutter.next()).take(MAX_TOKENS).collect()
}

/// The tokens of a bracket's inside: `from` is the one after the opening sign.
pub(super) fn inside(tokens: &[Token], from: usize) -> &[Token] {
    let mut depth = 0_usize;
    let rest = near(tokens.get(from..).unwrap_or_default());
    let end = rest.iter().position(|token| {
        match token {
            Token::Sign('(' | '{' | '[') => depth += 1,
            Token::Sign(')' | '}' | ']') if depth == 0 => return true,
            Token::Sign(')' | '}' | ']') => depth -= 1,
            Token::Sign(_) | Token::Word(_) | Token::Text(_) | Token::Newline => {}
        }
        false
    });
    rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
}

/// The tokens within reach.
pub(super) fn near(tokens: &[Token]) -> &[Token] {
    tokens.get(..MAX_REACH).unwrap_or(tokens)
}

/// `a.b.c` at the start of the tokens, and how many of them it takes.
pub(super) fn dotted(tokens: &[Token]) -> Option<(String, usize)> {
    let mut name = tokens.first()?.word()?.to_owned();
    let mut length = 1;
    while let [dot, next, ..] = tokens.get(length..)?
        && dot.is('.')
        && let Some(word) = next.word()
    {
        name.push('.');
        name.push_str(word);
        length += 2;
    }
    Some((name, length))
}

struct Cutter<'t> {
    rest: &'t str,
    quotes: Quotes,
}

impl Cutter<'_> {
    fn next(&mut self) -> Option<Token> {
        loop {
            let first = self.rest.chars().next()?;
            if self.rest.starts_with("//") {
                self.skip_to(self.rest.find('\n').unwrap_or(self.rest.len()));
            } else if self.rest.starts_with("/*") {
                self.skip_to(self.rest.find("*/").map_or(self.rest.len(), |end| end + 2));
            } else if first == '\n' {
                self.skip_to(1);
                return Some(Token::Newline);
            } else if first.is_whitespace() {
                self.skip_to(first.len_utf8());
            } else if is_word(first) {
                return Some(self.word());
            } else if first == '`' {
                return Some(self.quoted_word());
            } else if first == '"' || first == '\'' {
                return Some(self.literal(first));
            } else {
                self.skip_to(first.len_utf8());
                return Some(Token::Sign(first));
            }
        }
    }

    fn skip_to(&mut self, end: usize) {
        self.rest = self.rest.get(end..).unwrap_or_default();
    }

    fn take(&mut self, end: usize) -> &str {
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn word(&mut self) -> Token {
        let end = self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len());
        Token::Word(self.take(end).to_owned())
    }

    fn quoted_word(&mut self) -> Token {
        self.skip_to(1);
        let end = self.rest.find(['`', '\n']).unwrap_or(self.rest.len());
        let word = self.take(end).to_owned();
        self.skip_to(usize::from(self.rest.starts_with('`')));
        Token::Word(word)
    }

    fn literal(&mut self, quote: char) -> Token {
        let triple: String = std::iter::repeat_n(quote, 3).collect();
        if self.rest.starts_with(&triple) {
            self.skip_to(3);
            let end = self.rest.find(&triple).unwrap_or(self.rest.len());
            let text = self.take(end).to_owned();
            self.skip_to(3);
            return Token::Text(text);
        }
        if quote == '\'' && self.quotes == Quotes::Double {
            return self.character();
        }
        self.skip_to(1);
        let end = end_of_text(self.rest, quote);
        let raw = self.take(end).to_owned();
        self.skip_to(usize::from(self.rest.starts_with(quote)));
        Token::Text(if quote == '"' { with_braces(&raw) } else { raw })
    }

    /// `'x'` or `'\n'`; any other `'` stands alone.
    fn character(&mut self) -> Token {
        let inside = self.rest.get(1..).unwrap_or_default();
        let length = inside.char_indices().map(|(at, _)| at).take(4).collect::<Vec<_>>();
        let end = length
            .iter()
            .skip(1)
            .find(|at| inside.get(**at..).is_some_and(|rest| rest.starts_with('\'')));
        let Some(end) = end else {
            self.skip_to(1);
            return Token::Sign('\'');
        };
        let text = inside.get(..*end).unwrap_or_default().to_owned();
        self.skip_to(end + 2);
        Token::Text(text)
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '$')
}

/// Up to the closing quote that is neither escaped nor inside `${…}`, or the line's end.
fn end_of_text(rest: &str, quote: char) -> usize {
    let mut depth = 0_usize;
    let mut before = '\0';
    for (at, character) in rest.char_indices() {
        match character {
            '\n' => return at,
            '{' if before == '$' || depth > 0 => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ if character == quote && before != '\\' && depth == 0 => return at,
            _ => {}
        }
        before = if before == '\\' { '\0' } else { character };
    }
    rest.len()
}

/// `$name.part` becomes `${name.part}`.
fn with_braces(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('$') {
        text.push_str(before);
        text.push('$');
        let is_name = after.starts_with(|c: char| c.is_alphabetic() || c == '_');
        let end = after.find(|c: char| !(c.is_alphanumeric() || "_.".contains(c)));
        let (name, left) =
            after.split_at_checked(end.unwrap_or(after.len())).unwrap_or((after, ""));
        rest = if is_name { left } else { after };
        if is_name {
            let name_only = name.trim_end_matches('.');
            text.extend(["{", name_only, "}", name.trim_start_matches(name_only)]);
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str, quotes: Quotes) -> Vec<String> {
        let tokens = tokens(text, quotes);
        tokens.iter().filter_map(Token::text).map(str::to_owned).collect()
    }

    #[test]
    fn comments_and_literals_are_told_apart() {
        let text = "a('x') // 'no'\n/* \"no\" */ b \"y // z\" \"\"\"t\"u\"\"\" \"open\nc 'it\\'s'";

        assert_eq!(texts(text, Quotes::Both), ["x", "y // z", "t\"u", "open", "it\\'s"]);
    }

    #[test]
    fn names_in_texts_get_braces() {
        let text = "\"a:b:$version\" \"$root/x.${f(\"q\")}\" \"5$\" '$plain'";

        assert_eq!(
            texts(text, Quotes::Both),
            ["a:b:${version}", "${root}/x.${f(\"q\")}", "5$", "$plain"]
        );
    }

    #[test]
    fn characters_are_no_open_texts() {
        assert_eq!(texts("x == 'a' && y == '\\n' 'sym \"t\"", Quotes::Double), ["a", "\\n", "t"]);
    }

    #[test]
    fn dotted_names_and_brackets_are_followed() {
        let tokens = tokens("libs.a.b(c(1), {d}) e", Quotes::Both);

        let (name, length) = dotted(&tokens).unwrap();
        assert_eq!((name.as_str(), length), ("libs.a.b", 5));
        assert_eq!(inside(&tokens, length + 1).len(), 8);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "\\PC*|['\"$\\\\{}()`/*\\na-c. ]{0,200}") {
            for quotes in [Quotes::Both, Quotes::Double] {
                let tokens = tokens(&text, quotes);
                prop_assert!(tokens.len() <= text.chars().count());
                for start in 0..tokens.len() {
                    let _ = (inside(&tokens, start), dotted(&tokens[start..]));
                }
            }
        }
    }
}
