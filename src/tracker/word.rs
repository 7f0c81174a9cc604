//! Which of two words about one object counts.

use chrono::{DateTime, Utc};

/// What became of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It is newer than what was known, and is what rows say now.
    Written,
    /// It was known already.
    Unchanged,
    /// Something newer was known.
    Stale,
    /// Of the same time as what was known, and different: the object is to be fetched.
    Doubtful,
    /// The object was deleted.
    Buried,
}

/// How somebody came by a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// By a webhook or in a list, some time ago: of the same time as another one, it may be the older.
    Heard,
    /// GitHub was asked for this one object just now: it goes before another one of the same time.
    Fetched,
}

/// A family of objects, each of which counts its ids by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Issue,
    Pull,
    IssueComment,
    ReviewComment,
    Review,
    Label,
    Milestone,
    Release,
    Deployment,
    DeploymentStatus,
    WorkflowRun,
    CheckSuite,
}

impl Kind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Pull => "pull",
            Self::IssueComment => "issue_comment",
            Self::ReviewComment => "review_comment",
            Self::Review => "review",
            Self::Label => "label",
            Self::Milestone => "milestone",
            Self::Release => "release",
            Self::Deployment => "deployment",
            Self::DeploymentStatus => "deployment_status",
            Self::WorkflowRun => "workflow_run",
            Self::CheckSuite => "check_suite",
        }
    }

    /// What open pages are told of when one changes.
    pub(super) const fn topic(self) -> &'static str {
        match self {
            Self::Issue => "issues",
            Self::Pull => "pulls",
            Self::IssueComment | Self::ReviewComment => "comments",
            Self::Review => "reviews",
            Self::Label => "labels",
            Self::Milestone => "milestones",
            Self::Release => "releases",
            Self::Deployment | Self::DeploymentStatus => "deployments",
            Self::WorkflowRun | Self::CheckSuite => "runs",
        }
    }
}

/// By what words about one object are told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version {
    /// A step that nothing goes back from, whatever the times are; 0 in families without steps.
    pub(super) rank: i64,
    /// GitHub's time of it; none where GitHub gives none.
    pub(super) at: Option<DateTime<Utc>>,
    /// Of all that it says.
    pub(super) digest: Vec<u8>,
}

/// Judges a word by what is known: the higher step, else the later time, counts. Where neither tells, the same
/// is nothing new, and another one counts if it was fetched.
pub(super) fn judge(new: &Version, known: Option<&Version>, word: Word) -> Applied {
    let Some(known) = known else { return Applied::Written };
    if new.rank != known.rank {
        return if new.rank > known.rank { Applied::Written } else { Applied::Stale };
    }
    if let (Some(at), Some(known_at)) = (new.at, known.at)
        && at != known_at
    {
        return if at > known_at { Applied::Written } else { Applied::Stale };
    }
    if new.digest == known.digest {
        return Applied::Unchanged;
    }
    match word {
        Word::Fetched => Applied::Written,
        Word::Heard => Applied::Doubtful,
    }
}

/// The places of a list in rounds, so that no id is twice in one and the earlier of two comes first: a list
/// is applied as its words would be one by one.
pub(super) fn rounds(ids: impl Iterator<Item = i64>) -> Vec<Vec<usize>> {
    let mut seen = std::collections::HashMap::<i64, usize>::new();
    let mut rounds: Vec<Vec<usize>> = Vec::new();
    for (place, id) in ids.enumerate() {
        let times = seen.entry(id).or_default();
        match rounds.get_mut(*times) {
            Some(round) => round.push(place),
            None => rounds.push(vec![place]),
        }
        *times += 1;
    }
    rounds
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(rank: i64, second: Option<i64>, digest: u8) -> Version {
        let at = second.map(|second| DateTime::from_timestamp(second, 0).unwrap());
        Version { rank, at, digest: vec![digest] }
    }

    #[test]
    fn the_newer_word_counts() {
        let known = version(0, Some(10), 1);

        for (new, heard) in [
            (version(0, Some(11), 2), Applied::Written),
            (version(0, Some(11), 1), Applied::Written),
            (version(0, Some(9), 2), Applied::Stale),
            (version(0, Some(9), 1), Applied::Stale),
            (version(0, Some(10), 1), Applied::Unchanged),
            (version(0, Some(10), 2), Applied::Doubtful),
            (version(0, None, 2), Applied::Doubtful),
            (version(0, None, 1), Applied::Unchanged),
            (version(1, Some(9), 2), Applied::Written),
            (version(-1, Some(11), 2), Applied::Stale),
        ] {
            assert_eq!(judge(&new, Some(&known), Word::Heard), heard, "{new:?}");
            let fetched = if heard == Applied::Doubtful { Applied::Written } else { heard };
            assert_eq!(judge(&new, Some(&known), Word::Fetched), fetched, "{new:?}");
        }
        assert_eq!(judge(&known, None, Word::Heard), Applied::Written);
    }

    #[test]
    fn no_id_is_twice_in_a_round_and_the_earlier_comes_first() {
        assert_eq!(rounds([7, 8, 7, 7, 9, 8].into_iter()), [vec![0, 1, 4], vec![2, 5], vec![3]]);
        assert!(rounds(std::iter::empty()).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn of_words_of_different_times_the_last_one_stays_in_any_order(
            words in proptest::collection::vec((0_i64..3, 0_i64..50), 1..20),
            seed in proptest::prelude::any::<u64>(),
        ) {
            // What one moment says is one thing: the digest follows from it.
            let version = |(rank, second): (i64, i64)| {
                version(rank, Some(second), u8::try_from(rank * 50 + second).unwrap())
            };
            let mut shuffled = words.clone();
            shuffled.sort_by_key(|word| {
                (word.1.unsigned_abs() + 1).wrapping_mul(seed | 1).rotate_left(13) ^ seed ^ word.0.unsigned_abs()
            });
            let end = |words: &[(i64, i64)]| {
                let mut known: Option<Version> = None;
                for word in words {
                    let new = version(*word);
                    if judge(&new, known.as_ref(), Word::Heard) == Applied::Written {
                        known = Some(new);
                    }
                }
                known
            };
            proptest::prop_assert_eq!(end(&words), end(&shuffled));
            proptest::prop_assert_eq!(end(&words), words.iter().max().map(|word| version(*word)));
        }
    }
}
