//! A person's tokens in all of their organisations.

use actix_web::web::{Data, Path};
use askama::Template;
use uuid::Uuid;

use super::store::{self, PlacedToken};
use crate::{
    accounts::{
        frame::{self, Section},
        tokens::{self, TokenRow},
    },
    organizations::{self, Membership, Rail},
    platform::clock::Clock,
    tenancy::{Db, Routes, Saved, SignedIn, SystemReason},
    web::{
        AppError, Result,
        html::{Html, Link, Shell},
        icon::Icon,
    },
};

const PATH: &str = "/account/tokens";

pub(super) fn routes() -> Routes {
    Routes::default().read(PATH, list).post("/account/tokens/{token}/revoke", revoke)
}

#[derive(Template)]
#[template(path = "accounts/account_tokens.html")]
struct TokensPage {
    shell: Shell,
    sections: Vec<Section>,
    /// Each with the name of its organisation.
    tokens: Vec<(String, TokenRow)>,
    /// Where tokens are made.
    makers: Vec<Link>,
}

/// Lists the person's tokens, the newest first.
async fn list(
    person: SignedIn,
    db: Data<Db>,
    clock: Data<Clock>,
    rail: Data<Rail>,
) -> Result<Html<TokensPage>> {
    let now = clock.now();
    let mut tx = db.system(SystemReason::Login).await?;
    let found = store::list_tokens(&mut tx, person.account).await?;
    let memberships = organizations::list_memberships(&mut tx, person.account).await?;
    let shell = frame::of_person(&mut tx, &rail, &person, PATH, "API tokens").await?;
    let row = |found: PlacedToken| {
        (found.organization.clone(), TokenRow::new(found.into_token(), PATH, now))
    };
    let maker = |membership: &Membership| {
        Link::new(&membership.name, format!("/{}/tokens", membership.slug))
    };
    Ok(Html::new(TokensPage {
        shell,
        sections: frame::sections(PATH),
        tokens: found.into_iter().map(row).collect(),
        makers: memberships.iter().map(maker).collect(),
    }))
}

/// Revokes one of the person's tokens, in the organisation that it is of.
async fn revoke(
    person: SignedIn,
    db: Data<Db>,
    clock: Data<Clock>,
    token: Path<Uuid>,
) -> Result<Saved> {
    let mut tx = db.system(SystemReason::Login).await?;
    let tenant = store::find_tenant_of_token(&mut tx, person.account, *token).await?;
    let tenant = tenant.ok_or(AppError::NotFound)?;
    let grant = tx.grant_of_member(tenant, person.account).await?.ok_or(AppError::NotFound)?;
    let mut tx = tx.enter(grant).await?;
    tx.comes_from(&person.origin);
    tokens::revoke_own(&mut tx, *token, clock.now()).await?;
    Ok(tx.commit().await?.see_other(PATH))
}
