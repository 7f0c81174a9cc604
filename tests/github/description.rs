//! What GitHub publishes about its API and its webhooks, and what follows from it.

use std::path::Path;

use serde_json::{Map, Value, json};

/// A file of what GitHub publishes, which `npm ci` in `tests/openapi` has fetched.
pub(crate) fn published(file: &str) -> Vec<u8> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openapi/node_modules/@octokit");
    std::fs::read(home.join(file)).unwrap_or_else(|error| {
        panic!("GitHub's description is not there ({error}): run scripts/test, or `npm ci` in tests/openapi")
    })
}

/// How much of an object there is where the description leaves a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fullness {
    /// What is required alone, and null where that is allowed.
    Bare,
    /// Everything, and null where that is allowed.
    Nulls,
    /// Everything, and null nowhere.
    Full,
}

/// GitHub's description of its API and its webhooks in OpenAPI.
pub(crate) struct Description(Value);

impl Description {
    pub(crate) fn of_github() -> Self {
        let bytes = published("openapi/generated/api.github.com.json");
        Self(serde_json::from_slice(&bytes).unwrap())
    }

    /// The payloads of all webhooks: the family's name and the schema.
    pub(crate) fn webhooks(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0["x-webhooks"].as_object().unwrap().values().map(|webhook| {
            let post = &webhook["post"];
            let family = post["x-github"]["subcategory"].as_str().unwrap();
            let content = post["requestBody"]["content"].as_object().unwrap();
            (family, &content["application/json"]["schema"])
        })
    }

    /// What is said of an event: whoever may subscribe to it, and all in words.
    pub(crate) fn subscribing(&self, family: &str) -> (Vec<&str>, String) {
        let webhooks = self.0["x-webhooks"].as_object().unwrap().values().map(|one| &one["post"]);
        let found: Vec<&Value> =
            webhooks.filter(|post| post["x-github"]["subcategory"] == family).collect();
        let types = found[0]["x-github"]["supported-webhook-types"].as_array().unwrap();
        let words: Vec<&str> = found.iter().filter_map(|post| post["summary"].as_str()).collect();
        (types.iter().filter_map(Value::as_str).collect(), words.join("\n"))
    }

    /// Whether an App can have a permission of that name.
    pub(crate) fn is_permission(&self, name: &str) -> bool {
        let permissions = &self.0["components"]["schemas"]["app-permissions"]["properties"];
        permissions.get(name).is_some()
    }

    /// A value that the schema allows.
    pub(crate) fn sample(&self, schema: &Value, fullness: Fullness) -> Value {
        let schema = self.resolved(schema);
        if fullness != Fullness::Full && schema["nullable"] == true {
            return Value::Null;
        }
        if let Some(words) = schema["enum"].as_array() {
            return words[0].clone();
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(options) = schema[choice].as_array() {
                return match self.sample(&options[0], fullness) {
                    Value::Null => Value::Null,
                    _ => self.merged([&options[0], schema], fullness),
                };
            }
        }
        if let Some(parts) = schema["allOf"].as_array() {
            return self.merged(parts, fullness);
        }
        match schema["type"].as_str() {
            Some("array") if fullness == Fullness::Bare => json!([]),
            Some("array") => json!([self.sample(&schema["items"], fullness)]),
            Some("string") => text(schema),
            Some("integer" | "number") => json!(7),
            Some("boolean") => json!(false),
            _ => self.object(schema, fullness),
        }
    }

    fn merged<'schema>(
        &self,
        parts: impl IntoIterator<Item = &'schema Value>,
        fullness: Fullness,
    ) -> Value {
        let mut merged = Value::Null;
        for part in parts {
            let part = self.resolved(part);
            let is_choice = part.get("oneOf").is_some() || part.get("anyOf").is_some();
            let value =
                if is_choice { self.object(part, fullness) } else { self.sample(part, fullness) };
            lay_over(&mut merged, value);
        }
        merged
    }

    fn object(&self, schema: &Value, fullness: Fullness) -> Value {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let mut object = Map::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if fullness != Fullness::Bare || required.contains(&json!(name)) {
                object.insert(name.clone(), moment(name, self.sample(property, fullness)));
            }
        }
        Value::Object(object)
    }

    fn resolved<'description>(
        &'description self,
        schema: &'description Value,
    ) -> &'description Value {
        match schema["$ref"].as_str() {
            Some(place) => self.resolved(self.0.pointer(place.trim_start_matches('#')).unwrap()),
            None => schema,
        }
    }
}

/// All parts hold at once: what the one does not say of a field, the other does.
fn lay_over(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (name, value) in above {
                lay_over(below.entry(name).or_insert(Value::Null), value);
            }
        }
        (Value::Array(below), Value::Array(above)) => {
            for (place, value) in below.iter_mut().zip(above) {
                lay_over(place, value);
            }
        }
        // The choice itself, without fields of its own.
        (below, Value::Object(above)) if !below.is_null() && above.is_empty() => {}
        (below, above) => *below = above,
    }
}

fn text(schema: &Value) -> Value {
    match schema["format"].as_str() {
        Some("date-time") => json!("2026-03-02T09:00:00Z"),
        Some("uri") => json!("https://github.example/acme"),
        _ => json!("text"),
    }
}

/// The description does not say of all moments that they are some.
fn moment(name: &str, value: Value) -> Value {
    if value.is_string() && (name.ends_with("_at") || name == "timestamp") {
        return json!("2026-03-02T09:00:00Z");
    }
    value
}
