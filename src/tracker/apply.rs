//! Applies words of any family, one or many.

use std::{collections::HashMap, fmt::Write};

use chrono::{DateTime, Utc};
use ring::digest::{SHA256, digest};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    contributors::{self, Person},
    error::{Result, TrackerError},
    store,
    word::{Applied, Kind, Version, Word, judge, rounds},
};
use crate::{repositories::RepositoryId, tenancy::TenantTx};

/// How many rows go into one statement.
const CHUNK: usize = 500;

/// The repository that words are about, as GitHub knows it.
#[derive(Clone, Debug)]
pub(super) struct Home {
    pub(super) repository: RepositoryId,
    pub(super) host: String,
    /// `owner/name`.
    pub(super) full_name: String,
}

/// An object of GitHub as a row: what it serializes to is what its table holds, with people and what it
/// belongs to by GitHub's ids.
pub(super) trait Object: Serialize + Sized {
    const KIND: Kind;

    /// What GitHub leaves out of some of its answers: not compared, and kept where a word leaves it out.
    const APART: &'static [&'static str] = &["node_id"];

    fn github_id(&self) -> i64;

    /// GitHub's time of this word.
    fn told_at(&self) -> Option<DateTime<Utc>>;

    /// See [`Version::rank`].
    fn rank(&self) -> i64 {
        0
    }

    /// Whoever it names.
    fn people(&self) -> &[Person] {
        &[]
    }

    /// The number of the issue that it stands under, and goes with.
    fn under(&self) -> Option<i64> {
        None
    }

    /// What is known of these; `ids` has none twice.
    async fn known(tx: &mut TenantTx, home: &Home, ids: &[i64]) -> sqlx::Result<Vec<Known>>;

    /// Notes what stands inside of these words besides, whatever becomes of them.
    async fn note_around(_tx: &mut TenantTx, _home: &Home, _words: &[&Self]) -> Result<()> {
        Ok(())
    }

    /// Writes rows over what is there.
    async fn write(tx: &mut TenantTx, home: &Home, rows: &Value) -> sqlx::Result<()>;

    /// Writes what GitHub leaves out of some of its answers: of words that say the same as what is known besides, and
    /// of late ones. The latter mostly know no better.
    async fn write_apart(
        tx: &mut TenantTx,
        home: &Home,
        (same, _late): (Vec<Value>, Vec<Value>),
    ) -> sqlx::Result<()> {
        if same.is_empty() {
            return Ok(());
        }
        Self::write(tx, home, &Value::Array(same)).await
    }

    /// What follows from those that were written, in the same transaction.
    async fn follow(_tx: &mut TenantTx, _home: &Home, _written: &[&Self]) -> Result<()> {
        Ok(())
    }
}

/// What rows say of one object.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) github_id: i64,
    pub(super) updated_at: Option<DateTime<Utc>>,
    pub(super) rank: i64,
    pub(super) digest: Vec<u8>,
}

/// Locks a repository against other words about it, until the transaction ends, and says which it is.
pub(super) async fn enter(tx: &mut TenantTx, repository: RepositoryId) -> Result<Home> {
    store::lock_repository(tx, repository).await?;
    store::find_home(tx, repository).await?.ok_or(TrackerError::NotConnected(repository))
}

/// Applies one word.
pub(super) async fn one<O: Object>(
    tx: &mut TenantTx,
    repository: RepositoryId,
    object: &O,
    word: Word,
) -> Result<Applied> {
    let applied = many(tx, repository, std::slice::from_ref(object), word).await?;
    Ok(applied.first().copied().unwrap_or(Applied::Unchanged))
}

/// Applies words in their order; answers what became of each.
pub(super) async fn many<O: Object>(
    tx: &mut TenantTx,
    repository: RepositoryId,
    objects: &[O],
    word: Word,
) -> Result<Vec<Applied>> {
    let home = enter(tx, repository).await?;
    within(tx, &home, objects, word).await
}

/// The same in a repository that is locked already.
pub(super) async fn within<O: Object>(
    tx: &mut TenantTx,
    home: &Home,
    objects: &[O],
    word: Word,
) -> Result<Vec<Applied>> {
    let mut applied = vec![Applied::Unchanged; objects.len()];
    for round in rounds(objects.iter().map(O::github_id)) {
        for places in round.chunks(CHUNK) {
            let words: Vec<&O> = places.iter().filter_map(|place| objects.get(*place)).collect();
            let became = apply_chunk(tx, home, &words, word).await?;
            for (place, one) in places.iter().zip(became) {
                if let Some(answer) = applied.get_mut(*place) {
                    *answer = one;
                }
            }
        }
    }
    Ok(applied)
}

/// Applies words about different objects.
async fn apply_chunk<O: Object>(
    tx: &mut TenantTx,
    home: &Home,
    words: &[&O],
    word: Word,
) -> Result<Vec<Applied>> {
    let drafts = words.iter().map(|object| Draft::of(*object)).collect::<Result<Vec<_>>>()?;
    // Of all words, so that who and what is known does not depend on which of them came first.
    contributors::note(tx, home, words.iter().map(|object| (object.told_at(), object.people())))
        .await?;
    O::note_around(tx, home, words).await?;
    let applied = judge_all(tx, home, (words, &drafts), word).await?;
    let (mut new, mut same, mut late) = (Vec::new(), Vec::new(), Vec::new());
    for (draft, applied) in drafts.into_iter().zip(&applied) {
        match applied {
            Applied::Written => new.push(Value::Object(draft.row)),
            Applied::Unchanged if draft.has_apart => same.push(Value::Object(draft.row)),
            Applied::Stale if draft.has_apart => late.push(Value::Object(draft.row)),
            Applied::Unchanged | Applied::Stale | Applied::Doubtful | Applied::Buried => {}
        }
    }
    if !new.is_empty() {
        O::write(tx, home, &Value::Array(new)).await?;
    }
    O::write_apart(tx, home, (same, late)).await?;
    let written: Vec<&O> = words
        .iter()
        .zip(&applied)
        .filter(|(_, applied)| **applied == Applied::Written)
        .map(|(object, _)| *object)
        .collect();
    if !written.is_empty() {
        tx.announce_in(home.repository.as_uuid(), O::KIND.topic());
        O::follow(tx, home, &written).await?;
    }
    Ok(applied)
}

async fn judge_all<O: Object>(
    tx: &mut TenantTx,
    home: &Home,
    (words, drafts): (&[&O], &[Draft]),
    word: Word,
) -> Result<Vec<Applied>> {
    let ids: Vec<i64> = words.iter().map(|object| object.github_id()).collect();
    let under: Vec<i64> = words.iter().filter_map(|object| object.under()).collect();
    let (graves, numbers) = store::list_buried(tx, home, O::KIND, (&ids, &under)).await?;
    let known: HashMap<i64, Version> = O::known(tx, home, &ids)
        .await?
        .into_iter()
        .map(|row| {
            let Known { github_id, updated_at, rank, digest } = row;
            (github_id, Version { rank, at: updated_at, digest })
        })
        .collect();
    let judged = words.iter().zip(drafts).map(|(object, draft)| {
        let id = object.github_id();
        let is_under = object.under().is_some_and(|number| numbers.contains(&number));
        if is_under || graves.contains(&id) {
            return Applied::Buried;
        }
        judge(&draft.version, known.get(&id), word)
    });
    Ok(judged.collect())
}

/// A word as it is written, and by what it is told apart.
struct Draft {
    row: Map<String, Value>,
    version: Version,
    /// Whether it says something that GitHub often leaves out.
    has_apart: bool,
}

impl Draft {
    fn of<O: Object>(object: &O) -> Result<Self> {
        let mut row = match clean(serde_json::to_value(object)?) {
            Value::Object(row) => row,
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Map::new(),
        };
        let mut compared = row.clone();
        let mut has_apart = false;
        for name in O::APART {
            let value = compared.remove(*name).unwrap_or_default();
            // An object's node id is always the same.
            has_apart |= !value.is_null() && *name != "node_id";
        }
        let digest = digest(&SHA256, Value::Object(compared).to_string().as_bytes());
        let version =
            Version { rank: object.rank(), at: object.told_at(), digest: digest.as_ref().to_vec() };
        row.insert("rank".to_owned(), version.rank.into());
        row.insert("digest".to_owned(), bytea(&version.digest).into());
        Ok(Self { row, version, has_apart })
    }
}

/// Bytes as the database reads them from JSON.
fn bytea(bytes: &[u8]) -> String {
    bytes.iter().fold("\\x".to_owned(), |mut text, byte| {
        // Writing to a string does not fail.
        let _written = write!(text, "{byte:02x}");
        text
    })
}

/// Texts without the sign of code zero, which the database has no place for.
pub(super) fn clean(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains('\0') => text.replace('\0', "\u{fffd}").into(),
        Value::Array(values) => Value::Array(values.into_iter().map(clean).collect()),
        Value::Object(row) => {
            Value::Object(row.into_iter().map(|(name, value)| (name, clean(value))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

/// Declares the two ways into a family: one word, and many of them.
macro_rules! ways_in {
    ($one:ident, $many:ident, $object:ty) => {
        /// Applies what was said of one object.
        pub async fn $one(
            tx: &mut $crate::tenancy::TenantTx,
            repository: $crate::repositories::RepositoryId,
            object: &$object,
            word: $crate::tracker::word::Word,
        ) -> $crate::tracker::error::Result<$crate::tracker::word::Applied> {
            $crate::tracker::apply::one(tx, repository, object, word).await
        }

        /// Applies what was said of many objects, in this order; answers what became of each.
        pub async fn $many(
            tx: &mut $crate::tenancy::TenantTx,
            repository: $crate::repositories::RepositoryId,
            objects: &[$object],
            word: $crate::tracker::word::Word,
        ) -> $crate::tracker::error::Result<Vec<$crate::tracker::word::Applied>> {
            $crate::tracker::apply::many(tx, repository, objects, word).await
        }
    };
}

pub(super) use ways_in;
