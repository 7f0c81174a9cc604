//! Task lists: the checkboxes of a plan that is kept in the repository.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::{Detector, FileName, Finding, Unreadable, frontmatter};
use crate::scanner::{
    manifest::{TaskFact, TaskList},
    model::WarningCode,
    text,
};

pub(super) struct TaskListFile;

/// Names in lower case.
const NAMES: [&str; 2] = ["tasklist.md", "project-plan.md"];
/// A plan with more tasks is generated, or meant to harm.
const MAX_TASKS: usize = 5_000;
/// Larger files are no plan that a person keeps; Markdown can be slow on hostile input.
const MAX_BYTES: usize = 512 * 1024;
const TITLE: usize = 500;
const HEADING: usize = 200;

impl Detector for TaskListFile {
    fn kind(&self) -> &'static str {
        "tasklist"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        NAMES.iter().any(|name| file.name().eq_ignore_ascii_case(name))
    }

    fn read(&self, _: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        if text.len() > MAX_BYTES {
            let message = format!(
                "The task list is larger than {MAX_BYTES} bytes and was not read: split it."
            );
            return Ok(Finding::tasks(TaskList::default())
                .with_problem(WarningCode::FileTooLarge, message));
        }
        let (front, body, lines_before) = frontmatter::split(text);
        let defaults = front.map(frontmatter::attributes).transpose();
        let (tasks, is_truncated) = tasks(body, lines_before);
        let mut finding = Finding::tasks(TaskList {
            defaults: defaults.clone().ok().flatten().unwrap_or_default(),
            tasks,
        });
        if let Err(reason) = defaults {
            let message = format!(
                "The frontmatter cannot be parsed and was ignored: {reason}. Repair the YAML between the `---` lines."
            );
            finding = finding.with_problem(WarningCode::BrokenFrontmatter, message);
        }
        if is_truncated {
            let message = format!("Only the first {MAX_TASKS} tasks were read: split the list.");
            finding = finding.with_problem(WarningCode::ListTruncated, message);
        }
        Ok(finding)
    }
}

/// The checkboxes of a Markdown text, and whether there were too many.
fn tasks(body: &str, lines_before: u32) -> (Vec<TaskFact>, bool) {
    let mut reader = Reader::new(body, lines_before);
    for (event, range) in Parser::new_ext(body, Options::ENABLE_TASKLISTS).into_offset_iter() {
        if reader.tasks.len() >= MAX_TASKS && matches!(event, Event::TaskListMarker(_)) {
            reader.end_text();
            return (reader.tasks, true);
        }
        reader.event(event, range.start);
    }
    (reader.tasks, false)
}

/// Follows the events and keeps where it is.
struct Reader<'a> {
    body: &'a str,
    /// The line of `counted_to`, from 1.
    line: u32,
    counted_to: usize,
    sections: Vec<(HeadingLevel, String)>,
    /// For each list item around: its line, and its task where it has a checkbox.
    items: Vec<(u32, Option<usize>)>,
    collecting: Collecting,
    buffer: String,
    mention: Option<String>,
    tasks: Vec<TaskFact>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Collecting {
    Nothing,
    Heading(HeadingLevel),
    Title(usize),
}

impl<'a> Reader<'a> {
    fn new(body: &'a str, lines_before: u32) -> Self {
        Self {
            body,
            line: lines_before + 1,
            counted_to: 0,
            sections: Vec::new(),
            items: Vec::new(),
            collecting: Collecting::Nothing,
            buffer: String::new(),
            mention: None,
            tasks: Vec::new(),
        }
    }

    fn event(&mut self, event: Event<'_>, at: usize) {
        match event {
            Event::Start(Tag::Item) => {
                self.end_text();
                let line = self.line_at(at);
                self.items.push((line, None));
            }
            Event::End(TagEnd::Item) => {
                self.end_text();
                self.items.pop();
            }
            Event::Start(Tag::Heading { level, .. }) => {
                self.end_text();
                self.collecting = Collecting::Heading(level);
            }
            Event::TaskListMarker(done) => self.start_task(done),
            Event::Text(text) => {
                self.mention = self.mention.take().or_else(|| mention(&text));
                self.push(&text);
            }
            Event::Code(text) => self.push(&text),
            Event::SoftBreak | Event::HardBreak => self.push(" "),
            Event::Start(tag) if is_block(&tag) => self.end_text(),
            Event::End(TagEnd::Heading(_) | TagEnd::Paragraph) => self.end_text(),
            _ => {}
        }
    }

    fn push(&mut self, text: &str) {
        if self.collecting != Collecting::Nothing && self.buffer.len() < 4 * TITLE {
            self.buffer.push_str(text);
        }
    }

    fn start_task(&mut self, done: bool) {
        let around = self.items.iter().rev().skip(1).find_map(|(_, task)| *task);
        let depth = around.and_then(|index| self.tasks.get(index)).map_or(0, |task| task.depth + 1);
        let index = self.tasks.len();
        let Some((line, task)) = self.items.last_mut() else { return };
        *task = Some(index);
        self.tasks.push(TaskFact {
            done,
            depth,
            parent: around,
            line: *line,
            section: self.sections.iter().map(|(_, title)| title.clone()).collect(),
            ..TaskFact::default()
        });
        self.collecting = Collecting::Title(index);
        self.buffer.clear();
        self.mention = None;
    }

    /// The text of a heading or of a task is complete.
    fn end_text(&mut self) {
        let collecting = std::mem::replace(&mut self.collecting, Collecting::Nothing);
        let raw = std::mem::take(&mut self.buffer);
        match collecting {
            Collecting::Nothing => {}
            Collecting::Heading(level) => {
                self.sections.retain(|(above, _)| *above < level);
                self.sections.push((level, text::line(&raw, HEADING)));
            }
            Collecting::Title(index) => {
                let mention = self.mention.take();
                if let Some(task) = self.tasks.get_mut(index) {
                    complete(task, &raw, mention);
                }
            }
        }
    }

    /// Items come in the order of the text, so the lines are counted once.
    fn line_at(&mut self, offset: usize) -> u32 {
        let between = self.body.as_bytes().get(self.counted_to..offset).unwrap_or_default();
        let breaks = memchr::memchr_iter(b'\n', between).count();
        self.line = self.line.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
        self.counted_to = self.counted_to.max(offset);
        self.line
    }
}

fn is_block(tag: &Tag<'_>) -> bool {
    matches!(
        tag,
        Tag::List(_) | Tag::CodeBlock(_) | Tag::BlockQuote(_) | Tag::HtmlBlock | Tag::Table(_)
    )
}

/// Takes the id and the attributes out of the text; what is left is the title.
fn complete(task: &mut TaskFact, raw: &str, mention: Option<String>) {
    let (rest, attributes) = frontmatter::trailing_attributes(raw);
    let (id, title) = split_id(rest.trim());
    task.attributes = attributes;
    task.attributes.assignee = task.attributes.assignee.take().or(mention);
    task.id = id;
    task.title = text::line(title, TITLE);
}

/// Finds `TASK-{SHORT}-{NUMBER}`; in front it is no part of the title.
fn split_id(title: &str) -> (Option<String>, &str) {
    let separators = [':', '-', '.', ')', ']', '\u{2013}', '\u{2014}', ' ', '\t'];
    for (at, _) in title.match_indices("TASK-") {
        let (before, from) = title.split_at_checked(at).unwrap_or((title, ""));
        let length = id_length(from);
        if length == 0 || before.ends_with(|c: char| c.is_alphanumeric() || "-_/".contains(c)) {
            continue;
        }
        let (id, after) = from.split_at_checked(length).unwrap_or((from, ""));
        let is_leading = before.trim_matches(['[', '(', ' ']).is_empty();
        let rest = after.trim_start_matches(separators);
        let title = if is_leading && !rest.is_empty() { rest } else { title };
        return (Some(text::line(id, 64)), title);
    }
    (None, title)
}

/// Length of an id at the start of `text`; 0 where there is none.
fn id_length(text: &str) -> usize {
    let length_of = |text: &str, ok: fn(&u8) -> bool| text.bytes().take_while(ok).count();
    let Some(rest) = text.strip_prefix("TASK-") else { return 0 };
    let short = length_of(rest, |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let Some(number) = rest.get(short..).and_then(|rest| rest.strip_prefix('-')) else { return 0 };
    let digits = length_of(number, u8::is_ascii_digit);
    let ends = number
        .get(digits..)
        .is_none_or(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'));
    let is_id = (1..=20).contains(&short) && (1..=12).contains(&digits) && ends;
    if is_id { 5 + short + 1 + digits } else { 0 }
}

/// `@login`, but neither `@scope/package` nor the middle of an address.
fn mention(text: &str) -> Option<String> {
    text.split_whitespace().find_map(|word| {
        let login = word.trim_start_matches('(').strip_prefix('@')?;
        let login = login.trim_end_matches([',', '.', ':', ';', ')']);
        let fits = (1..=39).contains(&login.len())
            && login.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        fits.then(|| login.to_owned())
    })
}

#[cfg(test)]
#[path = "tasklist_tests.rs"]
mod tests;
