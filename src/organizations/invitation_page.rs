//! The page that an invitation's link leads to, and accepting it.

use actix_web::{
    HttpResponse,
    http::{Method, StatusCode},
    web::{Data, Path},
};
use askama::Template;
use secrecy::SecretString;

use super::invitations::{self, Accepted, Found, Guest, NotAccepted};
use crate::{
    platform::clock::Clock,
    tenancy::{Db, Routes, Saved, SignedIn, SystemReason},
    web::{
        AppError, Result,
        html::{Shell, address, render},
        icon::Icon,
    },
};

pub(super) fn routes() -> Routes {
    Routes::default()
        .open_to_anyone(Method::GET, "/invitations/{secret}", show)
        .post("/invitations/{secret}", accept)
}

#[derive(Template)]
#[template(path = "organizations/invitation.html")]
struct InvitationPage {
    shell: Shell,
    /// Why the link leads nowhere.
    problem: Option<String>,
    organization: String,
    invited_by: String,
    role: &'static str,
    login: Option<String>,
    /// Where it is accepted, by whoever is signed in.
    accept: Option<String>,
    you: String,
    sign_in: String,
}

impl InvitationPage {
    fn new(found: &Found, path: &str) -> Self {
        Self {
            shell: Shell::bare("Invitation"),
            problem: None,
            organization: found.organization.name.clone(),
            invited_by: found.invited_by.clone(),
            role: found.role.as_str(),
            login: found.login.clone(),
            accept: None,
            you: String::new(),
            sign_in: address("/sign-in", &[("next", Some(path))]),
        }
    }

    fn problem(problem: &NotAccepted) -> Self {
        Self {
            shell: Shell::bare("Invitation"),
            problem: Some(format!("{problem}.")),
            organization: String::new(),
            invited_by: String::new(),
            role: "",
            login: None,
            accept: None,
            you: String::new(),
            sign_in: "/sign-in".to_owned(),
        }
    }
}

fn refused(problem: &NotAccepted) -> HttpResponse {
    let status = match problem {
        NotAccepted::Unknown | NotAccepted::Over(..) => StatusCode::GONE,
        NotAccepted::OtherLogin { .. } | NotAccepted::Deactivated => StatusCode::CONFLICT,
    };
    render(status, &InvitationPage::problem(problem))
}

/// Shows what a link invites to: to whoever has it, for that is all it is about.
async fn show(
    path: Path<String>,
    person: Option<SignedIn>,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<HttpResponse> {
    let here = format!("/invitations/{}", path.as_str());
    let Some(secret) = invitations::secret_in(&here) else {
        return Ok(refused(&NotAccepted::Unknown));
    };
    let mut tx = db.system(SystemReason::Login).await?;
    let Some(found) = invitations::find_by_secret(&mut tx, &secret, clock.now()).await? else {
        return Ok(refused(&NotAccepted::Unknown));
    };
    if let (Some(person), Some(by)) = (&person, found.accepted_by)
        && person.account == by
    {
        return Ok(tx.commit().await?.see_other(home(&found)).into_response());
    }
    if let Some(over) = found.over() {
        return Ok(refused(&over));
    }
    let mut page = InvitationPage::new(&found, &here);
    if let Some(person) = person {
        page.you = person.name;
        page.accept = Some(here);
    }
    Ok(render(StatusCode::OK, &page))
}

fn home(found: &Found) -> String {
    format!("/{}", found.organization.slug)
}

/// Makes whoever is signed in a member, or says why not; both are written down.
async fn accept(
    person: SignedIn,
    path: Path<String>,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<Saved> {
    let now = clock.now();
    let mut tx = db.system(SystemReason::Login).await?;
    let logins = invitations::github_logins(&mut tx, &person).await?;
    let secret = SecretString::from(path.into_inner());
    let guest = Guest { account: person.account, logins: &logins };
    let Some(attempt) = invitations::accept(&mut tx, &secret, guest, now).await? else {
        return Err(AppError::Gone(format!("{}.", NotAccepted::Unknown)));
    };
    let from = (person.origin.as_ref(), now);
    invitations::record_attempt(&mut tx, &attempt, person.account, from).await?;
    let committed = tx.commit().await?;
    match attempt.result {
        Ok(Accepted::ByIt | Accepted::Already) => Ok(committed.see_other(home(&attempt.found))),
        Err(problem @ (NotAccepted::OtherLogin { .. } | NotAccepted::Deactivated)) => {
            Err(AppError::Conflict(format!("{problem}.")))
        }
        Err(problem @ (NotAccepted::Unknown | NotAccepted::Over(..))) => {
            Err(AppError::Gone(format!("{problem}.")))
        }
    }
}
