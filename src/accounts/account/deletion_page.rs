//! A person's data: what there is, the way to take it out, and the way to delete it.

use actix_web::{
    http::StatusCode,
    web::{Data, Form},
};
use askama::Template;
use serde::Deserialize;

use super::store;
use crate::{
    accounts::frame::{self, Section},
    organizations::{Rail, audit::Event},
    platform::clock::Clock,
    tenancy::{Confirmed, Db, Routes, Saved, Sessions, SignedIn, SystemReason, SystemTx},
    web::{
        AppError, Result,
        html::{Field, Html, Link, Shell, render},
        icon::Icon,
    },
};

const PATH: &str = "/account/data";
const DELETION: &str = "/account/deletion";

pub(super) fn routes() -> Routes {
    Routes::default().read(PATH, show).read(DELETION, ask).post(DELETION, delete)
}

#[derive(Template)]
#[template(path = "accounts/data.html")]
struct DataPage {
    shell: Shell,
    sections: Vec<Section>,
    export: &'static str,
    deletion: &'static str,
}

/// Says what can be done with the person's data.
async fn show(person: SignedIn, db: Data<Db>, rail: Data<Rail>) -> Result<Html<DataPage>> {
    let mut tx = db.system(SystemReason::Login).await?;
    let shell = frame::of_person(&mut tx, &rail, &person, PATH, "Your data").await?;
    let (sections, export) = (frame::sections(PATH), super::export::PATH);
    Ok(Html::new(DataPage { shell, sections, export, deletion: DELETION }))
}

#[derive(Template)]
#[template(path = "accounts/deletion.html")]
struct DeletionPage {
    shell: Shell,
    sections: Vec<Section>,
    login: String,
    /// The organisations that nobody else owns, with the pages of their members.
    last_owner_of: Vec<Link>,
    field: Field,
    action: &'static str,
    here: &'static str,
}

/// Says what goes and what stays, and asks.
async fn ask(person: Confirmed, db: Data<Db>, rail: Data<Rail>) -> Result<Html<DeletionPage>> {
    let mut tx = db.system(SystemReason::Login).await?;
    Ok(Html::new(page(&mut tx, &person.0, &rail, Field::default()).await?))
}

async fn page(
    tx: &mut SystemTx,
    person: &SignedIn,
    rail: &Rail,
    field: Field,
) -> Result<DeletionPage> {
    let owned = store::list_owned_alone(tx, person.account).await?;
    let members = |(slug, name): (String, String)| Link::new(name, format!("/{slug}/members"));
    Ok(DeletionPage {
        shell: frame::of_person(tx, rail, person, DELETION, "Delete your account").await?,
        sections: frame::sections(PATH),
        login: person.login.clone(),
        last_owner_of: owned.into_iter().map(members).collect(),
        field,
        action: DELETION,
        here: PATH,
    })
}

/// What the form of the deletion sends.
#[derive(Deserialize)]
struct Deletion {
    #[serde(default)]
    login: String,
}

/// Deletes the account of whoever typed its login, with all that hangs on it.
async fn delete(
    person: Confirmed,
    (db, clock, sessions): (Data<Db>, Data<Clock>, Data<Sessions>),
    rail: Data<Rail>,
    form: Form<Deletion>,
) -> Result<Saved> {
    let Confirmed(person) = person;
    let mut tx = db.system(SystemReason::Login).await?;
    if form.login.trim() != person.login {
        let problem =
            format!("Type `{}` to delete your account; nothing was deleted.", person.login);
        let field = Field { value: form.login.clone(), error: Some(problem) };
        let page = page(&mut tx, &person, &rail, field).await?;
        let page = render(StatusCode::UNPROCESSABLE_ENTITY, &page);
        // Nothing was written.
        return Ok(tx.commit().await?.answer(page));
    }
    // Two last owners who go at once must not both find that the other one stays.
    store::lock_organizations(&mut tx, person.account).await?;
    let owned = store::list_owned_alone(&mut tx, person.account).await?;
    if !owned.is_empty() {
        let names: Vec<_> = owned.into_iter().map(|(_, name)| name).collect();
        return Err(AppError::Conflict(format!(
            "You are the last owner of {}. Make somebody else an owner first.",
            names.join(", ")
        )));
    }
    let event = Event::new("account.deleted", "account", person.account, clock.now());
    tx.record(Some(person.account), &person.origin, &event).await?;
    store::forget_invitations(&mut tx, person.account).await?;
    store::delete_account(&mut tx, person.account).await?;
    tx.wake_people().await?;
    sessions.signed_out(tx.commit().await?.see_other("/sign-in"))
}
