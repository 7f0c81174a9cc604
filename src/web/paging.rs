//! Lists that are read a page at a time by keyset: each page costs what the first does.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{AppError, Result};

pub const DEFAULT_LIMIT: u16 = 50;
const MOST: u16 = 200;

/// The `cursor` and `limit` of a request.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct PageQuery {
    pub cursor: Option<String>,
    pub limit: Option<String>,
}

/// Which rows to read: those after a key, at most so many.
#[derive(Clone, Debug)]
pub struct PageRequest<K> {
    pub after: Option<K>,
    limit: u16,
}

/// Some rows of a list, and where the next ones begin.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PageOf<T> {
    pub items: Vec<T>,
    /// The `cursor` of the next page; null on the last one.
    pub next: Option<String>,
}

impl PageQuery {
    /// Parses both; a wrong one is a 400 that says so.
    pub fn parse<K: DeserializeOwned>(&self) -> Result<PageRequest<K>> {
        let limit = match self.limit.as_deref() {
            None | Some("") => DEFAULT_LIMIT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=MOST).contains(limit))
                .ok_or_else(wrong_limit)?,
        };
        let after =
            self.cursor.as_deref().filter(|text| !text.is_empty()).map(decode).transpose()?;
        Ok(PageRequest { after, limit })
    }
}

fn wrong_limit() -> AppError {
    AppError::BadRequest(format!("`limit` is a number from 1 to {MOST}."))
}

fn decode<K: DeserializeOwned>(cursor: &str) -> Result<K> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or_else(|| {
        AppError::BadRequest("`cursor` is none that this list gave; start without it.".to_owned())
    })
}

impl<K: Serialize> PageRequest<K> {
    /// Everything from the start, at most this many.
    pub const fn first(limit: u16) -> Self {
        Self { after: None, limit }
    }

    /// Whether it is the list's beginning, of the usual [`DEFAULT_LIMIT`] rows.
    pub const fn is_usual(&self) -> bool {
        self.after.is_none() && self.limit == DEFAULT_LIMIT
    }

    /// How many rows to ask the database for: one more than the page shows tells of a next one.
    pub fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Cuts the extra row off and makes the cursor of the next page.
    pub fn page<T>(&self, mut rows: Vec<T>, key: impl FnOnce(&T) -> K) -> Result<PageOf<T>> {
        let limit = usize::from(self.limit);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| more).map(key);
        let next = last.map(|key| encode(&key)).transpose()?;
        Ok(PageOf { items: rows, next })
    }
}

fn encode<K: Serialize>(key: &K) -> Result<String> {
    let bytes = serde_json::to_vec(key).map_err(anyhow::Error::from)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

impl<T> PageOf<T> {
    /// The same page of other items.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> PageOf<U> {
        PageOf { items: self.items.into_iter().map(change).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(cursor: Option<&str>, limit: Option<&str>) -> PageQuery {
        PageQuery { cursor: cursor.map(str::to_owned), limit: limit.map(str::to_owned) }
    }

    #[test]
    fn a_cursor_leads_to_the_rows_after_the_page() {
        let request: PageRequest<u32> = query(None, Some("2")).parse().unwrap();

        let page = request.page(vec![1, 2, 3], |row| *row).unwrap();
        let next: PageRequest<u32> = query(page.next.as_deref(), Some("2")).parse().unwrap();

        assert_eq!(page.items, [1, 2]);
        assert_eq!(next.after, Some(2));
    }

    #[test]
    fn the_last_page_has_no_next() {
        let request = PageRequest::first(3);

        assert_eq!(request.page(vec![1, 2, 3], |row| *row).unwrap().next, None);
    }

    #[test]
    fn wrong_cursors_and_limits_are_refused_in_words() {
        for (cursor, limit) in [
            (Some("%%%"), None),
            (Some("bm9wZQ"), None),
            (None, Some("0")),
            (None, Some("many")),
            (None, Some("201")),
        ] {
            let error = query(cursor, limit).parse::<u32>().unwrap_err();

            assert!(matches!(error, AppError::BadRequest(_)), "{error:?}");
        }
    }
}
