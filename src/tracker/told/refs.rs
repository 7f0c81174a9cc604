//! Pushes.

use crate::{
    github::event,
    tracker::{
        error::Result,
        oid::HexOid,
        refs::{Push, RefKind},
    },
};

impl Push {
    /// None where it is of something else than a branch or a tag.
    pub(in crate::tracker) fn told(push: &event::Push) -> Result<Option<Self>> {
        let branch = push.branch().map(|name| (RefKind::Branch, name));
        let Some((kind, name)) = branch.or_else(|| push.tag().map(|name| (RefKind::Tag, name)))
        else {
            return Ok(None);
        };
        Ok(Some(Self {
            kind,
            name: name.to_owned(),
            before: HexOid::parse_or_none("before", &push.before)?,
            after: HexOid::parse_or_none("after", &push.after)?,
            at: push.repository.pushed_at,
        }))
    }
}
