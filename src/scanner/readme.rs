//! The head of a README: its title and its first paragraph, as plain text.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use serde::{Deserialize, Serialize};

use super::text;

/// How much of the file is looked at.
const LOOKED_AT: usize = 32 * 1024;
const TITLE: usize = 160;
const PARAGRAPH: usize = 600;

/// What a README opens with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadmeHead {
    pub title: Option<String>,
    pub paragraph: Option<String>,
}

/// How likely it is the one that people read first: the lowest; none for other files.
pub(super) fn rank(name: &str) -> Option<usize> {
    const NAMES: [&str; 6] =
        ["readme.md", "readme.markdown", "readme.rst", "readme.adoc", "readme.txt", "readme"];
    NAMES.iter().position(|one| name.eq_ignore_ascii_case(one))
}

pub(super) fn head(name: &str, source: &[u8]) -> ReadmeHead {
    let source = source.get(..source.len().min(LOOKED_AT)).unwrap_or(source);
    let text = String::from_utf8_lossy(source);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let is_markdown = [".md", ".markdown"].iter().any(|end| {
        name.len() > end.len()
            && name.get(name.len() - end.len()..).is_some_and(|it| it.eq_ignore_ascii_case(end))
    });
    let head = if is_markdown { Markdown::default().read(text) } else { plain(text) };
    ReadmeHead {
        title: head.title.and_then(|title| text::some_line(&title, TITLE)),
        paragraph: head.paragraph.and_then(|paragraph| text::some_line(&paragraph, PARAGRAPH)),
    }
}

/// Reads events up to the first paragraph that has words.
#[derive(Default)]
struct Markdown {
    head: ReadmeHead,
    text: String,
    images: usize,
    heading: Option<HeadingLevel>,
    /// Lists, quotes and tables are no opening paragraph.
    inside: usize,
}

impl Markdown {
    fn read(mut self, text: &str) -> ReadmeHead {
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            self.event(event);
            if self.head.paragraph.is_some() {
                break;
            }
        }
        self.head
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => self.heading = Some(level),
            Event::End(TagEnd::Heading(level)) => self.end_of_heading(level),
            Event::Start(Tag::Paragraph | Tag::HtmlBlock) => self.text.clear(),
            Event::End(TagEnd::Paragraph) => self.end_of_paragraph(),
            Event::Start(Tag::Image { .. }) => self.images += 1,
            Event::End(TagEnd::Image) => self.images = self.images.saturating_sub(1),
            Event::End(TagEnd::HtmlBlock) => self.end_of_html(),
            Event::Html(html) => self.text.push_str(&html),
            Event::Text(text) | Event::Code(text) if self.images == 0 => self.text.push_str(&text),
            Event::SoftBreak | Event::HardBreak => self.text.push(' '),
            Event::Start(Tag::List(_) | Tag::BlockQuote(_) | Tag::Table(_) | Tag::CodeBlock(_)) => {
                self.inside += 1;
            }
            Event::End(
                TagEnd::List(_) | TagEnd::BlockQuote(_) | TagEnd::Table | TagEnd::CodeBlock,
            ) => {
                self.inside = self.inside.saturating_sub(1);
                self.text.clear();
            }
            _ => {}
        }
    }

    fn end_of_heading(&mut self, level: HeadingLevel) {
        let text = std::mem::take(&mut self.text);
        self.heading = None;
        let is_first = self.head.title.is_none() && has_words(&text);
        if is_first && matches!(level, HeadingLevel::H1 | HeadingLevel::H2) {
            self.head.title = Some(text);
        }
    }

    fn end_of_paragraph(&mut self) {
        let text = std::mem::take(&mut self.text);
        if self.inside == 0 && has_words(&text) {
            self.head.paragraph = Some(text);
        }
    }

    /// Many a README centres its title, which Markdown cannot.
    fn end_of_html(&mut self) {
        let html = std::mem::take(&mut self.text);
        if self.head.title.is_none()
            && let Some(title) = between(&html, "<h1", "</h1>")
        {
            self.head.title = Some(without_tags(title)).filter(|title| has_words(title));
        }
    }
}

fn has_words(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// What stands between an opening tag, whatever its attributes, and the closing one.
fn between<'a>(html: &'a str, open: &str, close: &str) -> Option<&'a str> {
    let start = html.find(open)?;
    let rest = html.get(start..)?;
    let (_, rest) = rest.split_once('>')?;
    rest.split_once(close).map(|(inner, _)| inner)
}

fn without_tags(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for character in html.chars() {
        match character {
            '<' => inside = true,
            '>' => inside = false,
            _ if inside => {}
            other => text.push(other),
        }
    }
    text
}

/// Text, `reStructuredText`, `AsciiDoc`: a first line that stands alone or is underlined is the title.
fn plain(text: &str) -> ReadmeHead {
    let mut blocks = text.split("\n\n").flat_map(|block| block.split("\r\n\r\n")).filter_map(block);
    let Some(first) = blocks.next() else { return ReadmeHead::default() };
    let (title, rest) = match first.split_once('\n') {
        None if first.chars().count() <= TITLE => (Some(first), None),
        Some((title, "")) => (Some(title.to_owned()), None),
        Some(_) | None => (None, Some(first)),
    };
    ReadmeHead {
        title: title.map(|title| title.trim_start_matches(['=', ' ']).to_owned()),
        paragraph: rest.or_else(|| blocks.next()),
    }
}

/// The lines of a block without underlines, directives and links to pictures; a title that was
/// underlined keeps an empty second line.
fn block(raw: &str) -> Option<String> {
    let is_rule = |line: &str| {
        line.len() > 2 && line.chars().all(|c| c.is_ascii_punctuation()) && !line.starts_with("..")
    };
    let lines: Vec<&str> = raw.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.first().is_some_and(|line| line.starts_with(".. ") || line.starts_with(':')) {
        return None;
    }
    let words: Vec<&str> = lines.iter().copied().filter(|line| !is_rule(line)).collect();
    let underlined = words.len() < lines.len() && words.len() == 1;
    let text = words.join("\n");
    has_words(&text).then(|| if underlined { text + "\n" } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(name: &str, text: &str) -> (String, String) {
        let head = head(name, text.as_bytes());
        (head.title.unwrap_or_default(), head.paragraph.unwrap_or_default())
    }

    fn of(title: &str, paragraph: &str) -> (String, String) {
        (title.to_owned(), paragraph.to_owned())
    }

    #[test]
    fn markdown_opens_with_a_title_and_a_paragraph() {
        let text = "[![build](b.svg)](ci)\n\n# The *ledger*\n\n![logo](l.png)\n\n> quoted\n\nPosts `entries`\nand [more](x).\n\nSecond.";

        assert_eq!(parts("README.md", text), of("The ledger", "Posts entries and more."));
    }

    #[test]
    fn a_title_may_be_html_or_missing() {
        let centred = "<h1 align=\"center\">\n  <img src=\"x\"> Ledger\n</h1>\n\n<p>x</p>\n\nText.";

        assert_eq!(parts("readme.markdown", centred), of("Ledger", "Text."));
        assert_eq!(parts("README.md", "Only text."), of("", "Only text."));
        assert_eq!(parts("README.md", "- a list\n"), of("", ""));
    }

    #[test]
    fn plain_texts_have_titles_too() {
        let rst = ".. image:: x.png\n\n======\nLedger\n======\n\nPosts entries\ntwice.\n\nMore.";

        assert_eq!(parts("README.rst", rst), of("Ledger", "Posts entries twice."));
        assert_eq!(parts("README", "Ledger\n\nPosts.\n"), of("Ledger", "Posts."));
        assert_eq!(parts("README.txt", "One\ntwo.\n"), of("", "One two."));
        assert_eq!(parts("README", ""), of("", ""));
    }

    #[test]
    fn what_is_long_is_cut_and_bytes_are_no_problem() {
        let long = format!("# {}\n\n{}", "t".repeat(500), "p ".repeat(50_000));
        let (title, paragraph) = parts("README.md", &long);

        assert!(title.chars().count() <= TITLE + 1 && paragraph.chars().count() <= PARAGRAPH + 1);
        head("README.md", b"# \xff\n\n\xfe x");
    }
}
