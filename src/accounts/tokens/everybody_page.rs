//! Everybody's tokens, for administrators: who has which, and an end to any of them.

use actix_web::web::{Data, Path, Query};
use askama::Template;
use serde::Deserialize;
use uuid::Uuid;

use super::{TokenFilter, page::ENTRY, revoke_any, rows::TokenRow, store};
use crate::{
    organizations::Rail,
    tenancy::{RevokeTokens, Routes, Saved, Scope, ViewTokens},
    web::{
        Result,
        html::{Crumb, Filter, Filters, Html, Pager, SearchField, Shell, address, counted},
        icon::Icon,
        paging::PageQuery,
    },
};

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/{organization}/tokens/everybody", list)
        .post("/{organization}/tokens/everybody/{token}/revoke", revoke)
}

/// What the page is asked for; what means nothing filters nothing.
#[derive(Clone, Debug, Default, Deserialize)]
struct TokenQuery {
    q: Option<String>,
    state: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
}

impl TokenQuery {
    fn filter(&self) -> TokenFilter<'_> {
        TokenFilter {
            account: None,
            text: self.q.as_deref().map(str::trim).filter(|text| !text.is_empty()),
            is_active: match self.state.as_deref() {
                Some("works") => Some(true),
                Some("ended") => Some(false),
                _ => None,
            },
        }
    }

    fn filters(&self, action: String) -> Filters {
        let states = [("works", "works"), ("ended", "ended")];
        let states = states.map(|(value, label)| (value.to_owned(), label.to_owned())).to_vec();
        Filters {
            action,
            search: Some(SearchField {
                value: self.q.clone().unwrap_or_default(),
                placeholder: "Filter by name, person or last characters".to_owned(),
            }),
            choices: vec![Filter::new("state", "state", self.state.as_deref(), states)],
        }
    }

    fn pager(&self, path: &str, shown: usize, next: Option<&str>) -> Pager {
        let with = |cursor: Option<&str>| {
            let parameters = [
                ("q", self.q.as_deref()),
                ("state", self.state.as_deref()),
                ("limit", self.limit.as_deref()),
                ("cursor", cursor),
            ];
            address(path, &parameters)
        };
        Pager {
            summary: counted(shown, "token", "tokens"),
            first: self.cursor.is_some().then(|| with(None)),
            next: next.map(|cursor| with(Some(cursor))),
        }
    }
}

#[derive(Template)]
#[template(path = "accounts/everybodys_tokens.html")]
struct EverybodyPage {
    shell: Shell,
    filters: Filters,
    tokens: Vec<TokenRow>,
    pager: Pager,
}

/// Lists the tokens of all people and of the command line.
async fn list(
    scope: Scope<ViewTokens>,
    rail: Data<Rail>,
    query: Query<TokenQuery>,
) -> Result<Html<EverybodyPage>> {
    let paging = PageQuery { cursor: query.cursor.clone(), limit: query.limit.clone() };
    let (request, now) = (paging.parse::<Uuid>()?, scope.clock().now());
    let path = format!("/{}/tokens/everybody", scope.organization().slug);
    let mut tx = scope.begin().await?;
    let found = store::list(&mut tx, &query.filter(), now, &request).await?;
    drop(tx);
    let page = request.page(found, |last| last.id)?;
    Ok(Html::new(EverybodyPage {
        shell: rail.shell(&scope, ENTRY, vec![Crumb::new("Everybody's", &path)]),
        pager: query.pager(&path, page.items.len(), page.next.as_deref()),
        filters: query.filters(path.clone()),
        tokens: page.items.into_iter().map(|token| TokenRow::new(token, &path, now)).collect(),
    }))
}

/// Revokes somebody's token.
async fn revoke(scope: Scope<RevokeTokens>, path: Path<(String, Uuid)>) -> Result<Saved> {
    let mut tx = scope.begin().await?;
    revoke_any(&mut tx, path.1, scope.clock().now()).await?;
    let slug = &scope.organization().slug;
    Ok(tx.commit().await?.see_other(format!("/{slug}/tokens/everybody")))
}
