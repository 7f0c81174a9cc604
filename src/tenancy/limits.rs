//! Limits that several servers share, in one table.

use std::time::Duration;

use futures_util::{FutureExt, future::BoxFuture};

use super::{Db, SystemReason};
use crate::web::limits::{LimitKey, SharedBudgets};

/// Budgets in Postgres, for several servers of one site.
#[derive(Clone, Debug)]
pub struct SharedLimits {
    db: Db,
}

impl SharedLimits {
    pub const fn new(db: Db) -> Self {
        Self { db }
    }

    /// Takes one and says how long to wait where none is left, in one statement.
    ///
    /// A row says when its budget will be whole again. Each request puts that off by its part of a
    /// minute, and none may put it off past a minute from now: the generic cell rate algorithm, by the
    /// database's clock, which all servers have in common.
    async fn take_one(&self, key: LimitKey, per_minute: u32) -> anyhow::Result<Option<Duration>> {
        let mut tx = self.db.system(SystemReason::Limits).await?;
        let wait = sqlx::query_scalar!(
            r#"WITH taken AS (
                   INSERT INTO rate_limits AS kept (key, whole_at)
                   VALUES ($1, now() + make_interval(secs => $2))
                   ON CONFLICT (key) DO UPDATE
                   SET whole_at = greatest(kept.whole_at, now()) + make_interval(secs => $2)
                   WHERE kept.whole_at + make_interval(secs => $2) <= now() + interval '1 minute'
                   RETURNING key
               )
               SELECT coalesce(extract(epoch FROM l.whole_at - now())::float8 + $2 - 60, $2) AS "wait!"
               FROM (SELECT) AS one
               LEFT JOIN rate_limits l ON l.key = $1
               WHERE NOT EXISTS (SELECT FROM taken)"#,
            key.as_bytes(),
            60.0 / f64::from(per_minute),
        )
        .fetch_optional(tx.connection())
        .await?;
        tx.commit().await?;
        Ok(wait.map(|seconds| Duration::try_from_secs_f64(seconds).unwrap_or_default()))
    }

    async fn delete_whole(&self) -> anyhow::Result<()> {
        let mut tx = self.db.system(SystemReason::Limits).await?;
        sqlx::query!("DELETE FROM rate_limits WHERE whole_at < now()")
            .execute(tx.connection())
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

impl SharedBudgets for SharedLimits {
    fn take(
        &self,
        key: LimitKey,
        per_minute: u32,
    ) -> BoxFuture<'_, anyhow::Result<Option<Duration>>> {
        self.take_one(key, per_minute).boxed()
    }

    fn forget_whole(&self) -> BoxFuture<'_, anyhow::Result<()>> {
        self.delete_whole().boxed()
    }
}
