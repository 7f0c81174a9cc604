//! The page on which an owner gives GitHub's credentials.

use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Form},
};
use askama::Template;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::{
    CLIENT_SECRET, PRIVATE_KEY, WEBHOOK_SECRET, check,
    form::{Credentials, Pasted},
    hint,
};
use crate::{
    accounts::{
        sign_in::{
            providers::Providers,
            store::{self, Stored},
        },
        store as accounts,
    },
    organizations::{Rail, audit::Event},
    platform::keyring::Keyring,
    tenancy::{
        AccountId, Actor, Db, ManageSignIn, Permission, Routes, Saved, Scope, SystemReason,
        SystemTx, ViewSignIn, origin,
    },
    web::{
        AppError, FieldError, Result,
        html::{Crumb, Field, Html, Shell, render},
        icon::Icon,
        time::Moment,
    },
};

const PATH: &str = "/{organization}/settings/sign-in";

pub(in crate::accounts::sign_in) fn routes() -> Routes {
    Routes::default()
        .read(PATH, show)
        .post(PATH, save)
        .post("/{organization}/settings/sign-in/remove", remove)
}

/// What the handlers need of the server.
type Server = (Data<Db>, Data<Providers>, Data<Rail>);

#[derive(Template)]
#[template(path = "accounts/sign_in_settings.html")]
struct SettingsPage {
    shell: Shell,
    action: String,
    organization_href: String,
    /// What GitHub has to be told to send people back to.
    callback: String,
    source: Source,
    form: SettingsForm,
    /// Whether nothing was saved.
    is_refused: bool,
}

/// Where GitHub's credentials come from.
enum Source {
    /// They are not this organisation's to give.
    Elsewhere,
    Configured {
        web_url: String,
        client_id: String,
        app_id: Option<i64>,
    },
    Pasted(Box<Given>),
    Nowhere,
}

/// What is shown of credentials that were given.
struct Given {
    app_name: Option<String>,
    set_by: String,
    set_at: Moment,
    client_secret_hint: String,
    private_key_hint: Option<String>,
    webhook_secret_hint: Option<String>,
    /// The key that they were sealed with is lost.
    is_lost: bool,
}

#[derive(Default)]
struct SettingsForm {
    web_url: Field,
    client_id: Field,
    client_secret: Field,
    app_id: Field,
    private_key: Field,
    webhook_secret: Field,
}

impl SettingsForm {
    /// What was typed, but for the secrets, with what is wrong in it.
    fn new(pasted: &Pasted, errors: &[FieldError]) -> Self {
        let field = |name: &str, value: &str| Field {
            value: value.to_owned(),
            error: errors
                .iter()
                .find(|error| error.field == name)
                .map(|error| error.message.clone()),
        };
        Self {
            web_url: field("web_url", &pasted.web_url),
            client_id: field("client_id", &pasted.client_id),
            client_secret: field("client_secret", ""),
            app_id: field("app_id", &pasted.app_id),
            private_key: field("private_key", ""),
            webhook_secret: field("webhook_secret", ""),
        }
    }
}

/// Shows how people sign in with GitHub.
async fn show(scope: Scope<ViewSignIn>, server: Server) -> Result<Html<SettingsPage>> {
    let (db, providers, rail) = server;
    // One connection at a time: this is across organisations, which the scope's is not.
    drop(scope.begin().await?);
    let mut tx = db.system(SystemReason::Site).await?;
    let stored = store::find_credentials(&mut tx).await?;
    let pasted = Pasted::of(stored.as_ref());
    let page = page(&mut tx, &scope, (&providers, &rail), (stored.as_ref(), &pasted, &[])).await?;
    Ok(Html::new(page))
}

async fn page<P: Permission>(
    tx: &mut SystemTx,
    scope: &Scope<P>,
    (providers, rail): (&Providers, &Rail),
    (stored, pasted, errors): (Option<&Stored>, &Pasted, &[FieldError]),
) -> Result<SettingsPage> {
    let organization = scope.organization();
    let source = if store::is_first(tx, organization.id).await? {
        source(providers, stored, scope.clock().now())
    } else {
        Source::Elsewhere
    };
    let home = format!("/{}", organization.slug);
    let action = format!("{home}/settings/sign-in");
    Ok(SettingsPage {
        shell: rail.shell(scope, "organization", vec![Crumb::new("Sign-in", &action)]),
        action,
        organization_href: format!("{home}/organization"),
        callback: providers.callback.to_string(),
        source,
        form: SettingsForm::new(pasted, errors),
        is_refused: !errors.is_empty(),
    })
}

fn source(providers: &Providers, stored: Option<&Stored>, now: DateTime<Utc>) -> Source {
    if let Some(settings) = providers.configured() {
        return Source::Configured {
            web_url: settings.web_url.clone(),
            client_id: settings.client_id.clone(),
            app_id: settings.app.as_ref().map(|(id, _)| *id),
        };
    }
    let Some(stored) = stored else { return Source::Nowhere };
    Source::Pasted(Box::new(Given {
        app_name: stored.app_name.clone(),
        set_by: stored.set_by.clone(),
        set_at: Moment::new(stored.set_at, now),
        client_secret_hint: stored.client_secret_hint.clone(),
        private_key_hint: stored.private_key_hint.clone(),
        webhook_secret_hint: stored.webhook_secret_hint.clone(),
        is_lost: super::open(&providers.keyring, stored).is_err(),
    }))
}

/// Who gives the credentials: a person, of the organisation that was made first, where the configuration
/// leaves it to them.
async fn giver(
    tx: &mut SystemTx,
    scope: &Scope<ManageSignIn>,
    providers: &Providers,
) -> Result<(AccountId, String)> {
    let Actor::Account { id, name, .. } = scope.actor() else {
        return Err(AppError::Conflict("Only a person can do this, not a token.".to_owned()));
    };
    if !store::is_first(tx, scope.organization().id).await? {
        return Err(AppError::Conflict(
            "Sign-in is set up by the owners of the organisation that was made first.".to_owned(),
        ));
    }
    if providers.configured().is_some() {
        return Err(AppError::Conflict(
            "The server's configuration says how people sign in with GitHub.".to_owned(),
        ));
    }
    Ok((*id, name.clone()))
}

/// Asks GitHub about the credentials, and stores them where they are good.
async fn save(
    scope: Scope<ManageSignIn>,
    request: HttpRequest,
    server: Server,
    form: Form<Pasted>,
) -> Result<Saved> {
    let (db, providers, rail) = &server;
    let mut tx = db.system(SystemReason::Site).await?;
    let (account, name) = giver(&mut tx, &scope, providers).await?;
    let stored = store::find_credentials(&mut tx).await?;
    // Nothing is asked of GitHub with a transaction open.
    drop(tx);
    let checked = match form.parse(&providers.keyring, stored.as_ref()) {
        Ok(credentials) => match check::check(providers, &credentials).await {
            Ok(app_name) => Ok((credentials, app_name)),
            Err(error) => Err(vec![error]),
        },
        Err(errors) => Err(errors),
    };
    let mut tx = db.system(SystemReason::Site).await?;
    // Nobody signs in meanwhile by the GitHub that it was until now.
    accounts::lock_setup(&mut tx).await?;
    let held = held(&mut tx, stored.as_ref(), &form).await?;
    let (credentials, app_name) = match (checked, held) {
        (Ok(checked), None) => checked,
        (checked, held) => {
            let errors: Vec<_> =
                held.into_iter().chain(checked.err().unwrap_or_default()).collect();
            let shown = (stored.as_ref(), &*form, errors.as_slice());
            let page = page(&mut tx, &scope, (providers, rail), shown).await?;
            let page = render(StatusCode::UNPROCESSABLE_ENTITY, &page);
            return Ok(tx.commit().await?.answer(page));
        }
    };
    let now = scope.clock().now();
    let new = sealed(&providers.keyring, &credentials, (app_name, name), now)?;
    let event =
        Event::new("provider.credentials_set", "organization", scope.organization().id, now)
            .changed(told(stored.as_ref()), told(Some(&new)));
    store::put_credentials(&mut tx, new).await?;
    if stored.as_ref().is_none_or(|stored| !form.is_same_github(stored)) {
        store::forget_tokens(&mut tx).await?;
    }
    tx.record_by(account, scope.organization().id, &origin(&request), &event).await?;
    Ok(tx.commit().await?.see_other(format!("/{}/settings/sign-in", scope.organization().slug)))
}

/// Why GitHub's address has to stay, where it has: each GitHub counts its people by itself, and another
/// one's number of somebody would be somebody else's here.
async fn held(
    tx: &mut SystemTx,
    stored: Option<&Stored>,
    form: &Pasted,
) -> sqlx::Result<Option<FieldError>> {
    let Some(stored) = stored.filter(|stored| !form.is_same_github(stored)) else {
        return Ok(None);
    };
    let message = format!(
        "People sign in by the GitHub at {}, and another one's would be taken for them. It can be another one \
         once nobody has GitHub among their sign-in methods.",
        stored.web_url
    );
    let is_held = store::has_github_identities(tx).await?;
    Ok(is_held.then_some(FieldError { field: "web_url", message }))
}

/// What the log says of credentials: nothing that is secret.
pub(super) fn told(stored: Option<&Stored>) -> serde_json::Value {
    json!({
        "web_url": stored.map(|stored| &stored.web_url),
        "client_id": stored.map(|stored| &stored.client_id),
        "client_secret_ends": stored.map(|stored| &stored.client_secret_hint),
        "app_id": stored.and_then(|stored| stored.app_id),
    })
}

pub(super) fn sealed(
    keyring: &Keyring,
    credentials: &Credentials,
    (app_name, set_by): (Option<String>, String),
    now: DateTime<Utc>,
) -> anyhow::Result<Stored> {
    let seal =
        |place: &str, secret: &SecretString| keyring.seal(place, secret.expose_secret().as_bytes());
    let settings = &credentials.settings;
    let key = settings.app.as_ref().map(|(_, key)| key);
    let webhook = credentials.webhook_secret.as_ref();
    Ok(Stored {
        web_url: settings.web_url.clone(),
        client_id: settings.client_id.clone(),
        client_secret: seal(CLIENT_SECRET, &settings.client_secret)?,
        client_secret_hint: hint(&settings.client_secret),
        app_id: settings.app.as_ref().map(|(id, _)| *id),
        app_name,
        private_key: key.map(|key| seal(PRIVATE_KEY, key)).transpose()?,
        private_key_hint: key.map(fingerprint),
        webhook_secret: webhook.map(|secret| seal(WEBHOOK_SECRET, secret)).transpose()?,
        webhook_secret_hint: webhook.map(hint),
        version: uuid::Uuid::nil(),
        set_by,
        set_at: now,
    })
}

/// The characters before the last line of a key's file, which is alike in all of them.
fn fingerprint(key: &SecretString) -> String {
    let body = key.expose_secret().lines().rfind(|line| !line.is_empty() && !line.starts_with('-'));
    hint(&body.unwrap_or_default().into())
}

/// Takes the credentials away: nobody signs in with GitHub any more.
async fn remove(scope: Scope<ManageSignIn>, request: HttpRequest, server: Server) -> Result<Saved> {
    let (db, providers, _) = &server;
    let mut tx = db.system(SystemReason::Site).await?;
    let (account, _) = giver(&mut tx, &scope, providers).await?;
    let stored = store::find_credentials(&mut tx).await?;
    if !store::delete_credentials(&mut tx).await? {
        return Err(AppError::NotFound);
    }
    let (tenant, now) = (scope.organization().id, scope.clock().now());
    let event = Event::new("provider.credentials_removed", "organization", tenant, now)
        .changed(told(stored.as_ref()), told(None));
    tx.record_by(account, tenant, &origin(&request), &event).await?;
    Ok(tx.commit().await?.see_other(format!("/{}/settings/sign-in", scope.organization().slug)))
}
