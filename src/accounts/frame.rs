//! The frame of a person's own pages: that of their first organisation, where they have one.

use crate::{
    organizations::{self, Rail, Standing},
    tenancy::{SignedIn, SystemTx},
    web::{Result, html::Shell},
};

/// The frame of the page at `path`, under a title where there is no organisation.
pub(super) async fn of_person(
    tx: &mut SystemTx,
    rail: &Rail,
    person: &SignedIn,
    path: &str,
    title: &str,
) -> Result<Shell> {
    let memberships = organizations::list_memberships(tx, person.account).await?;
    Ok(memberships.first().map_or_else(
        || Shell::bare(title),
        |first| {
            let standing = Standing {
                slug: &first.slug,
                name: &first.name,
                role: first.role,
                person: &person.name,
            };
            rail.frame(&standing, path, Vec::new())
        },
    ))
}
