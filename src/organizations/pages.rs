//! The pages about the organisation itself: name, newcomers, isolation.

use actix_web::{
    http::StatusCode,
    web::{Data, Form},
};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

use super::{
    OrganizationName, Rail, audit,
    model::{InvalidNewcomers, Newcomers},
    store,
};
use crate::{
    tenancy::{
        InspectIsolation, IsolationReport, ManageOrganization, Permission, Routes, Saved, Scope,
        ViewOrganization,
    },
    web::{
        Result,
        html::{Choice, Field, Html, Pill, Shell, Tone, render},
        icon::Icon,
        time::Moment,
    },
};

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/{organization}/organization", organization)
        .post("/{organization}/organization", rename)
        .post("/{organization}/organization/factor", require_factor)
        .post("/{organization}/organization/newcomers", set_newcomers)
        .read("/{organization}/isolation", isolation)
        .and(audit::routes())
        .and(super::leaving::routes())
}

#[derive(Template)]
#[template(path = "organizations/organization.html")]
struct OrganizationPage {
    shell: Shell,
    name: String,
    slug: String,
    form: Option<NameForm>,
    /// Whether nobody is let in without a second factor.
    requires_factor: bool,
    newcomers: Option<NewcomersForm>,
}

struct NameForm {
    action: String,
    name: Field,
}

/// What becomes of people who come by their own.
struct NewcomersForm {
    action: String,
    roles: Vec<Choice>,
    role_error: Option<String>,
    organizations: Field,
}

/// Shows the organisation, and its settings to whoever may change them.
async fn organization(
    scope: Scope<ViewOrganization>,
    rail: Data<Rail>,
) -> Result<Html<OrganizationPage>> {
    let value = scope.organization().name.clone();
    Ok(Html::new(page(&scope, &rail, Field { value, error: None }).await?))
}

/// What the form of the name sends.
#[derive(Deserialize)]
struct Rename {
    name: String,
}

/// Gives the organisation another name; its address stays.
async fn rename(
    scope: Scope<ManageOrganization>,
    rail: Data<Rail>,
    form: Form<Rename>,
) -> Result<Saved> {
    let name = match form.name.parse::<OrganizationName>() {
        Ok(name) => name,
        Err(error) => {
            let field = Field { value: form.name.clone(), error: Some(format!("{error}.")) };
            let page = page(&scope, &rail, field).await?;
            return Ok(scope
                .begin()
                .await?
                .refuse(render(StatusCode::UNPROCESSABLE_ENTITY, &page))
                .await?);
        }
    };
    let mut tx = scope.begin().await?;
    store::rename(&mut tx, &name).await?;
    let event =
        audit::Event::new("organization.renamed", "organization", tx.tenant(), scope.clock().now())
            .changed(json!({"name": scope.organization().name}), json!({"name": name.as_str()}));
    audit::record(&mut tx, event).await?;
    Ok(tx.commit().await?.see_other(format!("/{}/organization", scope.organization().slug)))
}

/// What the form of the second factor sends.
#[derive(Deserialize)]
struct Requirement {
    /// Sent where the box is ticked.
    required: Option<String>,
}

/// Lets nobody in without a second factor, or lets them in again.
async fn require_factor(
    scope: Scope<ManageOrganization>,
    form: Form<Requirement>,
) -> Result<Saved> {
    let is_required = form.required.is_some();
    let mut tx = scope.begin().await?;
    let was_required = store::is_factor_required(&mut tx).await?;
    store::set_factor_required(&mut tx, is_required).await?;
    let event = audit::Event::new(
        "organization.factor_changed",
        "organization",
        tx.tenant(),
        scope.clock().now(),
    )
    .changed(json!({"required": was_required}), json!({"required": is_required}));
    audit::record(&mut tx, event).await?;
    tx.announce("members");
    Ok(tx.commit().await?.see_other(format!("/{}/organization", scope.organization().slug)))
}

/// What the form of newcomers sends.
#[derive(Deserialize)]
struct NewcomersWish {
    #[serde(default)]
    default_role: String,
    #[serde(default)]
    github_organizations: String,
}

/// Says whose members are let in, and as what.
async fn set_newcomers(
    scope: Scope<ManageOrganization>,
    rail: Data<Rail>,
    form: Form<NewcomersWish>,
) -> Result<Saved> {
    let wanted = match Newcomers::parse(&form.default_role, &form.github_organizations) {
        Ok(wanted) => wanted,
        Err(error) => {
            let name = scope.organization().name.clone();
            let mut page = page(&scope, &rail, Field { value: name, error: None }).await?;
            if let Some(shown) = &mut page.newcomers {
                shown.refuse(&form, &error);
            }
            let form = render(StatusCode::UNPROCESSABLE_ENTITY, &page);
            return Ok(scope.begin().await?.refuse(form).await?);
        }
    };
    let mut tx = scope.begin().await?;
    let before = store::find_newcomers(&mut tx).await?;
    store::set_newcomers(&mut tx, &wanted).await?;
    let told = |newcomers: &Newcomers| {
        json!({
            "default_role": newcomers.default_role,
            "github_organizations": newcomers.github_organizations,
        })
    };
    let (id, now) = (tx.tenant(), scope.clock().now());
    let event = audit::Event::new("organization.newcomers_set", "organization", id, now)
        .changed(told(&before), told(&wanted));
    audit::record(&mut tx, event).await?;
    Ok(tx.commit().await?.see_other(format!("/{}/organization", scope.organization().slug)))
}

impl NewcomersForm {
    fn new(slug: &str, newcomers: &Newcomers) -> Self {
        let value = newcomers.github_organizations.join(", ");
        Self {
            action: format!("/{slug}/organization/newcomers"),
            roles: role_choices(newcomers.default_role.as_str()),
            role_error: None,
            organizations: Field { value, error: None },
        }
    }

    /// Keeps what was typed and says what is wrong with it.
    fn refuse(&mut self, form: &NewcomersWish, error: &InvalidNewcomers) {
        self.roles = role_choices(&form.default_role);
        form.github_organizations.clone_into(&mut self.organizations.value);
        match error {
            InvalidNewcomers::Role(_) => self.role_error = Some(error.to_string()),
            InvalidNewcomers::Organization(_) | InvalidNewcomers::TooMany => {
                self.organizations.error = Some(error.to_string());
            }
        }
    }
}

fn role_choices(chosen: &str) -> Vec<Choice> {
    let choice = |role: crate::tenancy::Role| Choice {
        value: role.to_string(),
        label: role.to_string(),
        is_selected: role.as_str() == chosen,
    };
    Newcomers::ROLES.into_iter().map(choice).collect()
}

async fn page<P: Permission>(
    scope: &Scope<P>,
    rail: &Rail,
    name: Field,
) -> Result<OrganizationPage> {
    let mut tx = scope.begin().await?;
    let requires_factor = store::is_factor_required(&mut tx).await?;
    let newcomers = store::find_newcomers(&mut tx).await?;
    let slug = scope.organization().slug.clone();
    let action = format!("/{slug}/organization");
    let may = scope.may::<ManageOrganization>();
    Ok(OrganizationPage {
        shell: rail.shell(scope, "organization", Vec::new()),
        name: scope.organization().name.clone(),
        form: may.then_some(NameForm { action, name }),
        newcomers: may.then(|| NewcomersForm::new(&slug, &newcomers)),
        slug,
        requires_factor,
    })
}

#[derive(Template)]
#[template(path = "organizations/isolation.html")]
struct IsolationPage {
    shell: Shell,
    pill: Pill,
    summary: String,
    mode: &'static str,
    checked: Moment,
    tables: Vec<TableRow>,
}

struct TableRow {
    name: String,
    class: String,
    result: Pill,
    rights: String,
    policies: String,
    problem: Option<String>,
}

/// Checks the isolation anew and shows what was found, table by table.
async fn isolation(
    scope: Scope<InspectIsolation>,
    rail: Data<Rail>,
) -> Result<Html<IsolationPage>> {
    let report = scope.check_isolation().await?;
    let now = scope.clock().now();
    let protected = report.tables.iter().map(|table| table_row(table, &report));
    let unprotected = report.unprotected().into_iter().map(|name| unprotected_row(name, &report));
    let tables: Vec<_> = unprotected.chain(protected).collect();
    Ok(Html::new(IsolationPage {
        shell: rail.shell(&scope, "isolation", Vec::new()),
        pill: result_pill(report.is_well(), "isolated", "not isolated"),
        summary: summary(&report),
        mode: mode(&report),
        checked: Moment::new(now, now),
        tables,
    }))
}

fn unprotected_row(name: &str, report: &IsolationReport) -> TableRow {
    TableRow {
        name: name.to_owned(),
        class: "none".to_owned(),
        result: result_pill(false, "ok", "failed"),
        rights: String::new(),
        policies: String::new(),
        problem: Some(report.findings(name).collect::<Vec<_>>().join("; ")),
    }
}

fn table_row(table: &crate::tenancy::TableRights, report: &IsolationReport) -> TableRow {
    let problem = report.findings(&table.table).collect::<Vec<_>>().join("; ");
    TableRow {
        name: table.table.clone(),
        class: table.class.clone(),
        result: result_pill(problem.is_empty(), "ok", "failed"),
        rights: format!("organisation: {}; system: {}", table.tenant, table.system),
        policies: table.policies.join(", "),
        problem: Some(problem).filter(|problem| !problem.is_empty()),
    }
}

fn result_pill(is_well: bool, good: &str, bad: &str) -> Pill {
    if is_well {
        Pill::new(Tone::Good, Icon::Isolation, good)
    } else {
        Pill::new(Tone::Bad, Icon::Alert, bad)
    }
}

fn summary(report: &IsolationReport) -> String {
    let tables = report.tables.len();
    if report.is_well() {
        return format!(
            "Each of the {tables} tables keeps one organisation's rows from another's."
        );
    }
    format!(
        "{} findings stand below. Do not let people in before they are repaired.",
        report.probe.len() + report.catalog.len()
    )
}

const fn mode(report: &IsolationReport) -> &'static str {
    if report.two_roles {
        "Two database roles of their own, neither of which can bypass the policies"
    } else {
        "One login that owns the tables; forced policies and a setting of the transaction keep organisations apart"
    }
}
