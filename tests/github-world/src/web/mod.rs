//! github.com itself: the pages of the OAuth flow and the exchange of codes for tokens.

pub(crate) mod authorize;
pub(crate) mod install;
pub(crate) mod manifest;
mod page;
mod token;

use actix_web::web;

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/login/oauth/authorize")
                .route(web::get().to(page::show))
                .route(web::post().to(page::decide)),
        )
        .service(web::resource("/login/oauth/access_token").route(web::post().to(token::exchange)))
        .service(
            web::resource("/apps/{slug}/installations/new")
                .route(web::get().to(install::show))
                .route(web::post().to(install::submit)),
        )
        .route("/organizations/{org}/settings/apps/new", web::post().to(manifest::submit))
        .service(web::resource("/orgs/{org}/sso").route(web::get().to(page::single_sign_on)));
}
