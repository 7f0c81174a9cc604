//! Who somebody is here: name, login, identities, organisations.

use actix_web::{
    http::StatusCode,
    web::{Data, Form},
};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

use super::store::{self, Place, Profile};
use crate::{
    accounts::{
        PersonName,
        frame::{self, HOME, Section},
    },
    organizations::{Rail, audit::Event},
    platform::clock::Clock,
    tenancy::{Db, Routes, Saved, SignedIn, SystemReason, SystemTx},
    web::{
        AppError, Result,
        html::{Field, Html, Shell, initials, render},
        icon::Icon,
        time::Moment,
    },
};

pub(super) fn routes() -> Routes {
    Routes::default().read(HOME, show).post("/account/name", rename)
}

#[derive(Template)]
#[template(path = "accounts/profile.html")]
struct ProfilePage {
    shell: Shell,
    sections: Vec<Section>,
    initials: String,
    login: String,
    since: Moment,
    name: String,
    field: Field,
    identities: Vec<IdentityRow>,
    organizations: Vec<PlaceRow>,
}

struct IdentityRow {
    provider: String,
    login: String,
    since: Moment,
    used: Moment,
}

struct PlaceRow {
    name: String,
    href: String,
    role: &'static str,
    since: Moment,
    leave: String,
}

/// Shows the person's profile.
async fn show(
    person: SignedIn,
    db: Data<Db>,
    clock: Data<Clock>,
    rail: Data<Rail>,
) -> Result<Html<ProfilePage>> {
    let mut tx = db.system(SystemReason::Login).await?;
    let field = Field { value: person.name.clone(), error: None };
    Ok(Html::new(page(&mut tx, &person, (&clock, &rail), field).await?))
}

async fn page(
    tx: &mut SystemTx,
    person: &SignedIn,
    (clock, rail): (&Clock, &Rail),
    field: Field,
) -> Result<ProfilePage> {
    let now = clock.now();
    let profile = store::find_profile(tx, person.account).await?.ok_or(AppError::Unauthorized)?;
    let identities = store::list_identities(tx, person.account).await?;
    let places = store::list_places(tx, person.account).await?;
    let Profile { login, created_at } = profile;
    let identity = |found: store::Identity| IdentityRow {
        provider: frame::provider_in_words(&found.provider),
        login: found.login,
        since: Moment::new(found.created_at, now),
        used: Moment::new(found.used_at, now),
    };
    let place = |found: Place| PlaceRow {
        href: format!("/{}", found.slug),
        leave: format!("/{}/leave", found.slug),
        name: found.name,
        role: found.role.as_str(),
        since: Moment::new(found.created_at, now),
    };
    Ok(ProfilePage {
        shell: frame::of_person(tx, rail, person, HOME, "Account").await?,
        sections: frame::sections(HOME),
        initials: initials(&person.name),
        login,
        since: Moment::new(created_at, now),
        name: person.name.clone(),
        field,
        identities: identities.into_iter().map(identity).collect(),
        organizations: places.into_iter().map(place).collect(),
    })
}

/// What the form of the name sends.
#[derive(Deserialize)]
struct Rename {
    #[serde(default)]
    name: String,
}

/// Changes what the person is called, in each of their organisations.
async fn rename(
    person: SignedIn,
    db: Data<Db>,
    clock: Data<Clock>,
    rail: Data<Rail>,
    form: Form<Rename>,
) -> Result<Saved> {
    let mut tx = db.system(SystemReason::Login).await?;
    let name = match form.name.parse::<PersonName>() {
        Ok(name) => name,
        Err(error) => {
            let error = Some(format!("This cannot be your name: {error}."));
            let field = Field { value: form.name.clone(), error };
            let page = page(&mut tx, &person, (&clock, &rail), field).await?;
            let page = render(StatusCode::UNPROCESSABLE_ENTITY, &page);
            // Nothing was written.
            return Ok(tx.commit().await?.answer(page));
        }
    };
    if name.as_str() != person.name {
        store::set_name(&mut tx, person.account, name.as_str()).await?;
        let event = Event::new("account.renamed", "account", person.account, clock.now())
            .changed(json!({"name": person.name}), json!({"name": name.as_str()}));
        tx.record(Some(person.account), &person.origin, &event).await?;
    }
    Ok(tx.commit().await?.see_other(HOME))
}
