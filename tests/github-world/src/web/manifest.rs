//! Making an App from a manifest: the owner agrees, and the browser comes back with a code.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use url::Url;

use crate::{
    Shared, World,
    answer::{self, REST},
    api::app_shape,
    app_jwt,
    hub::hooks::Hook,
    state::{AppKind, State},
    web::install::Setup,
};

/// A manifest to which its owner has agreed.
pub(crate) struct Agreed {
    code: String,
    owner: String,
    manifest: Value,
    until: DateTime<Utc>,
}

impl World {
    /// What the owner's browser does: posts the manifest in the name of an organisation, and agrees.
    /// The answer is the address that it is sent to, with `code` and `state`.
    pub fn agree_to_manifest(&self, owner: &str, manifest: &Value, state: &str) -> Url {
        agree(&mut self.shared.state(), owner, manifest.clone(), Some(state))
            .expect("the manifest has a redirect_url")
    }
}

fn agree(state: &mut State, owner: &str, manifest: Value, secret: Option<&str>) -> Option<Url> {
    let mut to = Url::parse(manifest["redirect_url"].as_str()?).ok()?;
    let code = state.secret("");
    to.query_pairs_mut().append_pair("code", &code);
    if let Some(secret) = secret {
        to.query_pairs_mut().append_pair("state", secret);
    }
    let until = state.clock.now() + Duration::hours(1);
    state.manifests.push(Agreed { code, owner: owner.to_owned(), manifest, until });
    Some(to)
}

/// `POST /organizations/{org}/settings/apps/new`, by somebody who agrees at once.
pub(super) async fn submit(
    shared: web::Data<Shared>,
    (organization, query): (web::Path<String>, web::Query<HashMap<String, String>>),
    form: web::Form<HashMap<String, String>>,
) -> HttpResponse {
    let manifest = form.get("manifest").and_then(|text| serde_json::from_str(text).ok());
    let secret = query.get("state").map(String::as_str);
    let to =
        manifest.and_then(|manifest| agree(&mut shared.state(), &organization, manifest, secret));
    match to {
        Some(to) => HttpResponse::Found().insert_header(("location", to.as_str())).finish(),
        None => answer::plain(422, "text/html", "The manifest cannot be read".to_owned()),
    }
}

/// `POST /app-manifests/{code}/conversions`: once, and within the hour.
pub(crate) async fn convert(
    shared: web::Data<Shared>,
    request: HttpRequest,
    code: web::Path<String>,
) -> HttpResponse {
    let now = shared.state().clock.now();
    let agreed = {
        let manifests = &mut shared.state().manifests;
        let at = manifests.iter().position(|one| one.code == *code && now < one.until);
        at.map(|at| manifests.remove(at))
    };
    let Some(Agreed { owner, manifest, .. }) = agreed else {
        return answer::failure(
            404,
            "Not Found",
            &format!("{REST}/apps/apps#create-a-github-app-from-a-manifest"),
        );
    };
    let id = shared.make_app(&manifest);
    let mut state = shared.state();
    state.setups.insert(id, Setup::of(&owner, &manifest));
    let mut body = app_shape(&state, id, &owner, &request);
    let app = state.app_by_id(id).expect("it was made just now");
    let more = json!({
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "webhook_secret": app.hook.as_ref().and_then(|hook| hook.secret.clone()),
        "pem": app_jwt::PRIVATE_KEY,
    });
    crate::shapes::merge(&mut body, more);
    answer::json_with(201, &body)
}

impl Shared {
    fn make_app(&self, manifest: &Value) -> u64 {
        let mut state = self.state();
        let name = manifest["name"].as_str().unwrap_or("An App");
        let callback = manifest["callback_urls"][0].as_str().unwrap_or_default();
        let id = state.next_id();
        state.register(AppKind::GitHub(id), name, callback);
        let Some(url) = manifest["hook_attributes"]["url"].as_str() else { return id };
        let (hook_id, now, secret) = (state.next_id(), state.clock.now(), state.secret(""));
        let events = manifest["default_events"].as_array().into_iter().flatten();
        let hook = Hook {
            id: hook_id,
            url: url.to_owned(),
            secret: Some(secret),
            content_type: "json".to_owned(),
            events: events.filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
            active: manifest["hook_attributes"]["active"].as_bool().unwrap_or(true),
            created_at: now,
            updated_at: now,
        };
        if let Some(place) = state.app_hook_mut(id) {
            *place = Some(hook);
        }
        id
    }
}
