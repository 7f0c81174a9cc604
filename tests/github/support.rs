//! A world with acme in it, and the product's side of the conversation.

use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};
use github_world::{AppCredentials, Role, World};
use quarterdeck::{
    github::{
        Access, Api, AppKey, Budget, Client, Cursor, Hosts, Http, InstalledApp, Limits, Login,
        OAuthApp, Page, Pkce, Reach, Urgency, UserToken,
    },
    platform::{clock::Clock, jwt},
};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use url::Url;

pub(crate) const CALLBACK: &str = "http://127.0.0.1:8080/api/auth/callback";
pub(crate) const SCOPES: [&str; 2] = ["read:org", "user:email"];

/// Acme: ada owns it and says so, ben is a private member, cleo is invited, dora is a stranger.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) oauth_app: AppCredentials,
    pub(crate) hosts: Hosts,
    pub(crate) http: Http,
    pub(crate) clock: Clock,
}

pub(crate) fn start_of_time() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 9, 0, 0).unwrap()
}

/// Where the world is.
pub(crate) fn loopback() -> Reach {
    Reach::within(&["127.0.0.0/8".parse().unwrap()])
}

pub(crate) fn login(text: &str) -> Login {
    Login::parse(text).unwrap()
}

pub(crate) fn secret(text: &str) -> SecretString {
    text.into()
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::limited(Limits::default()).await
    }

    pub(crate) async fn limited(limits: Limits) -> Self {
        jwt::install();
        let world = World::start().await;
        world.set_time(start_of_time());
        world.user("ada").name("Ada Lovelace").public_email();
        world.user("dora");
        world
            .organization("acme")
            .public_member("ada", Role::Admin)
            .private_member("ben", Role::Member)
            .invited("cleo", Role::Member);
        let oauth_app = world.oauth_app("Quarterdeck", CALLBACK);
        let hosts = Hosts::new(world.web_url().as_str(), Some(world.api_url().as_str())).unwrap();
        let http = Http::new(limits, &loopback()).unwrap();
        Self { world, oauth_app, hosts, http, clock: Clock::fixed(start_of_time()) }
    }

    /// The same GitHub as an Enterprise Server: its API below `/api/v3`.
    pub(crate) fn on_enterprise(mut self) -> Self {
        self.hosts = Hosts::new(self.world.web_url().as_str(), None).unwrap();
        self
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.http, &self.hosts, self.clock.clone()).unwrap()
    }

    pub(crate) fn oauth(&self) -> OAuthApp {
        self.oauth_of(&self.oauth_app)
    }

    pub(crate) fn oauth_of(&self, app: &AppCredentials) -> OAuthApp {
        let secret = secret(&app.client_secret);
        OAuthApp::new(&self.http, &self.hosts, (&app.client_id, &secret), self.clock.clone())
            .unwrap()
    }

    /// A GitHub App that acme has installed with these permissions.
    pub(crate) fn installed(&self, permissions: &[(&str, &str)]) -> (InstalledApp, u64) {
        let app = self.world.github_app("Quarterdeck App", CALLBACK);
        let installation = self.world.install(app.app_id, "acme", permissions);
        (self.app_with(app.app_id, app.private_key), installation)
    }

    pub(crate) fn app_with(&self, app_id: u64, pem: &str) -> InstalledApp {
        let key = AppKey::from_pem(i64::try_from(app_id).unwrap(), &secret(pem)).unwrap();
        InstalledApp::new(self.client(), key)
    }

    /// A token as the OAuth App gets it with the usual scopes.
    pub(crate) fn token(&self, who: &str) -> SecretString {
        secret(&self.world.token(who, &self.oauth_app.client_id, &SCOPES))
    }

    /// Somebody's token, and what it may ask.
    pub(crate) fn access(&self, who: &str, scopes: &[&str]) -> Access {
        let token = secret(&self.world.token(who, &self.oauth_app.client_id, scopes));
        Access::new(token, &Budget::new(self.clock.clone()), Urgency::Person)
    }

    /// A GitHub App that nobody has installed yet.
    pub(crate) fn app(&self) -> (InstalledApp, u64) {
        let app = self.world.github_app("Quarterdeck App", CALLBACK);
        (self.app_with(app.app_id, app.private_key), app.app_id)
    }

    pub(crate) fn app_access(&self, app: &InstalledApp) -> Access {
        app.access(&Budget::new(self.clock.clone()), Urgency::Person).unwrap()
    }

    /// Time passes for both sides.
    pub(crate) fn advance(&self, by: chrono::Duration) {
        self.world.advance(by);
        self.clock.advance(by);
    }

    /// The whole way in: the browser goes, agrees, comes back, and the code becomes a token.
    pub(crate) async fn sign_in(&self, app: &OAuthApp, who: &str) -> UserToken {
        let (code, pkce) = self.code(app, who);
        app.exchange(&code, pkce, &callback()).await.unwrap()
    }

    pub(crate) fn code(&self, app: &OAuthApp, who: &str) -> (SecretString, Pkce) {
        let pkce = Pkce::random();
        let url = app.authorize_url(&secret("the state"), &pkce, &callback(), &SCOPES);
        let back = self.world.authorize(url.as_str(), who);
        (secret(&query(&back, "code").expect("a code")), pkce)
    }
}

pub(crate) fn callback() -> Url {
    Url::parse(CALLBACK).unwrap()
}

pub(crate) fn query(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// All pages of a list, and how many there were.
pub(crate) async fn all<T: DeserializeOwned>(api: Api<'_>, first: Cursor<T>) -> (Vec<T>, usize) {
    let (mut next, mut found, mut pages) = (Some(first), Vec::new(), 0);
    while let Some(cursor) = next {
        let page: Page<T> = api.page(&cursor).await.unwrap();
        found.extend(page.items);
        (next, pages) = (page.next, pages + 1);
    }
    (found, pages)
}

/// Short enough for a test to wait for their end.
pub(crate) fn impatient() -> Limits {
    Limits { total: Duration::from_millis(300), ..Limits::default() }
}
