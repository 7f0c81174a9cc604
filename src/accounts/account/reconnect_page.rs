//! For somebody whose token at GitHub cannot be opened any more, because the server lost its key.

use actix_web::web::{Data, Query};
use askama::Template;
use serde::Deserialize;

use crate::{
    accounts::sign_in::Providers,
    tenancy::{Arriving, Routes},
    web::{
        Next, Result,
        html::{Html, Person, Shell},
        icon::Icon,
    },
};

pub(super) fn routes() -> Routes {
    Routes::default().read("/account/reconnect", ask)
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
async fn ask(
    person: Arriving,
    providers: Data<Providers>,
    wish: Query<Wish>,
) -> Result<Html<ReconnectPage>> {
    let next = Next::parse(&wish.next).unwrap_or_default();
    let github = providers.has_github().then(|| format!("/api/auth/login?{}", next.query()));
    let person = Some(Person { name: person.0.name, sign_out: "/sign-out".to_owned() });
    let shell = Shell { person, ..Shell::bare("Sign in with GitHub again") };
    Ok(Html::new(ReconnectPage { shell, github }))
}
