//! Families that are not known here: nothing is asked of them but to be JSON.

use serde::Deserialize;
use serde_json::Value;

use super::{Undigestible, undigestible::read};

#[derive(Deserialize)]
struct Unknown {
    #[serde(default)]
    action: Value,
}

pub(super) fn action(payload: &[u8]) -> Result<Option<String>, Undigestible> {
    let unknown: Unknown = read(payload)?;
    Ok(unknown.action.as_str().map(ToOwned::to_owned))
}
