//! What an organisation has: repositories, teams and their members, installations of an App.

use super::Cursor;
use crate::github::{
    Login,
    model::{Actor, Installation, Repository, Team},
};

impl Cursor<Repository> {
    /// Those that the token's installation may see.
    pub fn of_installation() -> Self {
        Self::to("/installation/repositories?per_page=100".to_owned())
    }

    /// Those that the token's person may write to or belongs to, the one pushed to last first.
    pub fn of_person() -> Self {
        Self::to("/user/repos?sort=pushed&direction=desc&per_page=100".to_owned())
    }

    /// Those of an organisation that the token's person may see, the one pushed to last first.
    pub fn of_organization(organization: &Login) -> Self {
        let order = "type=all&sort=pushed&direction=desc&per_page=100";
        Self::to(format!("/orgs/{organization}/repos?{order}"))
    }
}

impl Cursor<Team> {
    /// All that the token may see, in no order.
    pub fn teams(organization: &Login) -> Self {
        Self::to(format!("/orgs/{organization}/teams?per_page=100"))
    }
}

impl Cursor<Actor> {
    /// Who is in a team or in one of those below it. None where it cannot be the team's short name.
    pub fn members_of_team(organization: &Login, slug: &str) -> Option<Self> {
        let is_slug = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_part = !slug.is_empty() && !slug.starts_with('.') && slug.bytes().all(is_slug);
        let path = format!("/orgs/{organization}/teams/{slug}/members?per_page=100");
        is_part.then(|| Self::to(path))
    }
}

impl Cursor<Installation> {
    /// Of the App that asks.
    pub fn installations() -> Self {
        Self::to("/app/installations?per_page=100".to_owned())
    }
}
