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
    platform::mail::Mailer,
    tenancy::{ManageMembers, Role, Routes, Saved, Scope, TenantTx},
    web::{
        AppError, FieldError, Result,
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

/// What the handlers need of the server.
type Server = (Data<Rail>, Data<Site>, Data<Mailer>);

#[derive(Template)]
#[template(path = "organizations/invitations.html")]
struct InvitationsPage {
    shell: Shell,
    /// The link that was just made; it is shown once.
    link: Option<String>,
    /// What became of the mail with it, where it was to be sent.
    sent: Option<Sent>,
    invitations: Vec<InvitationRow>,
    pager: Pager,
    form: InviteForm,
}

/// What became of a mail.
struct Sent {
    is_sent: bool,
    words: String,
}

#[derive(Default)]
struct InviteForm {
    action: String,
    login: Field,
    email: Field,
    roles: Vec<Choice>,
    days: Vec<Choice>,
    role_error: Option<String>,
    /// Whether the link is sent by mail where an address is given.
    is_sent: bool,
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
    server: Server,
    query: Query<PageQuery>,
) -> Result<Html<InvitationsPage>> {
    let request = query.parse::<Uuid>()?;
    let mut tx = scope.begin().await?;
    let mut page = page(&scope, &server, &mut tx, &request).await?;
    page.pager.first = query.cursor.is_some().then(|| page.form.action.clone());
    Ok(Html::new(page))
}

async fn page(
    scope: &Scope<ManageMembers>,
    (rail, _, mailer): &Server,
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
        sent: None,
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
            is_sent: mailer.can_send(),
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
        revoke: (may && matches!(state, State::Open | State::Void)).then(|| action("revoke")),
        renew: (may && matches!(state, State::Open | State::Expired | State::Void))
            .then(|| action("renew")),
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
        (None, Some(email)) => format!("{email} (whoever has the link)"),
        (None, None) => "whoever has the link".to_owned(),
    }
}

fn state_pill(state: State) -> Pill {
    let (tone, icon) = match state {
        State::Open => (Tone::Info, Icon::Clock),
        State::Accepted => (Tone::Good, Icon::Check),
        State::Revoked => (Tone::Quiet, Icon::Dropped),
        State::Expired | State::Void => (Tone::Warn, Icon::Clock),
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
async fn create(scope: Scope<ManageMembers>, server: Server, form: Form<Invite>) -> Result<Saved> {
    let mut tx = scope.begin().await?;
    match wish(&form) {
        Ok(wish) => {
            let (id, secret) = invitations::invite(&mut tx, &wish, scope.clock().now()).await?;
            with_link(&scope, &server, tx, (id, &secret)).await
        }
        Err(errors) => {
            let mut page = page(&scope, &server, &mut tx, &PageRequest::first(50)).await?;
            let error = |field| {
                let found = errors.iter().find(|error| error.field == field);
                found.map(|error| error.message.clone())
            };
            let chosen = form.role.parse().unwrap_or(Role::Member);
            page.form.roles = role_choices(scope.role(), chosen);
            page.form.days = days_choices(form.days.parse().unwrap_or(DEFAULT_DAYS));
            page.form.role_error = error("role");
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

/// Saves an invitation, sends its link where there is an address for it, and shows it.
async fn with_link(
    scope: &Scope<ManageMembers>,
    server: &Server,
    mut tx: TenantTx,
    (id, secret): (Uuid, &SecretString),
) -> Result<Saved> {
    let invitation = store::find(&mut tx, id).await?.ok_or(AppError::NotFound)?;
    // First what counts: a link that was sent must be one that lets in.
    let committed = tx.commit().await?;
    let link = link(&server.1, secret);
    let sent = send(scope, &server.2, &invitation, &link).await;
    let mut tx = scope.begin().await?;
    let mut page = page(scope, server, &mut tx, &PageRequest::first(50)).await?;
    (page.link, page.sent) = (Some(link), sent);
    Ok(committed.html(page.render()?))
}

/// Sends an invitation's link; none where there is no address for it, or no way.
async fn send(
    scope: &Scope<ManageMembers>,
    mailer: &Mailer,
    invitation: &Invitation,
    link: &str,
) -> Option<Sent> {
    let to = invitation.email.as_deref()?;
    let (who, organization) = (&invitation.invited_by, &scope.organization().name);
    let subject = format!("{who} invites you to {organization} on Quarterdeck");
    let text = format!(
        "{who} invites you to {organization} on Quarterdeck, as {}.\n\n\
         Open this link to accept. It works once, until {}:\n{link}\n\n\
         If you do not know {who}, do nothing.\n",
        invitation.role,
        invitation.expires_at.format("%-d %B %Y, %H:%M UTC"),
    );
    match mailer.send(to, &subject, text).await {
        Ok(true) => Some(Sent { is_sent: true, words: format!("It was sent to {to}.") }),
        Ok(false) => None,
        Err(error) => {
            tracing::warn!(invitation = %invitation.id, "An invitation was not sent: {error}");
            let words = format!("It was not sent to {to}: {error}. Send it yourself.");
            Some(Sent { is_sent: false, words })
        }
    }
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
    server: Server,
    path: Path<(String, Uuid)>,
) -> Result<Saved> {
    let mut tx = scope.begin().await?;
    let secret = invitations::renew(&mut tx, path.1, scope.clock().now()).await?;
    with_link(&scope, &server, tx, (path.1, &secret)).await
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
