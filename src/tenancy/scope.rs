//! What a handler names in its signature to be given data: a permission, or a signed-in person.

use std::{
    marker::PhantomData,
    sync::{Arc, Mutex},
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web::Data};
use futures_util::future::LocalBoxFuture;
use secrecy::SecretString;
use uuid::Uuid;

use super::{
    audit::Event,
    changes::{ChangeStream, News},
    confirmation::Confirmation,
    db::Db,
    grant::{AccountId, Actor, Credential, Grant, Organization, Origin},
    layout::IsolationReport,
    permission::{InspectIsolation, Permission, Role},
    session::{SessionId, Sessions},
    store::{self, Wanted},
    tx::{SystemReason, TenantTx},
};
use crate::{
    platform::{clock::Clock, crypto::hash_secret},
    web::{AppError, Result, client_address, middleware::request_id},
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
    /// The transaction that the grant was found in, for a handler that only reads.
    first: Mutex<Option<TenantTx>>,
    permission: PhantomData<P>,
}

impl<P: Permission> Scope<P> {
    /// Begins the transaction of this request; one that only reads where the permission does.
    pub async fn begin(&self) -> Result<TenantTx> {
        if let Some(first) = self.take_first() {
            return Ok(first);
        }
        let tx = self.db.begin_as(&self.grant, P::READ_ONLY, self.clock.now()).await?;
        require::<P>(&tx.grant)?;
        Ok(tx)
    }

    fn take_first(&self) -> Option<TenantTx> {
        self.first.lock().ok()?.take()
    }

    /// The changes that the person may hear of, from the last one seen on.
    pub async fn changes(&self, after: Option<i64>) -> Result<(ChangeStream, Option<News>)> {
        drop(self.take_first());
        ChangeStream::open(&self.db, &self.grant, &self.clock, after).await
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

fn require<P: Permission>(grant: &Grant) -> Result<()> {
    if grant.role() < P::MINIMUM {
        return Err(AppError::Forbidden { minimum: P::MINIMUM.as_str() });
    }
    if grant.scope < P::SCOPE {
        return Err(AppError::ScopeTooNarrow { scope: P::SCOPE.as_str() });
    }
    if P::IS_PERSONAL && matches!(grant.credential, Credential::Token(_)) {
        return Err(AppError::NotByToken);
    }
    Ok(())
}

impl<P: Permission> FromRequest for Scope<P> {
    type Error = AppError;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let kernel = Kernel::of(&request)?;
            let (credential, session) = kernel.credential(&request).await?;
            let tx = kernel.enter(&request, &credential, P::READ_ONLY).await?;
            let grant = tx.grant.clone();
            require::<P>(&grant)?;
            // Before a form is shown as well, so that little that was typed is lost by a code in between.
            if P::IS_DANGEROUS {
                grant.confirmation.require_fresh(kernel.clock.now())?;
            }
            // One that writes may have a body to come, for which no connection waits.
            let first = Mutex::new(Some(tx).filter(|_| P::READ_ONLY));
            let Kernel { db, clock, .. } = kernel;
            Ok(Self { db, grant, clock, session, first, permission: PhantomData })
        })
    }
}

impl Scope<InspectIsolation> {
    /// Checks the isolation anew, for the page that shows the result.
    pub async fn check_isolation(&self) -> Result<IsolationReport> {
        drop(self.take_first());
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
    pub origin: Arc<Origin>,
}

/// A person with a session who may have yet to give their second factor: for asking for it, and for
/// signing out.
#[derive(Debug)]
pub struct Arriving(pub SignedIn);

/// A person who is signed in and has given their second factor not long ago, where they have one: for
/// what cannot be undone, and for what shows everything.
#[derive(Debug)]
pub struct Confirmed(pub SignedIn);

impl FromRequest for Confirmed {
    type Error = AppError;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let (person, confirmation) = SignedIn::find(&request).await?;
            confirmation.require_fresh(datum::<Clock>(&request)?.now())?;
            Ok(Self(person))
        })
    }
}

impl FromRequest for SignedIn {
    type Error = AppError;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let (person, confirmation) = Self::find(&request).await?;
            confirmation.require()?;
            Ok(person)
        })
    }
}

impl FromRequest for Arriving {
    type Error = AppError;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Ok(Self(SignedIn::find(&request).await?.0)) })
    }
}

impl SignedIn {
    async fn find(request: &HttpRequest) -> Result<(Self, Confirmation)> {
        let kernel = Kernel::of(request)?;
        let now = kernel.clock.now();
        let session = kernel.sessions.find(&kernel.db, request, now).await?;
        let mut tx = kernel.db.system(SystemReason::Login).await?;
        let found = store::find_session(tx.connection(), session, now).await?;
        let found = found.ok_or(AppError::Unauthorized)?;
        if found.is_stale {
            store::touch_session(tx.connection(), found.id, now).await?;
            tx.commit().await?;
        }
        let confirmation = found.confirmation();
        let person = Self {
            account: found.account,
            login: found.login,
            name: found.name,
            session: found.id,
            origin: Arc::new(origin(request)),
        };
        Ok((person, confirmation))
    }
}

/// What the look-ups need, from the application's data.
struct Kernel {
    db: Db,
    clock: Clock,
    sessions: Sessions,
}

impl Kernel {
    fn of(request: &HttpRequest) -> Result<Self> {
        Ok(Self { db: datum(request)?, clock: datum(request)?, sessions: datum(request)? })
    }

    async fn credential(&self, request: &HttpRequest) -> Result<(Credential, Option<SessionId>)> {
        if let Some(token) = bearer(request) {
            return Ok((Credential::Token(hash_secret(&token)), None));
        }
        // A session is of a person, who may belong to several organisations; the path says which.
        if request.match_info().get("organization").is_none() {
            return Err(AppError::Unauthorized);
        }
        let session = self.sessions.find(&self.db, request, self.clock.now()).await?;
        Ok((Credential::Session(session), Some(session)))
    }

    /// Begins a transaction as whoever the credential stands for.
    async fn enter(
        &self,
        request: &HttpRequest,
        credential: &Credential,
        read_only: bool,
    ) -> Result<TenantTx> {
        let slug = request.match_info().get("organization");
        let (origin, now) = (Arc::new(origin(request)), self.clock.now());
        let wanted =
            Wanted { credential, slug: slug.unwrap_or_default(), origin: &origin, now, read_only };
        let (inner, found) = match self.db.begin_wanted(&wanted).await {
            Err(AppError::Unauthorized) => return Err(self.unauthorized(credential).await?),
            begun => begun?,
        };
        let grant = found.grant.ok_or(AppError::NotFound)?;
        // A token acts for its own organisation only.
        if slug.is_some_and(|slug| slug != grant.organization.slug) {
            return Err(AppError::NotFound);
        }
        if !found.is_stale {
            return Ok(TenantTx::new(inner, grant, self.db.isolation()));
        }
        // One connection at a time: who waits for a second one would wait for others who do.
        inner.rollback().await?;
        self.touch(credential, found.id, &grant).await?;
        if let (Credential::Token(_), Some(person)) = (credential, grant.person) {
            self.sessions.ask_about(person);
        }
        self.db.begin_as(&grant, read_only, now).await
    }

    /// Says to whoever has a token that ended how it did.
    async fn unauthorized(&self, credential: &Credential) -> Result<AppError> {
        let Credential::Token(hash) = credential else { return Ok(AppError::Unauthorized) };
        let mut tx = self.db.system(SystemReason::Login).await?;
        let end = store::find_token_end(tx.connection(), hash, self.clock.now()).await?;
        Ok(end.map_or(AppError::Unauthorized, |end| AppError::TokenEnded { why: end.words() }))
    }

    /// Notes that a session or token is in use; a token's use also in the audit log, now and then.
    async fn touch(&self, credential: &Credential, id: Uuid, grant: &Grant) -> Result<()> {
        let (mut tx, now) = (self.db.system(SystemReason::Login).await?, self.clock.now());
        let is_told = match credential {
            Credential::Session(id) => {
                store::touch_session(tx.connection(), *id, now).await?;
                false
            }
            Credential::Token(_) => {
                store::touch_token(tx.connection(), id, &grant.origin.address, now).await?
            }
            Credential::Own => false,
        };
        if !is_told {
            tx.commit().await?;
            return Ok(());
        }
        let mut tx = tx.enter(grant.clone()).await?;
        tx.record(Event::new("token.used", "token", id, now));
        tx.commit().await?;
        Ok(())
    }
}

/// Where a request comes from.
pub fn origin(request: &HttpRequest) -> Origin {
    let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    Origin {
        address: client_address(request).to_string(),
        user_agent: agent.unwrap_or_default().chars().take(300).collect(),
        request_id: request_id(request),
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
