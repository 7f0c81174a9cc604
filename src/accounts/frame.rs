//! The frame of a person's own pages: that of their first organisation, where they have one, with the
//! way from each of these pages to the others.

use crate::{
    organizations::{self, Rail, Standing},
    tenancy::{SignedIn, SystemTx},
    web::{
        Result,
        html::{Crumb, Shell},
    },
};

/// Where in the rail these pages stand.
pub(super) const HOME: &str = "/account";

/// The pages about a person's account, in their order.
const SECTIONS: [(&str, &str); 6] = [
    (HOME, "Profile"),
    ("/account/sessions", "Sessions"),
    ("/account/identities", "Sign-in methods"),
    ("/account/factor", "Second factor"),
    ("/account/tokens", "API tokens"),
    ("/account/data", "Your data"),
];

/// A way from one of these pages to another.
pub(super) struct Section {
    pub(super) href: &'static str,
    pub(super) label: &'static str,
    pub(super) is_current: bool,
}

/// The ways from the page at `path`.
pub(super) fn sections(path: &str) -> Vec<Section> {
    let section = |(href, label): (&'static str, &'static str)| Section {
        href,
        label,
        is_current: href == path,
    };
    SECTIONS.into_iter().map(section).collect()
}

/// The frame of the page at `path`, under its title.
pub(super) async fn of_person(
    tx: &mut SystemTx,
    rail: &Rail,
    person: &SignedIn,
    path: &str,
    title: &str,
) -> Result<Shell> {
    let memberships = organizations::list_memberships(tx, person.account).await?;
    let step = (path != HOME).then(|| Crumb::new(title, path));
    Ok(memberships.first().map_or_else(
        || Shell::bare(title),
        |first| {
            let standing = Standing {
                slug: &first.slug,
                name: &first.name,
                role: first.role,
                person: &person.name,
            };
            rail.frame(&standing, HOME, step.into_iter().collect())
        },
    ))
}

/// What the provider of an identity is called, though it may be none of the configuration's any more.
pub(super) fn provider_in_words(provider: &str) -> String {
    match provider.strip_prefix("github") {
        Some("") => "GitHub".to_owned(),
        Some(host) => format!("GitHub at {}", host.trim_start_matches(':')),
        None => provider.to_owned(),
    }
}
