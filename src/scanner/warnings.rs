//! Collects warnings, a bounded number of each kind.

use std::collections::BTreeMap;

use super::model::{Warning, WarningCode};

/// More of one kind say nothing new; the rest is counted.
const SHOWN_PER_CODE: usize = 50;

#[derive(Debug, Default)]
pub(super) struct Warnings {
    shown: Vec<Warning>,
    counts: BTreeMap<WarningCode, usize>,
}

impl Warnings {
    pub(super) fn add(&mut self, code: WarningCode, path: &str, message: impl Into<String>) {
        let count = self.counts.entry(code).or_default();
        *count += 1;
        if *count <= SHOWN_PER_CODE {
            let path = Some(path.to_owned());
            self.shown.push(Warning { code, path, message: message.into() });
        }
    }

    /// Sorted, with a closing line for every kind that was cut.
    pub(super) fn finish(mut self) -> Vec<Warning> {
        for (code, count) in self.counts {
            if count > SHOWN_PER_CODE {
                let message = format!("{} more warnings of this kind.", count - SHOWN_PER_CODE);
                self.shown.push(Warning { code, path: None, message });
            }
        }
        self.shown.sort_by(|a, b| {
            (a.code, a.path.is_none(), &a.path).cmp(&(b.code, b.path.is_none(), &b.path))
        });
        self.shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_warnings_of_a_kind_are_counted() {
        let mut warnings = Warnings::default();
        for index in 0..60 {
            warnings.add(WarningCode::ObjectMissing, &format!("{index:02}"), "gone");
        }

        let all = warnings.finish();

        assert_eq!(all.len(), 51);
        assert_eq!(all[50].message, "10 more warnings of this kind.");
    }
}
