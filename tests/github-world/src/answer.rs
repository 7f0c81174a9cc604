//! The forms of GitHub's answers: JSON with an `ETag`, failures with a message and an address.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue},
    },
};
use serde_json::{Value, json};

/// What the documentation of the rest is found under.
pub(crate) const REST: &str = "https://docs.github.com/rest";

pub(crate) fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Status 200 with an `ETag`, or 304 where the asker has it already.
pub(crate) fn found(request: &HttpRequest, body: &Value) -> HttpResponse {
    found_text(request, &body.to_string())
}

/// The same of JSON that is text already.
pub(crate) fn found_text(request: &HttpRequest, text: &str) -> HttpResponse {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let tag = format!("W/\"{}\"", crate::hex(digest.as_ref()));
    let known = request.headers().get("if-none-match").and_then(|value| value.to_str().ok());
    let mut response = if known == Some(&tag) {
        HttpResponse::build(StatusCode::NOT_MODIFIED).finish()
    } else {
        plain(200, "application/json; charset=utf-8", text.to_owned())
    };
    header(&mut response, "etag", &tag);
    header(&mut response, "cache-control", "private, max-age=60, s-maxage=60");
    header(&mut response, "vary", "Accept, Authorization, Cookie, X-GitHub-OTP");
    response
}

pub(crate) fn json_with(code: u16, body: &Value) -> HttpResponse {
    plain(code, "application/json; charset=utf-8", body.to_string())
}

pub(crate) fn failure(code: u16, message: &str, documentation_url: &str) -> HttpResponse {
    let body = json!({
        "message": message,
        "documentation_url": documentation_url,
        "status": code.to_string(),
    });
    json_with(code, &body)
}

pub(crate) fn not_found(page: &str) -> HttpResponse {
    failure(404, "Not Found", &format!("{REST}/{page}"))
}

pub(crate) fn bad_credentials() -> HttpResponse {
    failure(401, "Bad credentials", REST)
}

pub(crate) fn plain(code: u16, content_type: &str, body: String) -> HttpResponse {
    HttpResponse::build(status(code)).insert_header(("content-type", content_type)).body(body)
}

pub(crate) fn header(response: &mut HttpResponse, name: &str, value: &str) {
    let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) else {
        return;
    };
    response.headers_mut().insert(name, value);
}

pub(crate) fn limit_headers(response: &mut HttpResponse, limit: u64, remaining: u64, reset: i64) {
    header(response, "x-ratelimit-limit", &limit.to_string());
    header(response, "x-ratelimit-remaining", &remaining.to_string());
    header(response, "x-ratelimit-used", &limit.saturating_sub(remaining).to_string());
    header(response, "x-ratelimit-reset", &reset.to_string());
    header(response, "x-ratelimit-resource", "core");
}
