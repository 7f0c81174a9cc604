//! The problems that operations answer, for their descriptions.

use std::collections::BTreeMap;

use utoipa::{
    IntoResponses, ToSchema,
    openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder, response::Response},
};

use super::Problem;

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident: $($status:literal)*;)*) => {
        $(
            $(#[$doc])*
            pub struct $name;

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    [$($status),*].into_iter().map(problem).collect()
                }
            }
        )*
    };
}

problems! {
    /// Of reading a list.
    OfList: 400 401 503;
    /// Of reading a list that needs more than the least role.
    OfGuardedList: 400 401 403 503;
    /// Of a change to one item that a body describes.
    OfAlteration: 400 401 403 404 413 415 422 503;
    /// Of ending something.
    OfCancellation: 400 401 403 404 409 503;
    /// Of reading one item.
    OfItem: 400 401 404 503;
    /// Of a change to one item.
    OfChange: 400 401 403 404 503;
    /// Of adding something that a body describes.
    OfAddition: 400 401 403 409 413 415 422 503;
}

fn problem(status: u16) -> (String, RefOr<Response>) {
    let content =
        ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build();
    let response = ResponseBuilder::new()
        .description(meaning(status))
        .content("application/problem+json", content);
    (status.to_string(), response.build().into())
}

const fn meaning(status: u16) -> &'static str {
    match status {
        400 => "The path, the query or the body cannot be read; `detail` says why.",
        401 => "There is no token, or it is wrong, too old or revoked.",
        403 => "The token's role is too low.",
        404 => "There is none, or it belongs to another organisation.",
        409 => {
            "Another request undoes it at this moment, or it is too late for it; `detail` says which."
        }
        413 => "The body is too large.",
        415 => "The body is not JSON.",
        422 => "A field cannot be accepted; `errors` says which and why.",
        503 => "The database does not answer.",
        _ => "Something else went wrong.",
    }
}
