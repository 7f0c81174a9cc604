//! Asking GitHub's API, as a person or as an App.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use http::Response;
use http_body_util::BodyExt;
use octocrab::{
    AuthState, Octocrab, OctocrabBuilder,
    service::middleware::{
        base_uri::BaseUriLayer, extra_headers::ExtraHeadersLayer,
        reqwest_connector::ReqwestConnector,
    },
};
use reqwest::header::{ACCEPT, HeaderValue};
use secrecy::SecretString;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    EmailAddress, Error, GitHubUser, Hosts, Http, Login, Membership,
    answer::{Answer, Question},
    http::{BoxError, unreachable},
};
use crate::platform::clock::Clock;

/// Pages of a hundred things with long texts, and deliveries of 25 MB.
const LARGEST_ANSWER: usize = 32 << 20;

/// GitHub's API with nobody's token; each call brings its own. Cheap to clone.
///
/// It is made inside a runtime, because octocrab starts a task to share its connections.
#[derive(Clone)]
pub struct Client {
    octocrab: Octocrab,
    /// The same where GraphQL is, which an Enterprise Server has beside its API and not below it.
    graphql: Arc<Octocrab>,
    http: Http,
    hosts: Hosts,
    clock: Clock,
}

#[derive(Deserialize)]
struct Email {
    #[serde(rename = "email")]
    address: String,
    primary: bool,
    verified: bool,
}

impl Client {
    pub fn new(http: &Http, hosts: &Hosts, clock: Clock) -> anyhow::Result<Self> {
        let api = hosts.api().as_str().trim_end_matches('/');
        let client = http.client_for(hosts.api());
        let octocrab = octocrab_at(client, api.parse()?);
        let graphql = octocrab_at(client, api.strip_suffix("/v3").unwrap_or(api).parse()?).into();
        Ok(Self { octocrab, graphql, http: http.clone(), hosts: hosts.clone(), clock })
    }

    pub fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// Whose token it is.
    pub async fn user(&self, token: &SecretString) -> Result<GitHubUser, Error> {
        self.get("/user", token, Question::Own).await
    }

    /// The addresses that GitHub has verified, the primary one first. Takes the scope `user:email`.
    pub async fn verified_emails(&self, token: &SecretString) -> Result<Vec<EmailAddress>, Error> {
        let emails: Vec<Email> =
            self.get("/user/emails?per_page=100", token, Question::Emails).await?;
        let mut verified: Vec<EmailAddress> = emails
            .into_iter()
            .filter(|email| email.verified)
            .map(|email| EmailAddress { address: email.address, is_primary: email.primary })
            .collect();
        verified.sort_by_key(|email| !email.is_primary);
        Ok(verified)
    }

    /// How the token's own person belongs to the organisation. Takes the scope `read:org` of an OAuth
    /// App, or a GitHub App installed there with the permission to read members.
    ///
    /// A pending membership is an answer here: [`Membership::active`] makes a refusal of it.
    pub async fn membership_as_person(
        &self,
        token: &SecretString,
        organization: &Login,
    ) -> Result<Membership, Error> {
        let path = format!("/user/memberships/orgs/{organization}");
        self.get(&path, token, Question::Membership(organization)).await
    }

    /// The same of anybody, private members among them, by the token of an installation there.
    pub async fn membership_by_app(
        &self,
        installation_token: &SecretString,
        organization: &Login,
        login: &Login,
    ) -> Result<Membership, Error> {
        let path = format!("/orgs/{organization}/memberships/{login}");
        self.get(&path, installation_token, Question::Membership(organization)).await
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        token: &SecretString,
        question: Question<'_>,
    ) -> Result<T, Error> {
        let answer = self.octocrab_with(token)?._get(path).await;
        self.read(answer, question).await
    }

    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        token: &SecretString,
        question: Question<'_>,
    ) -> Result<T, Error> {
        let answer = self.octocrab_with(token)?._post(path, None::<&()>).await;
        self.read(answer, question).await
    }

    /// Any request, its answer whatever it says, and as long as a list may be.
    pub(super) async fn call(
        &self,
        (request, body): (http::request::Builder, Option<&impl Serialize>),
        token: Option<&SecretString>,
    ) -> Result<Answer, Error> {
        let octocrab = if let Some(token) = token {
            self.octocrab_with(token)?
        } else {
            self.http.check(self.hosts.api())?;
            self.octocrab.clone()
        };
        self.execute(&octocrab, (request, body)).await
    }

    /// A question in GraphQL.
    pub(super) async fn call_graphql(
        &self,
        question: (http::request::Builder, Option<&impl Serialize>),
        token: &SecretString,
    ) -> Result<Answer, Error> {
        self.http.check(self.hosts.api())?;
        let octocrab = self.graphql.user_access_token(token.clone());
        self.execute(&octocrab.map_err(|error| unreachable(&error))?, question).await
    }

    async fn execute(
        &self,
        octocrab: &Octocrab,
        (request, body): (http::request::Builder, Option<&impl Serialize>),
    ) -> Result<Answer, Error> {
        let request = octocrab.build_request(request, body).map_err(|error| unreachable(&error))?;
        let response = octocrab.execute(request).await.map_err(|error| unreachable(&error))?;
        let (head, body) = response.into_parts();
        let head = (head.status.as_u16(), head.headers);
        self.http.collect_within(LARGEST_ANSWER, head, body).await
    }

    fn octocrab_with(&self, token: &SecretString) -> Result<Octocrab, Error> {
        self.http.check(self.hosts.api())?;
        self.octocrab.user_access_token(token.clone()).map_err(|error| unreachable(&error))
    }

    async fn read<T, B>(
        &self,
        response: octocrab::Result<Response<B>>,
        question: Question<'_>,
    ) -> Result<T, Error>
    where
        T: DeserializeOwned,
        B: BodyExt,
        B::Error: Into<BoxError>,
    {
        let (head, body) = response.map_err(|error| unreachable(&error))?.into_parts();
        let answer = self.http.collect((head.status.as_u16(), head.headers), body).await?;
        answer.read(question, (&self.hosts, self.now()))
    }
}

fn octocrab_at(client: &reqwest::Client, base: http::Uri) -> Octocrab {
    let headers = vec![(ACCEPT, HeaderValue::from_static("application/vnd.github+json"))];
    // Octocrab's own client follows redirects and reads answers of any length.
    let Ok(octocrab) = OctocrabBuilder::new_empty()
        .with_service(ReqwestConnector::new(client.clone()))
        .with_layer(&ExtraHeadersLayer::new(headers.into()))
        .with_layer(&BaseUriLayer::new(base))
        .with_auth(AuthState::None)
        .build();
    octocrab
}
