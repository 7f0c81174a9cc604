//! The manifest that GitHub makes an App from.

use serde_json::{Map, Value, json};
use url::Url;

use crate::{
    connections::{attempts::Purpose, is_loopback},
    github::subscription::{SUBSCRIPTIONS, app_events},
};

/// How long GitHub lets an App's name be.
const LONGEST_NAME: usize = 34;

/// The manifest of an App for what somebody set out for; `site` is our public address.
pub(super) fn manifest((site, slug): (&str, &str), purpose: &Purpose) -> Value {
    let here = format!("{site}/{slug}/github");
    let mut manifest = json!({
        "name": name(&purpose.owner),
        "url": site,
        "redirect_url": format!("{here}/callback"),
        "callback_urls": [format!("{site}/api/auth/callback")],
        "setup_url": format!("{here}/{}/installed", purpose.connection),
        "setup_on_update": true,
        "public": false,
        "default_permissions": permissions(),
    });
    // GitHub refuses a manifest whose hook leads to the machine itself, and events without a hook.
    if takes_deliveries(site, &purpose.web_url)
        && let Some(fields) = manifest.as_object_mut()
    {
        let url = format!("{site}/api/v2/webhooks/github");
        fields.insert("hook_attributes".to_owned(), json!({"url": url, "active": true}));
        fields.insert("default_events".to_owned(), json!(app_events()));
    }
    manifest
}

/// Whether a GitHub may deliver to our address: not to one of the machine itself, unless it is on it too.
pub(super) fn takes_deliveries(site: &str, web_url: &str) -> bool {
    let is_local = |text: &str| Url::parse(text).is_ok_and(|url| is_loopback(&url));
    !is_local(site) || is_local(web_url)
}

fn name(owner: &str) -> String {
    format!("Quarterdeck {owner}")
        .chars()
        .take(LONGEST_NAME)
        .collect::<String>()
        .trim_end()
        .to_owned()
}

fn permissions() -> Map<String, Value> {
    SUBSCRIPTIONS.iter().map(|(name, _)| ((*name).to_owned(), json!("read"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{connections::ConnectionId, tenancy::AccountId};

    fn made(site: &str, web_url: &str) -> Value {
        let purpose = Purpose {
            connection: ConnectionId::from_uuid(uuid::Uuid::nil()),
            account: AccountId::from_uuid(uuid::Uuid::nil()),
            session: uuid::Uuid::nil(),
            web_url: web_url.to_owned(),
            owner: "a-github-organisation-with-a-long-name".to_owned(),
            signs_in: false,
        };
        manifest((site, "acme"), &purpose)
    }

    #[test]
    fn addresses_are_those_of_the_site() {
        let manifest = made("https://deck.example", "https://github.com");

        assert_eq!(
            manifest["hook_attributes"]["url"],
            "https://deck.example/api/v2/webhooks/github"
        );
        assert_eq!(manifest["redirect_url"], "https://deck.example/acme/github/callback");
        assert_eq!(manifest["callback_urls"][0], "https://deck.example/api/auth/callback");
        assert_eq!(manifest["public"], false);
        assert!(manifest["name"].as_str().unwrap().len() <= LONGEST_NAME);
        for (permission, _) in SUBSCRIPTIONS {
            assert_eq!(manifest["default_permissions"][permission], "read");
        }
    }

    #[test]
    fn github_is_asked_to_deliver_only_where_it_can() {
        assert!(made("http://localhost:8080", "https://github.com")["hook_attributes"].is_null());
        assert!(made("http://localhost:8080", "https://github.com")["default_events"].is_null());
        let both = made("http://127.0.0.1:8080", "http://127.0.0.1:4000");
        assert!(!both["hook_attributes"].is_null());
    }
}
