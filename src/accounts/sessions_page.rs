//! Where the person is signed in, ending those sessions, and signing out.

use actix_web::web::{Data, Path};
use askama::Template;
use serde_json::json;

use super::{
    frame::{self, Section},
    sessions,
    store::Session,
};
use crate::{
    organizations::{Rail, audit::Event},
    platform::clock::Clock,
    tenancy::{Arriving, Db, Routes, Saved, SessionId, Sessions, SignedIn, SystemReason},
    web::{
        AppError, Result,
        agent::browser,
        html::{Html, Shell},
        icon::Icon,
        time::Moment,
    },
};

const PATH: &str = "/account/sessions";

pub(super) fn routes() -> Routes {
    Routes::default()
        .read(PATH, list)
        .post("/account/sessions/end-others", end_others)
        .post("/account/sessions/{session}/end", end)
        .post("/sign-out", sign_out)
}

#[derive(Template)]
#[template(path = "accounts/sessions.html")]
struct SessionsPage {
    shell: Shell,
    sections: Vec<Section>,
    sessions: Vec<SessionRow>,
    end_others: Option<String>,
}

struct SessionRow {
    browser: String,
    address: String,
    started: Moment,
    last_seen: Moment,
    is_current: bool,
    end_action: String,
}

/// Shows the person's sessions, in the frame of their first organisation.
async fn list(
    person: SignedIn,
    db: Data<Db>,
    clock: Data<Clock>,
    rail: Data<Rail>,
) -> Result<Html<SessionsPage>> {
    let now = clock.now();
    let mut tx = db.system(SystemReason::Login).await?;
    let found = sessions::list(&mut tx, person.account, now).await?;
    let shell = frame::of_person(&mut tx, &rail, &person, PATH, "Sessions").await?;
    let has_others = found.len() > 1;
    let row = |session: Session| SessionRow {
        browser: browser(&session.user_agent),
        address: session.address,
        started: Moment::new(session.created_at, now),
        last_seen: Moment::new(session.last_seen_at, now),
        is_current: session.id == person.session,
        end_action: format!("{PATH}/{}/end", session.id),
    };
    Ok(Html::new(SessionsPage {
        shell,
        sections: frame::sections(PATH),
        sessions: found.into_iter().map(row).collect(),
        end_others: has_others.then(|| format!("{PATH}/end-others")),
    }))
}

/// Ends one of the person's sessions.
async fn end(
    person: SignedIn,
    db: Data<Db>,
    clock: Data<Clock>,
    session: Path<SessionId>,
) -> Result<Saved> {
    let mut tx = db.system(SystemReason::Login).await?;
    if !sessions::end(&mut tx, person.account, *session).await? {
        return Err(AppError::NotFound);
    }
    let event = Event::new("session.ended", "session", *session, clock.now());
    tx.record(Some(person.account), &person.origin, &event).await?;
    Ok(tx.commit().await?.see_other(PATH))
}

/// Ends all sessions but this one.
async fn end_others(person: SignedIn, db: Data<Db>, clock: Data<Clock>) -> Result<Saved> {
    let mut tx = db.system(SystemReason::Login).await?;
    let ended = sessions::end_others(&mut tx, person.account, person.session).await?;
    let event = Event::new("session.others_ended", "account", person.account, clock.now())
        .detail(json!({"sessions": ended}));
    tx.record(Some(person.account), &person.origin, &event).await?;
    Ok(tx.commit().await?.see_other(PATH))
}

/// Ends this session and takes its cookie away.
async fn sign_out(
    person: Arriving,
    db: Data<Db>,
    clock: Data<Clock>,
    settings: Data<Sessions>,
) -> Result<Saved> {
    let mut tx = db.system(SystemReason::Login).await?;
    let Arriving(person) = person;
    sessions::end(&mut tx, person.account, person.session).await?;
    let event = Event::new("session.signed_out", "session", person.session, clock.now());
    tx.record(Some(person.account), &person.origin, &event).await?;
    settings.signed_out(tx.commit().await?.see_other("/sign-in"))
}
