//! Installing an App: the page where its owner does it, and the way back to the App's setup.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use serde_json::Value;

use crate::{
    Shared, World, answer,
    state::{Installation, State},
};

/// What the manifest of an App says of installing it.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) owner: String,
    pub(crate) url: Option<String>,
    pub(crate) permissions: BTreeMap<String, String>,
}

impl Setup {
    pub(crate) fn of(owner: &str, manifest: &Value) -> Self {
        let permissions = manifest["default_permissions"].as_object().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            owner: owner.to_owned(),
            url: manifest["setup_url"].as_str().map(ToOwned::to_owned),
            permissions: permissions.map(|(name, level)| (name.clone(), text(level))).collect(),
        }
    }
}

impl World {
    /// What the owner's browser does: installs the App of that short name on its owner. The answer is the
    /// address that it is sent to.
    pub fn install_app(&self, slug: &str) -> String {
        install(&mut self.shared.state(), slug).expect("the App was made from a manifest")
    }
}

/// `GET /apps/{slug}/installations/new`.
pub(super) async fn show(slug: web::Path<String>) -> HttpResponse {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Install {slug}</title>\
         <main><h1>Install {slug}</h1><form method=\"post\"><button>Install</button></form></main></html>"
    );
    answer::plain(200, "text/html; charset=utf-8", page)
}

/// `POST` of the same: what the button does.
pub(super) async fn submit(shared: web::Data<Shared>, slug: web::Path<String>) -> HttpResponse {
    match install(&mut shared.state(), &slug) {
        Some(to) => HttpResponse::Found().insert_header(("location", to)).finish(),
        None => answer::plain(404, "text/html; charset=utf-8", "<h1>404</h1>".to_owned()),
    }
}

fn install(state: &mut State, slug: &str) -> Option<String> {
    let is_it = |id: u64| {
        let app = state.app_by_id(id);
        app.is_some_and(|app| app.name.to_lowercase().replace(' ', "-") == slug)
    };
    let (app_id, setup) = state.setups.iter().find(|(id, _)| is_it(**id))?;
    let (app_id, setup) = (*app_id, setup.clone());
    let id = state.next_id();
    state.installations.push(Installation {
        id,
        app_id,
        organization: setup.owner,
        permissions: setup.permissions,
        suspended: false,
        repositories: None,
    });
    state.tell_of_installation(id, "created");
    let url = setup.url?;
    let joint = if url.contains('?') { '&' } else { '?' };
    Some(format!("{url}{joint}installation_id={id}&setup_action=install"))
}
