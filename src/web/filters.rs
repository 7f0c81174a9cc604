//! The filters above a list: a form by GET, so that a filtered list has an address.

/// The filters above a list: a form by GET whose address can be shared.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    /// The list's own address without its query.
    pub action: String,
    pub search: Option<SearchField>,
    pub choices: Vec<Filter>,
}

impl Filters {
    /// Whether anything is filtered, so that an empty list can say which of two reasons it has.
    pub fn is_set(&self) -> bool {
        self.choices.iter().any(Filter::is_set)
            || self.search.as_ref().is_some_and(|search| !search.value.is_empty())
    }
}

/// The free text among the filters; its parameter is `q`.
#[derive(Debug, Clone)]
pub struct SearchField {
    pub value: String,
    pub placeholder: String,
}

/// One filter: a parameter and the values it may take, the empty value meaning any.
#[derive(Debug, Clone)]
pub struct Filter {
    pub name: &'static str,
    pub label: &'static str,
    pub options: Vec<Choice>,
    /// Of a filter by day, which has no options: the day that was chosen, or nothing.
    pub day: Option<String>,
}

impl Filter {
    /// Whether another value than "any" is chosen.
    pub fn is_set(&self) -> bool {
        self.options.iter().any(|option| option.is_selected && !option.value.is_empty())
            || self.day.as_ref().is_some_and(|day| !day.is_empty())
    }
}

impl Filter {
    /// Offers "any" and the given values with their words; what is not among them chooses "any".
    pub fn new(
        name: &'static str,
        label: &'static str,
        chosen: Option<&str>,
        values: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let choice = |(value, label): (String, String)| Choice {
            is_selected: chosen == Some(&value),
            value,
            label,
        };
        let mut options: Vec<Choice> = values.into_iter().map(choice).collect();
        let is_selected = !options.iter().any(|option| option.is_selected);
        options.insert(0, Choice { value: String::new(), label: "any".to_owned(), is_selected });
        Self { name, label, options, day: None }
    }

    /// Asks for a day.
    pub fn day(name: &'static str, label: &'static str, chosen: Option<&str>) -> Self {
        let day = Some(chosen.unwrap_or_default().to_owned());
        Self { name, label, options: Vec::new(), day }
    }
}

/// One value of a filter or of a select field.
#[derive(Debug, Clone)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub is_selected: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_set_only_by_a_value() {
        let option = |value: &str, is_selected| Choice {
            value: value.into(),
            label: value.into(),
            is_selected,
        };
        let any = Filter {
            name: "status",
            label: "status",
            options: vec![option("", true), option("open", false)],
            day: None,
        };
        let open = Filter {
            name: "status",
            label: "status",
            options: vec![option("", false), option("open", true)],
            day: None,
        };

        assert!(!any.is_set());
        assert!(open.is_set());
    }
}
