//! What happens around every request: the log, ordered faults, rate limits, GitHub's headers.

use actix_web::{
    HttpRequest, HttpResponse,
    body::{BoxBody, MessageBody, to_bytes},
    dev::{Payload, ServiceRequest, ServiceResponse},
    middleware::Next,
    web,
};
use chrono::{DateTime, Duration, Utc};

use crate::{
    Shared,
    answer::{self, REST},
    api::bearer,
    faults::{self, Fault},
    log::Logged,
    state::{Holder, State, Token},
};

/// Requests an hour of whoever says who it is, and of an address that does not.
const LIMIT: u64 = 5_000;
const ANONYMOUS_LIMIT: u64 = 60;

struct Limit {
    hourly: u64,
    remaining: u64,
    reset: DateTime<Utc>,
}

pub(crate) async fn around(
    shared: web::Data<Shared>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let number = begin(&shared, request.request());
    let keeps_bodies = shared.state().keeps_bodies;
    if keeps_bodies {
        let body = request.extract::<web::Bytes>().await?;
        let text = String::from_utf8_lossy(&body).into_owned();
        request.set_payload(Payload::from(body));
        if let Some(logged) = shared.state().log.get_mut(number) {
            logged.body = text;
        }
    }
    let is_page = request.path() == "/login/oauth/authorize" || request.path().ends_with("/sso");
    let (fault, mut limit, token) = {
        let mut state = shared.state();
        let fault = if is_page { None } else { faults::take(&mut state, request.request()) };
        let bearer = bearer(request.request());
        // What has dots in it is signed by an App itself.
        let is_known =
            bearer.is_some_and(|value| value.contains('.') || state.token(value).is_some());
        let token = bearer.and_then(|value| state.token(value).cloned());
        let fault = fault.or_else(|| too_often(&mut state, token.as_ref()));
        let limit = spend(&mut state, (token.as_ref(), is_known));
        (fault, limit, token)
    };
    let is_api = !is_page && !request.path().starts_with("/login/");
    let mut response = match fault {
        Some(Fault::Late(time)) => {
            tokio::time::sleep(time).await;
            next.call(request).await?.map_into_boxed_body()
        }
        Some(fault) => {
            let reset = limit.reset.timestamp();
            replace(request, fault.respond((limit.hourly, reset)).await)
        }
        None if is_api && limit.remaining == 0 => {
            let fault = Fault::PrimaryLimit { reset: limit.reset };
            replace(request, fault.respond((limit.hourly, 0)).await)
        }
        None => next.call(request).await?.map_into_boxed_body(),
    };
    if response.status().as_u16() == 304 {
        give_back(&mut shared.state(), token.as_ref());
        limit.remaining += 1;
    }
    limit.remaining = limit.remaining.saturating_sub(1);
    if is_api {
        headers(response.response_mut(), &shared, (&limit, token.as_ref()));
    }
    decorate(&mut response, number);
    let date = shared.state().clock.now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    answer::header(response.response_mut(), "date", &date);
    if let Some(logged) = shared.state().log.get_mut(number) {
        logged.status = response.status().as_u16();
    }
    if keeps_bodies { keep_answer(&shared, number, response).await } else { Ok(response) }
}

async fn keep_answer(
    shared: &Shared,
    number: usize,
    response: ServiceResponse<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let (request, response) = response.into_parts();
    let (head, body) = response.into_parts();
    // An ordered fault may break off in the middle.
    let body = to_bytes(body).await.unwrap_or_default();
    if let Some(logged) = shared.state().log.get_mut(number) {
        logged.answer = String::from_utf8_lossy(&body).into_owned();
    }
    Ok(ServiceResponse::new(request, head.set_body(BoxBody::new(body))))
}

pub(crate) async fn nothing_here() -> HttpResponse {
    answer::failure(404, "Not Found", REST)
}

fn replace(request: ServiceRequest, response: HttpResponse) -> ServiceResponse<BoxBody> {
    let (request, _) = request.into_parts();
    ServiceResponse::new(request, response)
}

/// Writes the request down at once, so that one that is never answered is seen as well.
fn begin(shared: &Shared, request: &HttpRequest) -> usize {
    let headers = request.headers().iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let logged = Logged {
        method: request.method().to_string(),
        path: request.path().to_owned(),
        query: request.query_string().to_owned(),
        headers: headers.collect(),
        status: 0,
        body: String::new(),
        answer: String::new(),
    };
    let log = &mut shared.state().log;
    log.push(logged);
    log.len() - 1
}

/// Counts the request, for those whose limit a test has set.
fn spend(state: &mut State, (token, is_known): (Option<&Token>, bool)) -> Limit {
    let whom = token.map(whom);
    let hourly = if is_known { LIMIT } else { ANONYMOUS_LIMIT };
    let now = state.clock.now();
    let free = Limit { hourly, remaining: hourly, reset: now + Duration::hours(1) };
    let Some(set) = whom.and_then(|whom| state.limits.get_mut(&whom)) else { return free };
    if now >= set.1 {
        return free;
    }
    let remaining = set.0;
    set.0 = set.0.saturating_sub(1);
    Limit { hourly, remaining, reset: set.1 }
}

/// GitHub's secondary limit, with the seconds until the oldest request is a minute old.
fn too_often(state: &mut State, token: Option<&Token>) -> Option<Fault> {
    let (most, now) = (state.a_minute?, state.clock.now());
    let lately = state.lately.entry(whom(token?)).or_default();
    lately.retain(|&at| now < at + Duration::minutes(1));
    if lately.len() < most {
        lately.push_back(now);
        return None;
    }
    let oldest = *lately.front()?;
    let seconds = (oldest + Duration::minutes(1) - now).num_seconds();
    Some(Fault::SecondaryLimit { retry_after: u64::try_from(seconds).ok(), status: 403 })
}

/// An answer that says that nothing is new costs nothing.
fn give_back(state: &mut State, token: Option<&Token>) {
    if let Some(set) = token.map(whom).and_then(|whom| state.limits.get_mut(&whom)) {
        set.0 += 1;
    }
}

fn whom(token: &Token) -> String {
    match &token.holder {
        Holder::Person { login, .. } => login.clone(),
        Holder::Installation(id) => id.to_string(),
    }
}

fn headers(response: &mut HttpResponse, shared: &Shared, (limit, token): (&Limit, Option<&Token>)) {
    // An ordered refusal has said it already.
    if !response.headers().contains_key("x-ratelimit-remaining") {
        let remaining = limit.remaining.min(limit.hourly);
        answer::limit_headers(response, limit.hourly, remaining, limit.reset.timestamp());
    }
    answer::header(response, "x-github-media-type", "github.v3; format=json");
    answer::header(response, "x-github-api-version-selected", "2022-11-28");
    let Some(Token { holder: Holder::Person { client_id, scopes, .. }, expires_at, .. }) = token
    else {
        return;
    };
    if shared.state().app(client_id).is_some_and(|app| app.kind == crate::state::AppKind::OAuth) {
        answer::header(response, "x-oauth-scopes", &scopes.join(", "));
        answer::header(response, "x-accepted-oauth-scopes", "");
        answer::header(response, "x-oauth-client-id", client_id);
    }
    if let Some(end) = expires_at {
        let end = end.format("%Y-%m-%d %H:%M:%S UTC").to_string();
        answer::header(response, "github-authentication-token-expiration", &end);
    }
}

fn decorate(response: &mut ServiceResponse<BoxBody>, number: usize) {
    let is_enterprise = response.request().path().starts_with("/api/v3");
    let response = response.response_mut();
    answer::header(response, "server", "github.com");
    answer::header(
        response,
        "x-github-request-id",
        &format!("C0DE:{number:04X}:1A2B3C:4D5E6F:6789ABCD"),
    );
    if is_enterprise {
        answer::header(response, "x-github-enterprise-version", "3.17.0");
        // A server that has limits switched off, as most have, sends none of these.
        for name in ["limit", "remaining", "used", "reset", "resource"] {
            response.headers_mut().remove(format!("x-ratelimit-{name}"));
        }
    }
}
