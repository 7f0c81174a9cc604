//! The ways in which a person signs in: what there is, another one, one less.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web::{Data, Form, Path},
};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

use super::{
    callback::{IDENTITIES, Server},
    pages,
    providers::{Asked, Providers},
    store::{self, Identity, Voucher},
};
use crate::{
    accounts::frame::{self, Section},
    organizations::{Rail, audit::Event},
    platform::clock::Clock,
    tenancy::{AccountId, Confirmed, Db, Routes, Saved, SignedIn, SystemReason, SystemTx},
    web::{
        AppError, Result,
        html::{Html, Shell, render},
        icon::Icon,
        time::Moment,
    },
};

pub(super) fn routes() -> Routes {
    Routes::default()
        .read(IDENTITIES, show)
        .post("/account/identities/{provider}/add", add)
        .post("/account/identities/remove", remove)
}

#[derive(Template)]
#[template(path = "accounts/identities.html")]
struct IdentitiesPage {
    shell: Shell,
    sections: Vec<Section>,
    identities: Vec<IdentityRow>,
    /// The providers that can be added.
    others: Vec<OtherRow>,
    remove_action: &'static str,
}

struct IdentityRow {
    label: String,
    login: String,
    since: Moment,
    used: Moment,
    provider: String,
    subject: String,
    /// Why it has to stay.
    kept: Option<&'static str>,
}

struct OtherRow {
    label: String,
    action: String,
}

/// Shows the person's ways of signing in.
async fn show(
    person: SignedIn,
    db: Data<Db>,
    (clock, providers, rail): (Data<Clock>, Data<Providers>, Data<Rail>),
) -> Result<Html<IdentitiesPage>> {
    let now = clock.now();
    let mut tx = db.system(SystemReason::Login).await?;
    let all = providers.list(&mut tx).await?;
    let found = store::lock_identities(&mut tx, person.account).await?;
    let shell = frame::of_person(&mut tx, &rail, &person, IDENTITIES, "Sign-in methods").await?;
    let mut rows = Vec::new();
    for identity in &found {
        let kept = keep(&mut tx, person.account, (&all, &found), identity).await?;
        rows.push(IdentityRow {
            label: label(&all, &identity.provider),
            login: identity.login.clone(),
            since: Moment::new(identity.created_at, now),
            used: Moment::new(identity.used_at, now),
            provider: identity.provider.clone(),
            subject: identity.subject.clone(),
            kept: kept.map(Kept::words),
        });
    }
    let others = all.iter().filter(|asked| !found.iter().any(|own| own.provider == asked.id()));
    let others = others.map(|asked| OtherRow {
        label: asked.label().to_owned(),
        action: format!("{IDENTITIES}/{}/add", asked.name()),
    });
    Ok(Html::new(IdentitiesPage {
        shell,
        sections: frame::sections(IDENTITIES),
        identities: rows,
        others: others.collect(),
        remove_action: "/account/identities/remove",
    }))
}

/// What a provider is called.
fn label(all: &[Asked], provider: &str) -> String {
    let known = all.iter().find(|asked| asked.id() == provider);
    known.map_or_else(|| frame::provider_in_words(provider), |asked| asked.label().to_owned())
}

/// Why an identity has to stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    LastWayIn,
    Vouches,
}

impl Kept {
    const fn words(self) -> &'static str {
        match self {
            Self::LastWayIn => "your only way in",
            Self::Vouches => "lets you into an organisation",
        }
    }

    fn refuse(self) -> AppError {
        AppError::Conflict(
            match self {
                Self::LastWayIn => "This is your only way in. Add another one first.",
                Self::Vouches => {
                    "You belong to an organisation by this account's word. It stays as long as you do."
                }
            }
            .to_owned(),
        )
    }
}

/// Nobody takes away their last way in, nor that by whose word they belong somewhere: nobody could be asked
/// any more whether they still do.
async fn keep(
    tx: &mut SystemTx,
    account: AccountId,
    (all, own): (&[Asked], &[Identity]),
    identity: &Identity,
) -> sqlx::Result<Option<Kept>> {
    let is_way_in = |own: &Identity| all.iter().any(|asked| asked.id() == own.provider);
    let has_other = own.iter().any(|other| {
        (&other.provider, &other.subject) != (&identity.provider, &identity.subject)
            && is_way_in(other)
    });
    if is_way_in(identity) && !has_other {
        return Ok(Some(Kept::LastWayIn));
    }
    let voucher = Voucher::of_provider(&identity.provider);
    Ok(store::is_vouched_for(tx, account, voucher).await?.then_some(Kept::Vouches))
}

#[derive(Template)]
#[template(path = "accounts/leaving.html")]
struct LeavingPage {
    shell: Shell,
    label: String,
    to: String,
}

/// Sends the person to a provider, whose word about them becomes another way of signing in.
async fn add(person: Confirmed, name: Path<String>, server: Server) -> Result<Saved> {
    let Confirmed(person) = person;
    let asked = pages::find(&server, &name).await?.ok_or(AppError::NotFound)?;
    let set_out = pages::set_out(&server, &asked, (IDENTITIES, Some(person.account))).await?;
    let (db, clock, ..) = &server;
    let mut tx = db.system(SystemReason::Login).await?;
    let event = Event::new("identity.begun", "account", person.account, clock.now())
        .detail(json!({"provider": asked.id()}));
    tx.record(Some(person.account), &person.origin, &event).await?;
    let committed = tx.commit().await?;
    let (to, begun) = match set_out {
        Ok(found) => found,
        Err(refusal) => {
            return Ok(committed.answer(super::callback::cannot_begin(&refusal)));
        }
    };
    let saved = committed.answer(leave(asked.label(), to));
    Ok(saved
        .with_cookie(&begun.cookie)
        .map_err(|error| anyhow::anyhow!("set the cookie of the way back: {error}"))?)
}

/// A page and not a redirect: what a form leads to has to be named to browsers beforehand, and where the
/// providers are can change while the server runs.
fn leave(label: &str, to: String) -> HttpResponse {
    let refresh = header::HeaderValue::from_str(&format!("0;url={to}"));
    let page = LeavingPage { shell: Shell::bare("On your way"), label: label.to_owned(), to };
    let mut answer = render(StatusCode::OK, &page);
    if let Ok(value) = refresh {
        answer.headers_mut().insert(header::REFRESH, value);
    }
    answer
}

/// Which identity goes.
#[derive(Deserialize)]
struct Removal {
    provider: String,
    subject: String,
}

/// Takes a way of signing in away, unless it has to stay.
async fn remove(
    person: Confirmed,
    db: Data<Db>,
    (clock, providers): (Data<Clock>, Data<Providers>),
    form: Form<Removal>,
) -> Result<Saved> {
    let Confirmed(person) = person;
    let mut tx = db.system(SystemReason::Login).await?;
    let all = providers.list(&mut tx).await?;
    let own = store::lock_identities(&mut tx, person.account).await?;
    let wanted = own.iter().find(|identity| {
        (&identity.provider, &identity.subject) == (&form.provider, &form.subject)
    });
    let wanted = wanted.ok_or(AppError::NotFound)?;
    if let Some(kept) = keep(&mut tx, person.account, (&all, &own), wanted).await? {
        return Err(kept.refuse());
    }
    store::delete_identity(&mut tx, person.account, (&wanted.provider, &wanted.subject)).await?;
    let event = Event::new("identity.removed", "account", person.account, clock.now())
        .detail(json!({"provider": wanted.provider, "login": wanted.login}));
    tx.record(Some(person.account), &person.origin, &event).await?;
    Ok(tx.commit().await?.see_other(IDENTITIES))
}
