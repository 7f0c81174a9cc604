//! api.github.com, and the same below `/api/v3` as an Enterprise Server has it.

mod applications;
mod apps;
mod caller;
mod code;
mod graphql;
mod hooks;
mod lists;
mod members;
mod organizations;
mod reach;
mod repositories;
mod things;
mod users;

pub(crate) use apps::{shape as installation_shape, shape_of as app_shape};
pub(crate) use caller::{Bases, bearer};

use actix_web::web;

use crate::web::manifest;

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    // Without this scope's own path first, its requests would be taken for unknown ones of the other.
    config
        .route("/graphql", web::post().to(graphql::ask))
        .route("/api/graphql", web::post().to(graphql::ask))
        .service(web::scope("/api/v3").configure(endpoints))
        .configure(endpoints);
}

fn endpoints(config: &mut web::ServiceConfig) {
    config
        .route("/user", web::get().to(users::me))
        .route("/user/emails", web::get().to(users::my_emails))
        .route("/user/orgs", web::get().to(organizations::mine))
        .route("/user/memberships/orgs", web::get().to(members::my_memberships))
        .route("/user/memberships/orgs/{org}", web::get().to(members::my_membership))
        .route("/user/repos", web::get().to(repositories::of_person))
        .route("/user/{id}", web::get().to(users::by_id))
        .route("/users/{login}", web::get().to(users::by_login))
        .route("/orgs/{org}", web::get().to(organizations::one))
        .route("/orgs/{org}/memberships/{login}", web::get().to(members::membership))
        .route("/orgs/{org}/members", web::get().to(members::list))
        .route("/orgs/{org}/repos", web::get().to(repositories::of_organization))
        .route("/app/installations", web::get().to(apps::installations))
        .route("/orgs/{org}/teams", web::get().to(organizations::teams))
        .route("/orgs/{org}/teams/{slug}/members", web::get().to(organizations::team_members))
        .route("/orgs/{org}/installation", web::get().to(apps::installation))
        .route("/app", web::get().to(apps::me))
        .service(
            web::resource("/app/hook/config")
                .route(web::get().to(hooks::app_config))
                .route(web::patch().to(hooks::update_app_config)),
        )
        .service(web::scope("/app/hook/deliveries").configure(log_of_hook))
        .route("/app-manifests/{code}/conversions", web::post().to(manifest::convert))
        .route("/installation/repositories", web::get().to(repositories::of_installation))
        .service(web::scope("/repos/{owner}/{repo}").configure(of_repository))
        .service(web::scope("/repositories/{repository_id}").configure(of_repository))
        .route("/app/installations/{id}", web::get().to(apps::one_installation))
        .route("/rate_limit", web::get().to(apps::rate_limit))
        .route("/app/installations/{id}/access_tokens", web::post().to(apps::token))
        .route("/applications/{client_id}/token", web::delete().to(applications::revoke_token))
        .route("/applications/{client_id}/grant", web::delete().to(applications::revoke_grant));
}

/// What is below a repository, whether it is named or numbered.
fn of_repository(config: &mut web::ServiceConfig) {
    config
        .route("", web::get().to(repositories::get))
        .configure(lists::routes)
        .service(web::scope("/hooks/{hook_id}/deliveries").configure(log_of_hook))
        .route("/hooks/{hook_id}/pings", web::post().to(hooks::ping))
        .service(
            web::resource("/hooks/{hook_id}")
                .route(web::get().to(hooks::get))
                .route(web::patch().to(hooks::update))
                .route(web::delete().to(hooks::delete)),
        )
        .service(
            web::resource("/hooks")
                .route(web::get().to(hooks::list))
                .route(web::post().to(hooks::create)),
        );
}

fn log_of_hook(config: &mut web::ServiceConfig) {
    config
        .route("", web::get().to(hooks::deliveries))
        .route("/{delivery_id}", web::get().to(hooks::delivery))
        .route("/{delivery_id}/attempts", web::post().to(hooks::redeliver));
}
