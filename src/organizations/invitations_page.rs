//! The invitations as administrators see, make and take them back.

use actix_web::{
    http::StatusCode,
    web::{Data, Form, Path, Query},
};
use askama::Template;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    Rail,
    invitations::{self, DAYS, DEFAULT_DAYS, Invitation, State, Wish},
    members_page::role_choices,
    store::invitations as store,
};
use crate::{
    github::Login,
    tenancy::{ManageMembers, Role, Routes, Saved, Scope, TenantTx},
    web::{
        FieldError, Result,
        html::{Choice, Crumb, Field, Html, Pager, Pill, Shell, Tone, address, counted, render},
        icon::Icon,
        middleware::Site,
        paging::{PageQuery, PageRequest},
        time::Moment,
    },
};

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/{organization}/invitations", list)
        .post("/{organization}/invitations", create)
        .post("/{organization}/invitations/{invitation}/revoke", revoke)
        .post("/{organization}/invitations/{invitation}/renew", renew)
}

#[derive(Template)]
#[template(path = "organizations/invitations.html")]
struct InvitationsPage {
    shell: Shell,
    /// The link that was just made; it is shown once.
    link: Option<String>,
    invitations: Vec<InvitationRow>,
    pager: Pager,
    form: InviteForm,
}

#[derive(Default)]
struct InviteForm {
    action: String,
    login: Field,
    email: Field,
    roles: Vec<Choice>,
    days: Vec<Choice>,
}

struct InvitationRow {
    whom: String,
    role: Role,
    invited_by: String,
    since: Moment,
    until: Moment,
    state: Pill,
    revoke: Option<String>,
    renew: Option<String>,
}

/// Shows the invitations and the form that makes one.
async fn list(
    scope: Scope<ManageMembers>,
    rail: Data<Rail>,
    query: Query<PageQuery>,
) -> Result<Html<InvitationsPage>> {
    let request = query.parse::<Uuid>()?;
    let mut tx = scope.begin().await?;
    let mut page = page(&scope, &rail, &mut tx, &request).await?;
    page.pager.first = query.cursor.is_some().then(|| page.form.action.clone());
    Ok(Html::new(page))
}

async fn page(
    scope: &Scope<ManageMembers>,
    rail: &Rail,
    tx: &mut TenantTx,
    request: &PageRequest<Uuid>,
) -> Result<InvitationsPage> {
    let rows = store::list(tx, request).await?;
    let page = request.page(rows, |row| row.id)?;
    let slug = &scope.organization().slug;
    let path = format!("/{slug}/invitations");
    let next = page.next.as_deref().map(|next| address(&path, &[("cursor", Some(next))]));
    Ok(InvitationsPage {
        shell: rail.shell(scope, "members", vec![Crumb::new("Invitations", &path)]),
        link: None,
        pager: Pager {
            summary: counted(page.items.len(), "invitation", "invitations"),
            first: None,
            next,
        },
        invitations: page.items.into_iter().map(|row| invitation_row(scope, row, &path)).collect(),
        form: InviteForm {
            action: path,
            roles: role_choices(scope.role(), Role::Member),
            days: days_choices(DEFAULT_DAYS),
            ..InviteForm::default()
        },
    })
}

fn days_choices(chosen: u16) -> Vec<Choice> {
    let choice = |days: u16| Choice {
        value: days.to_string(),
        label: counted(days.into(), "day", "days"),
        is_selected: days == chosen,
    };
    DAYS.into_iter().map(choice).collect()
}

fn invitation_row(
    scope: &Scope<ManageMembers>,
    invitation: Invitation,
    path: &str,
) -> InvitationRow {
    let now = scope.clock().now();
    let state = invitation.state(now);
    let action = |verb: &str| format!("{path}/{}/{verb}", invitation.id);
    let may = invitation.role <= scope.role();
    InvitationRow {
        state: state_pill(state),
        revoke: (may && state == State::Open).then(|| action("revoke")),
        renew: (may && matches!(state, State::Open | State::Expired)).then(|| action("renew")),
        since: Moment::new(invitation.created_at, now),
        until: Moment::new(invitation.expires_at, now),
        role: invitation.role,
        whom: whom(invitation.login, invitation.email),
        invited_by: invitation.invited_by,
    }
}

fn whom(login: Option<String>, email: Option<String>) -> String {
    match (login, email) {
        (Some(login), None) => login,
        (Some(login), Some(email)) => format!("{login}, {email}"),
        (None, Some(email)) => email,
        (None, None) => "whoever has the link".to_owned(),
    }
}

fn state_pill(state: State) -> Pill {
    let (tone, icon) = match state {
        State::Open => (Tone::Info, Icon::Clock),
        State::Accepted => (Tone::Good, Icon::Check),
        State::Revoked => (Tone::Quiet, Icon::Dropped),
        State::Expired => (Tone::Warn, Icon::Clock),
    };
    Pill::new(tone, icon, state.as_str())
}

/// What the form of an invitation sends.
#[derive(Deserialize)]
struct Invite {
    #[serde(default)]
    login: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    days: String,
}

/// Makes an invitation and shows its link, once; says beside the fields what cannot be.
async fn create(
    scope: Scope<ManageMembers>,
    rail: Data<Rail>,
    site: Data<Site>,
    form: Form<Invite>,
) -> Result<Saved> {
    let mut tx = scope.begin().await?;
    match wish(&form) {
        Ok(wish) => {
            let (_, secret) = invitations::invite(&mut tx, &wish, scope.clock().now()).await?;
            with_link(&scope, &rail, tx, link(&site, &secret)).await
        }
        Err(errors) => {
            let mut page = page(&scope, &rail, &mut tx, &PageRequest::first(50)).await?;
            let error = |field| {
                let found = errors.iter().find(|error| error.field == field);
                found.map(|error| error.message.clone())
            };
            page.form.login = Field { value: form.login.clone(), error: error("login") };
            page.form.email = Field { value: form.email.clone(), error: error("email") };
            Ok(tx.refuse(render(StatusCode::UNPROCESSABLE_ENTITY, &page)).await?)
        }
    }
}

fn wish(form: &Invite) -> Result<Wish, Vec<FieldError>> {
    let mut errors = Vec::new();
    let login = Some(form.login.trim()).filter(|login| !login.is_empty()).map(Login::parse);
    let login = login.transpose().map_err(|error| wrong(&mut errors, "login", &error));
    let email = Some(form.email.trim()).filter(|email| !email.is_empty());
    if email.is_some_and(|email| !is_address(email)) {
        wrong(&mut errors, "email", &"this is no e-mail address");
    }
    let role = form.role.parse().map_err(|error: crate::tenancy::InvalidRole| {
        wrong(&mut errors, "role", &error);
    });
    let days = form.days.parse().ok().filter(|days| DAYS.contains(days)).unwrap_or(DEFAULT_DAYS);
    match (login, role) {
        (Ok(login), Ok(role)) if errors.is_empty() => {
            Ok(Wish { login, email: email.map(str::to_owned), role, days })
        }
        _ => Err(errors),
    }
}

fn wrong(errors: &mut Vec<FieldError>, field: &'static str, error: &dyn std::fmt::Display) {
    errors.push(FieldError { field, message: format!("{error}.") });
}

/// Whether mail could go there; that it does, only mail can tell.
fn is_address(text: &str) -> bool {
    let parts = text.split_once('@');
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"<>()[],;:\\\"@".contains(&byte);
    (3..=254).contains(&text.len())
        && parts.is_some_and(|(name, host)| {
            !name.is_empty() && !host.is_empty() && name.bytes().chain(host.bytes()).all(is_plain)
        })
}

async fn with_link(
    scope: &Scope<ManageMembers>,
    rail: &Rail,
    mut tx: TenantTx,
    link: String,
) -> Result<Saved> {
    let mut page = page(scope, rail, &mut tx, &PageRequest::first(50)).await?;
    page.link = Some(link);
    let body = page.render()?;
    Ok(tx.commit().await?.html(body))
}

fn link(site: &Site, secret: &SecretString) -> String {
    format!("{}/invitations/{}", site.origin, secret.expose_secret())
}

/// Takes an invitation back.
async fn revoke(scope: Scope<ManageMembers>, path: Path<(String, Uuid)>) -> Result<Saved> {
    let mut tx = scope.begin().await?;
    invitations::revoke(&mut tx, path.1, scope.clock().now()).await?;
    Ok(tx.commit().await?.see_other(format!("/{}/invitations", scope.organization().slug)))
}

/// Gives an invitation another link and shows it, once.
async fn renew(
    scope: Scope<ManageMembers>,
    rail: Data<Rail>,
    site: Data<Site>,
    path: Path<(String, Uuid)>,
) -> Result<Saved> {
    let mut tx = scope.begin().await?;
    let secret = invitations::renew(&mut tx, path.1, scope.clock().now()).await?;
    with_link(&scope, &rail, tx, link(&site, &secret)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_name_and_a_host_and_no_second_recipient() {
        for text in ["ada@example.org", "a@b"] {
            assert!(is_address(text), "{text}");
        }
        for text in ["", "@", "ada@", "@b", "a b@c", "a@b@c", "a@b,c@d", "a@b\r\nBcc: c", "<a@b>"] {
            assert!(!is_address(text), "{text}");
        }
    }
}
