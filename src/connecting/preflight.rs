//! The preflight: what has to be right for GitHub and us to hear of each other, each with its repair.

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use super::manifest::takes_deliveries;
use crate::{
    connections::{Connection, ConnectionKind, Opened, Unusable, is_loopback, teams::TeamsRead},
    github::{Access, ApiError, Error, Urgency, model::Installation, subscription::SUBSCRIPTIONS},
    web::{
        html::{Link, Pill, Tone},
        icon::Icon,
        time::relative,
    },
};

/// From which difference on GitHub refuses the tokens that an App signs for itself.
const MOST_APART: TimeDelta = TimeDelta::seconds(55);

/// One thing that has to be right.
pub(super) struct Check {
    pub(super) title: &'static str,
    pub(super) pill: Pill,
    pub(super) words: String,
    pub(super) repair: Option<Link>,
}

impl Check {
    fn new(title: &'static str, tone: Tone, words: impl Into<String>) -> Self {
        let (icon, label) = match tone {
            Tone::Good => (Icon::Check, "in order"),
            Tone::Warn => (Icon::Warning, "look at it"),
            Tone::Bad => (Icon::Alert, "to be repaired"),
            Tone::Info | Tone::Quiet => (Icon::Clock, "not known yet"),
        };
        Self { title, pill: Pill::new(tone, icon, label), words: words.into(), repair: None }
    }

    fn with(mut self, label: &str, href: Option<String>) -> Self {
        self.repair = href.map(|href| Link::new(label, href));
        self
    }
}

/// What GitHub has answered just now.
pub(super) struct Answered {
    pub(super) installation: Option<Installation>,
    clock: Option<DateTime<Utc>>,
    refusal: Option<String>,
}

/// Asks GitHub as far as the preflight needs it.
pub(super) async fn ask(opened: &Opened) -> Answered {
    match asked(opened).await {
        Ok((installation, clock)) => Answered { installation, clock, refusal: None },
        Err(refusal) => Answered { installation: None, clock: None, refusal: Some(refusal) },
    }
}

async fn asked(opened: &Opened) -> Result<(Option<Installation>, Option<DateTime<Utc>>), String> {
    let words = |error: Unusable| format!("{error}.");
    let access = match opened.app_access(Urgency::Person).map_err(words)? {
        Some(access) => access,
        None => opened.access(Urgency::Person).await.map_err(words)?,
    };
    let clock = opened.client().by(&access).clock().await.map_err(said)?;
    let installation = installation(opened, &access).await.map_err(said)?;
    Ok((installation, clock))
}

async fn installation(opened: &Opened, access: &Access) -> Result<Option<Installation>, ApiError> {
    let api = opened.client().by(access);
    match (opened.is_app(), opened.connection().installation_id) {
        (true, Some(id)) => match api.installation(id).await {
            Err(ApiError::NotFound) => Ok(None),
            found => found.map(Some),
        },
        (true, None) => api.app().await.map(|_| None),
        (false, _) => api.person().await.map(|_| None),
    }
}

fn said(error: ApiError) -> String {
    match error {
        ApiError::GitHub(Error::TokenRejected) => {
            "GitHub does not take the token any more: it has expired or was revoked. Remove this connection and make \
             one with a new token."
                .to_owned()
        }
        other => format!("{other}."),
    }
}

/// All checks of a connection.
pub(super) fn checks(
    connection: &Connection,
    answered: &Answered,
    (site, heard): (&str, Option<DateTime<Utc>>),
    teams_read: Option<&TeamsRead>,
    now: DateTime<Utc>,
) -> Vec<Check> {
    let mut checks = vec![
        answers(connection, answered),
        address(connection, (site, heard), now),
        clock(answered, now),
    ];
    if connection.kind == ConnectionKind::App {
        checks.push(permissions(connection, answered));
        checks.push(teams(connection, teams_read, now));
    }
    checks
}

fn answers(connection: &Connection, answered: &Answered) -> Check {
    const TITLE: &str = "GitHub answers";
    if let Some(refusal) = &answered.refusal {
        return Check::new(TITLE, Tone::Bad, refusal);
    }
    let is_gone = connection.installation_id.is_some() && answered.installation.is_none();
    if connection.kind == ConnectionKind::App && is_gone {
        let words = "GitHub knows this installation no longer. Install the App again.";
        return Check::new(TITLE, Tone::Bad, words)
            .with("Install it", connection.installation_page());
    }
    Check::new(TITLE, Tone::Good, format!("{} takes the connection's secret.", connection.host))
}

/// Whether GitHub can deliver to our public address.
fn address(
    connection: &Connection,
    (site, heard): (&str, Option<DateTime<Utc>>),
    now: DateTime<Utc>,
) -> Check {
    const TITLE: &str = "Public address";
    if let Some(heard) = heard {
        let words =
            format!("GitHub has delivered to {site}, the last time {}.", relative(heard, now));
        return Check::new(TITLE, Tone::Good, words);
    }
    let url = Url::parse(site).ok();
    if !takes_deliveries(site, &connection.web_url) {
        let words = format!(
            "{site} is this machine's own address, to which GitHub cannot deliver. Set server.public_url to an https \
             address that leads here, and give the App's webhook that address; until then GitHub is asked for what \
             has changed, which takes some minutes."
        );
        return Check::new(TITLE, Tone::Warn, words);
    }
    if url.as_ref().is_some_and(|url| url.scheme() != "https" && !is_loopback(url)) {
        let words = format!(
            "{site} is not https: what GitHub delivers would travel in the clear. Put a proxy with a certificate in \
             front and set server.public_url to its address."
        );
        return Check::new(TITLE, Tone::Bad, words);
    }
    let words = format!(
        "Nothing has come to {site} yet. If nothing does after something has happened at GitHub, see that a firewall \
         lets GitHub reach it; until then GitHub is asked for what has changed, which takes some minutes."
    );
    Check::new(TITLE, Tone::Info, words)
}

fn clock(answered: &Answered, now: DateTime<Utc>) -> Check {
    const TITLE: &str = "Clock";
    let Some(there) = answered.clock else {
        return Check::new(TITLE, Tone::Info, "GitHub has not said what time it is there.");
    };
    let apart = now - there;
    if apart.abs() <= MOST_APART {
        return Check::new(TITLE, Tone::Good, "This server's clock agrees with GitHub's.");
    }
    let seconds = (apart.num_milliseconds().abs() + 500) / 1_000;
    let way = if apart > TimeDelta::zero() { "ahead of" } else { "behind" };
    let words = format!(
        "This server's clock is {seconds} seconds {way} GitHub's, and GitHub takes no token with such times. Set it, \
         by NTP say."
    );
    Check::new(TITLE, Tone::Bad, words)
}

/// Whether the installation may all that the App asks for.
fn permissions(connection: &Connection, answered: &Answered) -> Check {
    const TITLE: &str = "Permissions";
    let live = answered.installation.as_ref().map(|installation| &installation.permissions);
    let Some(granted) = live.or(connection.permissions.as_ref()) else {
        let words = "They are known once the App is installed.";
        return Check::new(TITLE, Tone::Info, words)
            .with("Install it", connection.installation_page());
    };
    let missing: Vec<&str> = SUBSCRIPTIONS
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !granted.contains_key(*name))
        .collect();
    if missing.is_empty() {
        return Check::new(TITLE, Tone::Good, "The App may read all that it needs.");
    }
    let words = format!(
        "The App may not read {}. An owner of the GitHub organisation adds these permissions to the App and then \
         accepts them for its installation.",
        missing.join(", ").replace('_', " ")
    );
    Check::new(TITLE, Tone::Bad, words).with("Review the installation", connection.installed_page())
}

/// Whether the GitHub organisation's teams could be read the last time.
fn teams(connection: &Connection, last: Option<&TeamsRead>, now: DateTime<Utc>) -> Check {
    const TITLE: &str = "Teams";
    match last {
        None => {
            let words = "They are read as soon as the App is installed.";
            Check::new(TITLE, Tone::Info, words)
        }
        Some(TeamsRead { at, error: None }) => {
            let words = format!("GitHub was asked for them {}.", relative(*at, now));
            Check::new(TITLE, Tone::Good, words)
        }
        Some(TeamsRead { at, error: Some(error) }) => {
            let words = format!(
                "They could not be read {}. {error} They stay as they were, and are read again within an hour.",
                relative(*at, now)
            );
            Check::new(TITLE, Tone::Bad, words)
                .with("Review the installation", connection.installed_page())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(clock: Option<DateTime<Utc>>) -> Answered {
        Answered { installation: None, clock, refusal: None }
    }

    #[test]
    fn a_clock_that_is_a_minute_off_is_named_with_its_way() {
        let now = DateTime::UNIX_EPOCH;
        let check = |seconds: i64| clock(&answered(Some(now - TimeDelta::seconds(seconds))), now);

        assert_eq!(check(3).pill.tone, Tone::Good);
        assert!(check(120).words.contains("120 seconds ahead of"));
        assert!(check(-120).words.contains("120 seconds behind"));
        assert_eq!(clock(&answered(None), now).pill.tone, Tone::Info);
    }
}
