//! Which licence a text is.
//!
//! Compared with the texts of the licences that software is shared under, by the crate `spdx`; the
//! texts themselves are its own, and only these are part of the binary.

use std::sync::OnceLock;

use spdx::detection::{Store, TextData};

/// The share of a text that must agree: a name and a year may differ, a clause may not.
const ENOUGH: f32 = 0.9;

/// Longer ones are books, which no licence is.
const MAX_BYTES: usize = 128 * 1024;

/// SPDX ids. The GNU licences are one text for `-only` and `-or-later`, so it says neither.
const IDS: [(&str, &str); 30] = [
    ("0BSD", "0BSD"),
    ("AGPL-3.0-only", "AGPL-3.0"),
    ("Apache-2.0", "Apache-2.0"),
    ("Artistic-2.0", "Artistic-2.0"),
    ("BlueOak-1.0.0", "BlueOak-1.0.0"),
    ("BSD-2-Clause", "BSD-2-Clause"),
    ("BSD-3-Clause", "BSD-3-Clause"),
    ("BSL-1.0", "BSL-1.0"),
    ("BUSL-1.1", "BUSL-1.1"),
    ("CC-BY-4.0", "CC-BY-4.0"),
    ("CC-BY-SA-4.0", "CC-BY-SA-4.0"),
    ("CC0-1.0", "CC0-1.0"),
    ("CDDL-1.0", "CDDL-1.0"),
    ("Elastic-2.0", "Elastic-2.0"),
    ("EPL-1.0", "EPL-1.0"),
    ("EPL-2.0", "EPL-2.0"),
    ("EUPL-1.2", "EUPL-1.2"),
    ("GPL-2.0-only", "GPL-2.0"),
    ("GPL-3.0-only", "GPL-3.0"),
    ("ISC", "ISC"),
    ("LGPL-2.1-only", "LGPL-2.1"),
    ("LGPL-3.0-only", "LGPL-3.0"),
    ("MIT", "MIT"),
    ("MIT-0", "MIT-0"),
    ("MPL-2.0", "MPL-2.0"),
    ("MS-PL", "MS-PL"),
    ("OFL-1.1", "OFL-1.1"),
    ("SSPL-1.0", "SSPL-1.0"),
    ("Unlicense", "Unlicense"),
    ("Zlib", "Zlib"),
];

/// Picked when this is compiled, so that the other six hundred texts stay out of the binary.
const TEXTS: [(&str, &str); IDS.len()] = texts();

#[expect(
    clippy::indexing_slicing,
    reason = "runs in the compiler only, which stops where it fails"
)]
const fn texts() -> [(&'static str, &'static str); IDS.len()] {
    let mut texts = IDS;
    let mut index = 0;
    while index < IDS.len() {
        let mut at = 0;
        while !is_same(spdx::text::LICENSE_TEXTS[at].0, IDS[index].0) {
            at += 1;
        }
        texts[index] = (IDS[index].1, spdx::text::LICENSE_TEXTS[at].1);
        index += 1;
    }
    texts
}

#[expect(clippy::indexing_slicing, reason = "runs in the compiler only")]
const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    let mut index = 0;
    while index < one.len() {
        if one[index] != other[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// The known texts, made ready when the first one is asked about.
#[derive(Default)]
pub(super) struct Licences(OnceLock<Store>);

impl Licences {
    /// The SPDX id of a text; none where it is none of those known, or says something else besides.
    pub(super) fn identify(&self, source: &[u8]) -> Option<String> {
        if source.len() > MAX_BYTES || source.len() < 80 {
            return None;
        }
        let text = TextData::new(&String::from_utf8_lossy(source));
        let found = self.0.get_or_init(store).analyze(&text);
        (found.score >= ENOUGH).then(|| found.name.to_owned())
    }
}

fn store() -> Store {
    let mut store = Store::new();
    for (id, text) in TEXTS {
        store.add_license(id.to_owned(), TextData::new(text).without_text());
    }
    store
}

/// Whether a file's name says that it holds the licence.
pub(super) fn is_licence(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let starts = ["LICENSE", "LICENCE", "COPYING", "UNLICENSE"];
    let Some(rest) = starts.iter().find_map(|start| upper.strip_prefix(start)) else {
        return false;
    };
    let stem = rest.trim_end_matches(".MD").trim_end_matches(".TXT").trim_end_matches(".RST");
    // `LICENSE-MIT` and `COPYING.LESSER`, but neither `licenses.json` nor `license_check.py`.
    stem.is_empty() || (stem.starts_with(['-', '.', '_']) && !is_code(stem) && stem.len() <= 24)
}

fn is_code(stem: &str) -> bool {
    let code = [
        ".RS", ".PY", ".GO", ".JS", ".TS", ".JSON", ".YML", ".YAML", ".TOML", ".HTML", ".SH", ".C",
        ".H", ".JAVA", ".RB", ".PHP", ".CSV", ".XML",
    ];
    code.iter().any(|end| stem.ends_with(end))
}

/// Whether what a manifest declares names none of the licences whose texts lie there.
pub(super) fn disagrees<'a>(declared: &str, mut texts: impl Iterator<Item = &'a str>) -> bool {
    let words: Vec<&str> = declared
        .split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '.' | '+')))
        .filter(|word| !word.is_empty())
        .collect();
    // A sentence or `SEE LICENSE IN …` claims nothing that could be wrong.
    if words.is_empty() || !words.iter().any(|word| is_known(word)) {
        return false;
    }
    !texts.any(|text| words.iter().any(|word| family(word).eq_ignore_ascii_case(family(text))))
}

fn is_known(word: &str) -> bool {
    IDS.iter().any(|(_, id)| family(word).eq_ignore_ascii_case(family(id)))
}

/// `GPL-3.0-or-later`, `GPL-3.0+` and `GPL-3.0` have one text.
fn family(id: &str) -> &str {
    let id = id.strip_suffix('+').unwrap_or(id);
    id.strip_suffix("-only").or_else(|| id.strip_suffix("-or-later")).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_told_from_the_others() {
        let licences = Licences::default();

        for (id, text) in TEXTS {
            assert_eq!(licences.identify(text.as_bytes()).as_deref(), Some(id));
        }
    }

    #[test]
    fn names_years_and_line_breaks_do_not_matter_but_clauses_do() {
        let licences = Licences::default();
        let mit = TEXTS.iter().find(|(id, _)| *id == "MIT").unwrap().1;
        let own = mit
            .replace("<year>", "2026")
            .replace("<copyright holders>", "Acme Ltd")
            .replace('\n', "\r\n");

        assert_eq!(licences.identify(own.as_bytes()).as_deref(), Some("MIT"));
        assert_eq!(licences.identify(b"All rights reserved. Ask us before you use any of it, for it is ours and ours alone."), None);
    }

    #[test]
    fn files_are_known_by_their_names() {
        for name in ["LICENSE", "licence.md", "LICENSE-MIT", "COPYING.LESSER", "LICENSE.txt"] {
            assert!(is_licence(name), "{name}");
        }
        for name in ["licenses.json", "license_check.py", "LICENSING", "license.go"] {
            assert!(!is_licence(name), "{name}");
        }
    }

    #[test]
    fn a_declaration_disagrees_where_no_text_is_of_it() {
        assert!(!disagrees("MIT OR Apache-2.0", ["Apache-2.0"].into_iter()));
        assert!(!disagrees("GPL-3.0-or-later", ["GPL-3.0"].into_iter()));
        assert!(!disagrees("SEE LICENSE IN x", ["MIT"].into_iter()));
        assert!(disagrees("MIT", ["Apache-2.0"].into_iter()));
    }
}
