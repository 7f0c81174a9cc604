//! Branches and tags, and where they stand.
//!
//! Of two pushes the later one counts, by GitHub's time, which has whole seconds; of the same second, what was
//! there before each tells which one went on from the other.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{apply, error::Result, oid::HexOid, store, word::Applied};
use crate::{repositories::RepositoryId, tenancy::TenantTx};

const TOPIC: &str = "refs";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RefKind {
    Branch,
    Tag,
}

impl RefKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Branch => "branch",
            Self::Tag => "tag",
        }
    }
}

/// A branch or tag as GitHub has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewRef {
    pub kind: RefKind,
    /// Without `refs/heads/`.
    pub name: String,
    pub head: HexOid,
}

/// What a push did to one reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    pub kind: RefKind,
    pub name: String,
    /// None where it came with this push.
    pub before: Option<HexOid>,
    /// None where it went.
    pub after: Option<HexOid>,
    /// When, by GitHub's clock.
    pub at: Option<DateTime<Utc>>,
}

/// Where a reference stands, by all that was heard; ids in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stand {
    /// None where it is gone.
    pub(super) head: Option<String>,
    /// Where it stood before the last push.
    pub(super) was: Option<String>,
    pub(super) told_at: Option<DateTime<Utc>>,
}

/// Says which of two times is the later; none where they tell nothing.
fn is_later(new: Option<DateTime<Utc>>, known: Option<DateTime<Utc>>) -> Option<bool> {
    let (new, known) = (new?, known?);
    (new != known).then_some(new > known)
}

/// Judges a push by where the reference stands.
fn judge(push: &Push, stands: Option<&Stand>) -> Applied {
    let Some(stands) = stands else { return Applied::Written };
    match is_later(push.at, stands.told_at) {
        Some(true) => return Applied::Written,
        Some(false) => return Applied::Stale,
        None => {}
    }
    let is =
        |oid: Option<&HexOid>, known: &Option<String>| oid.map(HexOid::hex) == known.as_deref();
    if is(push.after.as_ref(), &stands.head) {
        return Applied::Unchanged;
    }
    let goes_on = is(push.before.as_ref(), &stands.head);
    let went_before = is(push.after.as_ref(), &stands.was);
    match (goes_on, went_before) {
        (true, false) => Applied::Written,
        (false, true) => Applied::Stale,
        // It may be either, as where a branch is set back within a second; or one between them was missed.
        (true, true) | (false, false) => Applied::Doubtful,
    }
}

/// Applies a push. [`Applied::Doubtful`] where nothing tells whether it is the last one: the caller asks where
/// the reference stands now, and says [`put_refs`] or [`remove_ref`].
pub async fn apply_push(
    tx: &mut TenantTx,
    repository: RepositoryId,
    push: &Push,
) -> Result<Applied> {
    let home = apply::enter(tx, repository).await?;
    let stands = store::find_ref(tx, &home, (push.kind, &push.name)).await?;
    let applied = judge(push, stands.as_ref());
    match applied {
        Applied::Written => {
            store::set_ref(tx, &home, push).await?;
            tx.announce_in(repository.as_uuid(), TOPIC);
        }
        // That it went was heard without a word of where it stood.
        Applied::Unchanged if stands.is_some_and(|stands| stands.was.is_none()) => {
            store::set_ref(tx, &home, push).await?;
        }
        Applied::Unchanged | Applied::Stale | Applied::Doubtful | Applied::Buried => {}
    }
    Ok(applied)
}

/// Applies that a reference went, where nothing is said of where it stood.
pub async fn apply_deletion(
    tx: &mut TenantTx,
    repository: RepositoryId,
    (kind, name): (RefKind, &str),
    at: Option<DateTime<Utc>>,
) -> Result<Applied> {
    let home = apply::enter(tx, repository).await?;
    let stands = store::find_ref(tx, &home, (kind, name)).await?;
    if let Some(stands) = stands {
        match (is_later(at, stands.told_at), stands.head) {
            (Some(true), _) => {}
            (Some(false), _) => return Ok(Applied::Stale),
            (None, None) => return Ok(Applied::Unchanged),
            (None, Some(_)) => return Ok(Applied::Doubtful),
        }
    }
    let push = Push { kind, name: name.to_owned(), before: None, after: None, at };
    store::set_ref(tx, &home, &push).await?;
    tx.announce_in(repository.as_uuid(), TOPIC);
    Ok(Applied::Written)
}

/// Says whether it is known what became of a reference since it came: else the caller asks where it stands.
pub(super) async fn is_known(
    tx: &mut TenantTx,
    repository: RepositoryId,
    (kind, name): (RefKind, &str),
    came_at: Option<DateTime<Utc>>,
) -> Result<bool> {
    let home = apply::enter(tx, repository).await?;
    let stands = store::find_ref(tx, &home, (kind, name)).await?;
    Ok(stands.is_some_and(|stands| {
        // That it is gone is the later word only if GitHub's times say so.
        stands.head.is_some() || is_later(stands.told_at, came_at) == Some(true)
    }))
}

/// Writes where references stand, as GitHub said when it was asked; each name once. What was pushed after
/// that stays.
pub async fn put_refs(
    tx: &mut TenantTx,
    repository: RepositoryId,
    refs: &[NewRef],
    asked_at: DateTime<Utc>,
) -> Result<()> {
    let home = apply::enter(tx, repository).await?;
    if store::upsert_refs(tx, &home, refs, asked_at).await? {
        tx.announce_in(repository.as_uuid(), TOPIC);
    }
    Ok(())
}

/// The same where these are all of the kind: the others are gone.
pub async fn replace_refs(
    tx: &mut TenantTx,
    repository: RepositoryId,
    (kind, refs): (RefKind, &[NewRef]),
    asked_at: DateTime<Utc>,
) -> Result<()> {
    put_refs(tx, repository, refs, asked_at).await?;
    let home = apply::enter(tx, repository).await?;
    let names: Vec<String> = refs.iter().map(|one| one.name.clone()).collect();
    if store::end_other_refs(tx, &home, (kind, &names), asked_at).await? {
        tx.announce_in(repository.as_uuid(), TOPIC);
    }
    Ok(())
}

/// Takes away a reference that GitHub said is gone when it was asked.
pub async fn remove_ref(
    tx: &mut TenantTx,
    repository: RepositoryId,
    which: (RefKind, &str),
    asked_at: DateTime<Utc>,
) -> Result<()> {
    apply_deletion(tx, repository, which, Some(asked_at)).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oid(digit: char) -> Option<HexOid> {
        (digit != '0').then(|| HexOid::parse("after", &digit.to_string().repeat(40)).unwrap())
    }

    fn push(before: char, after: char, second: i64) -> Push {
        Push {
            kind: RefKind::Branch,
            name: "main".to_owned(),
            before: oid(before),
            after: oid(after),
            at: DateTime::from_timestamp(second, 0),
        }
    }

    fn stand(was: char, head: char, second: i64) -> Stand {
        let hex = |digit| oid(digit).map(|oid| oid.hex().to_owned());
        Stand { head: hex(head), was: hex(was), told_at: DateTime::from_timestamp(second, 0) }
    }

    #[test]
    fn the_later_push_counts() {
        let stands = stand('1', '2', 10);

        assert_eq!(judge(&push('2', '3', 11), Some(&stands)), Applied::Written);
        assert_eq!(judge(&push('7', '3', 11), Some(&stands)), Applied::Written);
        assert_eq!(judge(&push('2', '3', 9), Some(&stands)), Applied::Stale);
        assert_eq!(judge(&push('2', '0', 11), Some(&stands)), Applied::Written);
        assert_eq!(judge(&push('0', '3', 9), Some(&stand('2', '0', 10))), Applied::Stale);
        assert_eq!(judge(&push('2', '3', 9), None), Applied::Written);
    }

    #[test]
    fn of_the_same_second_the_one_that_goes_on_counts() {
        let stands = stand('1', '2', 10);

        assert_eq!(judge(&push('2', '3', 10), Some(&stands)), Applied::Written);
        assert_eq!(judge(&push('0', '1', 10), Some(&stands)), Applied::Stale);
        assert_eq!(judge(&push('1', '2', 10), Some(&stands)), Applied::Unchanged);
        // Back and forth, or with one between them that was missed.
        assert_eq!(judge(&push('2', '1', 10), Some(&stands)), Applied::Doubtful);
        assert_eq!(judge(&push('7', '3', 10), Some(&stands)), Applied::Doubtful);
    }
}
