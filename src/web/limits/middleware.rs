//! Draws on the budgets before a request goes on, and learns from its answer.

use std::{collections::HashSet, net::IpAddr, time::Duration};

use actix_web::{
    HttpMessage, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, StatusCode, header},
    middleware::Next,
    web::Data,
};
use secrecy::SecretString;

use super::{Budget, LimitKey, Limits};
use crate::web::{AppError, client_address};

/// What a path is for, as far as limits are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteKind {
    Ordinary,
    /// Proves who somebody is; its handlers tell what failed and what did not.
    SignIn,
    /// The path holds a secret: not found and gone mean that somebody has guessed.
    SecretLink,
    Webhook,
    /// Never limited.
    Free,
}

/// How requests are told apart; given by the composition root, which knows the routes.
#[derive(Clone, Debug)]
pub struct Callers {
    pub kind_of: fn(&str) -> RouteKind,
    /// The cookies that sign a person in.
    pub cookies: &'static [&'static str],
    /// The routes that answer nobody without a good credential, by their patterns.
    pub guarded: HashSet<&'static str>,
}

/// What a handler says of somebody who tries to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Failed,
    Succeeded,
}

/// Says that a request gave a secret that is none: a wrong state, code or invitation. Whoever goes on
/// like this has to wait.
pub fn failed(request: &HttpRequest) {
    request.extensions_mut().insert(Outcome::Failed);
}

/// Says that a request has proven who somebody is: what failed before from there is forgotten.
pub fn succeeded(request: &HttpRequest) {
    request.extensions_mut().insert(Outcome::Succeeded);
}

/// Refuses, with the time to wait, whoever has used the own budget up.
pub async fn limit_requests(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> actix_web::Result<ServiceResponse<BoxBody>> {
    let limits = request.app_data::<Data<Limits>>().cloned();
    let callers = request.app_data::<Data<Callers>>().cloned();
    let (Some(limits), Some(callers)) = (limits, callers) else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let kind = (callers.kind_of)(request.path());
    let caller = Caller::of(request.request(), &callers);
    if let Err((budget, wait)) = caller.draw(&limits, kind).await {
        caller.tell(&limits, budget, wait);
        return Ok(request.error_response(AppError::TooManyRequests { retry_after: wait }));
    }
    let response = next.call(request).await?.map_into_boxed_body();
    caller.learn(&limits, &callers, kind, &response);
    Ok(response)
}

struct Caller {
    address: IpAddr,
    credential: Option<LimitKey>,
}

impl Caller {
    fn of(request: &HttpRequest, callers: &Callers) -> Self {
        let cookie = || callers.cookies.iter().find_map(|name| request.cookie(name));
        let credential =
            bearer(request).or_else(|| cookie().map(|found| found.value().to_owned().into()));
        let credential = credential.as_ref().map(LimitKey::of_credential);
        Self { address: client_address(request), credential }
    }

    /// Takes one of what the request draws on; else which budget is used up, and how long to wait.
    async fn draw(&self, limits: &Limits, kind: RouteKind) -> Result<(), (&'static str, Duration)> {
        let address = LimitKey::of_address(self.address);
        let (budget, key) = match kind {
            RouteKind::Free => return Ok(()),
            RouteKind::Webhook => (Budget::Webhook, address),
            RouteKind::SignIn | RouteKind::SecretLink => {
                if let Some(wait) = limits.wait(self.address) {
                    return Err(("failures", wait));
                }
                (Budget::SignIn, address)
            }
            RouteKind::Ordinary => match self.credential.filter(|key| limits.is_proven(*key)) {
                Some(credential) => (Budget::Credential, credential),
                None => (Budget::Address, address),
            },
        };
        limits.take(budget, key).await.map_err(|wait| (budget.as_str(), wait))
    }

    /// Counts a refusal; logs the first of a minute with the address, for whoever looks for the flood.
    fn tell(&self, limits: &Limits, budget: &'static str, wait: Duration) {
        metrics::counter!("quarterdeck_http_refusals_total", "budget" => budget).increment(1);
        if limits.is_worth_a_line(LimitKey::of_address(self.address)) {
            let (address, seconds) = (self.address, wait.as_secs());
            tracing::warn!("Refused {address} for {seconds} s: its limit ({budget}) is used up");
        }
    }

    fn learn(
        &self,
        limits: &Limits,
        callers: &Callers,
        kind: RouteKind,
        response: &ServiceResponse,
    ) {
        let request = response.request();
        if let Some(credential) = self.credential
            && response.status().is_success()
            && request.match_pattern().is_some_and(|route| callers.guarded.contains(route.as_str()))
        {
            limits.prove(credential);
            // A session that has just been renewed goes on with the secret that this answer brings.
            let renewed = response.response().cookies();
            for cookie in renewed.filter(|cookie| callers.cookies.contains(&cookie.name())) {
                limits.prove(LimitKey::of_credential(&cookie.value().to_owned().into()));
            }
        }
        let said = request.extensions().get::<Outcome>().copied();
        let seen = (kind == RouteKind::SecretLink).then(|| outcome(response)).flatten();
        match said.or(seen) {
            Some(Outcome::Failed) => limits.failed(self.address),
            Some(Outcome::Succeeded) => limits.succeeded(self.address),
            None => {}
        }
    }
}

/// What the answer of a link with a secret tells: a form that was sent and leads on has used a good one.
fn outcome(response: &ServiceResponse) -> Option<Outcome> {
    match response.status() {
        StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND | StatusCode::GONE => {
            Some(Outcome::Failed)
        }
        StatusCode::SEE_OTHER if *response.request().method() == Method::POST => {
            Some(Outcome::Succeeded)
        }
        _ => None,
    }
}

/// The token of an `Authorization: Bearer …` header.
pub(in crate::web) fn bearer(request: &HttpRequest) -> Option<SecretString> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned().into())
}
