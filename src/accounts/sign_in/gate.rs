//! Who is let in: what GitHub says of a person's place in the organisations that count.

use futures_util::future::join_all;
use secrecy::SecretString;

use super::{providers::GitHub, refusal::Refusal, store::Door};
use crate::{
    github::{Error, Login},
    tenancy::TenantId,
};

/// What a provider says of somebody at one organisation's door.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) tenant: TenantId,
    pub(super) said: Result<(), Refusal>,
}

/// Asks at each door that GitHub's word opens, at most so many at once as there are.
pub(super) async fn ask(
    github: &GitHub,
    doors: &[Door],
    login: &Login,
    token: &SecretString,
) -> Vec<Answer> {
    let answers = doors.iter().map(|door| async move {
        let wanted = door.github_organizations(github);
        let said = at_door(github, &wanted, login, token).await;
        said.map(|said| Answer { tenant: door.tenant, said: said.map_err(Refusal::GitHub) })
    });
    join_all(answers).await.into_iter().flatten().collect()
}

/// One of the organisations is enough; of several refusals, the one that can be mended most easily.
/// None where no organisation of GitHub's counts at this door.
async fn at_door(
    github: &GitHub,
    wanted: &[Login],
    login: &Login,
    token: &SecretString,
) -> Option<Result<(), Error>> {
    let mut worst: Option<Error> = None;
    for organization in wanted {
        match membership(github, organization, login, token).await {
            Ok(()) => return Some(Ok(())),
            Err(error) => {
                let is_nearer =
                    worst.as_ref().is_none_or(|known| nearness(&error) > nearness(known));
                if is_nearer {
                    worst = Some(error);
                }
            }
        }
    }
    worst.map(Err)
}

/// As the App where it is installed there: only that sees private members whatever they agreed to.
async fn membership(
    github: &GitHub,
    organization: &Login,
    login: &Login,
    token: &SecretString,
) -> Result<(), Error> {
    let hosts = github.client.hosts();
    if let Some(app) = &github.app {
        match app.membership(organization, login).await {
            Err(Error::NotInstalled { .. }) => {}
            said => return said?.active(organization, hosts).map(|_| ()),
        }
    }
    let said = github.client.membership_as_person(token, organization).await?;
    said.active(organization, hosts).map(|_| ())
}

/// How near somebody is to being let in, for telling them the most useful of several reasons.
const fn nearness(error: &Error) -> u8 {
    match error {
        Error::SsoRequired { .. } => 6,
        Error::Pending { .. } => 5,
        Error::RateLimited { .. } | Error::Unreachable { .. } => 4,
        Error::ThirdPartyRestricted { .. } => 3,
        Error::MissingPermission { .. }
        | Error::NotInstalled { .. }
        | Error::AppRejected
        | Error::ClockWrong
        | Error::OffLimits(_) => 2,
        Error::TokenRejected | Error::OAuth(_) | Error::Unexpected { .. } => 1,
        Error::NotMember { .. } => 0,
    }
}
