//! The page that shows the API's description to people.

use std::collections::BTreeMap;

use actix_web::http::Method;
use askama::Template;
use serde::Deserialize;

use super::openapi_document;
use crate::{
    tenancy::Routes,
    web::{
        Result,
        html::{Html, Shell},
        icon::Icon,
    },
};

const EXAMPLE: &str = "curl --header \"Authorization: Bearer $TOKEN\" \"$QUARTERDECK/api/v2/tasks?state=open&limit=20\"";

pub(super) fn routes() -> Routes {
    Routes::default().open_to_anyone(Method::GET, "/api", show_reference)
}

#[derive(Template)]
#[template(path = "web/api_reference.html")]
struct ReferencePage {
    shell: Shell,
    title: String,
    version: String,
    document_href: &'static str,
    intro: String,
    example: &'static str,
    groups: Vec<Group>,
    schemas: Vec<SchemaEntry>,
}

struct Group {
    operations: Vec<OperationEntry>,
}

struct OperationEntry {
    id: String,
    method: &'static str,
    path: String,
    summary: String,
    text: String,
    parameters: Vec<ParameterEntry>,
    body: Option<String>,
    responses: Vec<ResponseEntry>,
}

struct ParameterEntry {
    name: String,
    place: String,
    kind: String,
    is_required: bool,
    text: String,
}

struct ResponseEntry {
    status: String,
    text: String,
    kind: String,
}

struct SchemaEntry {
    id: String,
    name: String,
    text: String,
    fields: Vec<FieldEntry>,
}

struct FieldEntry {
    name: String,
    kind: String,
    is_required: bool,
    text: String,
}

async fn show_reference() -> Result<Html<ReferencePage>> {
    let json = serde_json::to_value(openapi_document()).map_err(anyhow::Error::from)?;
    let document: Document = serde_json::from_value(json).map_err(anyhow::Error::from)?;
    Ok(Html::new(document.into_page()))
}

/// The parts of the document that the page shows.
#[derive(Deserialize)]
struct Document {
    info: Info,
    paths: BTreeMap<String, PathItem>,
    components: Components,
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
struct Info {
    title: String,
    version: String,
    #[serde(default)]
    description: String,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
}

#[derive(Deserialize)]
struct Components {
    schemas: BTreeMap<String, Schema>,
}

#[derive(Deserialize)]
struct PathItem {
    get: Option<Operation>,
    post: Option<Operation>,
    delete: Option<Operation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Operation {
    #[serde(rename = "operationId")]
    id: String,
    tags: Vec<String>,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    parameters: Vec<Parameter>,
    request_body: Option<Body>,
    responses: BTreeMap<String, Body>,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    #[serde(rename = "in")]
    place: String,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    description: String,
    schema: Schema,
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    description: String,
    #[serde(default)]
    content: BTreeMap<String, Media>,
}

#[derive(Deserialize)]
struct Media {
    schema: Schema,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Schema {
    #[serde(rename = "$ref")]
    reference: Option<String>,
    #[serde(rename = "type")]
    kinds: Option<Kinds>,
    format: Option<String>,
    description: String,
    #[serde(rename = "enum")]
    values: Vec<serde_json::Value>,
    items: Option<Box<Self>>,
    one_of: Vec<Self>,
    all_of: Vec<Self>,
    properties: BTreeMap<String, Self>,
    required: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Kinds {
    One(String),
    Several(Vec<String>),
}

impl Document {
    fn into_page(self) -> ReferencePage {
        let groups = self.tags.iter().map(|tag| self.group(&tag.name)).collect();
        let schemas =
            self.components.schemas.iter().map(|(name, schema)| schema.entry(name)).collect();
        ReferencePage {
            shell: Shell::bare("API reference"),
            title: self.info.title,
            version: self.info.version,
            document_href: "/api/openapi.json",
            intro: self.info.description,
            example: EXAMPLE,
            groups,
            schemas,
        }
    }

    fn group(&self, tag: &str) -> Group {
        let operations = self
            .paths
            .iter()
            .flat_map(|(path, item)| item.operations().map(move |found| (path, found)));
        let own =
            operations.filter(|(_, (_, operation))| operation.tags.iter().any(|name| name == tag));
        Group {
            operations: own
                .map(|(path, (method, operation))| operation.entry(method, path))
                .collect(),
        }
    }
}

impl PathItem {
    fn operations(&self) -> impl Iterator<Item = (&'static str, &Operation)> {
        let methods = [("GET", &self.get), ("POST", &self.post), ("DELETE", &self.delete)];
        methods.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
    }
}

impl Operation {
    fn entry(&self, method: &'static str, path: &str) -> OperationEntry {
        OperationEntry {
            id: self.id.clone(),
            method,
            path: path.to_owned(),
            summary: sentence(&self.summary),
            text: self.description.clone(),
            parameters: self.parameters.iter().map(Parameter::entry).collect(),
            body: self.request_body.as_ref().map(Body::kind),
            responses: self.responses.iter().map(|(status, body)| body.entry(status)).collect(),
        }
    }
}

impl Parameter {
    fn entry(&self) -> ParameterEntry {
        ParameterEntry {
            name: self.name.clone(),
            place: self.place.clone(),
            kind: self.schema.kind(),
            is_required: self.required,
            text: self.description.clone(),
        }
    }
}

impl Body {
    fn entry(&self, status: &str) -> ResponseEntry {
        ResponseEntry {
            status: status.to_owned(),
            text: self.description.clone(),
            kind: self.kind(),
        }
    }

    fn kind(&self) -> String {
        self.content
            .values()
            .next()
            .map_or_else(|| "nothing".to_owned(), |media| media.schema.kind())
    }
}

impl Schema {
    fn entry(&self, name: &str) -> SchemaEntry {
        SchemaEntry {
            id: format!("schema-{name}"),
            name: name.to_owned(),
            text: self.text(),
            fields: self.fields().collect(),
        }
    }

    /// Its description; that of a list of values says them too.
    fn text(&self) -> String {
        if self.values.is_empty() {
            self.description.clone()
        } else {
            format!("{} {}", self.description, self.kind())
        }
    }

    /// The own fields after those of the schemas it is put together from.
    fn fields(&self) -> Box<dyn Iterator<Item = FieldEntry> + '_> {
        let parts = self.all_of.iter().flat_map(Self::part);
        let own = self.properties.iter().map(|(name, schema)| FieldEntry {
            name: name.clone(),
            kind: schema.kind(),
            is_required: self.required.contains(name),
            text: schema.description.clone(),
        });
        Box::new(parts.chain(own))
    }

    /// One of the schemas that another one is put together from: its fields, or where they stand.
    fn part(&self) -> Box<dyn Iterator<Item = FieldEntry> + '_> {
        if self.reference.is_none() {
            return self.fields();
        }
        let kind = self.kind();
        let text = format!("All fields of {kind}.");
        Box::new(std::iter::once(FieldEntry {
            name: "…".to_owned(),
            kind,
            is_required: true,
            text,
        }))
    }

    /// What kind of value it is, in few words: `uuid`, `[Task]`, `integer | null`.
    fn kind(&self) -> String {
        if let Some(reference) = &self.reference {
            return reference.rsplit('/').next().unwrap_or_default().to_owned();
        }
        if !self.one_of.is_empty() {
            return join(self.one_of.iter().map(Self::kind));
        }
        if !self.values.is_empty() {
            return join(
                self.values.iter().map(|value| value.as_str().unwrap_or("null").to_owned()),
            );
        }
        if let Some(items) = &self.items {
            return format!("[{}]", items.kind());
        }
        self.scalar()
    }

    fn scalar(&self) -> String {
        let kinds = match &self.kinds {
            Some(Kinds::One(kind)) => std::slice::from_ref(kind),
            Some(Kinds::Several(kinds)) => kinds,
            None => &[],
        };
        // `uuid` and `date-time` say more than `string`; `int32` says less to people than `integer`.
        let format = self.format.as_deref().filter(|format| !format.contains("int"));
        join(kinds.iter().map(|kind| match format {
            Some(format) if kind == "string" => format.to_owned(),
            Some(_) | None => kind.clone(),
        }))
    }
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(" | ")
}

/// A summary as it stands before its text.
fn sentence(summary: &str) -> String {
    if summary.ends_with('.') { summary.to_owned() } else { format!("{summary}.") }
}
