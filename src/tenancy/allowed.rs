//! The proof that somebody may do one thing in one repository.

use std::marker::PhantomData;

use uuid::Uuid;

use super::{
    permission::{Level, RepositoryPermission},
    store,
    tx::TenantTx,
};
use crate::web::{AppError, Result};

/// A repository that was looked up for an action, in the transaction that does it.
///
/// 404 where the person does not get to see it, 403 where their level in it is too low.
#[derive(Debug)]
pub struct Allowed<P> {
    repository: Uuid,
    permission: PhantomData<P>,
}

impl<P: RepositoryPermission> Allowed<P> {
    pub async fn find(tx: &mut TenantTx, repository: Uuid) -> Result<Self> {
        let level = store::find_level(tx, repository).await?.ok_or(AppError::NotFound)?;
        if level < P::LEVEL {
            return Err(if level == Level::None {
                AppError::NotFound
            } else {
                AppError::LevelTooLow { level: P::LEVEL.as_str() }
            });
        }
        Ok(Self { repository, permission: PhantomData })
    }

    pub const fn repository(&self) -> Uuid {
        self.repository
    }
}
