//! Reviews.

use super::{People, filled, number, oid_or_none};
use crate::{
    github::model::Review,
    tracker::{
        error::{Result, TrackerError},
        reviews::NewReview,
    },
};

/// With the number of the pull request.
impl TryFrom<(&Review, i64)> for NewReview {
    type Error = TrackerError;

    fn try_from((review, under): (&Review, i64)) -> Result<Self> {
        let mut people = People::default();
        Ok(Self {
            github_id: review.id,
            node_id: filled(review.node_id.as_ref()),
            number: number("pull_request.number", under)?,
            state: review.state.as_str().to_owned(),
            body: filled(review.body.as_ref()),
            url: filled(review.html_url.as_ref()),
            author: people.note(review.user.as_ref()),
            commit: oid_or_none("review.commit_id", review.commit_id.as_ref())?,
            submitted_at: review.submitted_at,
            updated_at: review.updated_at,
            people: people.0,
        })
    }
}
