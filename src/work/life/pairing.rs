//! Which mark of before a commit is which one after it.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
};

use crate::scanner::marks::Mark;

/// More marks of one file on one side are compared with their neighbours only.
const CLOSE_UP: usize = 40;
/// How much of a text is compared.
const COMPARED: usize = 120;

/// How alike the words of two marks have to be, with none, one and both of their neighbours the
/// same. Chosen by the examples below: pairs that people would call the same one, and pairs that
/// they would not.
const ALIKE: [f64; 3] = [0.6, 0.5, 0.38];

/// How many texts a simulation may compare letter by letter: hostile histories end in time.
pub(super) struct Budget(u32);

impl Default for Budget {
    fn default() -> Self {
        Self(100_000)
    }
}

/// A mark and its file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed<'a> {
    pub(super) path: &'a str,
    pub(super) mark: &'a Mark,
}

/// Indices into both sides; each occurs once.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pairs {
    pub(super) matched: Vec<(usize, usize)>,
    pub(super) gone: Vec<usize>,
    pub(super) new: Vec<usize>,
}

/// Pairs the marks that a commit took away with those that it brought.
pub(super) fn pair(before: &[Placed<'_>], after: &[Placed<'_>], budget: &mut Budget) -> Pairs {
    let mut matching = Matching {
        before,
        after,
        free_before: vec![true; before.len()],
        free_after: vec![true; after.len()],
        matched: Vec::new(),
    };
    if !before.is_empty() && !after.is_empty() {
        matching.by(
            |placed| Some((placed.path, id(placed)?)),
            |placed| Some((placed.path, id(placed)?)),
        );
        matching.by(id, id);
        matching.by_text(|placed| Some((placed.path, text(placed), place(placed))));
        matching.by_text(|placed| Some((placed.path, text(placed))));
        let partners = matching.partners();
        matching.by_text_of_partner(&partners);
        matching.by_text(|placed| is_telling(placed.mark).then(|| text(placed)));
        matching.by_likeness(&partners, budget);
    }
    matching.finish()
}

type Text<'a> = (bool, &'a str);

fn id(placed: &Placed<'_>) -> Option<String> {
    placed.mark.id.as_deref().map(str::to_uppercase)
}

fn text<'a>(placed: &Placed<'a>) -> Text<'a> {
    (placed.mark.marker.is_some(), &placed.mark.words)
}

fn place<'a>(
    placed: &Placed<'a>,
) -> (Option<&'a str>, Option<crate::scanner::model::Marker>, bool) {
    (placed.mark.section.as_deref(), placed.mark.marker, placed.mark.done)
}

/// Whether the words alone tell it from others; "TODO: fix" does not.
fn is_telling(mark: &Mark) -> bool {
    let words = mark.words.split(' ').count();
    let is_note = mark.marker.is_some();
    (words >= 3 && mark.words.len() >= 12) || (!is_note && words >= 2)
}

fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

struct Matching<'a> {
    before: &'a [Placed<'a>],
    after: &'a [Placed<'a>],
    free_before: Vec<bool>,
    free_after: Vec<bool>,
    matched: Vec<(usize, usize)>,
}

impl<'a> Matching<'a> {
    fn free_before(&self) -> impl Iterator<Item = (usize, &'a Placed<'a>)> {
        free(self.before, &self.free_before)
    }

    fn free_after(&self) -> impl Iterator<Item = (usize, &'a Placed<'a>)> {
        free(self.after, &self.free_after)
    }

    fn take(&mut self, before: usize, after: usize) {
        let sides = (self.free_before.get_mut(before), self.free_after.get_mut(after));
        if let (Some(free_before), Some(free_after)) = sides {
            (*free_before, *free_after) = (false, false);
            self.matched.push((before, after));
        }
    }

    /// Pairs those of equal keys in their order.
    fn by<K: Hash + Eq>(
        &mut self,
        of_before: impl Fn(&Placed<'a>) -> Option<K>,
        of_after: impl Fn(&Placed<'a>) -> Option<K>,
    ) {
        let mut waiting: HashMap<K, VecDeque<usize>> = HashMap::new();
        for (index, placed) in self.free_before() {
            if let Some(key) = of_before(placed) {
                waiting.entry(key).or_default().push_back(index);
            }
        }
        if waiting.is_empty() {
            return;
        }
        let found: Vec<(usize, usize)> = self
            .free_after()
            .filter_map(|(index, placed)| {
                Some((waiting.get_mut(&of_after(placed)?)?.pop_front()?, index))
            })
            .collect();
        for (before, after) in found {
            self.take(before, after);
        }
    }

    /// Like [`Self::by`], but never two that have ids: those would have been equal before.
    fn by_text<K: Hash + Eq>(&mut self, key: impl Fn(&Placed<'a>) -> Option<K>) {
        self.by_texts(&key, &key);
    }

    fn by_texts<K: Hash + Eq>(
        &mut self,
        of_before: &impl Fn(&Placed<'a>) -> Option<K>,
        of_after: &impl Fn(&Placed<'a>) -> Option<K>,
    ) {
        let with_id = |placed: &Placed<'_>| placed.mark.id.is_some();
        self.by(|it| if with_id(it) { None } else { of_before(it) }, of_after);
        self.by(of_before, |it| if with_id(it) { None } else { of_after(it) });
    }

    /// For files that brought marks, the file they most likely come from.
    ///
    /// The one that lost most of the words that only one mark of the commit has; else the only one
    /// of the same name.
    fn partners(&self) -> HashMap<&'a str, &'a str> {
        let mut votes: HashMap<(&str, &str), usize> = HashMap::new();
        let lost = unique(self.free_before());
        for (words, path) in unique(self.free_after()) {
            if let (Some(path), Some(Some(from))) = (path, lost.get(&words))
                && path != *from
            {
                *votes.entry((path, from)).or_default() += 1;
            }
        }
        let mut ranked: Vec<_> = votes.into_iter().collect();
        ranked.sort_by(|one, other| (other.1, one.0).cmp(&(one.1, other.0)));
        let mut partners = HashMap::new();
        for ((path, from), _) in ranked {
            partners.entry(path).or_insert(from);
        }
        self.add_namesakes(&mut partners);
        partners
    }

    fn add_namesakes(&self, partners: &mut HashMap<&'a str, &'a str>) {
        let mut named: HashMap<&str, Option<&str>> = HashMap::new();
        for (_, placed) in self.free_before() {
            let only = named.entry(file_name(placed.path)).or_insert(Some(placed.path));
            *only = only.filter(|path| *path == placed.path);
        }
        for (_, placed) in self.free_after() {
            let namesake = named.get(file_name(placed.path)).copied().flatten();
            if let Some(from) = namesake.filter(|from| *from != placed.path) {
                partners.entry(placed.path).or_insert(from);
            }
        }
    }

    fn by_text_of_partner(&mut self, partners: &HashMap<&'a str, &'a str>) {
        let of_before = |placed: &Placed<'a>| Some((placed.path, text(placed)));
        let of_after = |placed: &Placed<'a>| Some((*partners.get(placed.path)?, text(placed)));
        self.by_texts(&of_before, &of_after);
    }

    /// Pairs those whose words are alike, the most alike first, within a file and its partner.
    fn by_likeness(&mut self, partners: &HashMap<&'a str, &'a str>, budget: &mut Budget) {
        let mut lost: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, placed) in self.free_before() {
            lost.entry(placed.path).or_default().push(index);
        }
        let mut brought: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, placed) in self.free_after() {
            brought.entry(placed.path).or_default().push(index);
        }
        let mut found = Vec::new();
        for (path, after) in &brought {
            for from in [Some(*path), partners.get(path).copied()].into_iter().flatten() {
                let before = lost.get(from).map_or(&[][..], Vec::as_slice);
                found.extend(self.alike(before, after, budget));
            }
        }
        // The rest of the key only makes the order one and the same each time.
        found.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        for (_, (before, after)) in found {
            let is_free = self.free_before.get(before) == Some(&true)
                && self.free_after.get(after) == Some(&true);
            if is_free {
                self.take(before, after);
            }
        }
    }

    fn alike(
        &self,
        before: &[usize],
        after: &[usize],
        budget: &mut Budget,
    ) -> Vec<(f64, (usize, usize))> {
        let mut found = Vec::new();
        let is_close_up = before.len().max(after.len()) > CLOSE_UP;
        for (row, before_index) in before.iter().enumerate() {
            let (from, to) = if is_close_up {
                (row.saturating_sub(4), row.saturating_add(5).min(after.len()))
            } else {
                (0, after.len())
            };
            for after_index in after.get(from..to).unwrap_or_default() {
                let (Some(one), Some(other)) =
                    (self.before.get(*before_index), self.after.get(*after_index))
                else {
                    continue;
                };
                if !may_be_same(one.mark, other.mark) || budget.0 == 0 {
                    continue;
                }
                budget.0 -= 1;
                if let Some(score) = score(one.mark, other.mark) {
                    found.push((score, (*before_index, *after_index)));
                }
            }
        }
        found
    }

    fn finish(self) -> Pairs {
        let left = |free: Vec<bool>| {
            free.into_iter().enumerate().filter_map(|(index, free)| free.then_some(index)).collect()
        };
        let mut matched = self.matched;
        matched.sort_unstable_by_key(|(_, after)| *after);
        Pairs { matched, gone: left(self.free_before), new: left(self.free_after) }
    }
}

fn free<'a>(
    side: &'a [Placed<'a>],
    free: &[bool],
) -> impl Iterator<Item = (usize, &'a Placed<'a>)> {
    side.iter().enumerate().zip(free).filter_map(|(indexed, free)| free.then_some(indexed))
}

/// The texts that tell, and their file where only one has them.
fn unique<'a>(
    marks: impl Iterator<Item = (usize, &'a Placed<'a>)>,
) -> HashMap<Text<'a>, Option<&'a str>> {
    let mut texts = HashMap::new();
    for (_, placed) in marks.filter(|(_, placed)| is_telling(placed.mark)) {
        texts.entry(text(placed)).and_modify(|only| *only = None).or_insert(Some(placed.path));
    }
    texts
}

fn may_be_same(one: &Mark, other: &Mark) -> bool {
    one.marker.is_some() == other.marker.is_some()
        && (one.id.is_none() || other.id.is_none())
        && !one.words.is_empty()
        && !other.words.is_empty()
}

/// How alike two marks are; none where they are two.
fn score(one: &Mark, other: &Mark) -> Option<f64> {
    let neighbours =
        usize::from(one.around.0 == other.around.0) + usize::from(one.around.1 == other.around.1);
    let likeness = likeness(&one.words, &other.words);
    let enough = ALIKE.get(neighbours).copied().unwrap_or(1.0);
    let same_section = if one.section == other.section { 0.05 } else { 0.0 };
    let near = [0.0, 0.1, 0.2].get(neighbours).copied().unwrap_or(0.0);
    (likeness >= enough).then_some(likeness + same_section + near)
}

/// From 0 to 1: by letters, or by pairs of letters where words changed their places.
fn likeness(one: &str, other: &str) -> f64 {
    let (one, other) = (start(one), start(other));
    let by_pairs = strsim::sorensen_dice(one, other);
    if by_pairs < 0.25 {
        return by_pairs;
    }
    by_pairs.max(strsim::normalized_levenshtein(one, other))
}

fn start(text: &str) -> &str {
    text.get(..text.floor_char_boundary(COMPARED)).unwrap_or(text)
}

#[cfg(test)]
#[path = "pairing_tests.rs"]
mod tests;
