//! What import, hooks and recovery ask of GitHub's API.
//!
//! [`Api`] asks by one [`Access`]; what it asks for is a method, or a [`Cursor`] for the lists, of
//! which [`Api::page`] gets one page at a time. It never sleeps: who has to wait gets
//! [`ApiError::Wait`] with a time. Redirects, which GitHub has for repositories that were renamed, are
//! followed within the API.

mod apps;
mod code;
mod deliveries;
mod error;
mod graphql;
mod hooks;
mod lists;
mod manifest;
mod objects;
mod organizations;
mod page;
mod releases;
mod repositories;

pub use deliveries::HookPlace;
pub use error::ApiError;
pub use graphql::{PullDetails, PullDetailsPage};
pub use hooks::NewHook;
pub use lists::Newest;
pub use manifest::NewApp;
pub use page::{Cursor, Page};

use http::{Method, Request, header};
use secrecy::SecretString;
use serde::{Serialize, de::DeserializeOwned};

use super::{Access, Client, Error, answer::Answer, budget::Kind};
use page::Items;

/// After a rename and a transfer there are two.
const REDIRECTS: usize = 3;

/// GitHub's API as one token sees it.
#[derive(Clone, Copy)]
pub struct Api<'asked> {
    client: &'asked Client,
    access: &'asked Access,
}

impl Client {
    pub fn by<'asked>(&'asked self, access: &'asked Access) -> Api<'asked> {
        Api { client: self, access }
    }
}

impl Api<'_> {
    /// One page of a list.
    pub async fn page<T: DeserializeOwned>(&self, cursor: &Cursor<T>) -> Result<Page<T>, ApiError> {
        let answer = self.call(Method::GET, cursor.as_str(), None::<&()>, None).await?;
        self.read_page(&answer)
    }

    /// The page if it has changed since `etag`; if not, asking has cost nothing.
    pub async fn page_unless<T: DeserializeOwned>(
        &self,
        cursor: &Cursor<T>,
        etag: &str,
    ) -> Result<Option<Page<T>>, ApiError> {
        let answer = self.call(Method::GET, cursor.as_str(), None::<&()>, Some(etag)).await?;
        if answer.status == 304 { Ok(None) } else { self.read_page(&answer).map(Some) }
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ApiError> {
        self.send(Method::GET, path, None::<&()>).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, ApiError> {
        let answer = self.call(method, path, body, None).await?;
        ApiError::check(&answer, self.client)?;
        Ok(answer.parse()?)
    }

    /// The same where the answer says nothing.
    async fn order(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<(), ApiError> {
        let answer = self.call(method, path, body, None).await?;
        ApiError::check(&answer, self.client)
    }

    fn read_page<T: DeserializeOwned>(&self, answer: &Answer) -> Result<Page<T>, ApiError> {
        ApiError::check(answer, self.client)?;
        let Items { items, total } = answer.parse()?;
        let links = answer.header("link");
        let next = links.and_then(|links| page::leads_to(links, "next"));
        let next = next.map(|url| self.within_api(url)).transpose()?.map(Cursor::to);
        let total = total.or_else(|| page::counted(links?));
        Ok(Page { items, next, total, etag: answer.header("etag").map(ToOwned::to_owned) })
    }

    /// Has GitHub do something that makes nothing.
    async fn trigger(&self, path: &str) -> Result<(), ApiError> {
        let answer = self.call_as(Kind::Trigger, (Method::POST, path), None::<&()>, None).await?;
        ApiError::check(&answer, self.client)
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
        etag: Option<&str>,
    ) -> Result<Answer, ApiError> {
        let kind = if method == Method::GET { Kind::Read } else { Kind::Write };
        self.call_as(kind, (method, path), body, etag).await
    }

    async fn call_as(
        &self,
        kind: Kind,
        (method, path): (Method, &str),
        body: Option<&impl Serialize>,
        etag: Option<&str>,
    ) -> Result<Answer, ApiError> {
        let mut path = path.to_owned();
        for _ in 0..=REDIRECTS {
            let answer = self.ask_at((kind, &method, &path), body, etag).await?;
            // What writes is repeated where GitHub says that the same is to be asked again.
            let repeats = kind == Kind::Read || matches!(answer.status, 307 | 308);
            match answer.redirect().filter(|_| repeats) {
                Some(to) => path = self.within_api(to)?,
                None => return Ok(answer),
            }
        }
        Err(Error::unexpected("more than three redirects").into())
    }

    /// One request; it is made again where GitHub does not take the token of an installation any more.
    async fn ask_at(
        &self,
        asked: (Kind, &Method, &str),
        body: Option<&impl Serialize>,
        etag: Option<&str>,
    ) -> Result<Answer, ApiError> {
        let token = self.access.token();
        let answer = self.ask_by(&token, asked, body, etag).await?;
        match self.instead(&answer, &token).await? {
            Some(fresh) => self.ask_by(&fresh, asked, body, etag).await,
            None => Ok(answer),
        }
    }

    async fn ask_by(
        &self,
        token: &SecretString,
        (kind, method, path): (Kind, &Method, &str),
        body: Option<&impl Serialize>,
        etag: Option<&str>,
    ) -> Result<Answer, ApiError> {
        let Access { budget, urgency, .. } = self.access;
        budget.take(kind, *urgency).map_err(|until| ApiError::Wait { until })?;
        let mut request = Request::builder().method(method).uri(path);
        if let Some(etag) = etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        let answer = self.client.call((request, body), Some(token)).await?;
        // Whom GitHub does not know is told what is left to nobody in particular.
        if answer.status != 401 {
            budget.note(&answer);
        }
        Ok(answer)
    }

    /// A token in the place of the one that an answer refuses, where there is another.
    async fn instead(
        &self,
        answer: &Answer,
        refused: &SecretString,
    ) -> Result<Option<SecretString>, Error> {
        if answer.status == 401 { self.access.instead_of(refused).await } else { Ok(None) }
    }

    /// The path and the query of an address that GitHub has sent, which must be one of its API's.
    fn within_api(&self, address: &str) -> Result<String, ApiError> {
        let path = self.client.hosts().path_within_api(address);
        path.ok_or_else(|| Error::unexpected("an address that is not one of its API's").into())
    }
}
