//! What holds for any text, beside the properties that stand with their parsers.

use proptest::prelude::*;
use tokei::LanguageType;

use super::{
    comments::{CommentScanner, LineCounts},
    paths,
    syntax::Syntax,
    text,
};

/// C's comments and strings read letter by letter, as one would explain them.
#[derive(Default)]
struct Naive {
    counts: LineCounts,
    marked: Vec<u32>,
    in_comment: bool,
}

impl Naive {
    fn read(source: &str) -> Self {
        let mut naive = Self::default();
        for (number, line) in (1..).zip(source.lines()) {
            naive.line(line, number);
        }
        naive
    }

    fn line(&mut self, line: &str, number: u32) {
        if !self.in_comment && line.trim().is_empty() {
            self.counts.blanks += 1;
            return;
        }
        let (mut has_code, mut in_text, mut comment) = (false, false, String::new());
        let mut rest = line;
        let mut has_comment = self.in_comment;
        while let Some(first) = rest.chars().next() {
            let mut step = 1;
            if self.in_comment {
                if rest.starts_with("*/") {
                    self.in_comment = false;
                    self.end(&mut comment, number);
                    step = 2;
                } else {
                    comment.push(first);
                }
            } else if in_text {
                has_code = true;
                in_text = first != '"';
            } else if rest.starts_with("//") {
                has_comment = true;
                comment.push_str(rest.trim_start_matches('/'));
                break;
            } else if rest.starts_with("/*") {
                (self.in_comment, has_comment, step) = (true, true, 2);
            } else {
                in_text = first == '"';
                has_code |= !first.is_whitespace();
            }
            rest = rest.split_at(step).1;
        }
        self.end(&mut comment, number);
        let count = match (has_code, has_comment) {
            (false, true) => &mut self.counts.comments,
            _ => &mut self.counts.code,
        };
        *count += 1;
    }

    fn end(&mut self, comment: &mut String, number: u32) {
        if comment.contains(" TODO ") {
            self.marked.push(number);
        }
        comment.clear();
    }
}

fn scan(source: &str) -> (LineCounts, Vec<u32>) {
    let (counts, markers) =
        CommentScanner::new().scan(source.as_bytes(), &Syntax::of(LanguageType::C));
    (counts, markers.iter().map(|marker| marker.line).collect())
}

proptest! {
    #[test]
    fn comments_are_read_as_one_would_explain_them(source in r#"(a| |/|\*|"|// |/\* | \*/| TODO |
){0,40}"#) {
        let naive = Naive::read(&source);

        prop_assert_eq!(scan(&source), (naive.counts, naive.marked));
    }

    #[test]
    fn a_line_is_short_without_controls_and_stays_as_it_is(raw in "\\PC*|[\\x00-\\x7f\u{202a}-\u{202e}é ]*", limit in 1_usize..60) {
        let line = text::line(&raw, limit);

        prop_assert!(line.chars().count() <= limit + 1);
        prop_assert!(!line.chars().any(char::is_control));
        prop_assert_eq!(text::line(&line, limit), line.clone());
        prop_assert_eq!(line.trim(), line.as_str());
    }

    #[test]
    fn a_joined_path_stays_inside_and_is_plain(base in "(a|b|\\.|\\.\\.|/){0,8}", path in "(a|b|\\.|\\.\\.|/|//){0,12}") {
        let Some(joined) = paths::join(&base, &path) else { return Ok(()) };

        prop_assert!(joined == "." || joined.split('/').all(|part| !matches!(part, "" | "." | "..")), "{}", joined);
        let again = paths::join(".", &joined);
        prop_assert_eq!(again.as_ref(), Some(&joined));
        prop_assert_eq!(paths::around(&joined).last(), Some("."));
    }

    #[test]
    fn what_is_relative_to_a_directory_joins_with_it_again(base in "[ab]{1,2}(/[ab]{1,2}){0,3}", path in "[ab]{1,2}(/[ab]{1,2}){0,5}") {
        if let Some(relative) = paths::relative(&path, &base) {
            prop_assert_eq!(paths::join(&base, relative), Some(path));
        }
    }
}
