//! Who may see or change a repository: what was said of people and teams, and what follows from it.
//!
//! The database decides (`app_level_of`); [`explain`] says the same in words, and a test compares both.

mod store;

pub use store::{
    Grants, Person, TeamGrant, find, list_people, list_teams, put_person, put_team, set_restricted,
};

use crate::tenancy::{Level, Role};

/// Why somebody has their level in a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// Owners and admins have all repositories.
    Role(Role),
    /// It was said of them by name.
    Named,
    /// It is the best that was said of their teams.
    Team(String),
    /// The repository is for all.
    Open,
    /// The repository is for those who were named.
    Restricted,
}

/// Somebody's level in a repository, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    pub level: Level,
    pub because: Because,
    /// Whether more was said of them than a viewer may have.
    pub is_capped: bool,
}

/// Finds the level of somebody of this role: what was said of them, else the best of their teams',
/// else what the repository is to all.
pub fn explain(
    role: Role,
    named: Option<Level>,
    teams: &[(&str, Level)],
    restricted: bool,
) -> Explained {
    if matches!(role, Role::Owner | Role::Admin) {
        let because = Because::Role(role);
        return Explained { level: Level::Admin, because, is_capped: false };
    }
    let best = teams.iter().reduce(|best, team| if team.1 > best.1 { team } else { best });
    let (level, because) = match (named, best) {
        (Some(level), _) => (level, Because::Named),
        (None, Some((team, level))) => (*level, Because::Team((*team).to_owned())),
        (None, None) if restricted => (Level::None, Because::Restricted),
        (None, None) => (Level::Write, Because::Open),
    };
    let most = if role == Role::Viewer { Level::Read } else { Level::Admin };
    Explained { level: level.min(most), because, is_capped: level > most }
}

impl Explained {
    /// The same in a sentence.
    pub fn words(&self) -> String {
        let why = match &self.because {
            Because::Role(role) => format!("As {role} of the organisation."),
            Because::Named => "By a grant of their own.".to_owned(),
            Because::Team(team) => format!("By the team {team}."),
            Because::Open => "The repository is for all.".to_owned(),
            Because::Restricted => "The repository is for those who were named.".to_owned(),
        };
        if self.is_capped { format!("{why} As viewer, never more than read.") } else { why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_of_a_person_goes_before_their_teams_and_both_before_the_repositorys() {
        let teams = [("core", Level::Read), ("ops", Level::Admin)];
        let level =
            |named, teams, restricted| explain(Role::Member, named, teams, restricted).level;

        assert_eq!(level(Some(Level::None), &teams, false), Level::None);
        assert_eq!(level(None, &teams, true), Level::Admin);
        assert_eq!(
            explain(Role::Member, None, &teams, true).because,
            Because::Team("ops".to_owned())
        );
        assert_eq!(level(None, &[], false), Level::Write);
        assert_eq!(level(None, &[], true), Level::None);
    }

    #[test]
    fn a_viewer_reads_and_an_admin_has_all() {
        let viewer = explain(Role::Viewer, None, &[], false);
        assert_eq!((viewer.level, viewer.is_capped), (Level::Read, true));
        assert!(viewer.words().ends_with("never more than read."));
        let admin = explain(Role::Admin, Some(Level::None), &[], true);
        assert_eq!(
            (admin.level, admin.words().as_str()),
            (Level::Admin, "As admin of the organisation.")
        );
    }
}
