//! Signing in by GitHub: the address to go to, and codes and refresh tokens for tokens.

use std::fmt;

use chrono::{DateTime, Duration, Utc};
use futures_util::{FutureExt, future::BoxFuture};
use oauth2::{
    AsyncHttpClient, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, ExtraTokenFields, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken,
    RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse, TokenResponse,
    TokenUrl,
    basic::{
        BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse,
        BasicTokenIntrospectionResponse, BasicTokenType,
    },
};
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use super::{
    Error, Hosts, Http, OAuthRefusal,
    answer::{Answer, Question},
};
use crate::platform::clock::Clock;

/// An OAuth App, or the side of a GitHub App that signs people in: both speak alike.
#[derive(Clone)]
pub struct OAuthApp {
    client: Registered,
    client_id: String,
    client_secret: SecretString,
    http: Http,
    hosts: Hosts,
    clock: Clock,
}

/// What a person's browser is never told until it is back: the answer to the challenge (PKCE, S256).
pub struct Pkce {
    verifier: PkceCodeVerifier,
}

/// What a person has let us have. A GitHub App's token ends after eight hours and comes with a
/// refresh token; an OAuth App's has no end.
#[derive(Clone, Debug)]
pub struct UserToken {
    pub access: SecretString,
    pub expires_at: Option<DateTime<Utc>>,
    pub refresh: Option<SecretString>,
    pub refresh_expires_at: Option<DateTime<Utc>>,
    /// As granted, which may be less than was asked; always empty for a GitHub App.
    pub scopes: Vec<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct GitHubFields {
    refresh_token_expires_in: Option<i64>,
}

impl ExtraTokenFields for GitHubFields {}

type Answered = StandardTokenResponse<GitHubFields, BasicTokenType>;

type Registered = oauth2::Client<
    BasicErrorResponse,
    Answered,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

impl Pkce {
    pub fn random() -> Self {
        Self { verifier: PkceCodeChallenge::new_random_sha256().1 }
    }

    /// From what was kept while the person was at GitHub.
    pub fn of_verifier(verifier: &SecretString) -> Self {
        Self { verifier: PkceCodeVerifier::new(verifier.expose_secret().to_owned()) }
    }

    /// To keep until the person is back.
    pub fn verifier(&self) -> SecretString {
        self.verifier.secret().as_str().into()
    }

    fn challenge(&self) -> PkceCodeChallenge {
        PkceCodeChallenge::from_code_verifier_sha256(&self.verifier)
    }
}

impl fmt::Debug for Pkce {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pkce").finish_non_exhaustive()
    }
}

impl fmt::Debug for OAuthApp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OAuthApp")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl OAuthApp {
    pub fn new(
        http: &Http,
        hosts: &Hosts,
        (client_id, client_secret): (&str, &SecretString),
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let secret = ClientSecret::new(client_secret.expose_secret().to_owned());
        let client = oauth2::Client::new(ClientId::new(client_id.to_owned()))
            .set_client_secret(secret)
            .set_auth_uri(AuthUrl::new(hosts.authorize_url())?)
            .set_token_uri(TokenUrl::new(hosts.token_url())?)
            .set_auth_type(oauth2::AuthType::RequestBody);
        Ok(Self {
            client,
            client_id: client_id.to_owned(),
            client_secret: client_secret.clone(),
            http: http.clone(),
            hosts: hosts.clone(),
            clock,
        })
    }

    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Where the browser goes. `state` comes back with the code and has to be the browser's own.
    pub fn authorize_url(
        &self,
        state: &SecretString,
        pkce: &Pkce,
        redirect: &Url,
        scopes: &[&str],
    ) -> Url {
        let state = CsrfToken::new(state.expose_secret().to_owned());
        let (url, _) = self
            .client
            .authorize_url(|| state)
            .add_scopes(scopes.iter().map(|scope| Scope::new((*scope).to_owned())))
            .set_pkce_challenge(pkce.challenge())
            .set_redirect_uri(std::borrow::Cow::Owned(RedirectUrl::from_url(redirect.clone())))
            // People without an account are nobody's members.
            .add_extra_param("allow_signup", "false")
            .url();
        url
    }

    /// The token for a code, which works once. `redirect` is the one that the browser was sent with.
    pub async fn exchange(
        &self,
        code: &SecretString,
        pkce: Pkce,
        redirect: &Url,
    ) -> Result<UserToken, Error> {
        let answered = self
            .client
            .exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()))
            .set_pkce_verifier(pkce.verifier)
            .set_redirect_uri(std::borrow::Cow::Owned(RedirectUrl::from_url(redirect.clone())))
            .request_async(self)
            .await;
        self.token(answered)
    }

    /// Whether GitHub takes the client id and secret, found out by a code that nobody was given: it looks at
    /// them first.
    pub async fn check(&self) -> Result<(), Error> {
        let code = AuthorizationCode::new("0123456789abcdef0123".to_owned());
        let answered = self.client.exchange_code(code).request_async(self).await;
        match self.token(answered) {
            Ok(_) | Err(Error::OAuth(OAuthRefusal::CodeRejected)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The successor of a token that ends; the refresh token works once, and a new one comes with it.
    pub async fn refresh(&self, refresh: &SecretString) -> Result<UserToken, Error> {
        let refresh = RefreshToken::new(refresh.expose_secret().to_owned());
        let answered = self.client.exchange_refresh_token(&refresh).request_async(self).await;
        self.token(answered)
    }

    /// Ends a token. One that has ended already is no error.
    pub async fn revoke(&self, token: &SecretString) -> Result<(), Error> {
        self.end("token", token).await
    }

    /// Ends all that the person of this token has let the App have: GitHub asks anew next time.
    pub async fn revoke_grant(&self, token: &SecretString) -> Result<(), Error> {
        self.end("grant", token).await
    }

    async fn end(&self, what: &str, token: &SecretString) -> Result<(), Error> {
        let base = self.hosts.api().as_str().trim_end_matches('/');
        let url = format!("{base}/applications/{}/{what}", self.client_id);
        let request = self
            .http
            .client_for(self.hosts.api())
            .delete(url)
            .basic_auth(&self.client_id, Some(self.client_secret.expose_secret()))
            .header(ACCEPT, "application/vnd.github+json")
            .header(CONTENT_TYPE, "application/json")
            .body(json!({"access_token": token.expose_secret()}).to_string())
            .build()
            .map_err(|error| super::http::unreachable(&error))?;
        let answer = self.http.send(request).await?;
        match answer.status {
            // 422: GitHub does not know the token any more.
            200..=299 | 422 => Ok(()),
            401 | 404 => Err(OAuthRefusal::ClientCredentials.into()),
            _ => answer.read::<()>(Question::Own, (&self.hosts, self.clock.now())),
        }
    }

    fn token(&self, answered: Result<Answered, Failed>) -> Result<UserToken, Error> {
        let answered = answered.map_err(refusal)?;
        let now = self.clock.now();
        let in_seconds = |seconds: i64| Duration::try_seconds(seconds).map(|time| now + time);
        let lifetime = answered.expires_in().and_then(|time| i64::try_from(time.as_secs()).ok());
        Ok(UserToken {
            access: answered.access_token().secret().as_str().into(),
            expires_at: lifetime.and_then(in_seconds),
            refresh: answered.refresh_token().map(|token| token.secret().as_str().into()),
            refresh_expires_at: answered
                .extra_fields()
                .refresh_token_expires_in
                .and_then(in_seconds),
            scopes: answered.scopes().map(|scopes| split(scopes)).unwrap_or_default(),
        })
    }

    async fn send(&self, request: oauth2::HttpRequest) -> Result<oauth2::HttpResponse, Error> {
        let request = reqwest::Request::try_from(request)
            .map_err(|error| super::http::unreachable(&error))?;
        let answer = self.http.send(request).await?;
        answer.into_oauth((&self.hosts, self.clock.now()))
    }
}

// By a type of its own and not by a closure, whose futures could not go from thread to thread.
impl<'call> AsyncHttpClient<'call> for OAuthApp {
    type Error = Error;
    type Future = BoxFuture<'call, Result<oauth2::HttpResponse, Error>>;

    fn call(&'call self, request: oauth2::HttpRequest) -> Self::Future {
        self.send(request).boxed()
    }
}

type Failed = RequestTokenError<Error, BasicErrorResponse>;

fn refusal(failed: Failed) -> Error {
    match failed {
        RequestTokenError::ServerResponse(response) => {
            let code = match response.error() {
                BasicErrorResponseType::Extension(code) => code.clone(),
                standard => standard.to_string(),
            };
            OAuthRefusal::of_code(&code).into()
        }
        RequestTokenError::Request(error) => error,
        // The body may hold a token, and the parser's words quote it.
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            Error::unexpected("an answer to the code that cannot be read")
        }
    }
}

/// GitHub separates scopes by commas, where the standard has blanks.
fn split(scopes: &[Scope]) -> Vec<String> {
    scopes
        .iter()
        .flat_map(|scope| scope.split([',', ' ']))
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}

#[derive(Deserialize)]
struct Named {
    #[expect(dead_code, reason = "that it is there is what matters")]
    error: String,
}

impl Answer {
    /// GitHub refuses codes with status 200, where the standard, and what reads it, has 400.
    fn into_oauth(self, about: (&Hosts, DateTime<Utc>)) -> Result<oauth2::HttpResponse, Error> {
        let names_error = serde_json::from_slice::<Named>(&self.body).is_ok();
        let status = match self.status {
            200..=299 | 400 if names_error => 400,
            200..=299 => self.status,
            _ => {
                return self
                    .read(Question::Own, about)
                    .and_then(|()| Err(Error::unexpected("no token")));
            }
        };
        let mut response = oauth2::HttpResponse::new(self.body);
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
        *response.headers_mut() = self.headers;
        Ok(response)
    }
}
