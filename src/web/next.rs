//! Where a person goes after signing in: a path on this site, and nowhere else.

use std::fmt;

use actix_web::HttpRequest;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

/// The longest path that is taken along, in bytes.
const MOST: usize = 2_000;

/// A path with its query that a browser resolves to this site, whatever the site is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next(String);

impl Next {
    /// Takes a path that begins with one slash and holds nothing that browsers read otherwise: no
    /// backslash, space or control character, bare or encoded at the beginning, and at most 2,000 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        (text.len() <= MOST && is_plain && starts_here(text) && stays(text))
            .then(|| Self(text.to_owned()))
    }

    /// The `next` of a query (`next=%2Facme&…`), where it is one that may be followed.
    pub fn from_query(query: &str) -> Option<Self> {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == "next").and_then(|(_, next)| Self::parse(&next))
    }

    /// The page that a request is for.
    pub fn of_request(request: &HttpRequest) -> Option<Self> {
        Self::parse(request.uri().path_and_query()?.as_str())
    }

    /// The page that a part of it was asked for from, as htmx tells.
    pub(super) fn of_page_around(request: &HttpRequest) -> Option<Self> {
        let page: Url = request.headers().get("hx-current-url")?.to_str().ok()?.parse().ok()?;
        let query = page.query().map(|query| format!("?{query}")).unwrap_or_default();
        Self::parse(&format!("{}{query}", page.path()))
    }

    /// The page whose form a change came from, as the browser tells.
    pub(super) fn of_referrer(request: &HttpRequest) -> Option<Self> {
        let page: Url = request.headers().get("referer")?.to_str().ok()?.parse().ok()?;
        let query = page.query().map(|query| format!("?{query}")).unwrap_or_default();
        Self::parse(&format!("{}{query}", page.path()))
    }

    /// The pair for a query: `next=%2Facme%2Ftasks`.
    pub fn query(&self) -> String {
        format!("next={}", utf8_percent_encode(&self.0, NON_ALPHANUMERIC))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the start page, which needs no mention.
    pub fn is_start(&self) -> bool {
        self.0 == "/"
    }
}

/// The start page.
impl Default for Next {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl fmt::Display for Next {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// One slash, not two: neither as it stands nor to somebody who decodes it, however often.
fn starts_here(text: &str) -> bool {
    let mut text = text.to_owned();
    loop {
        let mut letters = text.chars();
        let is_here = letters.next() == Some('/')
            && !letters.next().is_some_and(|next| matches!(next, '/' | '\\') || next.is_control());
        if !is_here {
            return false;
        }
        let decoded = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if decoded == text {
            return true;
        }
        text = decoded;
    }
}

/// Whether what a browser makes of it (`/./` and `/../` gone) is of the same site, and would stay so if
/// it were followed again.
fn stays(text: &str) -> bool {
    let Ok(base) = Url::parse("https://quarterdeck.invalid/sign-in") else { return false };
    base.join(text).is_ok_and(|url| url.origin() == base.origin() && !url.path().starts_with("//"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_of_this_site_is_taken_with_its_query() {
        for path in [
            "/",
            "/acme",
            "/acme/tasks?state=open&q=a%20b",
            "/a//b",
            "/@me",
            "/acme?next=https://evil.example",
            "/acme#part",
        ] {
            assert_eq!(Next::parse(path).unwrap().as_str(), path);
        }
    }

    #[test]
    fn what_leads_elsewhere_is_refused() {
        for path in [
            "",
            "acme",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\\/evil.example",
            "https:",
            "https://evil.example",
            "https:/evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "/\t/evil.example",
            "/\n/evil.example",
            " /acme",
            "/ac me",
            "/acme\r\nx: y",
            "/acme\0",
            "/%2Fevil.example",
            "/%2f%2fevil.example",
            "/%5Cevil.example",
            "/%255Cevil.example",
            "/%25252Fevil.example",
            "/%09/evil.example",
            "/.//evil.example",
            "/acme/..//evil.example",
            "/%2e//evil.example",
            "/%2e%2e//evil.example",
            "/é",
            "?x",
            "#x",
            "@evil.example",
        ] {
            assert_eq!(Next::parse(path), None, "{path:?}");
        }
        assert_eq!(Next::parse(&format!("/{}", "a".repeat(MOST))), None);
        assert!(Next::parse(&format!("/{}", "a".repeat(MOST - 1))).is_some());
    }

    #[test]
    fn a_query_holds_it_and_gives_it_back() {
        let next = Next::parse("/acme/tasks?state=open&q=a%2Bb").unwrap();

        assert_eq!(next.query(), "next=%2Facme%2Ftasks%3Fstate%3Dopen%26q%3Da%252Bb");
        assert_eq!(Next::from_query(&format!("x=1&{}", next.query())), Some(next));
        assert_eq!(Next::from_query("next=//evil.example"), None);
        assert_eq!(Next::from_query("next=%2F%2Fevil.example"), None);
        assert_eq!(
            Next::from_query("next=%2Facme&next=%2F%2Fevil.example").unwrap().as_str(),
            "/acme"
        );
        assert_eq!(Next::from_query(""), None);
    }

    /// Texts that look like what attackers send: few letters, all of them dangerous.
    fn nasty() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "/",
            "\\",
            "//",
            ".",
            "..",
            ":",
            "@",
            "?",
            "#",
            "%",
            "%2f",
            "%5c",
            "%252f",
            "%09",
            "%0a",
            "\t",
            "\n",
            "\r",
            "\0",
            " ",
            "https:",
            "evil.example",
            "é",
            "／",
            "a",
            "[",
            "]",
            ";",
            "&",
        ]);
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn whatever_is_followed_stays_on_the_site(text in prop_oneof![nasty(), nasty().prop_map(|rest| format!("/{rest}")), any::<String>()]) {
            let base = Url::parse("https://quarterdeck.example/sign-in?x").unwrap();
            if let Some(next) = Next::parse(&text) {
                let there = base.join(next.as_str()).unwrap();
                prop_assert_eq!(there.origin(), base.origin());
                // Decoded once more by a careless proxy, it stays as well.
                let decoded = percent_decode_str(next.as_str()).decode_utf8_lossy().into_owned();
                prop_assert_eq!(base.join(&decoded).unwrap().origin(), base.origin());
                prop_assert_eq!(Next::from_query(&next.query()), Some(next));
            }
        }
    }
}
