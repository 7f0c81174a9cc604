//! The page of hooks: made, shown once with their secrets, rotated, revoked.

use actix_web::{
    http::StatusCode,
    web::{Data, Form, Path, Query},
};
use askama::Template;
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::{
    hooks::{self, NewHook},
    model::{Hook, HookId, HookName},
    secrets,
    store::hooks as store,
};
use crate::{
    organizations::{Rail, listening},
    platform::keyring::Keyring,
    tenancy::{ManageHooks, Permission, Routes, Saved, Scope, Sessions, ViewDeliveries},
    web::{
        Result,
        html::{Crumb, Field, Html, Pager, Pill, Shell, Tone, address, counted, render},
        icon::Icon,
        middleware::Site,
        paging::PageQuery,
        time::Moment,
    },
};

/// Where in the rail the page stands: with the deliveries that hooks bring.
const ENTRY: &str = super::deliveries_page::ENTRY;

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/{organization}/hooks", list)
        .post("/{organization}/hooks", make)
        .post("/{organization}/hooks/{hook}/rotate", rotate)
        .post("/{organization}/hooks/{hook}/revoke", revoke)
}

#[derive(Template)]
#[template(path = "webhooks/hooks.html")]
struct HooksPage {
    shell: Shell,
    here: String,
    hooks: Vec<HookRow>,
    pager: Pager,
    /// For whoever may make one.
    form: Option<HookForm>,
    deliveries_href: String,
}

struct HookForm {
    action: String,
    name: Field,
}

struct HookRow {
    name: String,
    pill: Pill,
    made: Moment,
    made_by: String,
    heard: Option<Moment>,
    /// Until when the secret before counts as well.
    overlap: Option<Moment>,
    /// Why it is not at GitHub as it should be, with what to do.
    trouble: Option<String>,
    rotate: Option<String>,
    revoke: Option<String>,
}

impl HookRow {
    fn new(hook: Hook, (path, may_manage): (&str, bool), now: DateTime<Utc>) -> Self {
        let action = |verb: &str| {
            let is_offered = may_manage && hook.revoked_at.is_none();
            is_offered.then(|| format!("{path}/{}/{verb}", hook.id))
        };
        Self {
            rotate: action("rotate"),
            revoke: action("revoke"),
            pill: pill(&hook),
            trouble: hook.trouble,
            made: Moment::new(hook.created_at, now),
            made_by: hook.created_by,
            heard: hook.heard_at.map(|at| Moment::new(at, now)),
            overlap: hook
                .previous_until
                .filter(|until| now < *until)
                .map(|at| Moment::new(at, now)),
            name: hook.name,
        }
    }
}

fn pill(hook: &Hook) -> Pill {
    match (hook.revoked_at, hook.pinged_at.or(hook.heard_at)) {
        (Some(_), _) => Pill::new(Tone::Quiet, Icon::Cross, "revoked"),
        (None, _) if hook.trouble.is_some() => Pill::new(Tone::Bad, Icon::Alert, "not at GitHub"),
        (None, Some(_)) => Pill::new(Tone::Good, Icon::Check, "works"),
        (None, None) => Pill::new(Tone::Info, Icon::Clock, "not heard yet"),
    }
}

/// What the form of a new hook sends.
#[derive(Clone, Debug, Default, Deserialize)]
struct Wish {
    #[serde(default)]
    name: String,
}

/// Shows the hooks, newest first.
async fn list(
    scope: Scope<ViewDeliveries>,
    rail: Data<Rail>,
    query: Query<PageQuery>,
) -> Result<Html<HooksPage>> {
    Ok(Html::new(page(&scope, &rail, &query, Field::default()).await?))
}

async fn page<P: Permission>(
    scope: &Scope<P>,
    rail: &Rail,
    query: &PageQuery,
    name: Field,
) -> Result<HooksPage> {
    let (request, now) = (query.parse::<HookId>()?, scope.clock().now());
    let slug = &scope.organization().slug;
    let (path, may_manage) = (format!("/{slug}/hooks"), scope.may::<ManageHooks>());
    let mut tx = scope.begin().await?;
    let rows = store::list(&mut tx, &request).await?;
    drop(tx);
    let page = request.page(rows, |last| last.id)?;
    let with = |cursor: Option<&str>| {
        address(&path, &[("limit", query.limit.as_deref()), ("cursor", cursor)])
    };
    let crumb = Crumb::new("Hooks", &path);
    Ok(HooksPage {
        here: with(query.cursor.as_deref()),
        pager: Pager {
            summary: counted(page.items.len(), "hook", "hooks"),
            first: query.cursor.is_some().then(|| with(None)),
            next: page.next.as_deref().map(|cursor| with(Some(cursor))),
        },
        hooks: page
            .items
            .into_iter()
            .map(|hook| HookRow::new(hook, (&path, may_manage), now))
            .collect(),
        form: may_manage.then(|| HookForm { action: path.clone(), name }),
        deliveries_href: format!("/{slug}/{ENTRY}"),
        shell: listening(rail.shell(scope, ENTRY, vec![crumb])),
    })
}

#[derive(Template)]
#[template(path = "webhooks/hook_made.html")]
struct MadePage {
    shell: Shell,
    name: String,
    url: String,
    secret: String,
    /// Until when the secret before counts as well, after a rotation.
    overlap: Option<Moment>,
    /// Whether GitHub is told by itself.
    is_told: bool,
    here: String,
}

/// Makes a hook and shows its secret, this once.
async fn make(
    scope: Scope<ManageHooks>,
    (rail, site, sessions): (Data<Rail>, Data<Site>, Data<Sessions>),
    form: Form<Wish>,
) -> Result<Saved> {
    let now = scope.clock().now();
    let Ok(name) = form.name.parse::<HookName>() else {
        let error = "A name has 1 to 100 characters on one line.".to_owned();
        let field = Field { value: form.name.clone(), error: Some(error) };
        let page = page(&scope, &rail, &PageQuery::default(), field).await?;
        let page = render(StatusCode::UNPROCESSABLE_ENTITY, &page);
        return Ok(scope.begin().await?.refuse(page).await?);
    };
    let mut tx = scope.begin().await?;
    let made = hooks::create(&mut tx, keyring(&sessions), &name, now).await?;
    tx.announce("hooks");
    let page = made_page(&scope, (&rail, &site), (name.as_str(), &made), (None, false));
    Ok(tx.commit().await?.answer(render(StatusCode::OK, &page)))
}

fn keyring(sessions: &Sessions) -> &Keyring {
    &sessions.keyring
}

fn made_page(
    scope: &Scope<ManageHooks>,
    (rail, site): (&Rail, &Site),
    (name, made): (&str, &NewHook),
    (overlap, is_told): (Option<Moment>, bool),
) -> MadePage {
    let here = format!("/{}/hooks", scope.organization().slug);
    MadePage {
        shell: rail.shell(scope, ENTRY, vec![Crumb::new("Hooks", &here)]),
        name: name.to_owned(),
        url: format!("{}{}", site.origin, made.path),
        secret: made.secret.expose_secret().to_owned(),
        overlap,
        is_told,
        here,
    }
}

/// Gives a hook another secret and shows it, this once.
async fn rotate(
    scope: Scope<ManageHooks>,
    (rail, site, sessions): (Data<Rail>, Data<Site>, Data<Sessions>),
    path: Path<(String, HookId)>,
) -> Result<Saved> {
    let now = scope.clock().now();
    let mut tx = scope.begin().await?;
    let (hook, made) = secrets::rotate(&mut tx, keyring(&sessions), path.1, now).await?;
    tx.announce("hooks");
    let overlap = Some(Moment::new(now + secrets::OVERLAP, now));
    let is_told = hook.repository.is_some() || hook.app_id.is_some();
    let page = made_page(&scope, (&rail, &site), (&hook.name, &made), (overlap, is_told));
    Ok(tx.commit().await?.answer(render(StatusCode::OK, &page)))
}

/// Takes nothing more by a hook.
async fn revoke(scope: Scope<ManageHooks>, path: Path<(String, HookId)>) -> Result<Saved> {
    let mut tx = scope.begin().await?;
    hooks::revoke(&mut tx, path.1, scope.clock().now()).await?;
    tx.announce("hooks");
    Ok(tx.commit().await?.see_other(format!("/{}/hooks", scope.organization().slug)))
}
