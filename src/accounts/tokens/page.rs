//! A person's own tokens in an organisation: made, shown once, listed, revoked.

use actix_web::{
    http::StatusCode,
    web::{Data, Form, Path, Query},
};
use askama::Template;
use secrecy::ExposeSecret;
use serde::Deserialize;
use uuid::Uuid;

use super::{
    InvalidToken, Lifetime, TokenFilter, TokenName, create_own, model::in_words, parse_scope,
    revoke_own, rows::TokenRow, store,
};
use crate::{
    organizations::Rail,
    tenancy::{
        MakeTokens, Permission, RevokeOwnTokens, Routes, Saved, Scope, TokenScope,
        ViewOrganization, ViewTokens,
    },
    web::{
        Result,
        html::{Choice, Field, Html, Pager, Shell, address, counted, render},
        icon::Icon,
        paging::PageQuery,
        time::Moment,
    },
};

/// Where in the rail the page stands.
pub(super) const ENTRY: &str = "tokens";

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/{organization}/tokens", list)
        .post("/{organization}/tokens", make)
        .post("/{organization}/tokens/{token}/revoke", revoke)
}

#[derive(Template)]
#[template(path = "accounts/tokens.html")]
struct TokensPage {
    shell: Shell,
    form: TokenForm,
    tokens: Vec<TokenRow>,
    pager: Pager,
    /// The page of everybody's, for whoever may see it.
    everybody: Option<String>,
}

struct TokenForm {
    action: String,
    name: Field,
    scopes: Vec<ScopeChoice>,
    scope_error: Option<String>,
    lifetimes: Vec<Choice>,
    lifetime_error: Option<String>,
}

struct ScopeChoice {
    value: &'static str,
    words: &'static str,
    is_selected: bool,
}

/// What the form of a new token sends.
#[derive(Clone, Debug, Deserialize)]
struct Wish {
    #[serde(default)]
    name: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    days: String,
}

impl Default for Wish {
    /// What is chosen before anybody chooses: little, and not for long.
    fn default() -> Self {
        let days = Lifetime::Month.days().to_string();
        Self { name: String::new(), scope: TokenScope::Read.as_str().to_owned(), days }
    }
}

impl Wish {
    fn parse(&self) -> Result<(TokenName, TokenScope, Lifetime), Vec<InvalidToken>> {
        match (self.name.parse(), parse_scope(&self.scope), self.days.parse()) {
            (Ok(name), Ok(scope), Ok(lifetime)) => Ok((name, scope, lifetime)),
            (name, scope, lifetime) => {
                Err([name.err(), scope.err(), lifetime.err()].into_iter().flatten().collect())
            }
        }
    }

    /// The form with what was typed, and what is wrong with it.
    fn form(&self, slug: &str, errors: &[InvalidToken]) -> TokenForm {
        let error =
            |wanted: InvalidToken| errors.contains(&wanted).then(|| sentence(&wanted.to_string()));
        let scope = |scope: TokenScope| ScopeChoice {
            value: scope.as_str(),
            words: in_words(scope),
            is_selected: scope.as_str() == self.scope,
        };
        let lifetime = |lifetime: Lifetime| Choice {
            value: lifetime.days().to_string(),
            label: format!("{} days", lifetime.days()),
            is_selected: lifetime.days().to_string() == self.days,
        };
        TokenForm {
            action: format!("/{slug}/tokens"),
            name: Field { value: self.name.clone(), error: error(InvalidToken::Name) },
            scopes: TokenScope::ALL.into_iter().map(scope).collect(),
            scope_error: error(InvalidToken::Scope),
            lifetimes: Lifetime::ALL.into_iter().map(lifetime).collect(),
            lifetime_error: error(InvalidToken::Lifetime),
        }
    }
}

/// Errors are written to stand in the middle of a line; beside a field they are sentences.
fn sentence(error: &str) -> String {
    let mut letters = error.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// Shows the person's tokens, and the form of a new one.
async fn list(
    scope: Scope<ViewOrganization>,
    rail: Data<Rail>,
    query: Query<PageQuery>,
) -> Result<Html<TokensPage>> {
    let form = Wish::default().form(&scope.organization().slug, &[]);
    Ok(Html::new(page(&scope, &rail, &query, form).await?))
}

async fn page<P: Permission>(
    scope: &Scope<P>,
    rail: &Rail,
    query: &PageQuery,
    form: TokenForm,
) -> Result<TokensPage> {
    let (request, now) = (query.parse::<Uuid>()?, scope.clock().now());
    let path = format!("/{}/tokens", scope.organization().slug);
    let mut tx = scope.begin().await?;
    let found = match tx.person() {
        Some(person) => {
            let filter = TokenFilter { account: Some(person), ..TokenFilter::default() };
            store::list(&mut tx, &filter, now, &request).await?
        }
        // A token of the command line has nobody's.
        None => Vec::new(),
    };
    drop(tx);
    let page = request.page(found, |last| last.id)?;
    Ok(TokensPage {
        shell: rail.shell(scope, ENTRY, Vec::new()),
        form,
        pager: pager(&path, query, page.items.len(), page.next.as_deref()),
        tokens: page.items.into_iter().map(|token| TokenRow::new(token, &path, now)).collect(),
        everybody: scope.may::<ViewTokens>().then(|| format!("{path}/everybody")),
    })
}

fn pager(path: &str, query: &PageQuery, shown: usize, next: Option<&str>) -> Pager {
    let with = |cursor: Option<&str>| {
        address(path, &[("limit", query.limit.as_deref()), ("cursor", cursor)])
    };
    Pager {
        summary: counted(shown, "token", "tokens"),
        first: query.cursor.is_some().then(|| with(None)),
        next: next.map(|cursor| with(Some(cursor))),
    }
}

#[derive(Template)]
#[template(path = "accounts/token_made.html")]
struct MadePage {
    shell: Shell,
    name: String,
    secret: String,
    expires: Moment,
    here: String,
    example: String,
}

/// Makes a token and shows its secret, this once.
async fn make(
    scope: Scope<MakeTokens>,
    rail: Data<Rail>,
    site: Data<crate::web::middleware::Site>,
    form: Form<Wish>,
) -> Result<Saved> {
    let (slug, now) = (scope.organization().slug.clone(), scope.clock().now());
    let (name, kind, lifetime) = match form.parse() {
        Ok(parsed) => parsed,
        Err(errors) => {
            let form = form.form(&slug, &errors);
            let page = page(&scope, &rail, &PageQuery::default(), form).await?;
            let page = render(StatusCode::UNPROCESSABLE_ENTITY, &page);
            return Ok(scope.begin().await?.refuse(page).await?);
        }
    };
    let mut tx = scope.begin().await?;
    let secret = create_own(&mut tx, (&name, kind, lifetime), now).await?;
    // Rendered for nobody's cache, as every page is.
    let page = MadePage {
        shell: rail.shell(&scope, ENTRY, Vec::new()),
        name: name.as_str().to_owned(),
        secret: secret.expose_secret().to_owned(),
        expires: Moment::new(now + lifetime.duration(), now),
        here: format!("/{slug}/tokens"),
        example: format!(
            "curl --header \"Authorization: Bearer $TOKEN\" {}/api/v2/token",
            site.origin
        ),
    };
    let page = render(StatusCode::OK, &page);
    Ok(tx.commit().await?.answer(page))
}

/// Revokes one of the person's tokens.
async fn revoke(scope: Scope<RevokeOwnTokens>, path: Path<(String, Uuid)>) -> Result<Saved> {
    let mut tx = scope.begin().await?;
    revoke_own(&mut tx, path.1, scope.clock().now()).await?;
    Ok(tx.commit().await?.see_other(format!("/{}/tokens", scope.organization().slug)))
}
