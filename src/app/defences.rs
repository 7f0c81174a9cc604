//! What the web server's defences know of the product: which routes sign in, which cookies speak for a
//! person, how much each route reads.

use std::{collections::HashSet, sync::Arc, time::Duration};

use actix_web::web::{Data, ServiceConfig};

use super::routes;
use crate::{
    platform::{clock::Clock, config::Config},
    tenancy::{Access, Db, SESSION_COOKIE, SESSION_COOKIE_SECURE, SharedLimits},
    web::{
        TrustedProxies,
        limits::{Callers, Limits, RouteKind, SharedBudgets},
        reading::{MOST_BODY, ReadingRules},
    },
    webhooks,
};

/// What the server is defended with, by the configuration.
#[derive(Clone, Debug)]
pub struct Defences {
    pub limits: Limits,
    pub proxies: TrustedProxies,
    pub reading: ReadingRules,
    pub connections: Connections,
    /// The origins beside this site that a form's answer may lead to: those that sign-in sends people to.
    pub form_targets: Vec<String>,
    callers: Callers,
}

/// How many connections there may be, and for how long they may be idle.
#[derive(Clone, Copy, Debug)]
pub struct Connections {
    pub most: usize,
    pub head: Duration,
    pub keep_alive: Duration,
}

impl Defences {
    pub fn new(config: &Config, db: &Db, clock: &Clock) -> Self {
        let server = &config.server;
        let shared: Option<Arc<dyn SharedBudgets>> =
            if server.shared_limits { Some(Arc::new(SharedLimits::new(db.clone()))) } else { None };
        Self {
            limits: Limits::new(&config.limits, clock, shared),
            proxies: TrustedProxies(server.trusted_proxies.clone()),
            reading: ReadingRules {
                most: most_body,
                within: Duration::from_secs(server.body_seconds),
            },
            connections: Connections {
                most: server.max_connections,
                head: Duration::from_secs(server.head_seconds),
                keep_alive: Duration::from_secs(server.keep_alive_seconds),
            },
            form_targets: Vec::new(),
            callers: callers(),
        }
    }

    pub(super) fn configure(&self, config: &mut ServiceConfig) {
        config
            .app_data(Data::new(self.limits.clone()))
            .app_data(Data::new(self.proxies.clone()))
            .app_data(Data::new(self.reading))
            .app_data(Data::new(self.callers.clone()));
    }
}

fn callers() -> Callers {
    let routes = routes();
    let open: HashSet<&str> = routes
        .entries()
        .iter()
        .filter(|entry| entry.access == Access::Anyone)
        .map(|entry| entry.path)
        .collect();
    Callers {
        kind_of,
        cookies: &[SESSION_COOKIE_SECURE, SESSION_COOKIE],
        guarded: routes
            .entries()
            .iter()
            .map(|entry| entry.path)
            .filter(|path| !open.contains(path))
            .collect(),
    }
}

/// What a path is for. Who is signed in and signing out proves nothing, so they are ordinary.
fn kind_of(path: &str) -> RouteKind {
    let is_below = |prefixes: &[&str]| prefixes.iter().any(|prefix| path.starts_with(prefix));
    if is_below(&["/static/", "/api/health"]) {
        RouteKind::Free
    } else if is_below(&["/api/v2/webhooks/github"]) {
        RouteKind::Webhook
    } else if is_below(&["/setup/", "/invitations/"]) {
        RouteKind::SecretLink
    } else if path == "/sign-in" || is_below(&["/sign-in/"]) || is_sign_in_api(path) {
        RouteKind::SignIn
    } else {
        RouteKind::Ordinary
    }
}

fn is_sign_in_api(path: &str) -> bool {
    path.strip_prefix("/api/auth/").is_some_and(|rest| !matches!(rest, "me" | "logout"))
}

/// The largest body of a path, in bytes.
fn most_body(path: &str) -> usize {
    match kind_of(path) {
        RouteKind::Webhook => webhooks::MOST_BODY,
        RouteKind::Ordinary | RouteKind::SignIn | RouteKind::SecretLink | RouteKind::Free => {
            MOST_BODY
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_what_they_look_like() {
        for (path, kind) in [
            ("/", RouteKind::Ordinary),
            ("/acme/setup/x", RouteKind::Ordinary),
            ("/sign-in", RouteKind::SignIn),
            ("/sign-inn", RouteKind::Ordinary),
            ("/sign-in/github", RouteKind::SignIn),
            ("/api/auth/callback", RouteKind::SignIn),
            ("/api/auth/me", RouteKind::Ordinary),
            ("/api/auth/logout", RouteKind::Ordinary),
            ("/setup/secret", RouteKind::SecretLink),
            ("/invitations/secret", RouteKind::SecretLink),
            ("/api/v2/webhooks/github", RouteKind::Webhook),
            ("/static/app.1.css", RouteKind::Free),
            ("/api/health/ready", RouteKind::Free),
        ] {
            assert_eq!(kind_of(path), kind, "{path}");
        }
    }

    #[test]
    fn only_routes_that_need_somebody_prove_a_credential() {
        let guarded = callers().guarded;

        assert!(guarded.contains("/api/v2/tasks") && guarded.contains("/{organization}"));
        for open in ["/sign-in", "/api/health", "/setup/{secret}", "/api"] {
            assert!(!guarded.contains(open), "{open}");
        }
    }
}
