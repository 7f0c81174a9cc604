//! Hooks of repositories, the App's own, and the logs of both.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Duration;
use serde_json::{Value, json};

use super::{
    caller::app_id,
    reach::{Level, Need, link, localized, number, one, query, reach},
};
use crate::{
    Shared,
    answer::{self, REST},
    hub::{
        hooks::{Hook, Target, attempt_shape, config_shape, hook_shape},
        sender,
    },
    state::State,
};

const READ: Need = Need("repository_hooks", Level::Read);
const WRITE: Need = Need("repository_hooks", Level::Write);
/// As long as github.com keeps its log.
const LOG: Duration = Duration::days(3);
const MOST: usize = 20;

pub(super) async fn list(shared: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let state = shared.state();
    match reach(&state, &request, READ) {
        Ok(position) => {
            let found = &state.repositories[position];
            let target = Target::Repository(found.id);
            let hooks = found.hooks.iter().map(|hook| hook_shape(hook, target, &state));
            one(&request, &hooks.collect())
        }
        Err(refusal) => refusal,
    }
}

pub(super) async fn create(
    shared: web::Data<Shared>,
    request: HttpRequest,
    body: web::Json<Value>,
) -> HttpResponse {
    let mut state = shared.state();
    let position = match reach(&state, &request, WRITE) {
        Ok(position) => position,
        Err(refusal) => return refusal,
    };
    let Some(url) = body["config"]["url"].as_str() else {
        return invalid("config is missing a url");
    };
    let hooks = &state.repositories[position].hooks;
    if hooks.iter().any(|hook| hook.url == url) {
        return invalid("Hook already exists on this repository");
    }
    if hooks.len() >= MOST {
        return invalid("The \"push\" event cannot have more than 20 hooks");
    }
    let now = state.clock.now();
    let mut hook = Hook {
        id: state.next_id(),
        url: url.to_owned(),
        secret: None,
        content_type: "form".to_owned(),
        events: vec!["push".to_owned()],
        active: true,
        created_at: now,
        updated_at: now,
    };
    change(&mut hook, &body);
    let target = Target::Repository(state.repositories[position].id);
    state.repositories[position].hooks.push(hook.clone());
    let shape = hook_shape(&hook, target, &state);
    state.ping(&hook, target);
    answer::plain(201, "application/json; charset=utf-8", localized(&request, &shape))
}

pub(super) async fn get(shared: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let state = shared.state();
    match found(&state, &request, READ) {
        Ok((position, at)) => {
            let target = Target::Repository(state.repositories[position].id);
            one(&request, &hook_shape(&state.repositories[position].hooks[at], target, &state))
        }
        Err(refusal) => refusal,
    }
}

pub(super) async fn update(
    shared: web::Data<Shared>,
    request: HttpRequest,
    body: web::Json<Value>,
) -> HttpResponse {
    let mut state = shared.state();
    let (position, at) = match found(&state, &request, WRITE) {
        Ok(found) => found,
        Err(refusal) => return refusal,
    };
    let now = state.clock.now();
    let hook = &mut state.repositories[position].hooks[at];
    change(hook, &body);
    hook.updated_at = now;
    let hook = hook.clone();
    let target = Target::Repository(state.repositories[position].id);
    one(&request, &hook_shape(&hook, target, &state))
}

pub(super) async fn delete(shared: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let mut state = shared.state();
    match found(&state, &request, WRITE) {
        Ok((position, at)) => {
            state.repositories[position].hooks.remove(at);
            HttpResponse::NoContent().finish()
        }
        Err(refusal) => refusal,
    }
}

pub(super) async fn ping(shared: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let mut state = shared.state();
    match found(&state, &request, READ) {
        Ok((position, at)) => {
            let repository = &state.repositories[position];
            let (hook, target) = (repository.hooks[at].clone(), Target::Repository(repository.id));
            state.ping(&hook, target);
            HttpResponse::NoContent().finish()
        }
        Err(refusal) => refusal,
    }
}

/// `GET /app/hook/config`.
pub(super) async fn app_config(shared: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let state = shared.state();
    match app_id(&state, &request) {
        Ok(id) => match state.app_by_id(id).and_then(|app| app.hook.as_ref()) {
            Some(hook) => one(&request, &config_shape(hook)),
            None => answer::not_found("apps/webhooks"),
        },
        Err(refusal) => refusal,
    }
}

/// `PATCH /app/hook/config`.
pub(super) async fn update_app_config(
    shared: web::Data<Shared>,
    request: HttpRequest,
    body: web::Json<Value>,
) -> HttpResponse {
    let mut state = shared.state();
    let id = match app_id(&state, &request) {
        Ok(id) => id,
        Err(refusal) => return refusal,
    };
    let Some(Some(hook)) = state.app_hook_mut(id) else {
        return answer::not_found("apps/webhooks");
    };
    change(hook, &json!({"config": *body}));
    one(&request, &config_shape(&hook.clone()))
}

/// The log, newest first, by cursors alone.
pub(super) async fn deliveries(shared: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let state = shared.state();
    let hook = match hook_of(&state, &request) {
        Ok(hook) => hook,
        Err(refusal) => return refusal,
    };
    let asked = query(&request);
    let per_page = asked.get("per_page").and_then(|text| text.parse().ok()).unwrap_or(30_usize);
    let before = asked.get("cursor").and_then(|text| text.strip_prefix("v1_")?.parse().ok());
    let oldest = state.clock.now() - LOG;
    let mut log = state
        .attempts
        .iter()
        .rev()
        .filter(|one| one.hook == hook && one.at > oldest && one.answer.is_some())
        .filter(|one| before.is_none_or(|before: u64| one.id < before));
    let page: Vec<_> = log.by_ref().take(per_page.clamp(1, 100)).collect();
    let shapes = page.iter().map(|attempt| attempt_shape(attempt)).collect();
    let mut response = one(&request, &shapes);
    if let (Some(last), Some(_)) = (page.last(), log.next()) {
        link(&mut response, (&state, &request), &("cursor", format!("v1_{}", last.id)));
    }
    response
}

pub(super) async fn delivery(shared: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let state = shared.state();
    let hook = match hook_of(&state, &request) {
        Ok(hook) => hook,
        Err(refusal) => return refusal,
    };
    let id = number(&request, "delivery_id");
    let attempt = state.attempts.iter().find(|one| one.id == id && one.hook == hook);
    let (Some(attempt), Some(hook)) = (attempt, state.hook(hook)) else {
        return answer::not_found("repos/webhooks#get-a-delivery-for-a-repository-webhook");
    };
    let mut shape = attempt_shape(attempt);
    let headers = sender::headers(hook, attempt, &attempt.payload, &state.own_host());
    let headers: serde_json::Map<String, Value> =
        headers.into_iter().map(|(name, value)| (name, json!(value))).collect();
    let payload: Value = serde_json::from_str(&attempt.payload).unwrap_or_default();
    shape["url"] = json!(hook.url);
    shape["request"] = json!({"headers": headers, "payload": payload});
    shape["response"] = json!({"headers": {}, "payload": ""});
    one(&request, &shape)
}

pub(super) async fn redeliver(shared: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let mut state = shared.state();
    let hook = match hook_of(&state, &request) {
        Ok(hook) => hook,
        Err(refusal) => return refusal,
    };
    let id = number(&request, "delivery_id");
    let is_known = state.attempts.iter().any(|one| one.id == id && one.hook == hook);
    if !is_known || !state.redeliver(id) {
        return answer::not_found("repos/webhooks#redeliver-a-delivery-for-a-repository-webhook");
    }
    answer::json_with(202, &json!({}))
}

/// The hook of the path, or that of the App who asks.
fn hook_of(state: &State, request: &HttpRequest) -> Result<u64, HttpResponse> {
    if request.match_info().get("hook_id").is_some() {
        let (position, at) = found(state, request, READ)?;
        return Ok(state.repositories[position].hooks[at].id);
    }
    let id = app_id(state, request)?;
    let hook = state.app_by_id(id).and_then(|app| app.hook.as_ref());
    hook.map(|hook| hook.id).ok_or_else(|| answer::not_found("apps/webhooks"))
}

fn found(state: &State, request: &HttpRequest, need: Need) -> Result<(usize, usize), HttpResponse> {
    let position = reach(state, request, need)?;
    let id = number(request, "hook_id");
    let at = state.repositories[position].hooks.iter().position(|hook| hook.id == id);
    let at = at.ok_or_else(|| answer::not_found("repos/webhooks#get-a-repository-webhook"))?;
    Ok((position, at))
}

fn change(hook: &mut Hook, body: &Value) {
    let config = &body["config"];
    if let Some(url) = config["url"].as_str() {
        url.clone_into(&mut hook.url);
    }
    if let Some(secret) = config["secret"].as_str() {
        hook.secret = Some(secret.to_owned()).filter(|secret| !secret.is_empty());
    }
    if let Some(kind) = config["content_type"].as_str() {
        kind.clone_into(&mut hook.content_type);
    }
    if let Some(active) = body["active"].as_bool() {
        hook.active = active;
    }
    if let Some(events) = body["events"].as_array() {
        let names = events.iter().filter_map(Value::as_str);
        hook.events = names.map(ToOwned::to_owned).collect();
    }
}

fn invalid(words: &str) -> HttpResponse {
    let body = json!({
        "message": "Validation Failed",
        "errors": [{"resource": "Hook", "code": "custom", "message": words}],
        "documentation_url": format!("{REST}/repos/webhooks#create-a-repository-webhook"),
        "status": "422",
    });
    answer::json_with(422, &body)
}
