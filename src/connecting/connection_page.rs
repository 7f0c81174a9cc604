//! The page of one connection: how it stands, its preflight, and the hooks that were made by it.

use actix_web::web::{Data, Path};
use askama::Template;

use super::{
    ENTRY,
    list_page::{pill, state_of},
    preflight::{self, Check},
};
use crate::{
    connections::{self, Connection, ConnectionId, ConnectionKind, Connections, Opened, Unusable},
    organizations::{Rail, listening},
    tenancy::{ManageGitHub, Routes, Scope, ViewGitHub},
    web::{
        AppError, Result,
        html::{Crumb, Html, Pill, Shell, Tone},
        icon::Icon,
        middleware::Site,
        time::Moment,
    },
    webhooks::{self, Hook},
};

pub(super) fn routes() -> Routes {
    Routes::default().read("/{organization}/github/{connection}", show)
}

#[derive(Template)]
#[template(path = "connecting/connection.html")]
struct ConnectionPage {
    shell: Shell,
    title: String,
    pill: Pill,
    trouble: Option<String>,
    /// Where it goes on: to where the App is installed, or to the repositories.
    install: Option<String>,
    /// Asks GitHub again where the App is installed.
    check_action: Option<String>,
    repositories: Option<String>,
    checks: Vec<Check>,
    facts: Vec<(&'static str, String)>,
    /// When, and by whom.
    made: Option<(Moment, String)>,
    hooks: Vec<HookRow>,
    removal: Option<String>,
    at_github: Option<String>,
}

struct HookRow {
    name: String,
    pill: Pill,
    trouble: Option<String>,
}

/// Shows a connection; GitHub is asked meanwhile.
async fn show(
    scope: Scope<ViewGitHub>,
    (rail, site, known): (Data<Rail>, Data<Site>, Data<Connections>),
    path: Path<(String, ConnectionId)>,
) -> Result<Html<ConnectionPage>> {
    let now = scope.clock().now();
    let mut tx = scope.begin().await?;
    let connection = connections::find_connection(&mut tx, path.1).await?;
    let connection = connection.ok_or(AppError::NotFound)?;
    let opened = known.open(&mut tx, path.1).await?;
    let hooks = webhooks::list_of_connection(&mut tx, path.1).await?;
    let teams = connections::teams::find_last(&mut tx, path.1).await?;
    drop(tx);
    let heard = hooks.iter().filter_map(|hook| hook.heard_at.max(hook.pinged_at)).max();
    let (checks, trouble, quota) = match opened {
        Some(Ok(opened)) => {
            let (answered, address) =
                (preflight::ask(&opened).await, (site.origin.as_str(), heard));
            let checks = preflight::checks(&connection, &answered, address, teams.as_ref(), now);
            (checks, state_of(&connection), quota(&opened))
        }
        None => (Vec::new(), None, None),
        Some(Err(unusable)) => (Vec::new(), Some(unusable), None),
    };
    let crumb = (rail.as_ref(), scope.organization().slug.as_str());
    let mut page = page(&scope, crumb, &connection, trouble);
    page.facts.extend(quota.map(|quota| ("Requests left this hour", quota)));
    page.made = Some((Moment::new(connection.created_at, now), connection.created_by));
    page.checks = checks;
    page.hooks = hooks.into_iter().map(hook_row).collect();
    Ok(Html::new(page))
}

fn page(
    scope: &Scope<ViewGitHub>,
    (rail, slug): (&Rail, &str),
    connection: &Connection,
    trouble: Option<Unusable>,
) -> ConnectionPage {
    let here = format!("/{slug}/{ENTRY}/{}", connection.id);
    let (is_kept, may) = (connection.removed_at.is_none(), scope.may::<ManageGitHub>());
    let waits =
        is_kept && connection.kind == ConnectionKind::App && connection.installation_id.is_none();
    ConnectionPage {
        shell: listening(rail.shell(scope, ENTRY, vec![Crumb::new(connection.title(), &here)])),
        title: connection.title(),
        pill: pill(connection),
        trouble: trouble.map(|unusable| format!("{unusable}.")),
        install: connection.installation_page().filter(|_| waits),
        check_action: (waits && may).then(|| format!("{here}/check")),
        repositories: connection.is_working().then(|| format!("{here}/repositories")),
        checks: Vec::new(),
        facts: facts(connection),
        made: None,
        hooks: Vec::new(),
        removal: (may && is_kept).then(|| format!("{here}/removal")),
        at_github: connection.installed_page().or_else(|| connection.app_settings_page()),
    }
}

fn facts(connection: &Connection) -> Vec<(&'static str, String)> {
    let mut facts = vec![("GitHub", connection.web_url.clone())];
    let told = [
        ("App", connection.app_name.clone()),
        ("App id", connection.app_id.map(|id| id.to_string())),
        ("Of the organisation", connection.owner.clone()),
        ("Acts for", connection.account.clone()),
        ("Token ends with", connection.token_hint.clone().filter(|hint| !hint.is_empty())),
    ];
    facts.extend(told.into_iter().filter_map(|(name, value)| Some((name, value?))));
    facts
}

fn quota(opened: &Opened) -> Option<String> {
    let quota = opened.budget().quota()?;
    Some(format!("{} of {}", quota.remaining, quota.limit))
}

fn hook_row(hook: Hook) -> HookRow {
    let pill = match (&hook.trouble, hook.pinged_at.or(hook.heard_at)) {
        (Some(_), _) => Pill::new(Tone::Bad, Icon::Alert, "not at GitHub"),
        (None, Some(_)) => Pill::new(Tone::Good, Icon::Check, "works"),
        (None, None) => Pill::new(Tone::Info, Icon::Clock, "not heard yet"),
    };
    HookRow { name: hook.name, pill, trouble: hook.trouble }
}
