//! The name of a repository as GitHub writes it.

use std::fmt;

/// `owner/name`, checked to be a part of an address and nothing more. It changes when the repository
/// is renamed; the id does not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FullName {
    whole: String,
    slash: usize,
}

impl FullName {
    pub fn parse(text: &str) -> Option<Self> {
        let (owner, name) = text.split_once('/')?;
        let is_name = |part: &str| {
            (1..=100).contains(&part.len())
                && !matches!(part, "." | "..")
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        (is_name(owner) && is_name(name))
            .then(|| Self { whole: text.to_owned(), slash: owner.len() })
    }

    pub fn as_str(&self) -> &str {
        &self.whole
    }

    pub fn owner(&self) -> &str {
        self.whole.split_at(self.slash).0
    }

    pub fn name(&self) -> &str {
        self.whole.split_at(self.slash).1.trim_start_matches('/')
    }
}

impl fmt::Display for FullName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_two_names() {
        let shop = FullName::parse("acme/web.shop_2").unwrap();

        assert_eq!((shop.owner(), shop.name()), ("acme", "web.shop_2"));
        assert_eq!(shop.to_string(), "acme/web.shop_2");
    }

    #[test]
    fn nothing_else_gets_into_an_address() {
        for text in [
            "", "acme", "/shop", "acme/", "acme/..", "./shop", "a/b/c", "a b/c", "a/b?c", "a/b%2f",
            "é/b",
        ] {
            assert_eq!(FullName::parse(text), None, "{text}");
        }
    }
}
