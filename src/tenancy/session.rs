//! The cookie that carries a session's token.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
};
use secrecy::{ExposeSecret, SecretString};

crate::id! {
    /// A sign-in on one browser.
    SessionId
}

/// The cookie's name on loopback http.
pub const SESSION_COOKIE: &str = "quarterdeck_session";

/// The cookie's name on https: browsers bind the `__Host-` prefix to host, path and Secure.
pub const SESSION_COOKIE_SECURE: &str = "__Host-quarterdeck_session";

/// How the session's cookie is named and marked on this server.
#[derive(Clone, Copy, Debug)]
pub struct SessionCookie {
    pub https: bool,
}

impl SessionCookie {
    const fn name(self) -> &'static str {
        if self.https { SESSION_COOKIE_SECURE } else { SESSION_COOKIE }
    }

    /// Sets the token; script on a page cannot read it and other sites' forms do not send it.
    pub fn issue(self, token: &SecretString, days: u32) -> Cookie<'static> {
        self.build(token.expose_secret().to_owned(), Duration::days(i64::from(days)))
    }

    /// Takes the token away.
    pub fn remove(self) -> Cookie<'static> {
        self.build(String::new(), Duration::ZERO)
    }

    fn build(self, value: String, age: Duration) -> Cookie<'static> {
        Cookie::build(self.name(), value)
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(self.https)
            .max_age(age)
            .finish()
    }

    pub(super) fn read(self, request: &HttpRequest) -> Option<SecretString> {
        request.cookie(self.name()).map(|cookie| cookie.value().to_owned().into())
    }
}
