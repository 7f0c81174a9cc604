//! Many things of one kind: those that a test made one by one, and those that are made up as they are
//! asked for, so that a hundred thousand take no room.

use std::collections::BTreeSet;

use serde_json::Value;

/// Things in the order in which they came; those made up are older than all others.
#[derive(Default)]
pub(crate) struct Collection {
    stored: Vec<Value>,
    made: Option<Made>,
    /// Which of the made up are stored by now, or deleted.
    covered: BTreeSet<u64>,
}

struct Made {
    count: u64,
    make: Box<dyn Fn(u64) -> Value + Send + Sync>,
}

/// One thing, perhaps not made up yet.
#[derive(Clone, Copy)]
enum Place {
    Stored(usize),
    Made(u64),
}

/// What to list, and from which end.
#[derive(Clone, Copy, Default)]
pub(crate) struct Order<'asked> {
    /// The field with the time, of which the newest comes first; or all in the order of their coming.
    pub(crate) newest_by: Option<&'asked str>,
    /// Not changed before then.
    pub(crate) since: Option<&'asked str>,
}

impl Collection {
    pub(crate) const NONE: Self = Self { stored: Vec::new(), made: None, covered: BTreeSet::new() };

    pub(crate) fn of(stored: Vec<Value>) -> Self {
        Self { stored, ..Self::NONE }
    }

    /// Those that are not made up, in the order in which they came.
    pub(crate) fn stored(&self) -> &[Value] {
        &self.stored
    }

    /// Lets there be `count` things, of which `make` makes up each by its index from 0.
    pub(crate) fn make_up(
        &mut self,
        count: u64,
        make: impl Fn(u64) -> Value + Send + Sync + 'static,
    ) {
        self.made = Some(Made { count, make: Box::new(make) });
    }

    pub(crate) fn len(&self) -> usize {
        let made = self.made.as_ref().map_or(0, |made| made.count);
        self.stored.len() + usize::try_from(made).unwrap_or(0) - self.covered.len()
    }

    /// Those that are open; the made up ones all are.
    pub(crate) fn count_open(&self) -> usize {
        let open = self.stored.iter().filter(|thing| thing["state"] == "open").count();
        open + self.len() - self.stored.len()
    }

    /// How many a list has that keeps these.
    pub(crate) fn count(&self, order: Order<'_>, keep: impl Fn(&Value) -> bool) -> usize {
        let is_kept =
            |thing: &&Value| keep(thing) && order.since.is_none_or(|since| changed(thing) >= since);
        let made =
            if self.made_up(order).next().is_some() { self.len() - self.stored.len() } else { 0 };
        self.stored.iter().filter(is_kept).count() + made
    }

    pub(crate) fn push(&mut self, thing: Value) {
        self.stored.push(thing);
    }

    /// One page, and whether there are more.
    pub(crate) fn page(
        &self,
        order: Order<'_>,
        keep: impl Fn(&Value) -> bool,
        (skip, take): (usize, usize),
    ) -> (Vec<Value>, bool) {
        let is_kept = |place: &Place| match *place {
            Place::Stored(at) => {
                let thing = &self.stored[at];
                keep(thing) && order.since.is_none_or(|since| changed(thing) >= since)
            }
            Place::Made(_) => true,
        };
        let mut places =
            self.places(order).into_iter().chain(self.made_up(order)).filter(is_kept).skip(skip);
        if order.newest_by.is_none() {
            let places = self.made_up(order).chain(self.places(order)).filter(is_kept).skip(skip);
            return self.cut(places, take);
        }
        self.cut(&mut places, take)
    }

    fn cut(&self, mut places: impl Iterator<Item = Place>, take: usize) -> (Vec<Value>, bool) {
        let page = places.by_ref().take(take).map(|place| self.thing(place)).collect();
        (page, places.next().is_some())
    }

    fn places(&self, order: Order<'_>) -> Vec<Place> {
        let mut places: Vec<usize> = (0..self.stored.len()).collect();
        if let Some(field) = order.newest_by {
            places.sort_by_key(|&at| {
                std::cmp::Reverse((self.stored[at][field].as_str().unwrap_or_default(), at))
            });
        }
        places.into_iter().map(Place::Stored).collect()
    }

    /// The made up ones all are of one age: a question about what has changed since leaves them out
    /// where it does so with the newest of them.
    fn made_up(&self, order: Order<'_>) -> impl Iterator<Item = Place> {
        let count = self.made.as_ref().map_or(0, |made| {
            let newest = made.count.checked_sub(1).map(|last| (made.make)(last));
            let is_old =
                order.since.is_some_and(|since| newest.is_some_and(|one| changed(&one) < since));
            if is_old { 0 } else { made.count }
        });
        let backwards = order.newest_by.is_some();
        (0..count)
            .map(move |at| if backwards { count - 1 - at } else { at })
            .filter(|at| !self.covered.contains(at))
            .map(Place::Made)
    }

    fn thing(&self, place: Place) -> Value {
        match place {
            Place::Stored(at) => self.stored[at].clone(),
            Place::Made(index) => (self.made.as_ref().expect("they are made up").make)(index),
        }
    }

    /// The thing whose `field` has this number.
    pub(crate) fn find(&self, field: &str, number: u64) -> Option<Value> {
        let stored = self.stored.iter().find(|thing| thing[field] == number).cloned();
        stored.or_else(|| self.find_made(field, number).map(|(_, thing)| thing))
    }

    /// The same to be changed: from now on it is stored.
    pub(crate) fn find_mut(&mut self, field: &str, number: u64) -> Option<&mut Value> {
        let known = self.stored.iter().position(|thing| thing[field] == number);
        let position = if let Some(position) = known {
            position
        } else {
            let (index, thing) = self.find_made(field, number)?;
            self.covered.insert(index);
            self.stored.push(thing);
            self.stored.len() - 1
        };
        self.stored.get_mut(position)
    }

    pub(crate) fn remove(&mut self, field: &str, number: u64) -> Option<Value> {
        self.find_mut(field, number)?;
        let position = self.stored.iter().position(|thing| thing[field] == number)?;
        Some(self.stored.remove(position))
    }

    /// Made up things are numbered without gaps.
    fn find_made(&self, field: &str, number: u64) -> Option<(u64, Value)> {
        let made = self.made.as_ref().filter(|made| made.count > 0)?;
        let index = number.checked_sub((made.make)(0)[field].as_u64()?)?;
        let is_there = index < made.count && !self.covered.contains(&index);
        is_there.then(|| (index, (made.make)(index)))
    }
}

fn changed(thing: &Value) -> &str {
    thing["updated_at"].as_str().unwrap_or_default()
}
