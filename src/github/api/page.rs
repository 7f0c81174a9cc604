//! Lists page by page: where a page is, what is on it, and where the next one is.

use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use url::Url;

/// Where a page of a list is. It may be kept and resumed after a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor<T> {
    address: String,
    of: PhantomData<fn() -> T>,
}

/// One page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// None on the last one.
    pub next: Option<Cursor<T>>,
    /// How many there are on all pages, where GitHub says so; by the number of its pages a few more than that.
    pub total: Option<i64>,
    /// For the next question about the same page by the same token.
    pub etag: Option<String>,
}

impl<T> Cursor<T> {
    pub(super) fn to(address: String) -> Self {
        Self { address, of: PhantomData }
    }

    /// From what [`Self::as_str`] said before a restart.
    pub fn resume(kept: &str) -> Option<Self> {
        let is_path = kept.starts_with('/')
            && !kept.starts_with("//")
            && kept.bytes().all(|byte| byte.is_ascii_graphic());
        is_path.then(|| Self::to(kept.to_owned()))
    }

    /// The path and the query below the API's address.
    pub fn as_str(&self) -> &str {
        &self.address
    }
}

/// The things in an answer: a bare list, or one under a name of its own beside a count.
pub(super) struct Items<T> {
    pub(super) items: Vec<T>,
    pub(super) total: Option<i64>,
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Items<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Visitor(PhantomData))
    }
}

struct Visitor<T>(PhantomData<T>);

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Field {
    #[serde(alias = "workflow_runs", alias = "check_suites", alias = "installations")]
    Repositories,
    TotalCount,
    #[serde(other)]
    Other,
}

impl<'de, T: DeserializeOwned> serde::de::Visitor<'de> for Visitor<T> {
    type Value = Items<T>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Items<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Items { items, total: None })
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Items<T>, A::Error> {
        let (mut found, mut total) = (None, None);
        while let Some(field) = map.next_key::<Field>()? {
            match field {
                Field::Repositories => found = Some(map.next_value()?),
                Field::TotalCount => total = map.next_value()?,
                Field::Other => {
                    map.next_value::<serde::de::IgnoredAny>()?;
                }
            }
        }
        let items = found.ok_or_else(|| serde::de::Error::custom("no list"))?;
        Ok(Items { items, total })
    }
}

/// The address in a `Link` header that stands in this relation to the page.
pub(super) fn leads_to<'links>(links: &'links str, relation: &str) -> Option<&'links str> {
    let relation = format!("rel=\"{relation}\"");
    let mut rest = links;
    loop {
        let (_, begun) = rest.split_once('<')?;
        let (address, after) = begun.split_once('>')?;
        let parameters = after.split('<').next().unwrap_or_default();
        if parameters.split([';', ',']).any(|parameter| parameter.trim() == relation) {
            return Some(address);
        }
        rest = after;
    }
}

/// How many things are on all pages, by the number of the last one; none where pages are not numbered.
pub(super) fn counted(links: &str) -> Option<i64> {
    let last = Url::parse(leads_to(links, "last")?).ok()?;
    let number = |wanted: &str| {
        let found = last.query_pairs().find(|(name, _)| name == wanted);
        found.and_then(|(_, value)| value.parse::<i64>().ok()).filter(|number| *number > 0)
    };
    number("page")?.checked_mul(number("per_page")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(links: &str) -> Option<&str> {
        leads_to(links, "next")
    }

    #[test]
    fn the_last_page_says_how_many_there_are() {
        let links = "<https://a.example/x?per_page=100&page=2>; rel=\"next\", <https://a.example/x?per_page=100&page=31>; rel=\"last\"";

        assert_eq!(counted(links), Some(3_100));
        assert_eq!(counted("<https://a.example/x?after=Y3&per_page=100>; rel=\"next\""), None);
        assert_eq!(counted("<https://a.example/x?per_page=100&page=-1>; rel=\"last\""), None);
    }

    #[test]
    fn the_next_page_is_named_by_its_relation() {
        let both = "<https://a.example/x?page=1>; rel=\"prev\", <https://a.example/x?l=b,c&page=3>; rel=\"next\"";

        assert_eq!(next(both), Some("https://a.example/x?l=b,c&page=3"));
        assert_eq!(next("<https://a.example/x>; rel=\"last\""), None);
        assert_eq!(next("<https://a.example/x; rel=\"next\""), None);
        assert_eq!(next(""), None);
    }

    #[test]
    fn lists_come_bare_or_under_a_name() {
        let read = |text: &str| serde_json::from_str::<Items<u8>>(text).map(|found| found.items);

        assert_eq!(read("[1, 2]").unwrap(), [1, 2]);
        assert_eq!(read(r#"{"total_count": 3, "workflow_runs": [3]}"#).unwrap(), [3]);
        assert_eq!(read(r#"{"repositories": [4], "total_count": 1}"#).unwrap(), [4]);
        assert!(read(r#"{"message": "no"}"#).is_err());
    }

    #[test]
    fn only_a_path_is_resumed() {
        assert!(Cursor::<u8>::resume("/repos/a/b/issues?page=2").is_some());
        for other in ["", "repos", "//evil.example/x", "https://evil.example", "/a b", "/a\r\nb"] {
            assert_eq!(Cursor::<u8>::resume(other), None, "{other}");
        }
    }
}
