//! The one HTTP client to GitHub: https, no redirects, and an end to every call and every answer.

use std::{error::Error as StdError, time::Duration};

use http_body_util::{BodyExt, LengthLimitError, Limited};
use reqwest::{Client, Response, header::HeaderMap, redirect};

use super::{Error, answer::Answer};
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

/// The client that everything here shares; cheap to clone.
#[derive(Clone, Debug)]
pub struct Http {
    client: Client,
    limits: Limits,
}

impl Http {
    pub fn new(limits: Limits) -> anyhow::Result<Self> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls::client_configuration()?)
            .user_agent(USER_AGENT)
            // A redirect would carry a token or a secret wherever it leads.
            .redirect(redirect::Policy::none())
            .referer(false)
            .connect_timeout(limits.connect)
            .timeout(limits.total)
            .build()?;
        Ok(Self { client, limits })
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) async fn send(&self, request: reqwest::Request) -> Result<Answer, Error> {
        let response = self.client.execute(request).await.map_err(|error| unreachable(&error))?;
        self.read(response).await
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

pub(super) const USER_AGENT: &str = concat!("quarterdeck/", env!("CARGO_PKG_VERSION"));

/// The innermost cause alone: what stands around it names addresses, and says no more.
pub(super) fn unreachable(error: &(dyn StdError + 'static)) -> Error {
    let mut innermost = error;
    let mut timed_out = false;
    loop {
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
