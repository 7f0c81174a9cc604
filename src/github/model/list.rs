//! Lists, which GitHub leaves out, sends as null, or fills with nulls where something is gone.

use serde::{Deserialize, Deserializer};

pub(crate) fn list<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let found = Option::<Vec<Option<T>>>::deserialize(from)?;
    Ok(found.unwrap_or_default().into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Sample {
        #[serde(default, deserialize_with = "list")]
        numbers: Vec<u8>,
    }

    #[test]
    fn what_is_gone_is_left_out() {
        for (text, numbers) in [
            (r#"{"numbers": [1, null, 3]}"#, vec![1, 3]),
            (r#"{"numbers": null}"#, vec![]),
            ("{}", vec![]),
        ] {
            assert_eq!(serde_json::from_str::<Sample>(text).unwrap().numbers, numbers, "{text}");
        }
        assert!(serde_json::from_str::<Sample>(r#"{"numbers": ["x"]}"#).is_err());
    }
}
