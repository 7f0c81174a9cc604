//! Pages: the frame around them, the small values their templates share, and how they are sent.
//!
//! The frame knows no product noun: what the rail holds, what the place on top of it is called and
//! where the breadcrumb leads are data that the application passes in.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Responder, body::BoxBody};
use askama::Template;

use super::icon::Icon;

pub use super::filters::{Choice, Filter, Filters, SearchField};

/// What stands around a page: rail, breadcrumb, person; every page template has one as `shell`.
#[derive(Debug, Clone, Default)]
pub struct Shell {
    /// The document's title, without the application's name.
    pub title: String,
    /// The place whose pages these are; none on pages before sign-in.
    pub place: Option<Place>,
    pub person: Option<Person>,
    pub rail: Vec<RailItem>,
    /// From the place's name down to this page; the last one is where the reader stands.
    pub crumbs: Vec<Crumb>,
    /// The stream of changes that this page listens to; the dot in the top bar shows its state.
    pub live: Option<String>,
    /// A sentence about what has just been done.
    pub notice: Option<Notice>,
}

impl Shell {
    /// A frame without rail or person, for pages before sign-in and for errors.
    pub fn bare(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// The entries that people see on the phone's bottom bar without opening a menu.
    pub fn main_entries(&self) -> impl Iterator<Item = &RailItem> {
        self.rail.iter().filter(|item| item.section == Section::Main)
    }

    /// The entries apart from the daily ones.
    pub fn admin_entries(&self) -> impl Iterator<Item = &RailItem> {
        self.rail.iter().filter(|item| item.section == Section::Admin)
    }

    /// The entries of the person's own menu.
    pub fn personal_entries(&self) -> impl Iterator<Item = &RailItem> {
        self.rail.iter().filter(|item| item.section == Section::Personal)
    }
}

/// The place whose pages are shown, and the other places the person may go to.
#[derive(Debug, Clone)]
pub struct Place {
    pub name: String,
    /// Its first page, without a slash at the end; the palette stands at `{href}/palette`.
    pub href: String,
    pub others: Vec<Link>,
}

impl Place {
    /// The letter of its badge.
    pub fn letter(&self) -> char {
        self.name
            .chars()
            .find(|letter| letter.is_alphanumeric())
            .unwrap_or('·')
            .to_ascii_uppercase()
    }
}

/// Who is signed in.
#[derive(Debug, Clone)]
pub struct Person {
    pub name: String,
    /// Where the form that ends the session posts to.
    pub sign_out: String,
}

impl Person {
    /// Up to two letters for the round picture.
    pub fn initials(&self) -> String {
        initials(&self.name)
    }
}

/// Takes the first letters of the first and the last word of a name.
pub fn initials(name: &str) -> String {
    let mut words = name
        .split_whitespace()
        .filter_map(|word| word.chars().find(|letter| letter.is_alphanumeric()));
    let first = words.next();
    let last = words.next_back();
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// One entry of the rail.
#[derive(Debug, Clone)]
pub struct RailItem {
    pub label: String,
    pub href: String,
    pub icon: Icon,
    /// The letter that follows `g` on the keyboard.
    pub key: Option<char>,
    pub section: Section,
    pub is_current: bool,
}

/// Where in the rail an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Main,
    Admin,
    Personal,
}

/// A word that leads somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub label: String,
    pub href: String,
}

impl Link {
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.into(), href: href.into() }
    }
}

/// One step of the breadcrumb; opens its siblings, the places one could be in instead.
#[derive(Debug, Clone)]
pub struct Crumb {
    pub label: String,
    pub href: String,
    pub siblings: Vec<Link>,
}

impl Crumb {
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.into(), href: href.into(), siblings: Vec::new() }
    }

    #[must_use]
    pub fn with_siblings(mut self, siblings: Vec<Link>) -> Self {
        self.siblings = siblings;
        self
    }
}

/// How good or bad news is; always shown with an icon and a word, never by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Quiet,
    Info,
    Good,
    Warn,
    Bad,
}

impl Tone {
    /// The CSS class.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Info => "info",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }

    /// The icon of a note in this tone.
    pub const fn icon(self) -> Icon {
        match self {
            Self::Quiet | Self::Info => Icon::Info,
            Self::Good => Icon::Done,
            Self::Warn => Icon::Warning,
            Self::Bad => Icon::Alert,
        }
    }
}

/// A state as an icon and a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pill {
    pub tone: Tone,
    pub icon: Icon,
    pub label: String,
}

impl Pill {
    pub fn new(tone: Tone, icon: Icon, label: impl Into<String>) -> Self {
        Self { tone, icon, label: label.into() }
    }
}

/// A sentence above the page about what has just been done or went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub tone: Tone,
    pub text: String,
}

/// The part of a list that a page shows, and the way to the rest (keyset paging).
#[derive(Debug, Clone, Default)]
pub struct Pager {
    /// What is shown, in words: `50 tasks from API-12 on`.
    pub summary: String,
    /// Back to the start; none on the first page.
    pub first: Option<String>,
    /// The next page; none on the last one.
    pub next: Option<String>,
}

/// Says how many of something there are: `1 task`, `20 tasks`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    let noun = if count == 1 { one } else { many };
    format!("{count} {noun}")
}

/// Writes a path with the parameters that have a value.
pub fn address(path: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// A form's text field with what was typed and what is wrong with it.
#[derive(Debug, Clone, Default)]
pub struct Field {
    pub value: String,
    pub error: Option<String>,
}

/// A template sent as a page or a fragment; the status is 200 unless said otherwise.
#[derive(Debug)]
pub struct Html<T> {
    template: T,
    status: StatusCode,
}

impl<T: Template> Html<T> {
    pub fn new(template: T) -> Self {
        Self { template, status: StatusCode::OK }
    }

    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }
}

impl<T: Template> Responder for Html<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        render(self.status, &self.template)
    }
}

/// Renders a template into a response that no cache keeps, because it was made for one person.
///
/// A template that fails gives a bare 500: the error page is a template too.
pub fn render(status: StatusCode, template: &impl Template) -> HttpResponse {
    let body = match template.render() {
        Ok(body) => body,
        Err(error) => {
            tracing::error!(%error, "Template failed to render: {error}");
            return HttpResponse::InternalServerError().body("Something went wrong on our side.");
        }
    };
    HttpResponse::build(status)
        .insert_header((header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")))
        .insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .insert_header((header::VARY, HeaderValue::from_static("HX-Request, HX-Request-Type")))
        .body(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_of_the_first_and_last_word() {
        assert_eq!(initials("Ada King Lovelace"), "AL");
        assert_eq!(initials("ada"), "A");
        assert_eq!(initials("  "), "");
    }

    #[test]
    fn an_address_leaves_out_what_is_empty() {
        assert_eq!(
            address("/t", &[("q", Some("a b")), ("status", None), ("x", Some(""))]),
            "/t?q=a+b"
        );
        assert_eq!(address("/t", &[("q", None)]), "/t");
    }

    #[test]
    fn a_page_is_kept_by_no_cache() {
        #[derive(Template)]
        #[template(source = "<p>{{ name }}</p>", ext = "html")]
        struct Greeting {
            name: &'static str,
        }

        let response = render(StatusCode::OK, &Greeting { name: "<b>" });

        assert_eq!(response.headers().get(header::CACHE_CONTROL).unwrap(), "no-store");
    }
}
