//! Sessions in a browser: a signed pass for 15 minutes, and a secret that is renewed with each pass.
//!
//! The pass (a JWT) only names the session; whether it has ended, and what its person may do, is
//! looked up at each request. Where the pass has run out, the request itself renews both, and the
//! answer carries the new cookies. Invariant: a secret is good for one renewal; shown again later
//! than two tabs could, it ends the session for everybody who has it.

mod keys;
mod passes;
mod renew;
mod store;

use actix_web::{
    HttpMessage, HttpRequest,
    body::MessageBody,
    cookie::{Cookie, SameSite, time::Duration},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::mpsc::UnboundedSender;

pub use keys::{Jwk, PublicKey, SigningKeyState, SigningKeys};
use renew::Renewal;
pub use renew::SessionRules;

use crate::{
    platform::{crypto::SecretHash, keyring::Keyring},
    tenancy::{
        audit::Event,
        db::Db,
        grant::AccountId,
        scope::origin,
        tx::{Saved, SystemReason},
    },
    web::{AppError, Result},
};

crate::id! {
    /// A sign-in on one browser.
    SessionId
}

/// The name of the secret's cookie on loopback http.
pub const SESSION_COOKIE: &str = "quarterdeck_session";
/// The same on https: browsers bind the `__Host-` prefix to host, path and Secure.
pub const SESSION_COOKIE_SECURE: &str = "__Host-quarterdeck_session";
/// The name of the pass' cookie on loopback http.
const PASS_COOKIE: &str = "quarterdeck_pass";
const PASS_COOKIE_SECURE: &str = "__Host-quarterdeck_pass";

/// How the session's cookies are named and marked on this server.
#[derive(Clone, Copy, Debug)]
pub struct SessionCookie {
    pub https: bool,
}

impl SessionCookie {
    const fn name(self) -> &'static str {
        if self.https { SESSION_COOKIE_SECURE } else { SESSION_COOKIE }
    }

    const fn pass_name(self) -> &'static str {
        if self.https { PASS_COOKIE_SECURE } else { PASS_COOKIE }
    }

    /// Sets the secret; script on a page cannot read it and other sites' forms do not send it.
    pub fn issue(self, secret: &SecretString, days: u32) -> Cookie<'static> {
        let age = Duration::days(i64::from(days));
        self.build(self.name(), secret.expose_secret().to_owned(), age)
    }

    fn issue_pass(self, pass: String) -> Cookie<'static> {
        self.build(self.pass_name(), pass, Duration::minutes(passes::MINUTES))
    }

    /// Takes both cookies away.
    pub fn remove(self) -> [Cookie<'static>; 2] {
        [self.name(), self.pass_name()].map(|name| self.build(name, String::new(), Duration::ZERO))
    }

    fn build(self, name: &'static str, value: String, age: Duration) -> Cookie<'static> {
        Cookie::build(name, value)
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(self.https)
            .max_age(age)
            .finish()
    }
}

/// What passes and secrets are made and checked with.
#[derive(Clone, Debug)]
pub struct Sessions {
    pub cookie: SessionCookie,
    pub keys: SigningKeys,
    pub keyring: Keyring,
    pub rules: SessionRules,
    /// Hears of each account whose session was renewed, or whose token was used.
    pub renewed: Option<UnboundedSender<AccountId>>,
}

impl Sessions {
    /// Takes the session's cookies away with this answer.
    pub fn signed_out(&self, answer: Saved) -> Result<Saved> {
        let answered = self.cookie.remove().iter().try_fold(answer, Saved::with_cookie);
        answered.map_err(|error| AppError::Internal(anyhow::anyhow!("remove the cookies: {error}")))
    }

    /// Hands a session that has just begun to the browser. A pass that it still has of another session,
    /// which may have ended, is taken away: it would go before the secret.
    pub fn begin(&self, answer: Saved, secret: &SecretString) -> Result<Saved> {
        let cookie = self.issue(secret);
        let mut cookies = self.cookie.remove().to_vec();
        cookies.retain(|other| other.name() != cookie.name());
        cookies.insert(0, cookie);
        let answered = cookies.iter().try_fold(answer, Saved::with_cookie);
        answered.map_err(|error| AppError::Internal(anyhow::anyhow!("set the cookies: {error}")))
    }

    /// The cookie of a session that has just begun; its pass comes with the first request.
    pub fn issue(&self, secret: &SecretString) -> Cookie<'static> {
        self.cookie.issue(secret, self.rules.days)
    }

    /// What of a secret is stored.
    pub fn hash(&self, secret: &SecretString) -> SecretHash {
        self.rules.hash(secret)
    }

    /// The session of a request; renewed where its pass has run out.
    pub(super) async fn find(
        &self,
        db: &Db,
        request: &HttpRequest,
        now: DateTime<Utc>,
    ) -> Result<SessionId> {
        if let Some(found) = request.extensions().get::<Found>() {
            return Ok(found.session);
        }
        let found = match self.of_pass(db, request, now).await {
            Some(session) => Found { session, cookies: Vec::new() },
            None => self.renew(db, request, now).await?,
        };
        let session = found.session;
        request.extensions_mut().insert(found);
        Ok(session)
    }

    /// Has it asked whether the person still belongs.
    pub(super) fn ask_about(&self, account: AccountId) {
        if let Some(renewed) = &self.renewed {
            // It fails where the server is stopping and nobody asks again.
            renewed.send(account).ok();
        }
    }

    async fn of_pass(
        &self,
        db: &Db,
        request: &HttpRequest,
        now: DateTime<Utc>,
    ) -> Option<SessionId> {
        let pass = request.cookie(self.cookie.pass_name())?;
        let key = self.keys.find(db, passes::key_id(pass.value())?, now).await?;
        passes::read(pass.value(), &key, now)
    }

    async fn renew(&self, db: &Db, request: &HttpRequest, now: DateTime<Utc>) -> Result<Found> {
        let secret = request.cookie(self.cookie.name()).ok_or(AppError::Unauthorized)?;
        let secret = SecretString::from(secret.value().to_owned());
        let mut tx = db.system(SystemReason::Login).await?;
        let renewal = renew::renew(&mut tx, self, &secret, now).await?;
        if let Renewal::Stolen { session, account } = &renewal {
            let event = Event::new("session.stolen", "session", session, now)
                .detail(serde_json::json!({"account": account}))
                .by_unknown("somebody with an old secret");
            tx.record(Some(*account), &origin(request), &event).await?;
            tx.wake_people().await?;
        }
        tx.commit().await?;
        match renewal {
            Renewal::Renewed { session, account, secret } => {
                self.ask_about(account);
                let key = self.keys.current(db, &self.keyring, now).await?;
                let pass = passes::issue(&key, session, account, now)?;
                let cookies = vec![self.issue(&secret), self.cookie.issue_pass(pass)];
                Ok(Found { session, cookies })
            }
            Renewal::Stolen { session, account } => {
                tracing::warn!(%session, %account, "A session's old secret was shown; the session is ended");
                Err(AppError::Unauthorized)
            }
            Renewal::Unknown => Err(AppError::Unauthorized),
        }
    }
}

/// What was found out about the session of a request, once for all that ask.
#[derive(Clone)]
struct Found {
    session: SessionId,
    /// To be sent with the answer.
    cookies: Vec<Cookie<'static>>,
}

/// Sends a renewed session's cookies with the answer, unless that sets them itself.
pub async fn hand_out(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> actix_web::Result<ServiceResponse<impl MessageBody>> {
    let mut response = next.call(request).await?;
    let found = response.request().extensions().get::<Found>().cloned();
    for cookie in found.map(|found| found.cookies).unwrap_or_default() {
        let is_set = response.response().cookies().any(|set| set.name() == cookie.name());
        if !is_set {
            response.response_mut().add_cookie(&cookie)?;
        }
    }
    Ok(response)
}
