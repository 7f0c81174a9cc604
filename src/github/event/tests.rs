use super::*;
use crate::github::model::{ReviewState, Visibility};

const REPOSITORY: &str =
    r#"{"id": 9007199254740993, "name": "shop", "full_name": "acme/shop", "private": true}"#;
const ISSUE: &str = r#"{"id": 5, "number": 1, "title": "Broken", "state": "open", "user": null,
    "created_at": "2026-03-02T09:00:00Z", "updated_at": "2026-03-02T09:00:00Z"}"#;

fn issues(action: &str, issue: &str) -> Result<Event, Undigestible> {
    let payload =
        format!(r#"{{"action": "{action}", "issue": {issue}, "repository": {REPOSITORY}}}"#);
    Event::parse("issues", payload.as_bytes())
}

#[test]
fn ids_have_64_bits_and_people_may_be_gone() {
    let Event::Issues(event) = issues("opened", ISSUE).unwrap() else { panic!("issues") };

    assert_eq!(event.action, IssuesAction::Opened);
    assert_eq!(event.repository.id, 9_007_199_254_740_993);
    assert!(event.repository.is_hidden());
    assert_eq!((event.issue.user, event.sender), (None, None));
}

#[test]
fn an_unknown_action_is_kept() {
    let Event::Issues(event) = issues("frozen", ISSUE).unwrap() else { panic!("issues") };

    assert_eq!(event.action, IssuesAction::Other("frozen".to_owned()));
}

#[test]
fn an_unknown_family_is_kept_by_its_name() {
    let starred = Event::parse("star", br#"{"action": "created", "starred_at": null}"#).unwrap();

    let action = Some("created".to_owned());
    assert_eq!(starred, Event::Other { name: "star".to_owned(), action });
}

#[test]
fn what_is_missing_is_named_with_its_place() {
    let issue = ISSUE.replace(r#""number": 1, "#, "");

    let refused = issues("opened", &issue).unwrap_err();

    assert_eq!(refused.path, "issue");
    assert!(refused.reason.starts_with("missing field `number`"), "{refused}");
}

#[test]
fn what_is_wrong_is_named_without_its_value() {
    let issue = ISSUE.replace(r#""id": 5"#, r#""id": "a \"secret\" text""#);

    let refused = issues("opened", &issue).unwrap_err();

    assert_eq!(refused.path, "issue.id");
    assert!(refused.reason.starts_with("invalid type: string …, expected i64"), "{refused}");
    assert!(!refused.to_string().contains("secret"), "{refused}");
}

#[test]
fn bad_bytes_are_undigestible() {
    let whole = format!(r#"{{"action": "opened", "issue": {ISSUE}, "repository": {REPOSITORY}}}"#);
    let huge = whole.replace(r#""id": 5"#, r#""id": 99999999999999999999"#);
    let invalid = [&whole.as_bytes()[..20], b"\xff\xfe\"}"].concat();
    for bad in [
        &b""[..],
        b"[]",
        b"null",
        b"{} {}",
        &whole.as_bytes()[..whole.len() - 1],
        huge.as_bytes(),
        &invalid,
    ] {
        assert!(Event::parse("issues", bad).is_err(), "{}", String::from_utf8_lossy(bad));
    }
    assert!(Event::parse("star", b"<xml>").is_err());
}

#[test]
fn deep_nesting_ends_in_an_error() {
    let nested = format!("{{\"issue\": {}", "[".repeat(100_000));

    assert!(Event::parse("issues", nested.as_bytes()).is_err());
    assert!(Event::parse("star", nested.as_bytes()).is_err());
}

#[test]
fn the_envelope_says_whom_it_concerns() {
    let payload = format!(
        r#"{{"action": "opened", "repository": {REPOSITORY}, "installation": {{"id": 7, "node_id": "x"}},
            "organization": {{"id": 3, "login": "acme"}},
            "sender": {{"id": 4, "login": "dependabot[bot]", "type": "Bot"}}}}"#
    );

    let envelope = Envelope::parse(payload.as_bytes()).unwrap();

    assert_eq!(envelope.action.as_deref(), Some("opened"));
    assert_eq!(envelope.repository.unwrap().full_name.as_deref(), Some("acme/shop"));
    assert_eq!(envelope.installation, Some(Reference { id: 7 }));
    assert_eq!(envelope.organization.unwrap().login, "acme");
    assert!(envelope.sender.unwrap().is_bot());
}

#[test]
fn the_api_and_webhooks_write_the_same_words_differently() {
    assert_eq!(ReviewState::from("APPROVED".to_owned()), ReviewState::Approved);
    assert_eq!(ReviewState::from("approved".to_owned()), ReviewState::Approved);
    assert_eq!(Visibility::from("INTERNAL".to_owned()), Visibility::Internal);
}

#[test]
fn nothing_but_json_is_asked_of_an_unknown_family() {
    let strange = br#"{"action": 7, "repository": "shop", "sender": [], "id": 1e99}"#;

    let kept = Event::parse("sponsorship", strange).unwrap();

    assert_eq!(kept, Event::Other { name: "sponsorship".to_owned(), action: None });
}

#[test]
fn text_that_no_database_takes_costs_its_characters_alone() {
    let issue = ISSUE.replace("Broken", r"Bro\u0000ken \ud83d\ude00 \ud83d");

    let Event::Issues(event) = issues("opened", &issue).unwrap() else { panic!("issues") };

    assert_eq!(event.issue.title, "Bro\u{fffd}ken 😀 \u{fffd}");
}

#[test]
fn nulls_in_lists_are_people_who_are_gone() {
    let issue =
        ISSUE.replace(r#""number": 1"#, r#""number": 1, "assignees": [null], "labels": null"#);

    let Event::Issues(event) = issues("opened", &issue).unwrap() else { panic!("issues") };

    assert_eq!((event.issue.assignees, event.issue.labels), (vec![], vec![]));
}
