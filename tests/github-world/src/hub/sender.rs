//! What carries deliveries to the product over HTTP, as GitHub signs them.

use std::{
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::Duration,
};

use ring::hmac;

use super::hooks::{Attempt, Hook, Target};
use crate::{Shared, hex};

/// GitHub's own patience.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which attempts to make next, for all who send.
pub(crate) type Orders = Arc<Mutex<mpsc::Receiver<u64>>>;

/// Runs on a thread of its own until the world ends.
pub(crate) fn run(orders: &Orders, shared: &Shared) {
    // Whoever else is in this process may have installed it before.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::blocking::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .build()
        .unwrap();
    loop {
        let next = orders.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(id) = next else { return };
        let (found, host) = {
            let state = shared.state();
            let attempt = state.attempt_at(id).map(|at| state.attempts[at].clone());
            let found = attempt.and_then(|one| Some((state.hook(one.hook)?.clone(), one)));
            (found, state.own_host())
        };
        let answer = match &found {
            Some((hook, attempt)) => send(&client, hook, attempt, &host),
            None => (404, "the hook is gone".to_owned()),
        };
        let mut state = shared.state();
        if let Some(at) = state.attempt_at(id) {
            state.attempts[at].answer = Some(answer);
        }
    }
}

/// The status and GitHub's word for what came of it.
fn send(
    client: &reqwest::blocking::Client,
    hook: &Hook,
    attempt: &Attempt,
    host: &str,
) -> (u16, String) {
    let body = body(hook, attempt);
    let mut request = client.post(&hook.url);
    for (name, value) in headers(hook, attempt, &body, host) {
        request = request.header(name, value);
    }
    match request.body(body).send() {
        Ok(answer) if answer.status().is_success() => (answer.status().as_u16(), "OK".to_owned()),
        Ok(answer) => {
            let code = answer.status().as_u16();
            (code, format!("Invalid HTTP Response: {code}"))
        }
        Err(error) if error.is_timeout() => (504, "timed out".to_owned()),
        Err(_) => (502, "failed to connect to host".to_owned()),
    }
}

fn body(hook: &Hook, attempt: &Attempt) -> String {
    if hook.content_type == "json" {
        return attempt.payload.clone();
    }
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("payload", &attempt.payload).finish()
}

/// What GitHub writes into `X-Hub-Signature-256`, for tests that send deliveries of their own.
pub fn signature(secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("sha256={}", hex(hmac::sign(&key, body).as_ref()))
}

/// As an Enterprise Server sends them: it says which it is.
pub(crate) fn headers(
    hook: &Hook,
    attempt: &Attempt,
    body: &str,
    host: &str,
) -> Vec<(String, String)> {
    let (kind, target) = match attempt.target {
        Target::Repository(id) => ("repository", id),
        Target::App(id) => ("integration", id),
    };
    let content = match hook.content_type.as_str() {
        "json" => "application/json",
        _ => "application/x-www-form-urlencoded",
    };
    let mut headers = vec![
        ("Accept", "*/*".to_owned()),
        ("Content-Type", content.to_owned()),
        ("User-Agent", "GitHub-Hookshot/044aadd".to_owned()),
        ("X-GitHub-Delivery", attempt.guid.clone()),
        ("X-GitHub-Enterprise-Host", host.to_owned()),
        ("X-GitHub-Enterprise-Version", "3.17.0".to_owned()),
        ("X-GitHub-Event", attempt.event.clone()),
        ("X-GitHub-Hook-ID", hook.id.to_string()),
        ("X-GitHub-Hook-Installation-Target-ID", target.to_string()),
        ("X-GitHub-Hook-Installation-Target-Type", kind.to_owned()),
    ];
    if let Some(secret) = &hook.secret {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
        let sha1 = hex(hmac::sign(&key, body.as_bytes()).as_ref());
        headers.push(("X-Hub-Signature", format!("sha1={sha1}")));
        headers.push(("X-Hub-Signature-256", signature(secret, body.as_bytes())));
    }
    headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
