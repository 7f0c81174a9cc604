//! Why a payload cannot be read: where in it, and what is wrong there.

use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::github::storable;

/// A payload that lacks what its family always has. It holds none of the payload's values, so that
/// it may be stored and shown.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("at `{path}`: {reason}")]
pub struct Undigestible {
    /// `issue.user.id`, say, or `.` for the whole.
    pub path: String,
    pub reason: String,
}

/// Reads JSON, keeping the place of what is wrong. Its texts are such as a database takes.
pub(super) fn read<T: DeserializeOwned>(payload: &[u8]) -> Result<T, Undigestible> {
    let payload = storable(payload);
    let mut json = serde_json::Deserializer::from_slice(&payload);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        Undigestible { path, reason: without_values(&error.into_inner().to_string()) }
    })?;
    json.end().map_err(|error| Undigestible {
        path: ".".to_owned(),
        reason: without_values(&error.to_string()),
    })?;
    Ok(value)
}

/// The parser's words without the texts that they quote, which are the payload's own.
fn without_values(words: &str) -> String {
    let Some((before, rest)) = words.split_once('"') else { return words.to_owned() };
    let after = rest.rsplit_once('"').map_or("", |(_, after)| after);
    format!("{before}…{after}")
}
