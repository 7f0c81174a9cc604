//! The page that says what is kept about people, where, and for how long; open to everybody.
//!
//! Its periods are the constants and settings that the program deletes by, so that neither can say
//! something else.

use actix_web::{http::Method, web::Data};
use askama::Template;
use chrono::TimeDelta;

use super::jobs::{CHANGES_KEPT, DEAD_JOBS_KEPT};
use crate::{
    accounts::{
        setup,
        sign_in::{self, Providers},
        tokens,
    },
    platform::mail::Mailer,
    tenancy::{Db, Routes, Sessions, SystemReason},
    web::{
        Result,
        html::{Html, Shell},
        icon::Icon,
    },
    work::ScanSettings,
};

pub(super) fn routes() -> Routes {
    Routes::default().open_to_anyone(Method::GET, "/privacy", show)
}

#[derive(Template)]
#[template(path = "web/privacy.html")]
struct PrivacyPage {
    shell: Shell,
    /// Who is asked about people: the providers that are set up.
    asked: Vec<String>,
    sends_mail: bool,
    groups: Vec<Group>,
}

struct Group {
    id: &'static str,
    title: &'static str,
    rows: Vec<Kept>,
}

/// One thing that is kept.
struct Kept {
    what: &'static str,
    why: &'static str,
    how_long: String,
}

fn kept(what: &'static str, why: &'static str, how_long: impl Into<String>) -> Kept {
    Kept { what, why, how_long: how_long.into() }
}

/// Says what is kept, and who is told anything.
async fn show(
    (db, providers, mailer): (Data<Db>, Data<Providers>, Data<Mailer>),
    sessions: Data<Sessions>,
    scans: Data<ScanSettings>,
) -> Result<Html<PrivacyPage>> {
    let mut tx = db.system(SystemReason::Login).await?;
    let asked = providers.choices(&mut tx).await?.into_iter().map(|choice| choice.label).collect();
    drop(tx);
    let groups = vec![of_accounts(&sessions), of_organizations(), of_work(&scans), of_machine()];
    let shell = Shell::bare("Privacy");
    Ok(Html::new(PrivacyPage { shell, asked, sends_mail: mailer.can_send(), groups }))
}

fn of_accounts(sessions: &Sessions) -> Group {
    let rules = &sessions.rules;
    let session = format!(
        "until you end it; {} without a visit, {} in any case",
        days(rules.days.into()),
        days(rules.most_days.into())
    );
    let asked = format!(
        "as long as the account; used to ask GitHub at most every {}",
        in_words(sign_in::ASKED_AGAIN_AFTER)
    );
    let until_deleted = "until you delete your account";
    let rows = vec![
        kept("Login, name, the address of your picture", "to show who did what", until_deleted),
        kept(
            "Who you are to a provider: its id of you, and your login there",
            "to know you again",
            until_deleted,
        ),
        kept(
            "The token that GitHub gave for you, sealed",
            "to ask whether you still belong to the team",
            asked,
        ),
        kept(
            "Sessions: browser, address, first and last visit; hashes of their secrets",
            "to keep you signed in, and to show you where",
            session,
        ),
        kept(
            "Second factor, sealed; hashes of recovery codes",
            "to ask for a code",
            "until you turn it off",
        ),
        kept(
            "A sign-in that was begun",
            "so that only your browser can end it",
            format!("{}, then deleted", in_words(sign_in::ATTEMPT_LIFETIME)),
        ),
        kept(
            "Setup links, as hashes",
            "to let the first owner in",
            format!(
                "good for {}; deleted {} later",
                in_words(setup::LIFETIME),
                in_words(setup::REMEMBERED)
            ),
        ),
    ];
    Group { id: "accounts", title: "Accounts and signing in", rows }
}

fn of_organizations() -> Group {
    let tokens = format!("until they end, and {} more", in_words(tokens::ENDED_KEPT));
    let rows = vec![
        kept(
            "Membership: role, teams, what was said of you about repositories",
            "to let you see and change what you may",
            "until you leave or are removed",
        ),
        kept(
            "API tokens as hashes: name, scope, last characters, last use",
            "to let your programs in",
            tokens,
        ),
        kept(
            "Invitations: login or e-mail address, and who invited",
            "to let those in who were invited",
            "as long as the organisation; login and address go with the account that accepted",
        ),
        kept(
            "Audit log: who did what to what, address, browser, request",
            "to find out what happened",
            "for ever, unless the organisation's owners chose a number of days, on the page of the log",
        ),
    ];
    Group { id: "organizations", title: "Organisations", rows }
}

fn of_work(scans: &ScanSettings) -> Group {
    let mirrors = scans.retention.mirrors.map_or_else(
        || "until a day after the repository is removed".to_owned(),
        |unused| {
            format!(
                "until a day after the repository is removed, or {} without use",
                in_words(unused)
            )
        },
    );
    let scans = format!("the last {} of each repository", scans.retention.scans);
    let rows = vec![
        kept("Copies of connected repositories", "to read them", mirrors),
        kept(
            "Commits with the names and addresses of their authors, tasks, notes",
            "to show what is going on",
            "until a day after the repository is removed",
        ),
        kept(
            "What GitHub tells of issues, pull requests, reviews, comments, releases, deployments and runs",
            "to show what is going on, and who does what",
            "until a day after the repository is removed; login, name and picture of whoever it tells of, as long as the organisation",
        ),
        kept(
            "Deliveries of GitHub's webhooks as they came",
            "to lose none, and to try again what failed",
            "30 days, those that failed for good 180",
        ),
        kept(
            "When deliveries were missed, and which",
            "to bring them back, and to account for them",
            "30 days after all of them were here, 180 where one is lost or still out",
        ),
        kept(
            "By whom GitHub was connected, and the token or App that was given for it, sealed",
            "to ask GitHub for the organisation",
            "until the connection is removed",
        ),
        kept("Scans and what they found changed", "to show what became different", scans),
        kept(
            "That something changed, without what",
            "to bring open pages up to date",
            in_words(CHANGES_KEPT),
        ),
        kept("Jobs that failed for good", "to find out why", in_words(DEAD_JOBS_KEPT)),
    ];
    Group { id: "work", title: "The team's work", rows }
}

fn of_machine() -> Group {
    let rows = vec![
        kept(
            "How many requests an address or token made, by its hash",
            "to hold off floods and guesses",
            "minutes; an hour after wrong sign-ins",
        ),
        kept(
            "The server's own log: method, path, status, request id; the address where it is about an account",
            "to find errors",
            "as long as whoever runs the server keeps it",
        ),
        kept(
            "In your browser: two cookies that keep you signed in, and the theme you chose",
            "to keep you signed in",
            "until you sign out or they end",
        ),
    ];
    Group { id: "machine", title: "The server and your browser", rows }
}

fn days(days: i64) -> String {
    if days == 1 { "a day".to_owned() } else { format!("{days} days") }
}

/// A period in its largest whole unit.
fn in_words(period: TimeDelta) -> String {
    match (period.num_days(), period.num_hours(), period.num_minutes()) {
        (1.., ..) => days(period.num_days()),
        (_, 1, _) => "an hour".to_owned(),
        (_, hours @ 2.., _) => format!("{hours} hours"),
        (.., 1) => "a minute".to_owned(),
        (.., minutes) => format!("{minutes} minutes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_said_in_their_largest_unit() {
        for (period, words) in [
            (TimeDelta::days(90), "90 days"),
            (TimeDelta::hours(24), "a day"),
            (TimeDelta::hours(1), "an hour"),
            (TimeDelta::minutes(30), "30 minutes"),
        ] {
            assert_eq!(in_words(period), words);
        }
    }
}
