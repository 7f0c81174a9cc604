//! Asking one question, hop by hop, with an eye on the guard.

use std::{error::Error as _, sync::atomic::Ordering};

use super::{
    Arc, AtomicBool, CheckedNames, Client, Credential, DISCOVERY, FetchError, Future, Guard,
    HeaderMap, MAX_REDIRECTS, Method, Response, StatusCode, TICK, Url, io, time,
};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use url::Host;

use crate::platform::tls;

const ADVERTISEMENT: &str = "application/x-git-upload-pack-advertisement";
const RESULT: &str = "application/x-git-upload-pack-result";
/// How the last question of a fetch ends, in git's second protocol and in its first.
const LAST_WORDS: [&[u8]; 2] = [b"0009done\n0000", b"0009done\n"];

impl Client {
    pub(super) fn new(
        names: CheckedNames,
        credential: Option<Credential>,
        guard: Arc<Guard>,
    ) -> io::Result<Self> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::client_configuration()?)
            .dns_resolver(Arc::new(names.clone()))
            // A proxy would connect for us, to wherever the name leads it.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_gzip()
            .connect_timeout(guard.limits().connect_timeout)
            .build()
            .map_err(io::Error::other)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let is_told = AtomicBool::new(false);
        Ok(Self { runtime: Some(runtime), http, names, credential, guard, is_told })
    }

    /// Gets the list of references, following redirects that lead to another git server.
    pub(super) fn discover(&self, url: &str, headers: &HeaderMap) -> io::Result<Response> {
        let mut url = Url::parse(url).map_err(io::Error::other)?;
        for _hop in 0..=MAX_REDIRECTS {
            let answer = self.send(Method::GET, &url, headers, Vec::new())?;
            if !answer.status().is_redirection() {
                return self.accept(answer, ADVERTISEMENT);
            }
            url = self.follow(&url, &answer)?;
        }
        let reason = format!("it is the {}th in a row", MAX_REDIRECTS + 1);
        Err(self.refuse_redirect(&url, reason))
    }

    /// Posts a question; git servers do not redirect these.
    pub(super) fn ask(
        &self,
        url: &Url,
        headers: &HeaderMap,
        body: Vec<u8>,
    ) -> io::Result<Response> {
        self.check_last(&body)?;
        let answer = self.send(Method::POST, url, headers, body)?;
        if answer.status().is_redirection() {
            return Err(self.refuse_redirect(url, "the server had already been found".to_owned()));
        }
        self.accept(answer, RESULT)
    }

    /// Refuses to ask for the objects twice.
    ///
    /// gix asks again and again where a server ends its answer before it has sent any.
    fn check_last(&self, body: &[u8]) -> io::Result<()> {
        let is_last = LAST_WORDS.iter().any(|words| body.ends_with(words));
        if is_last && self.is_told.swap(true, Ordering::Relaxed) {
            return Err(self.guard.broken(&"it has hung up before it sent what was asked for"));
        }
        Ok(())
    }

    /// The next part of the body; empty at its end.
    pub(super) fn next_chunk(&self, answer: &mut Response) -> io::Result<Vec<u8>> {
        let chunk =
            self.wait(answer.chunk())?.map_err(|error| self.guard.broken(&innermost(&error)))?;
        let chunk = chunk.unwrap_or_default();
        self.guard.count(chunk.len())?;
        Ok(chunk.into())
    }

    fn send(
        &self,
        method: Method,
        url: &Url,
        headers: &HeaderMap,
        body: Vec<u8>,
    ) -> io::Result<Response> {
        self.guard.check()?;
        self.check_literal_address(url)?;
        let mut request =
            self.http.request(method, url.clone()).headers(headers.clone()).body(body);
        if let Some(line) = self.credential.as_ref().and_then(|credential| credential.at(url)) {
            request = request.header(AUTHORIZATION, line);
        }
        self.wait(request.send())?.map_err(|error| self.unreachable(url, &error))
    }

    /// Names are checked when they are resolved; an address in the URL is never resolved.
    fn check_literal_address(&self, url: &Url) -> io::Result<()> {
        self.names.set_plain(url.scheme() == "http");
        let address = match url.host() {
            Some(Host::Ipv4(address)) => address.into(),
            Some(Host::Ipv6(address)) => address.into(),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        let refusal = self.names.refusal(url.host_str().unwrap_or_default(), address);
        refusal.map_or(Ok(()), |error| Err(self.guard.fail(error)))
    }

    fn follow(&self, from: &Url, answer: &Response) -> io::Result<Url> {
        let location = answer
            .headers()
            .get(LOCATION)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let to = from.join(location).map_err(|error| {
            let error =
                FetchError::RedirectRefused { to: location.to_owned(), reason: error.to_string() };
            self.guard.fail(error)
        })?;
        match why_not(from, &to) {
            Some(reason) => Err(self.refuse_redirect(&to, reason.to_owned())),
            None => Ok(to),
        }
    }

    fn refuse_redirect(&self, to: &Url, reason: String) -> io::Error {
        // Without the query: it is ours, and may carry what the server added.
        let to = format!("{}://{}{}", to.scheme(), to.host_str().unwrap_or_default(), to.path());
        self.guard.fail(FetchError::RedirectRefused { to, reason })
    }

    fn accept(&self, answer: Response, wanted: &str) -> io::Result<Response> {
        let host = answer.url().host_str().unwrap_or_default().to_owned();
        let status = answer.status();
        let error = match status {
            StatusCode::OK => return self.accept_type(answer, wanted),
            StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                FetchError::CredentialsWanted { host }
            }
            StatusCode::FORBIDDEN => FetchError::Forbidden { host },
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                FetchError::NotFound { host, status: status.as_u16() }
            }
            other => FetchError::Status { host, status: other.as_u16() },
        };
        Err(self.guard.fail(error))
    }

    fn accept_type(&self, answer: Response, wanted: &str) -> io::Result<Response> {
        let found = answer
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("nothing");
        if found == wanted {
            return Ok(answer);
        }
        let found: String = found.chars().take(80).collect();
        let host = answer.url().host_str().unwrap_or_default().to_owned();
        Err(self.guard.fail(FetchError::NotGit { host, reason: format!("it sent `{found}`") }))
    }

    fn unreachable(&self, url: &Url, error: &reqwest::Error) -> io::Error {
        let host = url.host_str().unwrap_or_default().to_owned();
        let reason = if error.is_timeout() {
            "it did not answer in time".to_owned()
        } else {
            innermost(error)
        };
        self.guard.fail(FetchError::Unreachable { host, reason })
    }

    /// Waits for the network, but not beyond the guard's word or the server's allowed silence.
    fn wait<T>(&self, work: impl Future<Output = T>) -> io::Result<T> {
        let Some(runtime) = &self.runtime else {
            return Err(io::Error::other("the client is closed"));
        };
        runtime.block_on(async {
            let silence = time::sleep(self.guard.limits().idle_timeout);
            tokio::pin!(work, silence);
            loop {
                tokio::select! {
                    done = &mut work => return Ok(done),
                    () = &mut silence => return Err(self.guard.silent()),
                    () = time::sleep(TICK) => self.guard.check()?,
                }
            }
        })
    }
}

impl Drop for Client {
    /// Does not wait for a name look-up that hangs.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Why a redirect is not followed; its host is checked when it is connected to.
fn why_not(from: &Url, to: &Url) -> Option<&'static str> {
    match (from.scheme(), to.scheme()) {
        ("http" | "https", "https") | ("http", "http") => (),
        ("https", "http") => return Some("it would leave encryption"),
        (_, _) => return Some("it is no https address"),
    }
    if !to.username().is_empty() || to.password().is_some() {
        return Some("it carries credentials");
    }
    // Anything else is a sign-in page or a front page, not the same question elsewhere.
    (!to.as_str().ends_with(DISCOVERY)).then_some("no git repository is there")
}

/// The last cause: reqwest's own words name the address but not what happened.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    let mut text = error.to_string();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_never_leaves_encryption() {
        let judge = |from: &str, to: &str| {
            let url =
                |scheme: &str| Url::parse(&format!("{scheme}://example.com/a{DISCOVERY}")).unwrap();
            why_not(&url(from), &url(to))
        };

        assert_eq!(judge("https", "http"), Some("it would leave encryption"));
        assert_eq!(judge("https", "ftp"), Some("it is no https address"));
        assert_eq!(judge("https", "https"), None);
        assert_eq!(judge("http", "https"), None);
        assert_eq!(judge("http", "http"), None);
    }
}
