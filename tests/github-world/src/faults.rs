//! Answers that go wrong, as a test orders them.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web::Bytes};
use chrono::{DateTime, Utc};
use futures_util::stream;

use crate::{answer, state::State};

/// What happens to the next request in place of an answer.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This status with GitHub's page for people, which is not JSON.
    Status(u16),
    /// No answer for this long; then one with status 504.
    Silence(Duration),
    /// No answer for this long; then what is right by that time.
    Late(Duration),
    /// A body that ends before its announced length.
    Truncated,
    /// A well-formed answer of so many bytes.
    Oversized(usize),
    /// Status 200 and words that are not JSON.
    NotJson,
    /// A redirect to this address.
    Redirect(String),
    /// The hourly limit is used up until then: 403.
    PrimaryLimit { reset: DateTime<Utc> },
    /// Too much at once: 429 with `retry-after` in seconds, or GitHub's older 403.
    SecondaryLimit { retry_after: Option<u64>, status: u16 },
}

impl Fault {
    pub(crate) async fn respond(self, limits: (u64, i64)) -> HttpResponse {
        match self {
            Self::Status(status) => {
                answer::plain(status, "text/html; charset=utf-8", "<h1>Unicorn!</h1>".to_owned())
            }
            Self::Silence(time) | Self::Late(time) => {
                tokio::time::sleep(time).await;
                answer::plain(504, "text/html", String::new())
            }
            Self::Truncated => truncated(),
            Self::Oversized(size) => {
                let body = format!("{{\"login\":\"{}\"}}", "a".repeat(size));
                answer::plain(200, "application/json; charset=utf-8", body)
            }
            Self::NotJson => {
                answer::plain(200, "text/html", "<html>Sign in to the network</html>".to_owned())
            }
            Self::Redirect(to) => {
                let mut response = HttpResponse::build(answer::status(301));
                response.insert_header(("location", to)).finish()
            }
            Self::PrimaryLimit { reset } => primary_limit(limits.0, reset),
            Self::SecondaryLimit { retry_after, status } => secondary_limit(retry_after, status),
        }
    }
}

pub(crate) fn take(state: &mut State, request: &HttpRequest) -> Option<Fault> {
    let address = format!("{}?{}", request.path(), request.query_string());
    let ordered = state.ordered.iter().find(|(part, _)| address.contains(part.as_str()));
    ordered.map(|(_, fault)| fault.clone()).or_else(|| state.faults.pop_front())
}

fn truncated() -> HttpResponse {
    let part = stream::iter([Ok::<_, actix_web::Error>(Bytes::from_static(b"{\"login\":"))]);
    HttpResponse::Ok()
        .insert_header(("content-type", "application/json; charset=utf-8"))
        .no_chunking(10_000)
        .streaming(part)
}

pub(crate) fn primary_limit(limit: u64, reset: DateTime<Utc>) -> HttpResponse {
    let message = "API rate limit exceeded for user ID 1001. If you reach out to GitHub Support for help, please \
        include the request ID.";
    let about = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api";
    let mut response = answer::failure(403, message, about);
    answer::limit_headers(&mut response, limit, 0, reset.timestamp());
    response
}

fn secondary_limit(retry_after: Option<u64>, status: u16) -> HttpResponse {
    let message =
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    let about = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits";
    let mut response = answer::failure(status, message, about);
    if let Some(seconds) = retry_after {
        answer::header(&mut response, "retry-after", &seconds.to_string());
    }
    response
}
