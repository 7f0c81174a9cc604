//! The HTTP clients to GitHub: https, no redirects, only to where a GitHub may be, and an end to every call and
//! every answer.

use std::{error::Error as StdError, sync::Arc, time::Duration};

use http_body_util::{BodyExt, LengthLimitError, Limited};
use reqwest::{Client, ClientBuilder, Response, header::HeaderMap, redirect};
use url::Url;

use super::{Error, Hosts, OffLimits, Reach, answer::Answer};
use crate::platform::tls;

pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

/// How long and how much a call to GitHub may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub connect: Duration,
    /// From the first byte sent to the last byte read.
    pub total: Duration,
    /// Of the unpacked body, in bytes.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            // People wait for most of these calls; GitHub itself gives up after ten seconds.
            total: Duration::from_secs(15),
            body: 1 << 20,
        }
    }
}

/// The clients that everything here shares; cheap to clone.
#[derive(Clone, Debug)]
pub struct Http {
    /// Goes to where a GitHub may be, and nowhere else.
    guarded: Client,
    /// Goes wherever names lead: for the GitHub of the configuration.
    trusting: Client,
    reach: Reach,
    limits: Limits,
}

impl Http {
    pub fn new(limits: Limits, reach: &Reach) -> anyhow::Result<Self> {
        let tls = tls::client_configuration()?;
        // A proxy would connect for us, to wherever the name leads it.
        let guarded = builder(limits, tls.clone()).dns_resolver(Arc::new(reach.clone()));
        let guarded = guarded.no_proxy().build()?;
        let trusting = builder(limits, tls).build()?;
        Ok(Self { guarded, trusting, reach: reach.clone(), limits })
    }

    /// The client for an address; [`Self::check`] comes before each use.
    pub(super) fn client_for(&self, url: &Url) -> &Client {
        if self.reach.trusts(url) { &self.trusting } else { &self.guarded }
    }

    /// Whether an address may be gone to, as far as it can be seen without looking its name up: the client
    /// does that.
    pub(super) fn check(&self, url: &Url) -> Result<(), OffLimits> {
        self.reach.check(url)
    }

    /// Whether a GitHub may be asked, by what its names lead to now.
    pub async fn look(&self, hosts: &Hosts) -> Result<(), OffLimits> {
        self.reach.look(hosts.web()).await?;
        self.reach.look(hosts.api()).await
    }

    pub(super) async fn send(&self, request: reqwest::Request) -> Result<Answer, Error> {
        self.check(request.url())?;
        let sent = self.client_for(request.url()).execute(request).await;
        self.read(sent.map_err(|error| unreachable(&error))?).await
    }

    async fn read(&self, response: Response) -> Result<Answer, Error> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        self.collect((status, headers), reqwest::Body::from(response)).await
    }

    /// Reads a body to its end, or to the end of our patience with it.
    pub(super) async fn collect<B>(
        &self,
        (status, headers): (u16, HeaderMap),
        body: B,
    ) -> Result<Answer, Error>
    where
        B: BodyExt,
        B::Error: Into<BoxError>,
    {
        self.collect_within(self.limits.body, (status, headers), body).await
    }

    /// The same with another limit in bytes.
    pub(super) async fn collect_within<B>(
        &self,
        limit: usize,
        (status, headers): (u16, HeaderMap),
        body: B,
    ) -> Result<Answer, Error>
    where
        B: BodyExt,
        B::Error: Into<BoxError>,
    {
        let collected = Limited::new(body, limit).collect().await;
        let body = collected.map_err(|error| {
            if error.downcast_ref::<LengthLimitError>().is_some() {
                return Error::unexpected(format!("an answer of more than {limit} bytes"));
            }
            unreachable(error.as_ref())
        })?;
        Ok(Answer { status, headers, body: body.to_bytes().to_vec() })
    }
}

fn builder(limits: Limits, tls: rustls::ClientConfig) -> ClientBuilder {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(USER_AGENT)
        // A redirect would carry a token or a secret wherever it leads.
        .redirect(redirect::Policy::none())
        .referer(false)
        .connect_timeout(limits.connect)
        .timeout(limits.total)
}

pub(super) const USER_AGENT: &str = concat!("quarterdeck/", env!("CARGO_PKG_VERSION"));

/// The innermost cause alone: what stands around it names addresses, and says no more.
pub(super) fn unreachable(error: &(dyn StdError + 'static)) -> Error {
    let mut innermost = error;
    let mut timed_out = false;
    loop {
        if let Some(off_limits) = innermost.downcast_ref::<OffLimits>() {
            return off_limits.clone().into();
        }
        timed_out |=
            innermost.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout);
        match innermost.source() {
            Some(source) => innermost = source,
            None => break,
        }
    }
    if timed_out {
        return Error::unreachable("it took too long to answer");
    }
    Error::unreachable(innermost.to_string())
}
