//! Releases.

use super::{People, filled};
use crate::{github::model::Release, tracker::releases::NewRelease};

impl From<&Release> for NewRelease {
    fn from(release: &Release) -> Self {
        let mut people = People::default();
        Self {
            github_id: release.id,
            node_id: filled(release.node_id.as_ref()),
            tag: release.tag_name.clone(),
            target: filled(release.target_commitish.as_ref()),
            name: filled(release.name.as_ref()),
            body: filled(release.body.as_ref()),
            url: filled(release.html_url.as_ref()),
            author: people.note(release.author.as_ref()),
            draft: release.draft,
            prerelease: release.prerelease,
            created_at: release.created_at,
            published_at: release.published_at,
            updated_at: release.updated_at,
            people: people.0,
        }
    }
}
