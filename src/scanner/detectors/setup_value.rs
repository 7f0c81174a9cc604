//! What an expression of Python comes to, as far as it can be told without running it.

/// Items of one list or dictionary that are kept.
pub(super) const MAX_ITEMS: usize = 500;

/// What an expression comes to, as far as it can be told without running it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    List(Vec<String>),
    Map(Vec<(String, Vec<String>)>),
    #[default]
    Unknown,
}

impl Value {
    pub(super) fn text(self) -> Option<String> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// A text counts as a list of its lines, as setuptools has it.
    pub(super) fn list(self) -> Vec<String> {
        match self {
            Self::Text(text) => text.lines().map(str::to_owned).collect(),
            Self::List(list) => list,
            Self::Map(_) | Self::Unknown => Vec::new(),
        }
    }

    pub(super) fn size(&self) -> usize {
        match self {
            Self::Text(_) | Self::Unknown => 1,
            Self::List(list) => list.len(),
            Self::Map(pairs) => pairs.iter().map(|(_, items)| items.len() + 1).sum(),
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => Self::Text(bounded(&(one + &other))),
            (Self::List(mut list), other) => {
                list.extend(other.list());
                list.truncate(MAX_ITEMS);
                Self::List(list)
            }
            (Self::Unknown, list @ Self::List(_)) => list,
            _ => Self::Unknown,
        }
    }
}

pub(super) fn bounded(text: &str) -> String {
    text.chars().take(10_000).collect()
}

pub(super) fn looked_up(map: Value, key: &Value) -> Value {
    match (map, key) {
        (Value::Map(pairs), Value::Text(key)) => {
            let found = pairs.into_iter().find(|(name, _)| name == key);
            found.map_or(Value::Unknown, |(_, value)| Value::List(value))
        }
        _ => Value::Unknown,
    }
}

pub(super) fn as_items(value: Value) -> Vec<String> {
    match value {
        Value::Text(text) => vec![text],
        Value::List(list) => list,
        Value::Map(_) | Value::Unknown => Vec::new(),
    }
}

pub(super) fn one_or_all(mut items: Vec<String>) -> Value {
    match (items.len(), items.pop()) {
        (1, Some(one)) => Value::Text(one),
        (_, last) => Value::List(items.into_iter().chain(last).collect()),
    }
}
