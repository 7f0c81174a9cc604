//! Who does things on GitHub: people, bots and organisations.

use serde::{Deserialize, Deserializer, Serialize};

use super::list;

words! {
    pub enum ActorKind {
        User = "User",
        Bot = "Bot",
        Organization = "Organization",
        Mannequin = "Mannequin",
    }
}

/// Whoever did something, as it stands inside other things.
///
/// The login is text and no [`crate::github::Login`]: those of bots have brackets.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Actor {
    pub id: i64,
    pub login: String,
    #[serde(default)]
    pub node_id: Option<String>,
    #[serde(default)]
    pub avatar_url: Option<String>,
    #[serde(default)]
    pub html_url: Option<String>,
    #[serde(default, rename = "type")]
    pub kind: Option<ActorKind>,
}

impl Actor {
    /// Whether it is a program: GitHub says so, or its login does.
    pub fn is_bot(&self) -> bool {
        self.kind == Some(ActorKind::Bot) || self.login.ends_with("[bot]")
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Organization {
    pub id: i64,
    pub login: String,
    #[serde(default)]
    pub node_id: Option<String>,
    #[serde(default)]
    pub avatar_url: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
}

/// Where an App is installed: a person, an organisation, or an enterprise, which has no login.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Account {
    pub id: i64,
    #[serde(default)]
    pub login: Option<String>,
    /// Of an enterprise.
    #[serde(default)]
    pub slug: Option<String>,
    #[serde(default)]
    pub node_id: Option<String>,
    #[serde(default)]
    pub avatar_url: Option<String>,
    #[serde(default, rename = "type")]
    pub kind: Option<ActorKind>,
}

impl Account {
    pub fn name(&self) -> Option<&str> {
        self.login.as_deref().or(self.slug.as_deref())
    }
}

/// What may stand where an actor does: one, `{}` for an account that GitHub does not know, or a team.
#[derive(Deserialize)]
struct Perhaps {
    id: Option<i64>,
    login: Option<String>,
    node_id: Option<String>,
    avatar_url: Option<String>,
    html_url: Option<String>,
    #[serde(rename = "type")]
    kind: Option<ActorKind>,
}

impl Perhaps {
    fn actor(self) -> Option<Actor> {
        let Self { id, login, node_id, avatar_url, html_url, kind } = self;
        Some(Actor { id: id?, login: login?, node_id, avatar_url, html_url, kind })
    }
}

pub(crate) fn actor_or_none<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Actor>, D::Error> {
    Ok(Option::<Perhaps>::deserialize(from)?.and_then(Perhaps::actor))
}

/// The actors among those in a list.
pub(crate) fn actors<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Actor>, D::Error> {
    Ok(list::<D, Perhaps>(from)?.into_iter().filter_map(Perhaps::actor).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Sample {
        #[serde(deserialize_with = "actors")]
        reviewers: Vec<Actor>,
        #[serde(deserialize_with = "actor_or_none")]
        author: Option<Actor>,
    }

    #[test]
    fn only_actors_are_actors() {
        let text = r#"{"reviewers": [null, {"id": 3, "name": "Platform"}, {"id": 4, "login": "ada"}, {}],
            "author": {}}"#;

        let Sample { reviewers, author } = serde_json::from_str(text).unwrap();

        assert_eq!(reviewers.iter().map(|actor| actor.login.as_str()).collect::<Vec<_>>(), ["ada"]);
        assert_eq!(author, None);
    }

    #[test]
    fn bots_are_known_by_their_kind_or_their_name() {
        let bot = |text: &str| serde_json::from_str::<Actor>(text).unwrap().is_bot();

        assert!(bot(r#"{"id": 1, "login": "copilot", "type": "Bot"}"#));
        assert!(bot(r#"{"id": 1, "login": "dependabot[bot]"}"#));
        assert!(!bot(r#"{"id": 1, "login": "botho", "type": "User"}"#));
    }
}
