//! What was changed at GitHub since the last comparison: four lists, the latest change first.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    ask::{Asking, Stop},
    batch::Batch,
    import::NOT_SHOWN,
    model::{Import, Resource},
    read,
    reconcile::Comparison,
    state::Told,
    store::{imports, syncs},
};
use crate::{
    github::{
        Cursor,
        api::Newest,
        model::{Issue, IssueComment, PullRequest, ReviewComment},
    },
    tracker::{self, Applied, NewIssue, NewPull, Wanted, Word},
};

/// GitHub's clock and ours may differ by so much, and its lists may lag behind.
const MARGIN: TimeDelta = TimeDelta::minutes(5);

/// Of how many pages of changes a comparison is made; beyond, all is read once more, which can be resumed.
const MOST_PAGES: usize = 20;

/// How far a list of changes was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// To its end.
    Whole,
    /// There was more than is read.
    Cut,
    /// There is no such list: issues are switched off.
    Absent,
}

impl Comparison {
    /// Reads what was changed since all was known last; whether that is all of it.
    pub(super) async fn changes(&self, asking: &Asking, told: &Told) -> Result<bool, Stop> {
        let Some(since) = self.known_through().await? else { return Ok(false) };
        let since = since - MARGIN;
        let (issues, are_pulls_changed) = self.changed_issues((asking, told), since).await?;
        let first = Cursor::<IssueComment>::comments(&asking.name, Newest::Changed, Some(since));
        let comments = |all: &[IssueComment]| Batch::Comments(read::comments(all));
        let comments = self.changed((asking, told.has_issues), first, comments).await?;
        let is_whole = issues != Extent::Cut && comments != Extent::Cut;
        if !are_pulls_changed {
            return Ok(is_whole);
        }
        let pulls = self.changed_pulls(asking, since).await?;
        let first =
            Cursor::<ReviewComment>::review_comments(&asking.name, Newest::Changed, Some(since));
        let lines = |all: &[ReviewComment]| Batch::ReviewComments(read::review_comments(all));
        let lines = self.changed((asking, true), first, lines).await?;
        Ok(is_whole && pulls != Extent::Cut && lines != Extent::Cut)
    }

    /// Until when all of these lists are known: by the last comparison, or by a whole reading since.
    async fn known_through(&self) -> sqlx::Result<Option<DateTime<Utc>>> {
        let mut tx = self.begin().await?;
        let sync = syncs::find(&mut tx, self.job.repository).await?;
        let imports = imports::list(&mut tx, self.job.repository).await?;
        let read = |resource: Resource| {
            let import = imports.iter().find(|import| import.resource == resource);
            import.and_then(|import: &Import| import.complete_through)
        };
        let all: Option<Vec<_>> = Resource::COMPARED.into_iter().map(read).collect();
        let read = all.and_then(|all| all.into_iter().min());
        Ok(sync.and_then(|sync| sync.through).max(read))
    }

    /// Issues, and whether a pull request is among the changed, or may be.
    async fn changed_issues(
        &self,
        (asking, told): (&Asking, &Told),
        since: DateTime<Utc>,
    ) -> Result<(Extent, bool), Stop> {
        let mut is_pull_changed = false;
        let first = Cursor::<Issue>::issues(&asking.name, Newest::Changed, Some(since));
        let batch = |all: &[Issue]| {
            is_pull_changed |= all.iter().any(Issue::is_pull_request);
            let issues: Vec<&Issue> = all.iter().filter(|one| !one.is_pull_request()).collect();
            Batch::Issues(read::digested(&issues, |issue| NewIssue::try_from(*issue)))
        };
        let extent = self.changed((asking, told.has_issues), first, batch).await?;
        Ok((extent, is_pull_changed || extent != Extent::Whole))
    }

    /// Reads a list that says itself what was changed since. One that is to be there and is not is kept from
    /// us, and so is its rest where that is not there.
    async fn changed<T: serde::de::DeserializeOwned>(
        &self,
        (asking, is_to_be_there): (&Asking, bool),
        first: Cursor<T>,
        mut batch: impl FnMut(&[T]) -> Batch,
    ) -> Result<Extent, Stop> {
        let (mut next, mut pages) = (Some(first), 0);
        while let Some(cursor) = next {
            let page = match asking.api().page(&cursor).await.map_err(Stop::from) {
                Err(Stop::Absent) if pages == 0 && !is_to_be_there => return Ok(Extent::Absent),
                Err(Stop::Absent) => return Err(Stop::Refused(NOT_SHOWN.to_owned())),
                page => page?,
            };
            self.write(asking, &batch(&page.items)).await?;
            pages += 1;
            if pages == MOST_PAGES && page.next.is_some() {
                return Ok(Extent::Cut);
            }
            next = page.next;
        }
        Ok(Extent::Whole)
    }

    /// Of a pull request that had another state here, reviews and commits are asked for as well.
    async fn changed_pulls(&self, asking: &Asking, since: DateTime<Utc>) -> Result<Extent, Stop> {
        let mut next = Some(Cursor::<PullRequest>::pull_requests(&asking.name, Newest::Changed));
        let mut pages = 0;
        while let Some(cursor) = next {
            let page = match asking.api().page(&cursor).await.map_err(Stop::from) {
                Err(Stop::Absent) => return Err(Stop::Refused(NOT_SHOWN.to_owned())),
                page => page?,
            };
            let is_end = page.items.iter().any(|pull| pull.updated_at < since);
            let changed: Vec<&PullRequest> =
                page.items.iter().filter(|pull| pull.updated_at >= since).collect();
            let pulls = read::digested(&changed, |pull| NewPull::try_from(*pull));
            self.write_pulls(asking, &pulls).await?;
            pages += 1;
            if pages == MOST_PAGES && !is_end && page.next.is_some() {
                return Ok(Extent::Cut);
            }
            next = page.next.filter(|_| !is_end);
        }
        Ok(Extent::Whole)
    }

    async fn write_pulls(&self, asking: &Asking, pulls: &[NewPull]) -> Result<(), Stop> {
        let mut tx = self.begin().await?;
        let repository = self.job.repository;
        let applied = tracker::apply_pulls(&mut tx, repository, pulls, Word::Heard).await?;
        let wanted = pulls.iter().zip(applied).filter_map(|(pull, applied)| match applied {
            Applied::Written | Applied::Doubtful => {
                Some(Wanted::PullCommits { number: pull.number })
            }
            Applied::Unchanged | Applied::Stale | Applied::Buried => None,
        });
        self.ask_for(&mut tx, asking, wanted.collect()).await?;
        tx.commit().await?;
        Ok(())
    }
}
