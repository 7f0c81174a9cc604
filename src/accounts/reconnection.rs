//! For somebody whose token at GitHub cannot be opened any more, because the server lost its key.
//!
//! Nobody can be asked then whether they still belong, so they are let in nowhere before they have
//! signed in with GitHub again; but it is not their doing, so they stay signed in and are told so.

use actix_web::web::{Data, Query};
use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{sign_in::Providers, store};
use crate::{
    organizations::audit::Event,
    tenancy::{AccountId, Arriving, Db, Origin, Routes, SystemReason, SystemTx},
    web::{
        Next, Result,
        html::{Html, Person, Shell},
        icon::Icon,
    },
};

pub(super) fn routes() -> Routes {
    Routes::default().read("/account/reconnect", show)
}

/// Has somebody sign in with GitHub again, which takes this back.
pub(super) async fn ask(
    tx: &mut SystemTx,
    account: AccountId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    if !store::ask_reconnection(tx, account, now).await? {
        return Ok(());
    }
    tracing::warn!(%account, "The token of an account at GitHub does not open: its key is lost. The person is asked to sign in again");
    let event =
        Event::new("account.reconnection_asked", "account", account, now).by_unknown("the server");
    tx.record(Some(account), &Origin::default(), &event).await
}

#[derive(Template)]
#[template(path = "accounts/reconnect.html")]
struct ReconnectPage {
    shell: Shell,
    /// Where signing in with GitHub begins; none where it is not set up any more.
    github: Option<String>,
}

#[derive(Deserialize)]
struct Wish {
    #[serde(default)]
    next: String,
}

/// Says what happened, and leads to signing in with GitHub again.
async fn show(
    person: Arriving,
    providers: Data<Providers>,
    db: Data<Db>,
    wish: Query<Wish>,
) -> Result<Html<ReconnectPage>> {
    let has_github = {
        let mut tx = db.system(SystemReason::Login).await?;
        providers.has_github(&mut tx).await?
    };
    let next = Next::parse(&wish.next).unwrap_or_default();
    let github = has_github.then(|| format!("/api/auth/login?{}", next.query()));
    let person = Some(Person { name: person.0.name, sign_out: "/sign-out".to_owned() });
    let shell = Shell { person, ..Shell::bare("Sign in with GitHub again") };
    Ok(Html::new(ReconnectPage { shell, github }))
}
