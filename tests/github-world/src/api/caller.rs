//! Who asks, and what that one may see of an organisation.

use actix_web::{HttpRequest, HttpResponse};

use crate::{
    answer::{self, REST},
    app_jwt,
    state::{AppKind, Holder, Organization, Person, State, Token},
};

/// A bearer that is good.
pub(super) enum Caller {
    Person { login: String, client_id: String, scopes: Vec<String> },
    Installation(u64),
}

/// The addresses that answers are written with.
pub(crate) struct Bases {
    pub(crate) api: String,
    pub(crate) web: String,
}

pub(super) fn bases(request: &HttpRequest) -> Bases {
    let connection = request.connection_info();
    let web = format!("{}://{}", connection.scheme(), connection.host());
    let api =
        if request.path().starts_with("/api/v3") { format!("{web}/api/v3") } else { web.clone() };
    Bases { api, web }
}

pub(crate) fn bearer(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get("authorization")?.to_str().ok()?;
    let (kind, token) = value.split_once(' ')?;
    (kind.eq_ignore_ascii_case("bearer") || kind.eq_ignore_ascii_case("token")).then_some(token)
}

/// Whom the request is from; without an `Authorization` nobody may.
pub(super) fn caller(state: &State, request: &HttpRequest) -> Result<Caller, HttpResponse> {
    let Some(token) = bearer(request) else {
        return Err(answer::failure(401, "Requires authentication", REST));
    };
    let Token { holder, .. } = state.token(token).ok_or_else(answer::bad_credentials)?;
    match holder.clone() {
        Holder::Person { login, client_id, scopes } => {
            if state.person(&login).is_some_and(|person| person.suspended) {
                return Err(answer::failure(403, "Sorry. Your account was suspended", REST));
            }
            Ok(Caller::Person { login, client_id, scopes })
        }
        Holder::Installation(id) => Ok(Caller::Installation(id)),
    }
}

/// The person behind the request; the endpoints of `/user` are not for installations.
pub(super) fn person<'world>(
    state: &'world State,
    request: &HttpRequest,
) -> Result<(&'world Person, Caller), HttpResponse> {
    let caller = caller(state, request)?;
    let found = match &caller {
        Caller::Person { login, .. } => state.person(login).ok_or_else(answer::bad_credentials)?,
        Caller::Installation(_) => {
            return Err(not_by_integration("users/users#get-the-authenticated-user"));
        }
    };
    Ok((found, caller))
}

pub(super) fn not_by_integration(page: &str) -> HttpResponse {
    answer::failure(403, "Resource not accessible by integration", &format!("{REST}/{page}"))
}

/// The App whose key has signed the bearer.
pub(super) fn app_id(state: &State, request: &HttpRequest) -> Result<u64, HttpResponse> {
    let Some(token) = bearer(request) else {
        return Err(answer::failure(401, "A JSON web token could not be decoded", REST));
    };
    let issuer = app_jwt::issuer(token, state.clock.now())
        .map_err(|words| answer::failure(401, words, REST))?;
    // The id of the App and, since 2024, its client id as well.
    let app = state.apps.iter().find_map(|app| match app.kind {
        AppKind::GitHub(id) if id.to_string() == issuer || app.client_id == issuer => Some(id),
        AppKind::GitHub(_) | AppKind::OAuth => None,
    });
    app.ok_or_else(|| answer::failure(404, "Integration not found", REST))
}

/// Whether the App behind the caller may look into the organisation at all.
pub(super) fn may_look_into(
    state: &State,
    caller: &Caller,
    organization: &Organization,
    (page, bases): (&str, &Bases),
) -> Result<(), HttpResponse> {
    match caller {
        Caller::Installation(id) => {
            let installation =
                state.installations.iter().find(|installation| installation.id == *id);
            let may = installation.is_some_and(|installation| {
                installation.organization == organization.login
                    && installation.permissions.contains_key("members")
            });
            if may { Ok(()) } else { Err(not_by_integration(page)) }
        }
        Caller::Person { login, client_id, scopes } => {
            by_person(state, organization, (login, client_id, scopes), (page, bases))
        }
    }
}

fn by_person(
    state: &State,
    organization: &Organization,
    (login, client_id, scopes): (&str, &str, &[String]),
    (page, bases): (&str, &Bases),
) -> Result<(), HttpResponse> {
    if needs_sso(organization, login) {
        return Err(sso_required(organization, (page, bases)));
    }
    let app = state.app(client_id);
    if let Some(AppKind::GitHub(app_id)) = app.map(|app| app.kind) {
        let may = state.installations.iter().any(|installation| {
            installation.app_id == app_id
                && !installation.suspended
                && installation.organization == organization.login
                && installation.permissions.contains_key("members")
        });
        return if may { Ok(()) } else { Err(not_by_integration(page)) };
    }
    if !reads_organizations(scopes) {
        let words = "You need at least read:org scope or user scope to list your organizations.";
        return Err(answer::failure(403, words, &format!("{REST}/{page}")));
    }
    if is_restricted(organization, client_id) {
        Err(restricted(organization, page))
    } else {
        Ok(())
    }
}

pub(super) fn reads_organizations(scopes: &[String]) -> bool {
    scopes.iter().any(|scope| {
        matches!(scope.as_str(), "read:org" | "write:org" | "admin:org" | "user" | "repo")
    })
}

pub(super) fn is_restricted(organization: &Organization, client_id: &str) -> bool {
    organization.restricts_third_parties && !organization.approved.contains(client_id)
}

pub(super) fn needs_sso(organization: &Organization, login: &str) -> bool {
    organization.enforces_sso
        && organization.is_active(login)
        && !organization.sso_sessions.contains(login)
}

fn restricted(organization: &Organization, page: &str) -> HttpResponse {
    let words = format!(
        "Although you appear to have the correct authorization credentials, the `{}` organization has enabled OAuth \
         App access restrictions, meaning that data access to third-parties is limited. For more information on these \
         restrictions, including how to enable this app, visit \
         https://docs.github.com/articles/restricting-access-to-your-organization-s-data/",
        organization.login
    );
    answer::failure(403, &words, &format!("{REST}/{page}"))
}

fn sso_required(organization: &Organization, (_, bases): (&str, &Bases)) -> HttpResponse {
    let words = "Resource protected by organization SAML enforcement. You must grant your OAuth token access to this \
        organization.";
    let about = "https://docs.github.com/articles/authenticating-to-a-github-organization-with-saml-single-sign-on/";
    let mut response = answer::failure(403, words, about);
    let url = format!(
        "{}/orgs/{}/sso?authorization_request=A{}",
        bases.web, organization.login, organization.id
    );
    answer::header(&mut response, "x-github-sso", &format!("required; url={url}"));
    response
}
