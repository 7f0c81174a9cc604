//! The HTTP client to issuers: https, no redirects, and an end to every call and every answer.

use std::{error::Error as StdError, time::Duration};

use http_body_util::{BodyExt, LengthLimitError, Limited};
use openidconnect::{HttpRequest, HttpResponse};
use reqwest::{Client, redirect};
use thiserror::Error;
use url::{Host, Url};

use crate::platform::tls;

const CONNECT: Duration = Duration::from_secs(5);
/// From the first byte sent to the last byte read.
const TOTAL: Duration = Duration::from_secs(15);
/// Of a body, in bytes.
const MOST: usize = 512 << 10;

/// Why an issuer was not asked, or not heard out.
#[derive(Debug, Error)]
pub(super) enum CallError {
    #[error("{0} is not https")]
    InTheClear(String),
    #[error("it took too long to answer")]
    Late,
    #[error("it sent more than {MOST} bytes")]
    TooLong,
    #[error("{0}")]
    Failed(String),
}

/// Speaks to one issuer, and to whatever addresses it names; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Http {
    client: Client,
    /// Whether the issuer is on this machine, where http is enough.
    is_local: bool,
}

impl Http {
    pub(super) fn new(issuer: &Url) -> anyhow::Result<Self> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls::client_configuration()?)
            .user_agent(concat!("quarterdeck/", env!("CARGO_PKG_VERSION")))
            // A redirect would carry the secret wherever it leads.
            .redirect(redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT)
            .timeout(TOTAL)
            .build()?;
        Ok(Self { client, is_local: issuer.scheme() == "http" && is_loopback(issuer) })
    }

    /// Whether an address may be asked, or a browser sent there: the issuer's own documents name most.
    pub(super) fn may_ask(&self, url: &Url) -> bool {
        url.scheme() == "https" || (self.is_local && url.scheme() == "http" && is_loopback(url))
    }

    pub(super) async fn call(&self, request: HttpRequest) -> Result<HttpResponse, CallError> {
        let address = Url::parse(&request.uri().to_string());
        if !address.is_ok_and(|url| self.may_ask(&url)) {
            return Err(CallError::InTheClear(request.uri().host().unwrap_or_default().to_owned()));
        }
        let request = reqwest::Request::try_from(request).map_err(|error| failed(&error))?;
        let response = self.client.execute(request).await.map_err(|error| failed(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = Limited::new(reqwest::Body::from(response), MOST).collect().await;
        let body = body.map_err(|error| {
            let is_long = error.downcast_ref::<LengthLimitError>().is_some();
            if is_long { CallError::TooLong } else { failed(error.as_ref()) }
        })?;
        let mut answer = HttpResponse::new(body.to_bytes().to_vec());
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }
}

pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The innermost cause alone: what stands around it names addresses, and says no more.
fn failed(error: &(dyn StdError + 'static)) -> CallError {
    let mut innermost = error;
    loop {
        if innermost.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout) {
            return CallError::Late;
        }
        let Some(source) = innermost.source() else { break };
        innermost = source;
    }
    CallError::Failed(innermost.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_issuer_on_this_machine_is_asked_in_the_clear() {
        drop(rustls::crypto::ring::default_provider().install_default());
        let url = |text: &str| Url::parse(text).unwrap();
        let far = Http::new(&url("https://id.example.com")).unwrap();
        let near = Http::new(&url("http://localhost:4000")).unwrap();

        assert!(far.may_ask(&url("https://other.example.com/token")));
        assert!(near.may_ask(&url("http://127.0.0.1:4000/token")));
        for (http, wrong) in [
            (&far, "http://id.example.com/token"),
            (&far, "http://127.0.0.1/token"),
            (&near, "http://169.254.169.254/latest"),
            (&near, "file:///etc/passwd"),
        ] {
            assert!(!http.may_ask(&url(wrong)), "{wrong}");
        }
    }
}
