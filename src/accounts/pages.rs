//! Pages of signing in, of the person's organisations, and of the way to the first page.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, StatusCode, header},
    web::{Data, Form, Path, Query},
};
use askama::Template;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::Deserialize;

use super::{
    sessions::SignIn,
    sessions_page,
    setup::{self, Owner},
    sign_in::{Choice, Providers},
};
use crate::{
    organizations::{self, Membership},
    platform::clock::Clock,
    tenancy::{Db, PublicKey, Routes, Sessions, SignedIn, SystemReason, origin},
    web::{
        AppError, FieldError, Next, Result,
        html::{Field, Html, Link, Person, Shell, render},
        icon::Icon,
    },
};

/// Where a provider is set out for.
const LOGIN: &str = "/api/auth/login";

/// What an operator types for a way in.
const COMMAND: &str = "quarterdeck setup-link";

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/", start)
        .read("/organizations", organizations)
        .and(sessions_page::routes())
        .open_to_anyone(Method::GET, "/sign-in", sign_in)
        .open_to_anyone(Method::GET, "/.well-known/jwks.json", published_keys)
        .open_to_anyone(Method::GET, "/setup/{secret}", show_setup)
        .open_to_anyone(Method::POST, "/setup/{secret}", open_setup)
}

#[derive(Template)]
#[template(path = "accounts/sign_in.html")]
struct SignInPage {
    shell: Shell,
    is_fresh: bool,
    command: &'static str,
    /// Whom people can sign in with, and where that begins.
    ways: Vec<Link>,
}

#[derive(Deserialize)]
struct Wish {
    /// Where to go afterwards, on this site.
    #[serde(default)]
    next: String,
}

/// Shows how to sign in.
async fn sign_in(
    db: Data<Db>,
    providers: Data<Providers>,
    wish: Query<Wish>,
) -> Result<Html<SignInPage>> {
    let mut tx = db.system(SystemReason::Login).await?;
    let is_fresh = !setup::is_set_up(&mut tx).await?;
    let next = Next::parse(&wish.next).unwrap_or_default();
    let after = if next.is_start() { String::new() } else { format!("&{}", next.query()) };
    let way = |choice: Choice| Link {
        href: format!("{LOGIN}?provider={}{after}", choice.name),
        label: format!("Sign in with {}", choice.label),
    };
    let ways = providers.choices(&mut tx).await?.into_iter().map(way).collect();
    Ok(Html::new(SignInPage { shell: Shell::bare("Sign in"), is_fresh, command: COMMAND, ways }))
}

/// The keys that sessions' passes are signed with, as a JSON Web Key Set (RFC 7517).
async fn published_keys(
    db: Data<Db>,
    clock: Data<Clock>,
    sessions: Data<Sessions>,
) -> Result<HttpResponse> {
    let keys = sessions.keys.published(&db, clock.now()).await?;
    let keys: Vec<_> = keys.iter().map(PublicKey::jwk).collect();
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .json(serde_json::json!({ "keys": keys })))
}

/// Leads a person to their organisation, or to the choice among several.
async fn start(person: SignedIn, db: Data<Db>) -> Result<HttpResponse> {
    let mut tx = db.system(SystemReason::Login).await?;
    let memberships = organizations::list_memberships(&mut tx, person.account).await?;
    let location = match memberships.as_slice() {
        [only] => format!("/{}", only.slug),
        _ => "/organizations".to_owned(),
    };
    Ok(HttpResponse::SeeOther().insert_header((header::LOCATION, location)).finish())
}

#[derive(Template)]
#[template(path = "accounts/organizations.html")]
struct OrganizationsPage {
    shell: Shell,
    organizations: Vec<OrganizationRow>,
}

struct OrganizationRow {
    name: String,
    href: String,
    role: &'static str,
}

/// Shows the organisations that the person belongs to.
async fn organizations(person: SignedIn, db: Data<Db>) -> Result<Html<OrganizationsPage>> {
    let mut tx = db.system(SystemReason::Login).await?;
    let memberships = organizations::list_memberships(&mut tx, person.account).await?;
    let row = |found: Membership| OrganizationRow {
        href: format!("/{}", found.slug),
        name: found.name,
        role: found.role.as_str(),
    };
    let person = Some(Person { name: person.name, sign_out: "/sign-out".to_owned() });
    let shell = Shell { person, ..Shell::bare("Your organisations") };
    Ok(Html::new(OrganizationsPage {
        shell,
        organizations: memberships.into_iter().map(row).collect(),
    }))
}

#[derive(Template)]
#[template(path = "accounts/setup.html")]
struct SetupPage {
    shell: Shell,
    /// Why the link does not work.
    problem: Option<String>,
    action: String,
    /// The organisation the link is for; none where the form names it.
    organization: Option<String>,
    form: SetupForm,
    command: &'static str,
}

#[derive(Default)]
struct SetupForm {
    name: Field,
    login: Field,
    organization: Field,
}

impl SetupForm {
    fn has_errors(&self) -> bool {
        [&self.name, &self.login, &self.organization].iter().any(|field| field.error.is_some())
    }

    fn mark(&mut self, errors: &[FieldError]) {
        for error in errors {
            let field = match error.field {
                "name" => &mut self.name,
                "login" => &mut self.login,
                _ => &mut self.organization,
            };
            field.error = Some(error.message.clone());
        }
    }
}

/// Shows the form behind a link; looking does not use the link up.
async fn show_setup(
    request: HttpRequest,
    path: Path<String>,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<HttpResponse> {
    match setup_page(&path, &db, &clock).await {
        Ok(page) => Ok(render(StatusCode::OK, &page)),
        Err(AppError::Gone(problem)) => {
            refuse_link(&request, path.into_inner(), &db, clock.now(), problem).await
        }
        Err(other) => Err(other),
    }
}

/// Says that a link no longer works, and writes down that it was tried.
async fn refuse_link(
    request: &HttpRequest,
    secret: String,
    db: &Db,
    now: DateTime<Utc>,
    problem: String,
) -> Result<HttpResponse> {
    setup::record_refusal(db, &secret.into(), &origin(request), now).await?;
    Ok(render(StatusCode::GONE, &spent_page(problem)))
}

async fn setup_page(secret: &str, db: &Db, clock: &Clock) -> Result<SetupPage> {
    let mut tx = db.system(SystemReason::Login).await?;
    let found = setup::find(&mut tx, &secret.to_owned().into(), clock.now()).await?;
    let is_set_up = setup::is_set_up(&mut tx).await?;
    let name = found.map(|organization| organization.name);
    // An organisation without anybody in it was made at the command line; its first owner may name it.
    let prefilled = name.clone().filter(|_| !is_set_up).unwrap_or_default();
    Ok(SetupPage {
        shell: Shell::bare("Set up"),
        problem: None,
        action: format!("/setup/{secret}"),
        organization: name.filter(|_| is_set_up),
        form: SetupForm {
            organization: Field { value: prefilled, error: None },
            ..SetupForm::default()
        },
        command: COMMAND,
    })
}

fn spent_page(problem: String) -> SetupPage {
    SetupPage {
        shell: Shell::bare("Link no longer works"),
        problem: Some(problem),
        action: String::new(),
        organization: None,
        form: SetupForm::default(),
        command: COMMAND,
    }
}

/// What the form of a setup link sends.
#[derive(Deserialize)]
struct Setup {
    name: String,
    login: String,
    /// Not asked for where the organisation is there.
    organization: Option<String>,
}

/// What opening a link needs of the server.
type Server = (Data<Db>, Data<Clock>, Data<Sessions>);

/// Uses the link up and signs in; says beside the fields what cannot be accepted.
async fn open_setup(
    request: HttpRequest,
    path: Path<String>,
    server: Server,
    form: Form<Setup>,
) -> Result<HttpResponse> {
    let (db, clock, sessions) = server;
    let mut page = match setup_page(&path, &db, &clock).await {
        Ok(page) => page,
        Err(AppError::Gone(problem)) => {
            return refuse_link(&request, path.into_inner(), &db, clock.now(), problem).await;
        }
        Err(other) => return Err(other),
    };
    let secret = path.into_inner();
    let typed = form.organization.clone().or_else(|| page.organization.clone()).unwrap_or_default();
    let opened = match parse(&form, &typed) {
        Ok(owner) => {
            let tx = db.system(SystemReason::Login).await?;
            let secret = SecretString::from(secret.clone());
            let origin = origin(&request);
            let sign_in = SignIn { origin: &origin, now: clock.now(), sessions: &sessions };
            setup::open(tx, &secret, &owner, &sign_in).await
        }
        Err(errors) => Err(AppError::Invalid(errors)),
    };
    match opened {
        Ok(opened) => {
            let saved = opened.committed.see_other(format!("/{}", opened.slug));
            Ok(sessions.begin(saved, &opened.session)?.into_response())
        }
        Err(AppError::Invalid(errors)) => {
            page.form = SetupForm {
                name: typed_in(&form.name),
                login: typed_in(&form.login),
                organization: typed_in(&typed),
            };
            page.form.mark(&errors);
            Ok(render(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        // Somebody else used it between the look and the use.
        Err(AppError::Gone(problem)) => {
            refuse_link(&request, secret, &db, clock.now(), problem).await
        }
        Err(other) => Err(other),
    }
}

fn typed_in(value: &str) -> Field {
    Field { value: value.to_owned(), error: None }
}

fn parse(form: &Setup, organization: &str) -> Result<Owner, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut refuse =
        |field, error: String| errors.push(FieldError { field, message: sentence(&error) });
    let name =
        form.name.parse().map_err(|error: super::InvalidLogin| refuse("name", error.to_string()));
    let login =
        form.login.parse().map_err(|error: super::InvalidLogin| refuse("login", error.to_string()));
    let organization = organization
        .parse()
        .map_err(|error: organizations::InvalidName| refuse("organization", error.to_string()));
    match (name, login, organization) {
        (Ok(name), Ok(login), Ok(organization)) => Ok(Owner { name, login, organization }),
        _ => Err(errors),
    }
}

/// Errors are written to stand in the middle of a line; beside a field they are sentences.
fn sentence(error: &str) -> String {
    let mut letters = error.chars();
    letters
        .next()
        .map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
        .unwrap_or_default()
}
