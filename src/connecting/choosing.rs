//! The repositories that a connection reaches, as GitHub lists them: page by page, searched by name.

use crate::{
    connections::{Opened, Unusable},
    github::{ApiError, Cursor, Urgency, model::Repository},
};

/// How many are shown at once at least, where there are as many that fit.
const ENOUGH: usize = 100;

/// How many of GitHub's pages one search reads at most; the next one goes on from there.
const MOST_PAGES: usize = 10;

/// A part of the list.
pub(super) struct Chosen {
    pub(super) repositories: Vec<Repository>,
    /// Where the next part begins.
    pub(super) next: Option<String>,
}

/// Asks GitHub for a part of the list: from its beginning or from where `after` says, those with the words
/// in their names. What is refused is said in words.
pub(super) async fn choose(
    opened: &Opened,
    (words, after): (Option<&str>, Option<&str>),
) -> Result<Chosen, String> {
    let access = opened.access(Urgency::Person).await.map_err(|error| unusable(&error))?;
    let api = opened.client().by(&access);
    let mut chosen = Chosen { repositories: Vec::new(), next: None };
    let mut next = Some(beginning(opened, after));
    let most = if words.is_some() { MOST_PAGES } else { 1 };
    for _ in 0..most {
        let Some(cursor) = next.take() else { break };
        let page = api.page(&cursor).await.map_err(|error| refused(&error))?;
        let fits = |one: &Repository| words.is_none_or(|words| has(one, words));
        chosen.repositories.extend(page.items.into_iter().filter(fits));
        next = page.next;
        if chosen.repositories.len() >= ENOUGH {
            break;
        }
    }
    chosen.next = next.map(|cursor| cursor.as_str().to_owned());
    Ok(chosen)
}

/// A place within this list alone: it comes from an address that anybody may have written.
fn beginning(opened: &Opened, after: Option<&str>) -> Cursor<Repository> {
    let first = if opened.is_app() { Cursor::of_installation() } else { Cursor::of_person() };
    let path = |cursor: &str| cursor.split('?').next().map(str::to_owned);
    let kept = after.filter(|after| path(after) == path(first.as_str()));
    kept.and_then(Cursor::resume).unwrap_or(first)
}

fn has(repository: &Repository, words: &str) -> bool {
    repository.full_name.to_lowercase().contains(&words.to_lowercase())
}

fn unusable(error: &Unusable) -> String {
    format!("{error}.")
}

fn refused(error: &ApiError) -> String {
    format!("GitHub does not list the repositories: {error}.")
}
