//! What the repository itself is at GitHub: its name, and whether it is there.

use super::ask::{Asking, Stop};
use crate::{
    github::{
        FullName,
        model::{Repository, Visibility},
    },
    jobs::JobContext,
    repositories::{self, GitHubState, RepositoryId},
};

/// What GitHub says of the repository just now.
pub(super) struct Told {
    pub(super) name: FullName,
    /// Issues and pull requests that are open.
    pub(super) open: Option<i64>,
    /// Unless it says that they are switched off.
    pub(super) has_issues: bool,
}

/// Asks by the number that stays, and takes over what the repository is called by now.
pub(super) async fn bring_up_to_date(
    asking: &Asking,
    context: &JobContext,
    repository: RepositoryId,
) -> Result<Told, Stop> {
    let asked_at = context.clock.now();
    let told = asking.api().repository_by_id(asking.github_id).await?;
    let name = FullName::parse(&told.full_name)
        .ok_or_else(|| Stop::Unexpected("GitHub gives the repository no name.".to_owned()))?;
    let state = GitHubState {
        full_name: name.as_str(),
        visibility: visibility(&told),
        is_archived: told.archived,
        updated_at: told.updated_at,
        deleted_at: None,
        asked_at: Some(asked_at),
    };
    let mut tx = context.db.begin_granted(&context.grant).await?;
    repositories::set_on_github(&mut tx, repository, &state).await?;
    tx.commit().await?;
    let has_issues = told.has_issues != Some(false);
    Ok(Told { name, open: told.open_issues_count, has_issues })
}

fn visibility(told: &Repository) -> &'static str {
    match (&told.visibility, told.private) {
        (Some(Visibility::Internal), _) => "internal",
        (Some(Visibility::Private), _) | (_, true) => "private",
        (Some(Visibility::Public | Visibility::Other(_)) | None, false) => "public",
    }
}
