//! api.github.com, and the same below `/api/v3` as an Enterprise Server has it.

mod applications;
mod apps;
mod caller;

mod members;
mod organizations;
mod users;

pub(crate) use caller::bearer;

use actix_web::web;

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    // Without this scope's own path first, its requests would be taken for unknown ones of the other.
    config.service(web::scope("/api/v3").configure(endpoints)).configure(endpoints);
}

fn endpoints(config: &mut web::ServiceConfig) {
    config
        .route("/user", web::get().to(users::me))
        .route("/user/emails", web::get().to(users::my_emails))
        .route("/user/orgs", web::get().to(organizations::mine))
        .route("/user/memberships/orgs", web::get().to(members::my_memberships))
        .route("/user/memberships/orgs/{org}", web::get().to(members::my_membership))
        .route("/user/{id}", web::get().to(users::by_id))
        .route("/users/{login}", web::get().to(users::by_login))
        .route("/orgs/{org}", web::get().to(organizations::one))
        .route("/orgs/{org}/memberships/{login}", web::get().to(members::membership))
        .route("/orgs/{org}/members", web::get().to(members::list))
        .route("/orgs/{org}/teams", web::get().to(organizations::teams))
        .route("/orgs/{org}/teams/{slug}/members", web::get().to(organizations::team_members))
        .route("/orgs/{org}/installation", web::get().to(apps::installation))
        .route("/app", web::get().to(apps::me))
        .route("/app/installations/{id}/access_tokens", web::post().to(apps::token))
        .route("/applications/{client_id}/token", web::delete().to(applications::revoke_token))
        .route("/applications/{client_id}/grant", web::delete().to(applications::revoke_grant));
}
