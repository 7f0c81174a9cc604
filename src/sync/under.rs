//! What is read thing by thing: what belongs to pull requests, and the steps of deployments.

use chrono::{DateTime, Utc};

use super::{
    ask::{Asking, Stop},
    batch::Batch,
    import::Run,
    model::{Import, Reason},
    read::{self, DetailsPage, Leaf},
    store::known,
};

/// How the cursor of reviews begins where many pull requests are asked for at once.
const MANY: &str = "many ";

/// How many pull requests or deployments are asked for one by one before what they say is written.
const AT_ONCE: i64 = 5;

impl Run {
    /// Reads what belongs to a few pull requests, the newest first. Once a day, to those that were changed.
    pub(super) async fn reviews(&self, asking: &Asking, import: &Import) -> Result<Leaf, Stop> {
        let (below, after) = cursor_of_reviews(import);
        let is_begun_singly = import.cursor.is_some() && after.is_none();
        if import.reason == Reason::Import && !is_begun_singly {
            match read::many_details(asking, after).await {
                Ok(page) => return Ok(leaf_of_many(page)),
                // A GitHub that does not know the question, or not to this token.
                Err(Stop::Refused(_) | Stop::Absent | Stop::Unexpected(_)) => {}
                Err(other) => return Err(other),
            }
        }
        let mut tx = self.begin().await?;
        let within = (below, changed_since(import));
        let pulls = known::list_pulls_below(&mut tx, self.job.repository, within, AT_ONCE).await?;
        drop(tx);
        let mut found = Vec::new();
        for pull in &pulls {
            found.extend(read::details(asking, *pull).await?);
        }
        let next = pulls.last().map(ToString::to_string);
        let items = i64::try_from(pulls.len()).unwrap_or(i64::MAX);
        Ok(Leaf { batch: Batch::Details(found), items, next, ..Leaf::nothing() })
    }

    /// Reads the steps of a few deployments, the newest first.
    pub(super) async fn statuses(
        &self,
        asking: &Asking,
        import: &Import,
        now: DateTime<Utc>,
    ) -> Result<Leaf, Stop> {
        let since = changed_since(import).unwrap_or(now - read::STATUSES);
        let mut tx = self.begin().await?;
        let within = (place(import), since);
        let deployments =
            known::list_deployments_below(&mut tx, self.job.repository, within, AT_ONCE).await?;
        drop(tx);
        let mut found = Vec::new();
        for deployment in &deployments {
            found.extend(read::statuses(asking, *deployment).await?);
        }
        let next = deployments.last().map(ToString::to_string);
        let batch = Batch::Statuses(found);
        Ok(Leaf { items: batch.len(), batch, next, ..Leaf::nothing() })
    }
}

/// Below which number reviews go on, and where many of them are asked for at once, after what.
fn cursor_of_reviews(import: &Import) -> (i64, Option<&str>) {
    let many = import.cursor.as_deref().and_then(|cursor| cursor.strip_prefix(MANY));
    match many.and_then(|many| many.split_once(' ')) {
        Some((number, after)) => (number.parse().unwrap_or(i64::MAX), Some(after)),
        None => (place(import), None),
    }
}

fn leaf_of_many(page: DetailsPage) -> Leaf {
    let next = page.next.map(|(number, after)| format!("{MANY}{number} {after}"));
    let (batch, total) = (Batch::Details(page.found), Some(page.total));
    Leaf { batch, items: page.items, total, next, ..Leaf::nothing() }
}

/// After which number or id a list that is made here goes on.
fn place(import: &Import) -> i64 {
    import.cursor.as_deref().and_then(|cursor| cursor.parse().ok()).unwrap_or(i64::MAX)
}

/// Once a day, what was not changed since the last reading is not asked for one by one.
fn changed_since(import: &Import) -> Option<DateTime<Utc>> {
    match import.reason {
        Reason::Import => None,
        Reason::Sweep => import.complete_through,
    }
}
