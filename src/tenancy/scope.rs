//! What a handler names in its signature to be given data: a permission, or a signed-in person.

use std::marker::PhantomData;

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web::Data};
use futures_util::future::LocalBoxFuture;
use secrecy::SecretString;

use super::{
    changes::{ChangeStream, News},
    db::Db,
    grant::{AccountId, Actor, Grant, Organization},
    layout::IsolationReport,
    permission::{InspectIsolation, Permission, Role},
    session::{SessionCookie, SessionId},
    store::{self, SessionGrant},
    tx::{SystemReason, TenantTx},
};
use crate::{
    platform::{clock::Clock, crypto::hash_secret},
    web::{AppError, Result},
};

/// Leave for one permission in one organisation, found out before the handler runs.
///
/// Without credentials the answer is 401, in an organisation that the person does not belong to
/// 404, with too low a role 403.
#[derive(Debug)]
pub struct Scope<P> {
    db: Db,
    grant: Grant,
    clock: Clock,
    session: Option<SessionId>,
    permission: PhantomData<P>,
}

impl<P: Permission> Scope<P> {
    /// Begins the transaction of this request; one that only reads where the permission does.
    pub async fn begin(&self) -> Result<TenantTx> {
        Ok(self.db.begin_as(&self.grant, P::READ_ONLY).await?)
    }

    /// The changes that the person may hear of, from the last one seen on.
    pub async fn changes(&self, after: Option<i64>) -> Result<(ChangeStream, Option<News>)> {
        Ok(ChangeStream::open(&self.db, &self.grant, after).await?)
    }

    pub const fn organization(&self) -> &Organization {
        self.grant.organization()
    }

    pub const fn actor(&self) -> &Actor {
        self.grant.actor()
    }

    pub const fn role(&self) -> Role {
        self.grant.role()
    }

    /// Whether the actor would be given this permission too: for links and buttons.
    pub fn may<Q: Permission>(&self) -> bool {
        self.grant.role() >= Q::MINIMUM
    }

    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    pub const fn session(&self) -> Option<SessionId> {
        self.session
    }
}

impl<P: Permission> FromRequest for Scope<P> {
    type Error = AppError;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let kernel = Kernel::of(&request)?;
            let (grant, session) = kernel.grant(&request).await?;
            if grant.role() < P::MINIMUM {
                return Err(AppError::Forbidden { minimum: P::MINIMUM.as_str() });
            }
            let Kernel { db, clock, .. } = kernel;
            Ok(Self { db, grant, clock, session, permission: PhantomData })
        })
    }
}

impl Scope<InspectIsolation> {
    /// Checks the isolation anew, for the page that shows the result.
    pub async fn check_isolation(&self) -> Result<IsolationReport> {
        Ok(self.db.check_isolation().await?)
    }
}

/// A person who is signed in, whatever organisations they belong to.
#[derive(Debug)]
pub struct SignedIn {
    pub account: AccountId,
    pub login: String,
    pub name: String,
    pub session: SessionId,
}

impl FromRequest for SignedIn {
    type Error = AppError;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let kernel = Kernel::of(&request)?;
            let token = kernel.cookie.read(&request).ok_or(AppError::Unauthorized)?;
            let mut tx = kernel.db.system(SystemReason::Login).await?;
            let found =
                store::find_session(tx.connection(), &hash_secret(&token), kernel.clock.now())
                    .await?;
            let found = found.ok_or(AppError::Unauthorized)?;
            if found.is_stale {
                store::touch_session(tx.connection(), found.id, kernel.clock.now()).await?;
                tx.commit().await?;
            }
            Ok(Self {
                account: found.account,
                login: found.login,
                name: found.name,
                session: found.id,
            })
        })
    }
}

/// What the look-ups need, from the application's data.
struct Kernel {
    db: Db,
    clock: Clock,
    cookie: SessionCookie,
}

impl Kernel {
    fn of(request: &HttpRequest) -> Result<Self> {
        Ok(Self { db: datum(request)?, clock: datum(request)?, cookie: datum(request)? })
    }

    async fn grant(&self, request: &HttpRequest) -> Result<(Grant, Option<SessionId>)> {
        if let Some(token) = bearer(request) {
            return Ok((self.grant_of_token(&token, request).await?, None));
        }
        let token = self.cookie.read(request).ok_or(AppError::Unauthorized)?;
        let slug = request.match_info().get("organization").ok_or(AppError::Unauthorized)?;
        let (grant, session) = self.grant_of_session(&token, slug).await?;
        Ok((grant, Some(session)))
    }

    async fn grant_of_token(&self, token: &SecretString, request: &HttpRequest) -> Result<Grant> {
        let (hash, now) = (hash_secret(token), self.clock.now());
        let mut tx = self.db.system(SystemReason::Login).await?;
        let (grant, is_stale) = store::find_grant_of_token(tx.connection(), &hash, now)
            .await?
            .ok_or(AppError::Unauthorized)?;
        let elsewhere = request
            .match_info()
            .get("organization")
            .is_some_and(|slug| slug != grant.organization.slug);
        if elsewhere {
            return Err(AppError::NotFound);
        }
        // Without a write there is nothing to commit, and nothing to wait for.
        if let Some(id) = grant.actor.id().filter(|_| is_stale) {
            store::touch_token(tx.connection(), id, now).await?;
            tx.commit().await?;
        }
        Ok(grant)
    }

    async fn grant_of_session(
        &self,
        token: &SecretString,
        slug: &str,
    ) -> Result<(Grant, SessionId)> {
        let (hash, now) = (hash_secret(token), self.clock.now());
        let mut tx = self.db.system(SystemReason::Login).await?;
        let found = store::find_grant_of_session(tx.connection(), &hash, slug, now).await?;
        let SessionGrant { session, grant, is_stale } = found.ok_or(AppError::Unauthorized)?;
        if is_stale {
            store::touch_session(tx.connection(), session, now).await?;
            tx.commit().await?;
        }
        Ok((grant.ok_or(AppError::NotFound)?, session))
    }
}

fn datum<T: Clone + 'static>(request: &HttpRequest) -> Result<T> {
    let found = request.app_data::<Data<T>>().map(|data| data.get_ref().clone());
    found.ok_or_else(|| {
        AppError::Internal(anyhow::anyhow!("{} is not wired", std::any::type_name::<T>()))
    })
}

/// The token of an `Authorization: Bearer …` header.
fn bearer(request: &HttpRequest) -> Option<SecretString> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned().into())
}
