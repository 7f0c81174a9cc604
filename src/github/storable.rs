//! Text that a database takes: JSON may name characters by number that are none.

use std::borrow::Cow;

const REPLACEMENT: &[u8] = b"\\ufffd";

/// The same JSON without the two kinds of text that JSON allows and PostgreSQL does not: U+0000 and
/// halves of surrogate pairs. Each becomes U+FFFD, as a decoder of UTF-8 does with what it cannot
/// read, so that a strange title loses one character and not its whole event.
pub fn storable(json: &[u8]) -> Cow<'_, [u8]> {
    let mut clean = Vec::new();
    let mut kept = json;
    let mut rest = json;
    while let Some(at) = rest.iter().position(|&byte| byte == b'\\') {
        let (_, escape) = rest.split_at(at);
        let (length, is_text) = read(escape);
        rest = escape.get(length..).unwrap_or_default();
        if !is_text {
            let before = kept.len() - rest.len() - length;
            clean.extend_from_slice(kept.get(..before).unwrap_or_default());
            clean.extend_from_slice(REPLACEMENT);
            kept = rest;
        }
    }
    if clean.is_empty() {
        return Cow::Borrowed(json);
    }
    clean.extend_from_slice(kept);
    Cow::Owned(clean)
}

/// How long the escape is that begins here, and whether it stands for text.
fn read(escape: &[u8]) -> (usize, bool) {
    match unit(escape) {
        None => (2, true),
        Some(0xD800..=0xDBFF) => {
            let second = escape.get(6..).and_then(unit);
            let is_pair = matches!(second, Some(0xDC00..=0xDFFF));
            if is_pair { (12, true) } else { (6, false) }
        }
        Some(0 | 0xDC00..=0xDFFF) => (6, false),
        Some(_) => (6, true),
    }
}

/// The number in `\uXXXX`.
fn unit(escape: &[u8]) -> Option<u16> {
    let digits = escape.strip_prefix(b"\\u")?.get(..4)?;
    let digits = std::str::from_utf8(digits).ok()?;
    // It would take a sign for part of the number.
    let is_hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if is_hexadecimal { u16::from_str_radix(digits, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(json: &str) -> String {
        serde_json::from_slice(&storable(json.as_bytes())).unwrap()
    }

    #[test]
    fn what_is_text_is_not_touched() {
        let json = r#""a\n\\u0000 \\\\ud800 \ud83d\ude00 \u0041 \"é\"""#;

        assert!(matches!(storable(json.as_bytes()), Cow::Borrowed(_)));
        assert_eq!(text(json), "a\n\\u0000 \\\\ud800 😀 A \"é\"");
    }

    #[test]
    fn what_is_no_text_becomes_one_replacement() {
        assert_eq!(text(r#""\u0000""#), "\u{fffd}");
        assert_eq!(text(r#""a\u0000b\u0000""#), "a\u{fffd}b\u{fffd}");
        assert_eq!(text(r#""\\\u0000""#), "\\\u{fffd}");
        assert_eq!(text(r#""\ud800 and \uDFFF!""#), "\u{fffd} and \u{fffd}!");
        assert_eq!(text(r#""\ud83d\ud83d\ude00""#), "\u{fffd}😀");
        assert_eq!(text(r#""\ude00\ud83d""#), "\u{fffd}\u{fffd}");
    }

    #[test]
    fn what_breaks_off_stays_as_it_is() {
        for cut in [r#""\"#, r#""\u"#, r#""\u00"#, r#""\u+000""#, r#""\ug000""#] {
            assert_eq!(&*storable(cut.as_bytes()), cut.as_bytes(), "{cut}");
        }
    }

    proptest::proptest! {
        #[test]
        fn it_is_read_as_before_wherever_it_was_storable(text: String) {
            let json = serde_json::to_vec(&text).unwrap();

            let read: String = serde_json::from_slice(&storable(&json)).unwrap();

            proptest::prop_assert_eq!(read, text.replace('\0', "\u{fffd}"));
        }
    }
}
