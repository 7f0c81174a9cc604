//! What GitHub's types say, as words of this module: a file per family.
//!
//! Texts that are empty are none, as GitHub writes them one way here and another there; ids are in order, so that
//! two words that say the same are the same. Whoever cannot be somebody, for want of a name, is nobody.

mod comments;
mod commits;
mod deployments;
mod issues;
mod labels;
mod pulls;
mod refs;
mod releases;
mod reviews;
mod runs;

use super::{
    contributors::Person,
    error::{Result, TrackerError},
    labels::NewLabel,
    oid::HexOid,
};
use crate::github::model::{Actor, Label};

/// The longest login that is kept.
const LONGEST_LOGIN: usize = 255;

/// Those whom a word names.
#[derive(Default)]
struct People(Vec<Person>);

impl People {
    /// Notes somebody, and answers by which id.
    fn note(&mut self, actor: Option<&Actor>) -> Option<i64> {
        let person = actor.and_then(person)?;
        let id = person.github_id;
        if !self.0.contains(&person) {
            self.0.push(person);
        }
        Some(id)
    }

    fn note_all(&mut self, actors: &[Actor]) -> Vec<i64> {
        in_order(actors.iter().filter_map(|actor| self.note(Some(actor))))
    }
}

fn person(actor: &Actor) -> Option<Person> {
    if !(1..=LONGEST_LOGIN).contains(&actor.login.chars().count()) {
        return None;
    }
    Some(Person {
        github_id: actor.id,
        login: actor.login.clone(),
        avatar_url: filled(actor.avatar_url.as_ref()),
        node_id: filled(actor.node_id.as_ref()),
        is_bot: actor.is_bot(),
    })
}

fn in_order(ids: impl Iterator<Item = i64>) -> Vec<i64> {
    let mut ids: Vec<i64> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The ids of labels, and what they are.
fn labelled(labels: &[Label]) -> (Vec<i64>, Vec<NewLabel>) {
    (in_order(labels.iter().map(|label| label.id)), labels.iter().map(NewLabel::from).collect())
}

fn filled(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}

/// `path` is where it stands, for who reads the error; so below.
fn oid_or_none(path: &'static str, text: Option<&String>) -> Result<Option<HexOid>> {
    text.filter(|text| !text.is_empty()).map(|text| HexOid::parse(path, text)).transpose()
}

/// The number of an issue or a pull request, which is above zero.
fn number(path: &'static str, number: i64) -> Result<i64> {
    if number > 0 {
        return Ok(number);
    }
    Err(TrackerError::Indigestible { path, why: "is no number of an issue or a pull request" })
}
