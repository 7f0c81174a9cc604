//! What a request carries beside its path, read only once the handler knows who asks.
//!
//! An extractor that fails answers before the one that finds out who calls. These never fail: the
//! handler reads them after its scope, so that whoever may not call hears nothing but that.

use std::{convert::Infallible, marker::PhantomData};

use actix_web::{
    FromRequest, HttpRequest,
    dev::{JsonBody, Payload},
    error::{JsonPayloadError, QueryPayloadError},
    web::Query,
};
use futures_util::future::{LocalBoxFuture, Ready, ready};
use serde::de::DeserializeOwned;

use super::{AppError, Result};

/// The largest JSON body that is read, in bytes.
const MOST_JSON: usize = 64 * 1024;

/// The query of a request.
#[derive(Debug)]
pub struct LateQuery<T> {
    text: String,
    kind: PhantomData<T>,
}

impl<T: DeserializeOwned> LateQuery<T> {
    /// Parses it; a wrong one is a 400 that says what is wrong.
    pub fn read(&self) -> Result<T> {
        match Query::<T>::from_query(&self.text) {
            Ok(query) => Ok(query.into_inner()),
            Err(QueryPayloadError::Deserialize(error)) => {
                Err(AppError::BadRequest(format!("The query cannot be read: {error}.")))
            }
            Err(error) => Err(AppError::BadRequest(format!("The query cannot be read: {error}."))),
        }
    }
}

impl<T> FromRequest for LateQuery<T> {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self { text: request.query_string().to_owned(), kind: PhantomData }))
    }
}

/// The JSON body of a request.
#[derive(Debug)]
pub struct LateJson<T>(Result<T>);

impl<T> LateJson<T> {
    /// What the body says; 400, 413 or 415 where it cannot be read.
    pub fn read(self) -> Result<T> {
        self.0
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for LateJson<T> {
    type Error = Infallible;
    type Future = LocalBoxFuture<'static, Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = JsonBody::new(request, payload, None, true).limit(MOST_JSON);
        Box::pin(async move { Ok(Self(body.await.map_err(refuse))) })
    }
}

fn refuse(error: JsonPayloadError) -> AppError {
    match error {
        JsonPayloadError::OverflowKnownLength { .. } | JsonPayloadError::Overflow { .. } => {
            AppError::TooLarge { most: MOST_JSON }
        }
        JsonPayloadError::ContentType => {
            AppError::UnsupportedMediaType { wanted: "application/json" }
        }
        JsonPayloadError::Deserialize(error) => {
            AppError::BadRequest(format!("The body cannot be read: {error}."))
        }
        other => AppError::BadRequest(format!("The body cannot be read: {other}.")),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{FromRequest, dev::Payload, test::TestRequest};
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        name: String,
    }

    async fn json(request: TestRequest) -> Result<Wanted> {
        let (request, mut payload) = request.to_http_parts();
        LateJson::from_request(&request, &mut payload).await.unwrap().read()
    }

    async fn query(text: &str) -> Result<Wanted> {
        let request = TestRequest::with_uri(&format!("/?{text}")).to_http_request();
        LateQuery::from_request(&request, &mut Payload::None).await.unwrap().read()
    }

    #[actix_web::test]
    async fn what_fits_is_read() {
        let body = TestRequest::post()
            .insert_header(("content-type", "application/json"))
            .set_payload(r#"{"name": "a"}"#);

        assert_eq!(json(body).await.unwrap().name, "a");
        assert_eq!(query("name=a%20b").await.unwrap().name, "a b");
    }

    #[actix_web::test]
    async fn unknown_and_repeated_names_are_refused_in_words() {
        for (text, says) in [
            ("name=a&nmae=b", "`nmae`"),
            ("name=a&name=b", "duplicate field `name`"),
            ("", "`name`"),
        ] {
            let error = query(text).await.unwrap_err();

            assert!(
                matches!(&error, AppError::BadRequest(detail) if detail.contains(says)),
                "{error:?}"
            );
        }
    }

    #[actix_web::test]
    async fn bodies_that_are_too_large_or_no_json_are_refused() {
        let typed = || TestRequest::post().insert_header(("content-type", "application/json"));
        let large = format!(r#"{{"name": "{}"}}"#, "a".repeat(MOST_JSON));

        assert!(matches!(json(typed().set_payload(large)).await, Err(AppError::TooLarge { .. })));
        assert!(matches!(json(typed().set_payload("{")).await, Err(AppError::BadRequest(_))));
        let untyped = TestRequest::post().set_payload(r#"{"name": "a"}"#);
        assert!(matches!(json(untyped).await, Err(AppError::UnsupportedMediaType { .. })));
    }
}
