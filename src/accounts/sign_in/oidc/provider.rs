//! One issuer: what it says of itself, the address to go to, and codes for who somebody is.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use openidconnect::{
    AdditionalClaims, AuthType, AuthenticationFlow, AuthorizationCode, ClaimsVerificationError,
    ClientId, ClientSecret, CsrfToken, DiscoveryError, EmptyExtraTokenFields, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, IdTokenClaims, IdTokenFields, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError,
    Scope, SignatureVerificationError, StandardErrorResponse, StandardTokenResponse, TokenResponse,
    UserInfoClaims,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreClientAuthMethod, CoreErrorResponseType,
        CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreResponseType, CoreRevocableToken,
        CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
    },
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use url::Url;

use super::{Error, OidcSettings, Rule, http::Http, person::OidcPerson};
use crate::platform::{clock::Clock, crypto::hash_secret};

/// How long what an issuer says of itself is believed.
const BELIEVED: Duration = Duration::hours(1);
/// How often at most it is asked again because of a key that is not known.
const ASKED_AGAIN: Duration = Duration::minutes(1);
/// Signatures that only the issuer can make; what a shared secret signs, we could have signed.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What Google says besides the standard.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Extra {
    hd: Option<String>,
}

impl AdditionalClaims for Extra {}

type Fields = IdTokenFields<
    Extra,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Answered = StandardTokenResponse<Fields, CoreTokenType>;
type Claims = IdTokenClaims<Extra, CoreGenderClaim>;
type Client = openidconnect::Client<
    Extra,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Answered,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What an issuer said of itself, and when.
#[derive(Clone)]
struct Known {
    metadata: CoreProviderMetadata,
    at: DateTime<Utc>,
}

/// An issuer, ready to be asked.
pub(in crate::accounts::sign_in) struct Provider {
    pub(in crate::accounts::sign_in) name: String,
    pub(in crate::accounts::sign_in) label: String,
    pub(in crate::accounts::sign_in) rule: Rule,
    pub(in crate::accounts::sign_in) organization: Option<String>,
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: ClientSecret,
    redirect: RedirectUrl,
    http: Http,
    clock: Clock,
    known: Arc<Mutex<Option<Known>>>,
}

/// What a person's browser takes to the issuer, and what has to come back.
pub(in crate::accounts::sign_in) struct Question<'a> {
    pub(in crate::accounts::sign_in) state: &'a SecretString,
    pub(in crate::accounts::sign_in) verifier: &'a SecretString,
}

impl Provider {
    /// Checks the settings; asks nothing yet.
    pub(in crate::accounts::sign_in) fn new(
        settings: &OidcSettings,
        callback: &Url,
        clock: &Clock,
    ) -> anyhow::Result<Self> {
        let http = Http::new(&Url::parse(&settings.issuer)?)?;
        let issuer = IssuerUrl::new(settings.issuer.clone())?;
        anyhow::ensure!(
            http.may_ask(issuer.url()),
            "{}: the issuer must be https; http is taken for this machine only",
            settings.issuer
        );
        Ok(Self {
            name: settings.name.clone(),
            label: settings.label.clone(),
            rule: settings.rule.clone(),
            organization: settings.organization.clone(),
            issuer,
            client_id: ClientId::new(settings.client_id.clone()),
            client_secret: ClientSecret::new(settings.client_secret.expose_secret().to_owned()),
            redirect: RedirectUrl::from_url(callback.clone()),
            http,
            clock: clock.clone(),
            known: Arc::default(),
        })
    }

    /// What its people are told apart by from those of others.
    pub(in crate::accounts::sign_in) fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    /// A verifier of PKCE (RFC 7636), to keep until the person is back.
    pub(in crate::accounts::sign_in) fn verifier() -> SecretString {
        PkceCodeChallenge::new_random_sha256().1.secret().as_str().into()
    }

    /// Where the browser goes.
    pub(in crate::accounts::sign_in) async fn authorize_url(
        &self,
        question: &Question<'_>,
    ) -> Result<Url, Error> {
        let client = self.client(&self.known(BELIEVED).await?);
        let verifier = PkceCodeVerifier::new(question.verifier.expose_secret().to_owned());
        let (state, nonce) = (question.state.expose_secret().to_owned(), nonce(question.verifier));
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let (url, ..) = client
            .authorize_url(flow, || CsrfToken::new(state), || nonce)
            .add_scope(Scope::new("email".to_owned()))
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        if !self.http.may_ask(&url) {
            return Err(Error::Unreachable("it names an address that is not https".to_owned()));
        }
        Ok(url)
    }

    /// Who a code is about, which works once.
    pub(in crate::accounts::sign_in) async fn person(
        &self,
        code: &SecretString,
        verifier: &SecretString,
    ) -> Result<OidcPerson, Error> {
        let known = self.known(BELIEVED).await?;
        let client = self.client(&known);
        let code = AuthorizationCode::new(code.expose_secret().to_owned());
        let request = client
            .exchange_code(code)
            .map_err(|_no_address| Error::Unreachable("it names no address for codes".to_owned()))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose_secret().to_owned()));
        let answered = request.request_async(&|request| self.http.call(request)).await;
        let answered = answered.map_err(refusal)?;
        let claims = self.claims(&known, &answered, &nonce(verifier)).await?;
        let more = self.more(&client, &answered, &claims).await?;
        Ok(described(&claims, more.as_ref()))
    }

    /// The claims of an ID token that is in order. An issuer may have changed its keys since it was asked.
    async fn claims(
        &self,
        known: &Known,
        answered: &Answered,
        nonce: &Nonce,
    ) -> Result<Claims, Error> {
        let first = self.verified(known, answered, nonce);
        let Err(ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::NoMatchingKey,
        )) = first
        else {
            return first.map_err(|error| Error::of_claims(&error));
        };
        let known = self.known(ASKED_AGAIN).await?;
        self.verified(&known, answered, nonce).map_err(|error| Error::of_claims(&error))
    }

    fn verified(
        &self,
        known: &Known,
        answered: &Answered,
        nonce: &Nonce,
    ) -> Result<Claims, ClaimsVerificationError> {
        let client = self.client(known);
        let now = self.clock.now();
        let verifier =
            client.id_token_verifier().set_allowed_algs(ALGORITHMS).set_time_fn(move || now);
        let token = answered
            .id_token()
            .ok_or_else(|| ClaimsVerificationError::Other("there is no ID token".to_owned()))?;
        token.claims(&verifier, nonce).cloned()
    }

    /// Many issuers say the address only where it is asked for apart.
    async fn more(
        &self,
        client: &Client,
        answered: &Answered,
        claims: &Claims,
    ) -> Result<Option<UserInfoClaims<Extra, CoreGenderClaim>>, Error> {
        if claims.email().is_some() || client.user_info_url().is_none() {
            return Ok(None);
        }
        let (token, subject) = (answered.access_token().clone(), claims.subject().clone());
        let Ok(request) = client.user_info(token, Some(subject)) else { return Ok(None) };
        let answer = request.request_async(&|request| self.http.call(request)).await;
        answer.map(Some).map_err(|error| {
            tracing::warn!("The issuer {} does not say more of somebody: {error}", self.issuer());
            Error::Unreachable("it does not say your address".to_owned())
        })
    }

    /// What the issuer says of itself; asked again where that is older.
    async fn known(&self, older: Duration) -> Result<Known, Error> {
        // Whoever comes meanwhile waits for the one answer.
        let mut kept = self.known.lock().await;
        let now = self.clock.now();
        if let Some(known) = kept.as_ref().filter(|known| now < known.at + older) {
            return Ok(known.clone());
        }
        let call = |request| self.http.call(request);
        let found = CoreProviderMetadata::discover_async(self.issuer.clone(), &call).await;
        let metadata = found.map_err(|error| {
            let reason = match &error {
                DiscoveryError::Request(error) => error.to_string(),
                DiscoveryError::Response(status, ..) => {
                    format!("it answers with status {}", status.as_u16())
                }
                DiscoveryError::Validation(_) => "it calls itself by another address".to_owned(),
                _ => "what it says of itself cannot be read".to_owned(),
            };
            tracing::warn!("The issuer {} cannot be asked about itself: {error}", self.issuer());
            Error::Unreachable(reason)
        })?;
        let known = Known { metadata, at: now };
        *kept = Some(known.clone());
        Ok(known)
    }

    fn client(&self, known: &Known) -> Client {
        let secret = Some(self.client_secret.clone());
        let metadata = known.metadata.clone();
        let methods = metadata.token_endpoint_auth_methods_supported();
        // Basic is what the standard means where nothing is said.
        let only_in_body = methods.is_some_and(|methods| {
            methods.contains(&CoreClientAuthMethod::ClientSecretPost)
                && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
        });
        let auth = if only_in_body { AuthType::RequestBody } else { AuthType::BasicAuth };
        Client::from_provider_metadata(metadata, self.client_id.clone(), secret)
            .set_auth_type(auth)
            .set_redirect_uri(self.redirect.clone())
    }
}

/// What ties an ID token to one sign-in: made of its verifier, which nobody knows until the code is
/// exchanged, and which is good for one return.
fn nonce(verifier: &SecretString) -> Nonce {
    let text = format!("nonce {}", verifier.expose_secret());
    Nonce::new(URL_SAFE_NO_PAD.encode(hash_secret(&text.into())))
}

fn refusal(
    failed: RequestTokenError<super::http::CallError, StandardErrorResponse<CoreErrorResponseType>>,
) -> Error {
    match failed {
        RequestTokenError::ServerResponse(response) => Error::of_answer(response.error()),
        RequestTokenError::Request(error) => Error::Unreachable(error.to_string()),
        // The body may hold a token, and the parser's words quote it.
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            Error::Unreachable("its answer to the code cannot be read".to_owned())
        }
    }
}

fn described(claims: &Claims, more: Option<&UserInfoClaims<Extra, CoreGenderClaim>>) -> OidcPerson {
    let email = claims.email().or_else(|| more.and_then(|more| more.email()));
    let verified = match claims.email() {
        Some(_) => claims.email_verified(),
        None => more.and_then(UserInfoClaims::email_verified),
    };
    let name = claims.name().or_else(|| more.and_then(|more| more.name()));
    let name = name.and_then(|name| name.get(None)).map(|name| name.as_str().to_owned());
    let username =
        claims.preferred_username().or_else(|| more.and_then(|more| more.preferred_username()));
    OidcPerson {
        subject: claims.subject().as_str().to_owned(),
        name,
        username: username.map(|name| name.as_str().to_owned()),
        email: email.map(|email| email.as_str().to_owned()),
        is_verified: verified == Some(true),
        hosted_domain: claims.additional_claims().hd.clone(),
    }
}
