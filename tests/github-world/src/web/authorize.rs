//! What `/login/oauth/authorize` decides, in a browser and in tests alike.

use serde::Deserialize;
use url::Url;

use crate::state::{App, AppKind, Code, State};

/// The query of the page.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    pub(crate) client_id: String,
    pub(crate) redirect_uri: Option<String>,
    #[serde(default)]
    pub(crate) scope: String,
    pub(crate) state: Option<String>,
    pub(crate) login: Option<String>,
    pub(crate) allow_signup: Option<String>,
    pub(crate) code_challenge: Option<String>,
    pub(crate) code_challenge_method: Option<String>,
}

/// Why there is no page to agree on.
pub(crate) enum Refusal {
    /// No such App: GitHub's page for what is not there.
    NoSuchApp,
    /// PKCE that GitHub does not take.
    BadChallenge,
    /// Back to the App, with an error in the address.
    Back(Url),
}

/// Checks the question before anybody is asked to agree.
pub(crate) fn check<'world>(state: &'world State, asked: &Asked) -> Result<&'world App, Refusal> {
    let app = state.app(&asked.client_id).ok_or(Refusal::NoSuchApp)?;
    if app.suspended {
        let words = "Your application has been suspended. Contact support@github.com.";
        return Err(Refusal::Back(failed(app, asked, ("application_suspended", words))));
    }
    if asked.redirect_uri.as_deref().is_some_and(|uri| !may_redirect(app, uri)) {
        let words = "The redirect_uri MUST match the registered callback URL for this application.";
        let registered = Asked { redirect_uri: None, ..asked.clone() };
        return Err(Refusal::Back(failed(app, &registered, ("redirect_uri_mismatch", words))));
    }
    match (&asked.code_challenge, asked.code_challenge_method.as_deref()) {
        (None, None) => Ok(app),
        (Some(challenge), Some("S256")) if challenge.len() == 43 => Ok(app),
        _ => Err(Refusal::BadChallenge),
    }
}

/// The person agrees: the address of the App with a code.
pub(crate) fn agree(state: &mut State, asked: &Asked, login: &str) -> Result<Url, Refusal> {
    let app = check(state, asked)?.clone();
    let code = Code {
        value: state.secret("")[..20].to_owned(),
        client_id: app.client_id.clone(),
        login: login.to_owned(),
        redirect_uri: asked.redirect_uri.clone(),
        scopes: normalize(&asked.scope),
        challenge: asked.code_challenge.clone(),
        made_at: state.clock.now(),
        used: false,
    };
    let mut target = target(&app, asked);
    target.query_pairs_mut().append_pair("code", &code.value);
    pass_state(&mut target, asked);
    state.codes.push(code);
    Ok(target)
}

/// The person does not agree.
pub(crate) fn deny(state: &State, asked: &Asked) -> Result<Url, Refusal> {
    let app = check(state, asked)?;
    Ok(failed(app, asked, ("access_denied", "The user has denied your application access.")))
}

/// An OAuth App may name any path below its callback; on loopback another port as well. A GitHub App
/// names its callback exactly.
fn may_redirect(app: &App, uri: &str) -> bool {
    if app.kind != AppKind::OAuth {
        return app.callback == uri;
    }
    let (Ok(registered), Ok(asked)) = (Url::parse(&app.callback), Url::parse(uri)) else {
        return false;
    };
    let host = registered.host_str().unwrap_or_default();
    let asked_host = asked.host_str().unwrap_or_default();
    let is_loopback = matches!(asked_host, "127.0.0.1" | "localhost" | "[::1]");
    let same_port =
        is_loopback || registered.port_or_known_default() == asked.port_or_known_default();
    let same_host = asked_host == host || asked_host.ends_with(&format!(".{host}"));
    let base = registered.path().trim_end_matches('/');
    let path = asked.path();
    let below =
        path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    registered.scheme() == asked.scheme() && same_host && same_port && below
}

/// Scopes as GitHub keeps them: sorted, once each, and none that a wider one holds.
fn normalize(scope: &str) -> Vec<String> {
    let mut scopes: Vec<String> =
        scope.split([' ', ',']).filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    scopes.sort();
    scopes.dedup();
    let has_user = scopes.iter().any(|scope| scope == "user");
    scopes.retain(|scope| !(has_user && matches!(scope.as_str(), "read:user" | "user:email")));
    scopes
}

fn target(app: &App, asked: &Asked) -> Url {
    let uri = asked.redirect_uri.as_deref().unwrap_or(&app.callback);
    Url::parse(uri).expect("a callback is an address")
}

fn failed(app: &App, asked: &Asked, (error, words): (&str, &str)) -> Url {
    let mut target = target(app, asked);
    let page = error.replace('_', "-");
    let about = format!(
        "https://docs.github.com/apps/managing-oauth-apps/troubleshooting-authorization-request-errors/#{page}"
    );
    target
        .query_pairs_mut()
        .append_pair("error", error)
        .append_pair("error_description", words)
        .append_pair("error_uri", &about);
    pass_state(&mut target, asked);
    target
}

fn pass_state(target: &mut Url, asked: &Asked) {
    if let Some(state) = &asked.state {
        target.query_pairs_mut().append_pair("state", state);
    }
}
