//! What the description says beyond what is derived from the types.

use utoipa::{
    Modify,
    openapi::{
        Object, OpenApi, Ref, RefOr, Schema,
        schema::{ArrayBuilder, SchemaType, Type},
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};

/// How callers say who they are.
pub(super) struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut OpenApi) {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.description =
            Some("An API token (`qdk_…`), made by `quarterdeck token create`.".to_owned());
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// Fields that may be null are there all the same, and pages refer to their items by name.
pub struct Shapes;

impl Modify for Shapes {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, schema) in &mut components.schemas {
            let RefOr::T(Schema::Object(object)) = schema else { continue };
            require_nullable(object);
            if let Some(item) = name.strip_prefix("PageOf_") {
                let items = ArrayBuilder::new().items(Ref::from_schema_name(item));
                object.properties.insert("items".to_owned(), items.into());
            }
        }
    }
}

fn require_nullable(object: &mut Object) {
    let missing = |name: &String| !object.required.contains(name);
    let nullable =
        object.properties.iter().filter(|(name, schema)| missing(name) && may_be_null(schema));
    let nullable: Vec<String> = nullable.map(|(name, _)| name.clone()).collect();
    object.required.extend(nullable);
}

fn may_be_null(schema: &RefOr<Schema>) -> bool {
    match schema {
        RefOr::T(Schema::Object(object)) => match &object.schema_type {
            SchemaType::Type(kind) => *kind == Type::Null,
            SchemaType::Array(kinds) => kinds.contains(&Type::Null),
            SchemaType::AnyValue => false,
        },
        RefOr::T(Schema::OneOf(one_of)) => one_of.items.iter().any(may_be_null),
        RefOr::T(_) | RefOr::Ref(_) => false,
    }
}
