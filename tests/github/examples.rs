//! GitHub's published samples and descriptions of its webhooks, read as the product reads them.

use quarterdeck::github::{
    Envelope, Event,
    subscription::{SUBSCRIPTIONS, app_events, repository_events},
};
use serde_json::Value;

use crate::description::{Description, Fullness, published};

/// The samples of one GitHub: the family's name and its payloads.
fn samples(of: &str) -> Vec<(String, Vec<Value>)> {
    let file = format!("webhooks-examples/{of}/index.json");
    let families: Vec<Value> = serde_json::from_slice(&published(&file)).unwrap();
    let read = |family: &Value| {
        let name = family["name"].as_str().unwrap().to_owned();
        (name, family["examples"].as_array().unwrap().clone())
    };
    families.iter().map(read).collect()
}

fn read_all(of: &str) -> usize {
    let mut read = 0;
    for (name, payloads) in samples(of) {
        for payload in payloads {
            let bytes = serde_json::to_vec(&payload).unwrap();

            let event = Event::parse(&name, &bytes)
                .unwrap_or_else(|error| panic!("{name}: {error}\n{payload}"));
            let envelope = Envelope::parse(&bytes).unwrap();

            let is_other = matches!(event, Event::Other { .. });
            assert_eq!(is_other, !Event::NAMES.contains(&name.as_str()), "{name}");
            assert_eq!(envelope.action.as_deref(), payload["action"].as_str(), "{name}");
            assert!(
                !format!("{event:?}").contains("Other(\""),
                "{name}: a word that is not known: {event:?}"
            );
            read += 1;
        }
    }
    read
}

#[test]
fn every_sample_of_github_is_understood() {
    assert!(read_all("api.github.com") >= 329);
}

#[test]
fn every_sample_of_an_enterprise_server_is_understood() {
    assert!(read_all("ghes-35") >= 100);
}

#[test]
fn every_known_family_has_a_sample() {
    let samples = samples("api.github.com");

    for name in Event::NAMES {
        assert!(samples.iter().any(|(sample, _)| sample == name), "{name}");
    }
}

#[test]
fn whatever_the_description_lets_be_absent_or_null_is_understood() {
    let description = Description::of_github();
    let (mut read, mut refused) = (0, Vec::new());
    for (name, schema) in description.webhooks() {
        if !Event::NAMES.contains(&name) {
            continue;
        }
        for fullness in [Fullness::Bare, Fullness::Nulls, Fullness::Full] {
            let payload = description.sample(schema, fullness);
            let bytes = serde_json::to_vec(&payload).unwrap();

            let event = Event::parse(name, &bytes);
            let envelope = Envelope::parse(&bytes);

            if format!("{event:?}").contains("action: Other(") {
                refused.push(format!("{name}: the action {} is not known", payload["action"]));
            }
            for error in [event.err(), envelope.err()].into_iter().flatten() {
                refused.push(format!("{name}, {fullness:?}, {}: {error}", payload["action"]));
            }
            read += 1;
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
    assert!(read >= 342, "{read}");
}

#[test]
fn every_event_is_asked_for_with_the_permission_that_it_needs() {
    let description = Description::of_github();

    for (permission, events) in SUBSCRIPTIONS {
        assert!(description.is_permission(permission), "{permission}");
        let (first, rest) = permission.split_at(1);
        let named = format!("\"{}{}\"", first.to_uppercase(), rest.replace('_', " "));
        for event in events {
            let (types, words) = description.subscribing(event);
            let needs = words.split("at least read-level access for the").skip(1);
            assert!(types.contains(&"app"), "{event}");
            assert!(needs.clone().count() > 0, "{event}");
            assert!(needs.clone().all(|need| need.contains(&named)), "{event}: {words}");
        }
    }
}

#[test]
fn hooks_tell_of_all_that_is_understood() {
    let description = Description::of_github();
    let unasked = ["installation", "installation_repositories", "github_app_authorization", "ping"];

    for name in Event::NAMES {
        assert_eq!(app_events().contains(&name), !unasked.contains(&name), "{name}");
    }
    for name in app_events() {
        let (types, _) = description.subscribing(name);
        assert_eq!(repository_events().contains(&name), types.contains(&"repository"), "{name}");
    }
}
