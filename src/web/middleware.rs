//! What every request passes through: the origin check, and errors as pages, fragments or JSON.

use std::time::Instant;

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};
use tracing::{debug, error, info};
use tracing_actix_web::RequestId;

use super::{AppError, Next as NextPage, Problem, limits::bearer};

/// The address of this site as browsers name it: `https://host`, for the origin check.
#[derive(Clone, Debug)]
pub struct Site {
    pub origin: String,
}

impl Site {
    /// Whether browsers reach it by https alone.
    pub fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }
}

/// Renders an error as a page; given by the composition root, which knows the templates.
pub type ErrorPage = fn(&Problem, fragment: bool) -> String;

/// Counts requests and the time they take, by method, route and status.
pub async fn measure(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> actix_web::Result<ServiceResponse<impl MessageBody>> {
    let started = Instant::now();
    let method = known_method(request.method());
    let response = next.call(request).await?;
    let route = response.request().match_pattern().unwrap_or_else(|| "unmatched".to_owned());
    let labels =
        [("method", method), ("route", route), ("status", response.status().as_u16().to_string())];
    metrics::counter!("quarterdeck_http_requests_total", &labels).increment(1);
    metrics::histogram!("quarterdeck_http_request_seconds", &labels).record(started.elapsed());
    Ok(response)
}

/// Clients may send any word as a method; only those that are served become a label.
fn known_method(method: &Method) -> String {
    let known =
        [Method::GET, Method::HEAD, Method::POST, Method::PATCH, Method::DELETE, Method::OPTIONS];
    if known.contains(method) { method.to_string() } else { "other".to_owned() }
}

/// Refuses changes that a browser says come from another site.
pub async fn check_origin(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> actix_web::Result<ServiceResponse<BoxBody>> {
    let safe =
        matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE);
    if !safe && !is_program(request.request()) && !is_same_origin(&request) {
        return Ok(request.error_response(AppError::OtherSite));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

/// Whether only a token speaks for the request. A browser adds cookies to what another site sends, but
/// no token: whoever sends one knows it. With a cookie beside it, the origin has to be right.
fn is_program(request: &HttpRequest) -> bool {
    bearer(request).is_some() && !request.headers().contains_key(header::COOKIE)
}

/// `Sec-Fetch-Site` where the browser sends it, else `Origin`; programs send neither.
fn is_same_origin(request: &ServiceRequest) -> bool {
    let text = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(header::ORIGIN) else { return true };
    request.app_data::<Data<Site>>().is_some_and(|site| site.origin == origin)
}

/// Gives errors their page, fragment or problem document, and logs the server's own once.
pub async fn render_errors(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> actix_web::Result<ServiceResponse<BoxBody>> {
    let response = next.call(request).await?;
    if !is_bare_error(response.response()) {
        return Ok(response.map_into_boxed_body());
    }
    let (request, response) = response.into_parts();
    let rendered = render(&request, response.error(), response.status(), response.headers());
    Ok(ServiceResponse::new(request, rendered))
}

/// An error that nobody has written an answer for yet.
fn is_bare_error<B: MessageBody>(response: &HttpResponse<B>) -> bool {
    let failed = response.status().is_client_error() || response.status().is_server_error();
    failed && (response.error().is_some() || !response.headers().contains_key(header::CONTENT_TYPE))
}

fn render(
    request: &HttpRequest,
    error: Option<&actix_web::Error>,
    status: StatusCode,
    headers: &HeaderMap,
) -> HttpResponse {
    let id = request_id(request);
    let own = error.and_then(|error| error.as_error::<AppError>());
    log(request, own, status);
    if is_page(request) && status == StatusCode::UNAUTHORIZED {
        return send_to(request, "/sign-in");
    }
    // Where one more step is missing, a person is led to it.
    match own.filter(|_| is_page(request)) {
        Some(AppError::Unconfirmed) => return send_to(request, "/account/confirm"),
        Some(AppError::NeedsReconnection) => return send_to(request, "/account/reconnect"),
        Some(AppError::NeedsFactor) => return send_to(request, "/account/factor"),
        _ => {}
    }
    let problem =
        own.map_or_else(|| foreign_problem(status, error, &id), |error| error.problem(&id));
    let mut response = body(request, &problem, status);
    if let Some(retry_after) = own.and_then(AppError::retry_after) {
        // Whole seconds, and never too early.
        let seconds = retry_after.as_secs().saturating_add(1);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(allow) = headers.get(header::ALLOW) {
        response.headers_mut().insert(header::ALLOW, allow.clone());
    }
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

fn body(request: &HttpRequest, problem: &Problem, status: StatusCode) -> HttpResponse {
    if !is_page(request) {
        return HttpResponse::build(status)
            .insert_header((header::CONTENT_TYPE, "application/problem+json"))
            .json(problem);
    }
    let fragment = is_fragment(request);
    let page =
        request.app_data::<Data<ErrorPage>>().map(|page| (page.get_ref())(problem, fragment));
    let text = page.unwrap_or_else(|| problem.title.clone());
    HttpResponse::build(status).content_type("text/html; charset=utf-8").body(text)
}

/// Whether a person looks at the answer, rather than a program.
fn is_page(request: &HttpRequest) -> bool {
    !(request.path().starts_with("/api/") || request.path() == "/metrics")
}

/// Whether htmx asked for a part of a page.
pub fn is_fragment(request: &HttpRequest) -> bool {
    request.headers().get("hx-request-type").is_some_and(|value| value == "partial")
}

/// Sends a person to a page that knows the way back; a fragment makes the whole page go.
fn send_to(request: &HttpRequest, page: &str) -> HttpResponse {
    if is_fragment(request) {
        let target = with_way_back(page, NextPage::of_page_around(request));
        return HttpResponse::Unauthorized().insert_header(("hx-redirect", target)).finish();
    }
    let is_page = matches!(*request.method(), Method::GET | Method::HEAD);
    // A change that was not made is asked for again on the page it was asked for from.
    let back = if is_page { NextPage::of_request(request) } else { NextPage::of_referrer(request) };
    let target = with_way_back(page, back);
    HttpResponse::SeeOther().insert_header((header::LOCATION, target)).finish()
}

fn with_way_back(page: &str, next: Option<NextPage>) -> String {
    match next.filter(|next| !next.is_start()) {
        Some(next) => format!("{page}?{}", next.query()),
        None => page.to_owned(),
    }
}

/// A problem for what actix itself refuses: paths, bodies and queries that do not parse.
fn foreign_problem(status: StatusCode, error: Option<&actix_web::Error>, id: &str) -> Problem {
    let detail = match status {
        StatusCode::NOT_FOUND => AppError::NotFound.detail(),
        StatusCode::METHOD_NOT_ALLOWED => AppError::MethodNotAllowed.detail(),
        StatusCode::PAYLOAD_TOO_LARGE => "The body is larger than this address takes.".to_owned(),
        _ if status.is_client_error() => {
            error.map_or_else(|| "The request cannot be read.".to_owned(), ToString::to_string)
        }
        _ => AppError::Internal(anyhow::anyhow!("")).detail(),
    };
    let title = status.canonical_reason().unwrap_or("Error").to_owned();
    Problem {
        kind: "about:blank",
        title,
        status: status.as_u16(),
        detail,
        request_id: id.to_owned(),
        errors: Vec::new(),
    }
}

fn log(request: &HttpRequest, error: Option<&AppError>, status: StatusCode) {
    let (method, path) = (request.method(), request.match_pattern().unwrap_or_default());
    match error {
        Some(AppError::Internal(cause)) => error!("{method} {path} failed: {cause:#}"),
        Some(AppError::Unavailable(cause)) => error!("{method} {path} found no database: {cause}"),
        // The limits say it once a minute for each address; a flood must not fill the log.
        Some(AppError::TooManyRequests { .. }) => debug!("{method} {path} answered {status}"),
        _ if status.is_server_error() => error!("{method} {path} answered {status}"),
        _ => info!("{method} {path} answered {status}"),
    }
}

/// The id that the log and error pages name a request by.
pub fn request_id(request: &HttpRequest) -> String {
    request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default()
}
