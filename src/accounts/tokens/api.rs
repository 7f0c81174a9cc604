//! `/api/v2/tokens` and `/api/v2/token`.

#![expect(
    unused_qualifications,
    reason = "utoipa qualifies the types of parameters in the code it writes"
)]

use actix_web::web::{Json, Query};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};
use uuid::Uuid;

use super::{Token, TokenFilter, TokenState, revoke_own, store};
use crate::{
    tenancy::{
        Actor, RevokeOwnTokens, Routes, Saved, Scope, TenantTx, TokenScope, ViewOrganization,
        ViewTokens,
    },
    web::{
        AppError, Result,
        paging::PageOf,
        problems::{OfChange, OfGuardedList, OfItem},
        query,
    },
};

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/api/v2/tokens", list_tokens)
        .read("/api/v2/token", find_token)
        .delete("/api/v2/token", revoke_token)
}

/// The description of the API of tokens.
#[derive(OpenApi)]
#[openapi(
    paths(list_tokens, find_token, revoke_token),
    tags((name = "tokens", description = "API tokens, without their secrets. People make them on their page of tokens; a token makes none.")),
)]
pub struct ApiDocument;

/// A token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Token)]
struct TokenView {
    id: Uuid,
    name: String,
    /// The last characters of its secret.
    hint: String,
    scope: ScopeView,
    /// The role that it has at most; it never has more than its person.
    role: String,
    /// The account of its person; null of one that was made at the command line.
    account: Option<Uuid>,
    login: Option<String>,
    state: TokenState,
    created_at: DateTime<Utc>,
    /// Five minutes old at most; null where it was never used.
    last_used_at: Option<DateTime<Utc>>,
    /// Null where it goes on for ever, which only the command line makes.
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

/// What a token may do at most, each scope all that the ones before it may.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = TokenScope)]
#[serde(rename_all = "lowercase")]
enum ScopeView {
    Read,
    Write,
    Admin,
}

impl TokenView {
    fn new(token: Token, now: DateTime<Utc>) -> Self {
        Self {
            state: token.state(now),
            id: token.id,
            name: token.name,
            hint: token.hint,
            scope: match token.scope {
                TokenScope::Read => ScopeView::Read,
                TokenScope::Write => ScopeView::Write,
                TokenScope::Admin => ScopeView::Admin,
            },
            role: token.role.to_string(),
            account: token.account.map(crate::tenancy::AccountId::as_uuid),
            login: token.login,
            created_at: token.created_at,
            last_used_at: token.last_used_at,
            expires_at: token.expires_at,
            revoked_at: token.revoked_at,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TokenQuery {
    /// A part of its name, or of its person's name or login, in any case; or its last characters.
    #[param(nullable = false)]
    q: Option<String>,
    /// Only those that work, or only those that do not.
    #[param(nullable = false)]
    active: Option<bool>,
    /// Where to go on: the `next` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]+$", nullable = false)]
    cursor: Option<String>,
    /// How many items to answer at most; 50 unless said otherwise.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, nullable = false)]
    limit: Option<String>,
}

/// List everybody's tokens, newest first
///
/// Those that ended stay for 90 days.
#[utoipa::path(
    get, path = "/api/v2/tokens", tag = "tokens", security(("bearer" = [])), params(TokenQuery),
    responses((status = 200, description = "A page of tokens.", body = PageOf<TokenView>), OfGuardedList),
)]
async fn list_tokens(
    scope: Scope<ViewTokens>,
    query: Query<TokenQuery>,
) -> Result<Json<PageOf<TokenView>>> {
    let page = query::page::<Uuid>(query.cursor.as_ref(), query.limit.as_ref())?;
    let text = query.q.as_deref().filter(|text| !text.is_empty());
    let filter = TokenFilter { account: None, text, is_active: query.active };
    let now = scope.clock().now();
    let mut tx = scope.begin().await?;
    let rows = store::list(&mut tx, &filter, now, &page).await?;
    Ok(Json(page.page(rows, |last| last.id)?.map(|token| TokenView::new(token, now))))
}

/// Show the token that asks
#[utoipa::path(
    get, path = "/api/v2/token", tag = "tokens", security(("bearer" = [])),
    responses((status = 200, description = "The token that the request was sent with.", body = TokenView), OfItem),
)]
async fn find_token(scope: Scope<ViewOrganization>) -> Result<Json<TokenView>> {
    let mut tx = scope.begin().await?;
    let id = own_id(&tx)?;
    let found = store::find(&mut tx, id).await?.ok_or(AppError::NotFound)?;
    Ok(Json(TokenView::new(found, scope.clock().now())))
}

/// Revoke the token that asks
///
/// From then on it answers 401. A token revokes no other one.
#[utoipa::path(
    delete, path = "/api/v2/token", tag = "tokens", security(("bearer" = [])),
    responses((status = 204, description = "It counts no more."), OfChange),
)]
async fn revoke_token(scope: Scope<RevokeOwnTokens>) -> Result<Saved> {
    let mut tx = scope.begin().await?;
    let id = own_id(&tx)?;
    revoke_own(&mut tx, id, scope.clock().now()).await?;
    Ok(tx.commit().await?.no_content())
}

fn own_id(tx: &TenantTx) -> Result<Uuid> {
    match tx.actor() {
        Actor::Token { id, .. } => Ok(*id),
        Actor::Account { .. } | Actor::Command | Actor::Job { .. } => Err(AppError::NotFound),
    }
}
