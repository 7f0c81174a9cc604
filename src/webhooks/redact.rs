//! A payload for people to look at: without tokens, secrets and addresses of mail.

use serde_json::Value;

/// What stands in the place of what is not shown.
const HIDDEN: &str = "[not shown]";

/// How GitHub's tokens begin, and our own.
const TOKENS: [&str; 8] = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "qdk_", "qdh_"];

/// Parts of the names of fields that hold what nobody is to read.
const SECRET_NAMES: [&str; 5] = ["secret", "token", "password", "private_key", "authorization"];

/// Up to which size a payload is read as JSON, in bytes; of a larger one the beginning is shown as it is.
const MOST_READ: usize = 1 << 20;

/// The payload, indented; one that is no JSON as text, as far as it is any.
pub(super) fn redacted(payload: &[u8]) -> String {
    if payload.len() > MOST_READ {
        let beginning = payload.get(..MOST_READ).unwrap_or_default();
        return words(&String::from_utf8_lossy(beginning));
    }
    match serde_json::from_slice::<Value>(payload) {
        Ok(mut value) => {
            redact(&mut value);
            serde_json::to_string_pretty(&value).unwrap_or_default()
        }
        Err(_) => words(&String::from_utf8_lossy(payload)),
    }
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if is_secret(name) && !field.is_null() && !is_flag(field) {
                    *field = HIDDEN.into();
                } else {
                    redact(field);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::String(text) => *text = words(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|part| name.contains(part)) && !name.ends_with("_url")
}

fn is_flag(field: &Value) -> bool {
    field.is_boolean() || field.is_number()
}

/// A text with its tokens and addresses taken out.
fn words(text: &str) -> String {
    let hides = TOKENS.iter().any(|token| text.contains(token)) || text.contains('@');
    if !hides {
        return text.to_owned();
    }
    let parts = text.split_inclusive(|letter: char| {
        letter.is_whitespace() || matches!(letter, '<' | '>' | '"' | '\'' | '(' | ')' | ',' | ';')
    });
    parts.map(part).collect()
}

fn part(part: &str) -> String {
    let is_token = TOKENS.iter().any(|token| part.contains(token));
    let has_login = part.split_once("://").is_some_and(|(_, rest)| {
        rest.split('/').next().is_some_and(|authority| authority.contains('@'))
    });
    let is_address = part
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && !name.contains('/') && host.contains('.'));
    if !is_token && !is_address && !has_login {
        return part.to_owned();
    }
    let end = part
        .chars()
        .next_back()
        .filter(|letter| letter.is_whitespace() || letter.is_ascii_punctuation());
    format!("{HIDDEN}{}", end.map(String::from).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_secrets_and_addresses_are_not_shown() {
        let payload = br#"{"hook":{"config":{"secret":"s3cret","url":"https://x"}},
            "head_commit":{"author":{"email":"ada@example.com","name":"Ada"},
                           "message":"Use ghp_AbC123 now\nCo-authored-by: Ben <ben@example.com>"},
            "clone":"https://ada:pa55@git.example.com/x.git","token_expires_at":null,"two_factor_token":true,"user":"@ada"}"#;

        let shown = redacted(payload);

        for hidden in ["s3cret", "pa55", "ada@example.com", "ghp_AbC123", "ben@example.com"] {
            assert!(!shown.contains(hidden), "{hidden}: {shown}");
        }
        for kept in ["https://x", "\"Ada\"", "now", "Co-authored-by: Ben <", "\"@ada\"", "true"] {
            assert!(shown.contains(kept), "{kept}: {shown}");
        }
    }

    #[test]
    fn what_is_no_json_is_shown_as_far_as_it_is_text() {
        let shown = redacted(b"{\"broken\": \xff github_pat_11AA ada@example.com");

        assert!(shown.starts_with("{\"broken\": "), "{shown}");
        assert!(!shown.contains("github_pat_") && !shown.contains("ada@"), "{shown}");
    }
}
