//! The names under which the report's enums are stored; the same as in its JSON.

use super::model::{Marker, Scope, WarningCode};

impl Marker {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Todo => "TODO",
            Self::Fixme => "FIXME",
            Self::Hack => "HACK",
            Self::Xxx => "XXX",
        }
    }

    /// The marker that is this word.
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Todo, Self::Fixme, Self::Hack, Self::Xxx]
            .into_iter()
            .find(|marker| marker.as_str() == word)
    }
}

impl Scope {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Runtime => "runtime",
            Self::Development => "development",
            Self::Optional => "optional",
            Self::Build => "build",
        }
    }
}

impl WarningCode {
    /// The name in kebab case.
    pub fn as_str(self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|name| name.as_str().map(str::to_owned))
            .unwrap_or_default()
    }
}
