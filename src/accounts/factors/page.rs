//! Setting a second factor up, taking it away, and giving a code.

use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Form, Query},
};
use askama::Template;
use chrono::{DateTime, Utc};
use qrcode::{QrCode, render::svg};
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::{WrongCode, begin, confirm, open, store, take};
use crate::{
    accounts::frame::{self, Section},
    organizations::{Rail, audit::Event},
    platform::clock::Clock,
    tenancy::{Arriving, Db, Routes, Saved, Sessions, SignedIn, SystemReason, SystemTx},
    web::{
        Next, Result,
        html::{Field, Html, Shell, render},
        icon::Icon,
        limits,
    },
};

const PATH: &str = "/account/factor";
const CONFIRM: &str = "/account/confirm";

pub(in crate::accounts) fn routes() -> Routes {
    Routes::default()
        .read(PATH, show)
        .post("/account/factor/begin", start)
        .post("/account/factor/confirm", set_up)
        .post("/account/factor/remove", remove)
        .read(CONFIRM, ask)
        .post(CONFIRM, answer)
}

/// What the handlers need of the server.
type Server = (Data<Db>, Data<Clock>, Data<Sessions>);

/// How far somebody is with their factor.
enum State {
    Off,
    /// The picture and the text of the secret that the authenticator is to have.
    Begun {
        picture: String,
        secret: String,
    },
    /// How many recovery codes are left.
    On {
        codes_left: i64,
    },
    /// Its key is gone.
    Lost,
}

#[derive(Template)]
#[template(path = "accounts/factor.html")]
struct FactorPage {
    shell: Shell,
    sections: Vec<Section>,
    state: State,
    code: Field,
}

/// Shows whether the person has a second factor, and how to get one.
async fn show(person: SignedIn, server: Server, rail: Data<Rail>) -> Result<Html<FactorPage>> {
    let mut tx = server.0.system(SystemReason::Login).await?;
    Ok(Html::new(page(&mut tx, &person, &server.2, &rail, Field::default()).await?))
}

async fn page(
    tx: &mut SystemTx,
    person: &SignedIn,
    sessions: &Sessions,
    rail: &Rail,
    code: Field,
) -> Result<FactorPage> {
    let state = match store::lock_factor(tx, person.account).await? {
        None => State::Off,
        Some(factor) if factor.confirmed_at.is_some() => {
            State::On { codes_left: store::count_recovery_codes(tx, person.account).await? }
        }
        Some(factor) => begun(sessions, person, &factor.sealed).unwrap_or(State::Lost),
    };
    let shell = frame::of_person(tx, rail, person, PATH, "Second factor").await?;
    Ok(FactorPage { shell, sections: frame::sections(PATH), state, code })
}

fn begun(sessions: &Sessions, person: &SignedIn, sealed: &str) -> Option<State> {
    let totp = open(&sessions.keyring, person.account, &person.login, sealed).ok()?;
    let address = totp.to_url().ok()?;
    let code = QrCode::new(address.as_bytes()).ok()?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(220, 220).build();
    let picture = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, picture);
    let secret = sessions.keyring.open(&super::place(person.account), sealed).ok()?;
    let secret = totp_rs::Secret::from(secret.to_vec()).to_base32();
    Some(State::Begun { picture: format!("data:image/svg+xml;base64,{picture}"), secret })
}

/// Makes the secret that an authenticator is to have.
async fn start(person: SignedIn, server: Server) -> Result<Saved> {
    let (db, clock, sessions) = server;
    let mut tx = db.system(SystemReason::Login).await?;
    begin(&mut tx, &sessions.keyring, person.account, clock.now()).await?;
    record(&mut tx, &person, "factor.begun", clock.now()).await?;
    Ok(tx.commit().await?.see_other(PATH))
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Template)]
#[template(path = "accounts/recovery_codes.html")]
struct CodesPage {
    shell: Shell,
    codes: Vec<String>,
}

/// Has the factor count once a code shows that the authenticator has the secret; shows the recovery
/// codes, this once.
async fn set_up(
    person: SignedIn,
    request: HttpRequest,
    server: Server,
    rail: Data<Rail>,
    form: Form<Code>,
) -> Result<Saved> {
    let (db, clock, sessions) = &server;
    let mut tx = db.system(SystemReason::Login).await?;
    let code = (person.login.as_str(), form.code.as_str());
    let taken = take(&mut tx, &sessions.keyring, person.account, code, clock.now()).await?;
    if let Err(error) = taken {
        return wrong(tx, &person, (&request, &server, &rail), error).await;
    }
    let codes = confirm(&mut tx, person.account, person.session, clock.now()).await?;
    record(&mut tx, &person, "factor.set_up", clock.now()).await?;
    let shell = frame::of_person(&mut tx, &rail, &person, PATH, "Recovery codes").await?;
    let codes = codes.iter().map(|code| code.expose_secret().to_owned()).collect();
    let page = render(StatusCode::OK, &CodesPage { shell, codes });
    Ok(tx.commit().await?.answer(page))
}

/// Takes the factor away, for a code of it.
async fn remove(
    person: SignedIn,
    request: HttpRequest,
    server: Server,
    rail: Data<Rail>,
    form: Form<Code>,
) -> Result<Saved> {
    let (db, clock, sessions) = &server;
    let mut tx = db.system(SystemReason::Login).await?;
    let code = (person.login.as_str(), form.code.as_str());
    let taken = take(&mut tx, &sessions.keyring, person.account, code, clock.now()).await?;
    if let Err(error) = taken {
        return wrong(tx, &person, (&request, &server, &rail), error).await;
    }
    store::delete_factor(&mut tx, person.account).await?;
    record(&mut tx, &person, "factor.removed", clock.now()).await?;
    Ok(tx.commit().await?.see_other(PATH))
}

/// Writes what became of somebody's factor into the log of each of their organisations.
async fn record(
    tx: &mut SystemTx,
    person: &SignedIn,
    action: &'static str,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let event = Event::new(action, "account", person.account, now);
    tx.record(Some(person.account), &person.origin, &event).await
}

/// The page again, with what was wrong; the wrong try counts.
async fn wrong(
    mut tx: SystemTx,
    person: &SignedIn,
    (request, (_, clock, sessions), rail): (&HttpRequest, &Server, &Rail),
    error: WrongCode,
) -> Result<Saved> {
    limits::failed(request);
    record(&mut tx, person, "factor.refused", clock.now()).await?;
    let code = Field { value: String::new(), error: Some(error.to_string()) };
    let page = page(&mut tx, person, sessions, rail, code).await?;
    let page = render(StatusCode::UNPROCESSABLE_ENTITY, &page);
    Ok(tx.commit().await?.answer(page))
}

#[derive(Deserialize)]
struct Wish {
    #[serde(default)]
    next: String,
}

#[derive(Template)]
#[template(path = "accounts/confirm.html")]
struct ConfirmPage {
    shell: Shell,
    name: String,
    next: String,
    code: Field,
}

/// Asks for a code.
async fn ask(person: Arriving, wish: Query<Wish>) -> Result<Html<ConfirmPage>> {
    Ok(Html::new(confirm_page(&person, &wish.next, None)))
}

fn confirm_page(person: &Arriving, next: &str, error: Option<String>) -> ConfirmPage {
    ConfirmPage {
        shell: Shell::bare("One more step"),
        name: person.0.name.clone(),
        next: Next::parse(next).unwrap_or_default().as_str().to_owned(),
        code: Field { value: String::new(), error },
    }
}

#[derive(Deserialize)]
struct Answer {
    code: String,
    #[serde(default)]
    next: String,
}

/// Takes a code and goes on to where the person was going.
async fn answer(
    person: Arriving,
    request: HttpRequest,
    server: Server,
    form: Form<Answer>,
) -> Result<Saved> {
    let (db, clock, sessions) = server;
    let mut tx = db.system(SystemReason::Login).await?;
    let Arriving(signed_in) = &person;
    let code = (signed_in.login.as_str(), form.code.as_str());
    let taken = take(&mut tx, &sessions.keyring, signed_in.account, code, clock.now()).await?;
    if let Err(error) = taken {
        limits::failed(&request);
        record(&mut tx, signed_in, "factor.refused", clock.now()).await?;
        let page = confirm_page(&person, &form.next, Some(error.to_string()));
        let page = render(StatusCode::UNPROCESSABLE_ENTITY, &page);
        return Ok(tx.commit().await?.answer(page));
    }
    store::confirm_session(&mut tx, signed_in.session, clock.now()).await?;
    record(&mut tx, signed_in, "factor.confirmed", clock.now()).await?;
    limits::succeeded(&request);
    let next = Next::parse(&form.next).unwrap_or_default();
    Ok(tx.commit().await?.see_other(next.as_str()))
}
