//! The frame of an organisation's pages: its rail, its breadcrumb, and who is signed in.

use crate::{
    tenancy::{Permission, Role, Scope},
    web::{
        html::{Crumb, Link, Person, Place, RailItem, Section, Shell},
        icon::Icon,
    },
};

/// What the rail of every page holds; the composition root says, for it knows all pages.
#[derive(Debug, Clone)]
pub struct Rail(pub Vec<RailEntry>);

/// One entry of the rail, before an organisation makes an address of it.
#[derive(Debug, Clone, Copy)]
pub struct RailEntry {
    /// What follows `/{organization}`; empty for its first page. With a slash in front, an address of the server's.
    pub path: &'static str,
    pub label: &'static str,
    pub icon: Icon,
    /// The letter that follows `g` on the keyboard.
    pub key: char,
    pub section: Section,
    /// The least role that is shown it.
    pub minimum: Role,
}

impl RailEntry {
    fn href(&self, slug: &str) -> String {
        match self.path {
            "" => format!("/{slug}"),
            path if path.starts_with('/') => path.to_owned(),
            path => format!("/{slug}/{path}"),
        }
    }
}

/// Where a person is, and as what.
#[derive(Debug, Clone)]
pub struct Standing<'a> {
    pub slug: &'a str,
    /// The organisation's name.
    pub name: &'a str,
    pub role: Role,
    /// The person's name.
    pub person: &'a str,
}

impl Rail {
    /// The frame of a page under the entry `current`; `steps` lead from the entry down to the page.
    pub fn shell<P: Permission>(
        &self,
        scope: &Scope<P>,
        current: &str,
        steps: Vec<Crumb>,
    ) -> Shell {
        let organization = scope.organization();
        let standing = Standing {
            slug: &organization.slug,
            name: &organization.name,
            role: scope.role(),
            person: scope.actor().name(),
        };
        self.frame(&standing, current, steps)
    }

    /// The same for a page that is the person's own, shown in one of their organisations.
    pub fn frame(&self, standing: &Standing<'_>, current: &str, steps: Vec<Crumb>) -> Shell {
        let home = format!("/{}", standing.slug);
        let mut crumbs = vec![Crumb::new(standing.name, &home)];
        crumbs.extend(self.step(standing.slug, current));
        crumbs.extend(steps);
        Shell {
            title: crumbs.last().map(|crumb| crumb.label.clone()).unwrap_or_default(),
            rail: self.items(standing.slug, current, standing.role),
            place: Some(Place {
                name: standing.name.to_owned(),
                href: home,
                others: vec![Link::new("Other organisations", "/organizations")],
            }),
            person: Some(Person {
                name: standing.person.to_owned(),
                sign_out: "/sign-out".to_owned(),
            }),
            crumbs,
            live: None,
            notice: None,
        }
    }

    fn step(&self, slug: &str, current: &str) -> Option<Crumb> {
        let entry = self.0.iter().find(|entry| entry.path == current)?;
        Some(Crumb::new(entry.label, entry.href(slug)))
    }

    fn items(&self, slug: &str, current: &str, role: Role) -> Vec<RailItem> {
        let visible = self.0.iter().filter(|entry| role >= entry.minimum);
        let item = |entry: &RailEntry| RailItem {
            label: entry.label.to_owned(),
            href: entry.href(slug),
            icon: entry.icon,
            key: Some(entry.key),
            section: entry.section,
            is_current: entry.path == current,
        };
        visible.map(item).collect()
    }
}

/// Lets the page listen to its organisation's changes.
pub fn listening(shell: Shell) -> Shell {
    let live = shell.place.as_ref().map(|place| format!("{}/events", place.href));
    Shell { live, ..shell }
}
