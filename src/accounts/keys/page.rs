//! The page of the site's keys: which sign and seal, and another one to sign with.
//!
//! They are of the whole site, so only owners of the organisation that was made first may change them.

use actix_web::web::Data;
use askama::Template;
use chrono::{DateTime, Utc};

use super::store;
use crate::{
    organizations::{self, Rail, audit::Event},
    tenancy::{
        Db, Permission, RotateKeys, Routes, Saved, Scope, Sessions, SigningKeyState, SystemReason,
        SystemTx, ViewKeys,
    },
    web::{
        AppError, Result,
        html::{Crumb, Html, Pill, Shell, Tone},
        icon::Icon,
        time::Moment,
    },
};

pub(in crate::accounts) fn routes() -> Routes {
    Routes::default().read("/{organization}/keys", show).post("/{organization}/keys/rotate", rotate)
}

#[derive(Template)]
#[template(path = "accounts/keys.html")]
struct KeysPage {
    shell: Shell,
    /// None for owners of other organisations than the first.
    keys: Option<Keys>,
}

struct Keys {
    signing: Vec<SigningRow>,
    /// Whether the configuration gives the key that signs.
    is_fixed: bool,
    sealing: Vec<SealingRow>,
    rotate: String,
}

struct SigningRow {
    id: String,
    made: Moment,
    state: Pill,
}

struct SealingRow {
    id: String,
    state: Pill,
    count: i64,
}

/// Shows the keys' ids and what they are in use for; no key itself.
async fn show(
    scope: Scope<ViewKeys>,
    (db, sessions): (Data<Db>, Data<Sessions>),
    rail: Data<Rail>,
) -> Result<Html<KeysPage>> {
    let (slug, now) = (&scope.organization().slug, scope.clock().now());
    let steps = vec![Crumb::new("Keys", format!("/{slug}/keys"))];
    let shell = rail.shell(&scope, "organization", steps);
    // One connection at a time: this is across organisations, which the scope's is not.
    scope.begin().await?;
    let mut tx = db.system(SystemReason::Login).await?;
    let keys = if is_first(&mut tx, &scope).await? {
        let rotate = format!("/{slug}/keys/rotate");
        Some(keys(&mut tx, &sessions, rotate, now).await?)
    } else {
        None
    };
    Ok(Html::new(KeysPage { shell, keys }))
}

async fn is_first<P: Permission>(tx: &mut SystemTx, scope: &Scope<P>) -> sqlx::Result<bool> {
    Ok(organizations::find_first(tx).await? == Some(scope.organization().id))
}

async fn keys(
    tx: &mut SystemTx,
    sessions: &Sessions,
    rotate: String,
    now: DateTime<Utc>,
) -> Result<Keys> {
    let signing = sessions.keys.describe(tx, now).await?;
    let used = store::count(tx).await?;
    let count =
        |id: &str| used.iter().filter(|found| found.key == id).map(|found| found.count).sum();
    let known: Vec<&str> = sessions.keyring.ids().collect();
    let mut sealing: Vec<SealingRow> = known
        .iter()
        .enumerate()
        .map(|(index, id)| SealingRow {
            id: (*id).to_owned(),
            state: if index == 0 {
                Pill::new(Tone::Good, Icon::Check, "seals")
            } else {
                Pill::new(Tone::Quiet, Icon::Clock, "only opens")
            },
            count: count(id),
        })
        .collect();
    let mut lost: Vec<&str> = used.iter().map(|found| found.key.as_str()).collect();
    lost.retain(|id| !known.contains(id));
    lost.dedup();
    sealing.extend(lost.into_iter().map(|id| SealingRow {
        id: id.to_owned(),
        state: Pill::new(Tone::Bad, Icon::Alert, "lost"),
        count: count(id),
    }));
    let signing = signing.into_iter().map(|key| signing_row(key, now)).collect();
    Ok(Keys { signing, is_fixed: sessions.keys.is_fixed(), sealing, rotate })
}

fn signing_row(key: SigningKeyState, now: DateTime<Utc>) -> SigningRow {
    SigningRow {
        state: if key.retired_at.is_none() {
            Pill::new(Tone::Good, Icon::Check, "signs")
        } else {
            Pill::new(Tone::Quiet, Icon::Clock, "still counts")
        },
        id: key.id,
        made: Moment::new(key.created_at, now),
    }
}

/// Makes another key that signs; what the one before has signed is good for an hour.
async fn rotate(scope: Scope<RotateKeys>, db: Data<Db>, sessions: Data<Sessions>) -> Result<Saved> {
    let now = scope.clock().now();
    let mut tx = db.system(SystemReason::Login).await?;
    if !is_first(&mut tx, &scope).await? {
        return Err(AppError::Conflict(
            "The keys are the whole site's. Owners of the organisation that was made first change them."
                .to_owned(),
        ));
    }
    drop(tx);
    if sessions.keys.is_fixed() {
        return Err(AppError::Conflict(
            "The key that signs comes from the server's configuration; it is changed there."
                .to_owned(),
        ));
    }
    // Where the entry about it cannot be written, there is one key too many, which does no harm.
    let id = sessions.keys.rotate(&db, &sessions.keyring, now).await?;
    let mut tx = scope.begin().await?;
    tx.record(Event::new("signing_key.rotated", "signing_key", id, now));
    let slug = &scope.organization().slug;
    Ok(tx.commit().await?.see_other(format!("/{slug}/keys")))
}
