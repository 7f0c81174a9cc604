//! Small drawings that the server makes: figures, sparks of bars, shares of a whole.
//!
//! All numbers of a drawing are worked out here as text, so that a template only places them.

const SPARK_HEIGHT: u64 = 26;
const COLOURS: u8 = 6;

/// One number with its name, what stands under it, and the rows it leads to.
#[derive(Debug, Clone, Default)]
pub struct Figure {
    pub label: String,
    pub value: String,
    /// Beside the value and smaller.
    pub unit: String,
    pub under: String,
    pub href: String,
    pub spark: Vec<Bar>,
}

impl Figure {
    pub fn new(label: &str, value: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.to_owned(), value: value.into(), href: href.into(), ..Self::default() }
    }

    #[must_use]
    pub fn with_unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = unit.into();
        self
    }

    #[must_use]
    pub fn with_under(mut self, under: impl Into<String>) -> Self {
        self.under = under.into();
        self
    }

    #[must_use]
    pub fn with_spark(mut self, values: &[u64]) -> Self {
        self.spark = spark(values);
        self
    }
}

/// One bar of a spark, in a box of 100 × 26.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    pub class: &'static str,
    pub x: String,
    pub y: String,
    pub width: String,
    pub height: String,
}

/// Draws values as bars from left to right, the highest filling the box.
pub fn spark(values: &[u64]) -> Vec<Bar> {
    let highest = values.iter().copied().max().unwrap_or(0).max(1);
    let slot = 10_000 / u64::try_from(values.len()).unwrap_or(1).max(1);
    let bars = (0_u64..).zip(values).map(|(index, value)| {
        // Nothing still has a line of one unit, so that the days can be counted.
        let height = (value * SPARK_HEIGHT * 100 / highest).max(100);
        let is_last = index + 1 == u64::try_from(values.len()).unwrap_or(0);
        Bar {
            class: if *value == 0 {
                "zero"
            } else if is_last {
                "last"
            } else {
                ""
            },
            x: hundredths(index * slot),
            y: hundredths(SPARK_HEIGHT * 100 - height),
            width: hundredths(slot * 3 / 4),
            height: hundredths(height),
        }
    });
    bars.collect()
}

/// One part of a whole, in percent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub label: String,
    /// As people read it: `61 %`.
    pub percent: String,
    pub start: String,
    pub width: String,
    /// Which of the colours; the last one is for the rest.
    pub colour: u8,
}

/// Shares a whole among its largest parts; what is beyond six colours becomes `Other`.
pub fn shares(amounts: &[(String, u64)]) -> Vec<Part> {
    let whole: u64 = amounts.iter().map(|(_, amount)| amount).sum();
    if whole == 0 {
        return Vec::new();
    }
    let shown = usize::from(COLOURS);
    let rest: u64 = amounts.iter().skip(shown).map(|(_, amount)| amount).sum();
    let named =
        (0..COLOURS).zip(amounts).map(|(colour, (label, amount))| (colour, label.clone(), *amount));
    let other = (rest > 0).then(|| (COLOURS, "Other".to_owned(), rest));
    let mut before = 0;
    let parts =
        named.chain(other).filter(|(_, _, amount)| *amount > 0).map(|(colour, label, amount)| {
            let start = before * 10_000 / whole;
            before += amount;
            let end = before * 10_000 / whole;
            let percent = percent_text(amount, whole);
            Part {
                label,
                percent,
                start: hundredths(start),
                width: hundredths(end - start),
                colour,
            }
        });
    parts.collect()
}

/// How many percent of the whole a part is; none of nothing.
pub fn percent(part: u64, whole: u64) -> Option<u8> {
    (part * 100).checked_div(whole).and_then(|percent| u8::try_from(percent.min(100)).ok())
}

fn percent_text(part: u64, whole: u64) -> String {
    match percent(part, whole) {
        Some(0) => "< 1 %".to_owned(),
        Some(percent) => format!("{percent} %"),
        None => String::new(),
    }
}

fn hundredths(value: u64) -> String {
    format!("{}.{:02}", value / 100, value % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_fill_the_whole() {
        let amounts: Vec<(String, u64)> = (1..=9).map(|n| (format!("l{n}"), 10 - n)).collect();

        let parts = shares(&amounts);

        assert_eq!(parts.len(), 7);
        assert_eq!(parts.last().unwrap().label, "Other");
        let end: f64 = parts
            .last()
            .map(|part| part.start.parse::<f64>().unwrap() + part.width.parse::<f64>().unwrap())
            .unwrap();
        assert!((end - 100.0).abs() < 0.001);
    }

    #[test]
    fn nothing_has_no_parts() {
        assert_eq!(shares(&[("Rust".to_owned(), 0)]), []);
        assert_eq!(percent(1, 0), None);
    }

    #[test]
    fn the_highest_bar_fills_the_box() {
        let bars = spark(&[0, 4, 2]);

        assert_eq!(
            bars.iter().map(|bar| bar.height.as_str()).collect::<Vec<_>>(),
            ["1.00", "26.00", "13.00"]
        );
        assert_eq!(bars.first().unwrap().class, "zero");
    }
}
