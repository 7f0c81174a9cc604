//! Who we are to the server that a repository is fetched from: a token of its connection.

use tracing::warn;
use url::Url;

use crate::{
    connections::{Connections, Opened},
    github::{Access, Urgency},
    jobs::JobContext,
    repositories::{self, Repository, source::Credential},
};

/// A token of a repository's connection, for the GitHub that it lies at.
pub(super) struct Token {
    web: Url,
    access: Access,
}

/// The token of the repository's connection, where it has one and lies at its GitHub. Where none is to be
/// had, whatever the reason, the fetch says what the server refuses.
pub(super) async fn find(
    context: &JobContext,
    connections: &Connections,
    repository: &Repository,
) -> sqlx::Result<Option<Token>> {
    let Ok(source) = Url::parse(&repository.source) else { return Ok(None) };
    let Some(opened) = open(context, connections, repository).await? else { return Ok(None) };
    let web = opened.client().hosts().web().clone();
    if source.origin() != web.origin() {
        return Ok(None);
    }
    match opened.access(Urgency::Background).await {
        Ok(access) => Ok(Some(Token { web, access })),
        Err(error) => {
            warn!("`{}` is fetched without a token: {error}", repository.name);
            Ok(None)
        }
    }
}

impl Token {
    /// As git is told it.
    pub(super) fn credential(&self) -> Option<Credential> {
        Credential::token(&self.web, &self.access.token())
    }

    /// Another one in the place of what the server has refused; none where there is no other.
    pub(super) async fn another(&self) -> Option<Credential> {
        let other = self.access.instead_of(&self.access.token()).await;
        let other = other.inspect_err(|error| warn!("There is no other token: {error}"));
        other.ok().flatten().and_then(|token| Credential::token(&self.web, &token))
    }
}

async fn open(
    context: &JobContext,
    connections: &Connections,
    repository: &Repository,
) -> sqlx::Result<Option<Opened>> {
    let mut tx = context.db.begin_granted(&context.grant).await?;
    let Some(connection) = repositories::find_connection(&mut tx, repository.id).await? else {
        return Ok(None);
    };
    let opened = connections.open(&mut tx, connection).await?;
    Ok(opened.and_then(|opened| {
        let refused = |error| warn!("`{}` is fetched without a token: {error}", repository.name);
        opened.map_err(refused).ok()
    }))
}
