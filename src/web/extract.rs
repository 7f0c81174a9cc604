//! How queries, forms and bodies that cannot be read are refused: in words, as every other error.
//!
//! A path that cannot be read names nothing that is there: actix answers 404 by itself.

use actix_web::{
    Error,
    error::{JsonPayloadError, QueryPayloadError, UrlencodedError},
    web::{FormConfig, JsonConfig, QueryConfig, ServiceConfig},
};

use super::{AppError, reading::MOST_BODY};

/// Sets what the extractors of all routes take and answer.
pub fn configure(config: &mut ServiceConfig) {
    config
        .app_data(
            JsonConfig::default().limit(MOST_BODY).error_handler(|error, _| refuse_body(error)),
        )
        .app_data(
            FormConfig::default().limit(MOST_BODY).error_handler(|error, _| refuse_form(error)),
        )
        .app_data(QueryConfig::default().error_handler(|error, _| refuse_query(error)));
}

fn refuse_body(error: JsonPayloadError) -> Error {
    match error {
        JsonPayloadError::OverflowKnownLength { .. } | JsonPayloadError::Overflow { .. } => {
            AppError::TooLarge { most: MOST_BODY }.into()
        }
        JsonPayloadError::ContentType => {
            AppError::UnsupportedMediaType { wanted: "application/json" }.into()
        }
        JsonPayloadError::Deserialize(error) => unreadable("body", &error),
        other => unreadable("body", &other),
    }
}

fn refuse_form(error: UrlencodedError) -> Error {
    match error {
        UrlencodedError::Overflow { .. } => AppError::TooLarge { most: MOST_BODY }.into(),
        UrlencodedError::ContentType => {
            AppError::UnsupportedMediaType { wanted: "application/x-www-form-urlencoded" }.into()
        }
        UrlencodedError::Parse(error) => unreadable("form", &error),
        other => unreadable("form", &other),
    }
}

fn refuse_query(error: QueryPayloadError) -> Error {
    match error {
        QueryPayloadError::Deserialize(error) => unreadable("query", &error),
        other => unreadable("query", &other),
    }
}

fn unreadable(part: &str, error: &impl std::fmt::Display) -> Error {
    AppError::BadRequest(format!("The {part} of the request cannot be read: {error}.")).into()
}
