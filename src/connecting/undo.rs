//! Taking back that a repository was disconnected.

use actix_web::web::Path;

use super::connect::reached;
use crate::{
    repositories::{
        RepositoryId,
        disconnected::{self, Meant},
    },
    tenancy::{ManageRepositories, Routes, Saved, Scope},
    web::{AppError, Result},
    work::{self, Links},
};

pub(super) fn routes() -> Routes {
    Routes::default().post("/{organization}/repositories/disconnected/{disconnected}/undo", undo)
}

/// Has a repository back with all that was read from it, and shows the scan that follows. What GitHub told of it
/// in between was passed over, so GitHub is asked for it.
async fn undo(
    scope: Scope<ManageRepositories>,
    path: Path<(String, RepositoryId)>,
) -> Result<Saved> {
    let (links, now) = (Links::of(&scope), scope.clock().now());
    let mut tx = scope.begin().await?;
    let known = disconnected::find(&mut tx, Meant::Id(path.1), now).await?;
    let known = known.ok_or(AppError::NotFound)?;
    let Some(connected) = work::reconnect(&mut tx, &known, now).await? else {
        let words = format!("`{}` is connected again already, from the same address.", known.name);
        return Err(AppError::Conflict(words));
    };
    reached(&mut tx, connected.repository, now).await?;
    Ok(tx.commit().await?.see_other(links.scan(connected.scan)))
}
