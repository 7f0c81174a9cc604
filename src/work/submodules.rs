//! Submodules as links between the repositories of an organisation.

use super::{
    model::ScanWarning,
    store::{self, NewSubmodule},
};
use crate::{
    repositories::{Repository, submodules},
    scanner::model::{Submodule, WarningCode},
    tenancy::TenantTx,
};

/// Writes a repository's submodules; those whose repository is not connected are warnings.
pub(super) async fn save(
    tx: &mut TenantTx,
    repository: &Repository,
    found: &[Submodule],
) -> sqlx::Result<Vec<ScanWarning>> {
    let rows: Vec<_> = found.iter().map(|module| row(module, &repository.source)).collect();
    store::save_submodules(tx, repository.id, &rows).await?;
    let linked = store::list_submodules(tx, repository.id).await?;
    let apart = linked.into_iter().filter(|module| module.url.is_some());
    let apart = apart.filter(|module| module.repository.is_none());
    Ok(apart
        .map(|module| ScanWarning {
            code: WarningCode::SubmoduleNotFollowed.as_str(),
            message: format!(
                "A submodule is another repository, `{}`: connect that one to see what is in it.",
                module.address.or(module.url).unwrap_or_default()
            ),
            path: Some(module.path),
        })
        .collect())
}

fn row<'a>(module: &'a Submodule, source: &str) -> NewSubmodule<'a> {
    let address = module.url.as_deref().and_then(|url| submodules::resolve(source, url));
    NewSubmodule { module, address }
}
