//! Closed sets of words that GitHub may open: an unknown one is kept as it came.

/// An enum of words, with `Other` for those that are not known here. Case does not matter: the API,
/// its GraphQL and the webhooks write the same words differently.
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
        #[serde(from = "String", into = "String")]
        pub enum $name {
            $($(#[$inner])* $variant,)+
            /// A word that is not known here, as GitHub wrote it.
            Other(String),
        }

        impl $name {
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                $(if word.eq_ignore_ascii_case($word) {
                    return Self::$variant;
                })+
                Self::Other(word)
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> Self {
                word.as_str().to_owned()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}

#[cfg(test)]
mod tests {
    words! {
        pub enum Answer { Yes = "yes", NotYet = "not_yet" }
    }

    fn read(text: &str) -> Answer {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn words_are_known_in_any_case_and_kept_when_they_are_not() {
        assert_eq!(read("\"yes\""), Answer::Yes);
        assert_eq!(read("\"NOT_YET\""), Answer::NotYet);
        assert_eq!(read("\"Perhaps\""), Answer::Other("Perhaps".to_owned()));
        assert_eq!(serde_json::to_string(&Answer::NotYet).unwrap(), "\"not_yet\"");
        assert_eq!(read("\"Perhaps\"").to_string(), "Perhaps");
    }
}
