//! `/user` and `/users`.

use actix_web::{HttpRequest, HttpResponse, web};

use super::caller::{Caller, bases, caller, person};
use crate::{
    Shared,
    answer::{self, REST},
    shapes,
};

pub(super) async fn me(shared: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let (state, bases) = (shared.state(), bases(&request));
    match person(&state, &request) {
        Ok((person, _)) => {
            answer::found(&request, &shapes::full_user(person, &bases.api, &bases.web))
        }
        Err(refusal) => refusal,
    }
}

/// Needs `user:email`, or from a GitHub App the permission of the same name, which this world gives all.
pub(super) async fn my_emails(shared: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let state = shared.state();
    let (person, caller) = match person(&state, &request) {
        Ok(found) => found,
        Err(refusal) => return refusal,
    };
    let may = match &caller {
        Caller::Person { client_id, scopes, .. } => {
            client_id.starts_with("Iv")
                || scopes.iter().any(|scope| matches!(scope.as_str(), "user" | "user:email"))
        }
        Caller::Installation(_) => false,
    };
    if may {
        answer::found(&request, &shapes::emails(person))
    } else {
        let page = "users/emails#list-email-addresses-for-the-authenticated-user";
        answer::not_found(page)
    }
}

/// People are public: anybody may ask.
pub(super) async fn by_login(
    shared: web::Data<Shared>,
    request: HttpRequest,
    login: web::Path<String>,
) -> HttpResponse {
    let (state, bases) = (shared.state(), bases(&request));
    if request.headers().contains_key("authorization")
        && let Err(refusal) = caller(&state, &request)
    {
        return refusal;
    }
    match state.person(&login) {
        Some(person) => answer::found(&request, &shapes::full_user(person, &bases.api, &bases.web)),
        None => answer::not_found("users/users#get-a-user"),
    }
}

pub(super) async fn by_id(
    shared: web::Data<Shared>,
    request: HttpRequest,
    id: web::Path<String>,
) -> HttpResponse {
    let (state, bases) = (shared.state(), bases(&request));
    let person = state.people.iter().find(|person| person.id.to_string() == *id);
    match person {
        Some(person) => answer::found(&request, &shapes::full_user(person, &bases.api, &bases.web)),
        None => answer::failure(
            404,
            "Not Found",
            &format!("{REST}/users/users#get-a-user-using-their-id"),
        ),
    }
}
