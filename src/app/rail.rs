//! What the rail holds: only what there is.

use crate::{
    organizations::{Rail, RailEntry},
    tenancy::{
        InspectIsolation, Permission, ViewAudit, ViewDeliveries, ViewGitHub, ViewOrganization,
        ViewWork,
    },
    web::{html::Section, icon::Icon},
};

/// The rail of every page, in its order.
#[expect(clippy::too_many_lines, reason = "it is a table")]
pub(super) fn rail() -> Rail {
    let work = ViewWork::MINIMUM;
    Rail(vec![
        RailEntry {
            path: "",
            label: "Overview",
            icon: Icon::Overview,
            key: 'o',
            section: Section::Main,
            minimum: work,
        },
        RailEntry {
            path: "projects",
            label: "Projects",
            icon: Icon::Projects,
            key: 'p',
            section: Section::Main,
            minimum: work,
        },
        RailEntry {
            path: "tasks",
            label: "Tasks",
            icon: Icon::Tasks,
            key: 't',
            section: Section::Main,
            minimum: work,
        },
        RailEntry {
            path: "commits",
            label: "Commits",
            icon: Icon::Commits,
            key: 'c',
            section: Section::Main,
            minimum: work,
        },
        RailEntry {
            path: "repositories",
            label: "Repositories",
            icon: Icon::Repositories,
            key: 'r',
            section: Section::Main,
            minimum: work,
        },
        RailEntry {
            path: "scans",
            label: "Scans",
            icon: Icon::Scans,
            key: 's',
            section: Section::Main,
            minimum: work,
        },
        RailEntry {
            path: "members",
            label: "Members",
            icon: Icon::Person,
            key: 'u',
            section: Section::Admin,
            minimum: ViewOrganization::MINIMUM,
        },
        RailEntry {
            path: "teams",
            label: "Teams",
            icon: Icon::People,
            key: 'w',
            section: Section::Admin,
            minimum: ViewOrganization::MINIMUM,
        },
        RailEntry {
            path: "organization",
            label: "Organisation",
            icon: Icon::Organization,
            key: 'm',
            section: Section::Admin,
            minimum: ViewOrganization::MINIMUM,
        },
        RailEntry {
            path: "github",
            label: "GitHub",
            icon: Icon::Branch,
            key: 'h',
            section: Section::Admin,
            minimum: ViewGitHub::MINIMUM,
        },
        RailEntry {
            path: "deliveries",
            label: "Deliveries",
            icon: Icon::Link,
            key: 'd',
            section: Section::Admin,
            minimum: ViewDeliveries::MINIMUM,
        },
        RailEntry {
            path: "isolation",
            label: "Isolation",
            icon: Icon::Isolation,
            key: 'i',
            section: Section::Admin,
            minimum: InspectIsolation::MINIMUM,
        },
        RailEntry {
            path: "audit",
            label: "Audit log",
            icon: Icon::Log,
            key: 'l',
            section: Section::Admin,
            minimum: ViewAudit::MINIMUM,
        },
        RailEntry {
            path: "tokens",
            label: "API tokens",
            icon: Icon::Key,
            key: 'k',
            section: Section::Personal,
            minimum: ViewOrganization::MINIMUM,
        },
        RailEntry {
            path: "/api",
            label: "API reference",
            icon: Icon::Api,
            key: 'a',
            section: Section::Personal,
            minimum: ViewOrganization::MINIMUM,
        },
        RailEntry {
            path: "/account",
            label: "Account",
            icon: Icon::Person,
            key: 'y',
            section: Section::Personal,
            minimum: work,
        },
        RailEntry {
            path: "/privacy",
            label: "Privacy",
            icon: Icon::Lock,
            key: 'v',
            section: Section::Personal,
            minimum: work,
        },
    ])
}
