//! Moments, which GitHub writes as text, and in pushes and old installations as seconds since 1970.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, de::Error};

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Seconds(i64),
    Text(String),
}

impl Written {
    fn moment<E: Error>(self) -> Result<DateTime<Utc>, E> {
        let moment = match &self {
            Self::Seconds(seconds) => DateTime::from_timestamp(*seconds, 0),
            Self::Text(text) => text.parse().ok(),
        };
        moment.ok_or_else(|| E::custom("not a moment"))
    }
}

pub(crate) fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<DateTime<Utc>, D::Error> {
    Written::deserialize(from)?.moment()
}

pub(crate) fn moment_or_none<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    Option::<Written>::deserialize(from)?.map(Written::moment).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Sample {
        #[serde(deserialize_with = "moment")]
        at: DateTime<Utc>,
        #[serde(default, deserialize_with = "moment_or_none")]
        end: Option<DateTime<Utc>>,
    }

    fn read(text: &str) -> Result<Sample, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn a_moment_is_text_or_seconds() {
        let seconds = read(r#"{"at": 1557933641, "end": null}"#).unwrap();
        let text = read(r#"{"at": "2019-05-15T17:20:41+02:00"}"#).unwrap();

        assert_eq!(seconds.at, text.at);
        assert_eq!((seconds.end, text.end), (None, None));
        assert!(read(r#"{"at": "yesterday"}"#).is_err());
        assert!(read(r#"{"at": 9223372036854775807}"#).is_err());
    }
}
