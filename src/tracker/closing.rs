//! The issues that the words of a pull request close.

use std::collections::BTreeSet;

/// The words before a reference that close it, as GitHub documents them.
const WORDS: [&str; 9] =
    ["close", "closes", "closed", "fix", "fixes", "fixed", "resolve", "resolves", "resolved"];

/// How many issues one pull request is believed to close.
const MOST: usize = 100;

/// The numbers of the issues of the same repository that a pull request's text closes: `closes #12`,
/// `Fixes: owner/name#12`, `resolves https://host/owner/name/issues/12`.
///
/// Code is passed over, between fences and between ticks, as GitHub does.
pub(super) fn closing_numbers(body: &str, host: &str, full_name: &str) -> BTreeSet<i64> {
    let text = without_code(body);
    let mut numbers = BTreeSet::new();
    let mut closes = false;
    for token in text.split_whitespace() {
        let token = token.trim_start_matches(['(', '[', '*', '_', '-', '"', '\'']);
        if closes && let Some(number) = reference(token, host, full_name) {
            numbers.insert(number);
            if numbers.len() == MOST {
                break;
            }
        }
        let word = token.strip_suffix(':').unwrap_or(token);
        closes = WORDS.iter().any(|known| known.eq_ignore_ascii_case(word));
    }
    numbers
}

/// The number of `#12`, `owner/name#12` or an issue's page; none where it is of another repository.
fn reference(token: &str, host: &str, full_name: &str) -> Option<i64> {
    let digits = token
        .strip_prefix('#')
        .or_else(|| strip_ignoring_case(token, full_name)?.strip_prefix('#'))
        .or_else(|| {
            let page = token.strip_prefix("https://").or_else(|| token.strip_prefix("http://"))?;
            let path = strip_ignoring_case(page, host)?.strip_prefix('/')?;
            strip_ignoring_case(path, full_name)?.strip_prefix("/issues/")
        })?;
    let end = digits.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(digits.len());
    let (number, rest) = digits.split_at_checked(end)?;
    // `#12abc` names nothing, `#12,` and `#12)` do.
    let goes_on = rest.chars().next().is_some_and(|sign| sign.is_alphanumeric() || sign == '_');
    if goes_on {
        return None;
    }
    number.parse().ok().filter(|number| *number > 0)
}

fn strip_ignoring_case<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(start.len())?;
    head.eq_ignore_ascii_case(start).then_some(rest)
}

/// The text with a space in place of each piece of code and each comment.
fn without_code(body: &str) -> String {
    let mut text = String::with_capacity(body.len());
    let mut fence: Option<&str> = None;
    for line in body.lines() {
        let start = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| start.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (Some(_), _) => {}
            (None, None) => {
                // What stands between ticks is every second piece.
                let pieces = line.split('`').step_by(2);
                text.push_str(&pieces.collect::<Vec<_>>().join(" ` "));
                text.push('\n');
            }
        }
    }
    without_comments(&text)
}

/// Templates of pull requests say how to close an issue in a comment.
fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<!--") {
        kept.push_str(before);
        kept.push(' ');
        rest = after.split_once("-->").map_or("", |(_, after)| after);
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(body: &str) -> Vec<i64> {
        closing_numbers(body, "github.com", "Acme/Api").into_iter().collect()
    }

    #[test]
    fn words_close_the_issue_that_follows_them() {
        assert_eq!(numbers("This closes #12 and FIXES: #13.\nResolved acme/api#14"), [12, 13, 14]);
        assert_eq!(numbers("fix https://github.com/acme/api/issues/15, thanks"), [15]);
        assert_eq!(numbers("(closes #16)\n- **Closes** #99\n"), [16]);
        assert_eq!(numbers("closes #17, closes #17 closes #18;"), [17, 18]);
    }

    #[test]
    fn what_is_only_named_is_not_closed() {
        for body in [
            "See #12",
            "closes the door, #12",
            "enclose #12",
            "closes other/api#12",
            "closes #",
            "closes #12abc",
            "closes #0",
            "closes #99999999999999999999",
            "closes https://evil.example/acme/api/issues/3",
            "closes https://github.com/acme/api/pull/3",
            "",
            "closes",
        ] {
            assert_eq!(numbers(body), [0; 0], "{body}");
        }
    }

    #[test]
    fn code_and_comments_close_nothing() {
        assert_eq!(numbers("`closes #1` and ``` fixes #2\n"), [0; 0]);
        assert_eq!(numbers("```\ncloses #1\n```\ncloses #2\n~~~\ncloses #3\n```\n"), [2]);
        assert_eq!(numbers("<!-- closes #1\n closes #2 --> closes #3 <!-- closes #4"), [3]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_strange(body in ".{0,200}", name in "[a-zé/]{0,8}") {
            closing_numbers(&body, "github.com", &name);
        }
    }
}
