//! Makes text from a repository fit to store and show: bounded, on one line, without controls.

/// One line of at most `limit` characters; runs of spaces become one.
///
/// Control characters go because a database column of JSON takes no NUL, and directional marks
/// because they can make text read as something else than it is.
pub(super) fn line(raw: &str, limit: usize) -> String {
    let mut line = String::with_capacity(raw.len().min(limit));
    let mut length = 0;
    let mut pending_space = false;
    for character in raw.chars() {
        if character.is_whitespace() || character.is_control() {
            pending_space = length > 0;
            continue;
        }
        if is_directional(character) {
            continue;
        }
        if length + usize::from(pending_space) >= limit {
            line.push('…');
            break;
        }
        if pending_space {
            line.push(' ');
            length += 1;
        }
        pending_space = false;
        line.push(character);
        length += 1;
    }
    line
}

/// Like [`line`], but nothing rather than an empty line.
pub(super) fn some_line(raw: &str, limit: usize) -> Option<String> {
    Some(line(raw, limit)).filter(|line| !line.is_empty())
}

fn is_directional(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_one_bounded_line_without_controls() {
        assert_eq!(line("  a\0b \n\t c ", 80), "a b c");
        assert_eq!(line("user\u{202e}nimda", 80), "usernimda");
        assert_eq!(line("abcdef", 3), "abc…");
        assert_eq!(some_line(" \n", 80), None);
    }
}
