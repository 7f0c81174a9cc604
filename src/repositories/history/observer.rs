//! Somebody who looks at each changed file while a walk has both versions of it in its hands.

/// Looks at changed files on the threads of a walk; what they say is the observer's own affair.
pub trait Observer: Sync {
    /// What one thread needs again and again.
    type Worker;
    /// What is kept of a file.
    type Seen: Send;

    fn worker(&self) -> Self::Worker;

    /// Called for each changed file whose lines are counted, so for none of a merge; it has to be
    /// quick, and most often to answer nothing.
    fn look(&self, worker: &mut Self::Worker, file: &Versions<'_>) -> Option<Self::Seen>;
}

/// A changed file before and after; a side that is not there is empty.
#[derive(Debug, Clone, Copy)]
pub struct Versions<'a> {
    /// As git writes it.
    pub path: &'a [u8],
    pub old: &'a [u8],
    pub new: &'a [u8],
    /// Both without the whole lines that they start and end with in common.
    pub differing: (&'a [u8], &'a [u8]),
}

/// An observer that looks at nothing.
#[derive(Debug, Clone, Copy)]
pub struct Unobserved;

impl Observer for Unobserved {
    type Worker = ();
    type Seen = ();

    fn worker(&self) {}

    fn look(&self, (): &mut (), _: &Versions<'_>) -> Option<()> {
        None
    }
}
