//! What a provider says of whoever came back: who they are, and where they belong.

use secrecy::SecretString;
use serde::Deserialize;

use super::{
    gate::{self, Answer},
    oidc::{self, OidcPerson, Provider},
    providers::{Asked, GitHub},
    refusal::Refusal,
    store::{Door, Voucher},
};
use crate::github::{GitHubUser, OAuthRefusal, Pkce, UserToken};

/// The most characters of a name that are kept.
const MOST: usize = 100;

/// What stands in the address that a provider sent somebody back to.
#[derive(Deserialize)]
pub(super) struct Back {
    pub(super) state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    /// Which issuer answers (RFC 9207), where it says so.
    iss: Option<String>,
}

/// Who came back, and what is said of them.
pub(super) struct Word {
    /// What the provider's identities are kept under.
    pub(super) provider: String,
    /// What never changes of them there.
    pub(super) subject: String,
    /// What they are called there.
    pub(super) shown: String,
    pub(super) profile: Profile,
    /// What GitHub lets us have of theirs.
    pub(super) token: Option<UserToken>,
    pub(super) answers: Vec<Answer>,
}

/// What a new account is called.
pub(super) struct Profile {
    pub(super) login: String,
    pub(super) name: String,
    pub(super) avatar_url: Option<String>,
}

impl Word {
    /// The login by which people are invited, where it is one.
    pub(super) fn github_login(&self) -> Option<&str> {
        matches!(Voucher::of_provider(&self.provider), Voucher::GitHub)
            .then_some(self.shown.as_str())
    }
}

/// Asks the provider that somebody was sent to about them, and about them at the doors.
pub(super) async fn ask(
    asked: &Asked,
    (back, verifier): (&Back, &SecretString),
    doors: &[Door],
) -> Result<Word, Refusal> {
    match asked {
        Asked::GitHub(github) => {
            let (user, token) = of_github(github, back, verifier).await?;
            let answers = gate::ask(github, doors, &user.login, &token.access).await;
            Ok(github_word(github, user, token, answers))
        }
        Asked::Oidc(provider) => {
            let person = of_issuer(provider, back, verifier).await?;
            Ok(issuer_word(provider, &person, doors))
        }
    }
}

/// Who came back from GitHub, by the code that only it can have given them.
async fn of_github(
    github: &GitHub,
    back: &Back,
    verifier: &SecretString,
) -> Result<(GitHubUser, UserToken), Refusal> {
    let refuse = |refusal: OAuthRefusal| Refusal::GitHub(refusal.into());
    if let Some(error) = &back.error {
        return Err(refuse(OAuthRefusal::of_code(error)));
    }
    let code = back.code.clone().map(SecretString::from);
    let code = code.ok_or_else(|| refuse(OAuthRefusal::CodeRejected))?;
    let pkce = Pkce::of_verifier(verifier);
    let token = github.oauth.exchange(&code, pkce, &github.callback).await?;
    let user = github.client.user(&token.access).await?;
    Ok((user, token))
}

async fn of_issuer(
    provider: &Provider,
    back: &Back,
    verifier: &SecretString,
) -> Result<OidcPerson, Refusal> {
    // Else one issuer could have us bring it the codes of another one.
    if back.iss.as_deref().is_some_and(|issuer| issuer != provider.issuer()) {
        return Err(oidc::Error::OtherIssuer.into());
    }
    if let Some(error) = &back.error {
        return Err(oidc::Error::of_code(error).into());
    }
    let code = back.code.clone().map(SecretString::from).ok_or(oidc::Error::CodeRejected)?;
    Ok(provider.person(&code, verifier).await?)
}

fn github_word(github: &GitHub, user: GitHubUser, token: UserToken, answers: Vec<Answer>) -> Word {
    let login = user.login.as_str().to_owned();
    Word {
        provider: github.id.clone(),
        subject: user.id.to_string(),
        shown: login.clone(),
        profile: Profile {
            name: name_of(user.name.as_deref(), &login),
            login,
            avatar_url: Some(user.avatar_url),
        },
        token: Some(token),
        answers,
    }
}

fn issuer_word(provider: &Provider, person: &OidcPerson, doors: &[Door]) -> Word {
    let said = provider.rule.admits(person);
    let door = doors.iter().find(|door| door.is_called(provider.organization.as_deref()));
    if let (Some(named), None) = (&provider.organization, door) {
        tracing::warn!(
            "oidc.{}.organization names {named}, which there is not: nobody is let in by its domains",
            provider.name
        );
    }
    let answer = said.zip(door).map(|(said, door)| Answer {
        tenant: door.tenant,
        said: said.map_err(Refusal::NotAdmitted),
    });
    Word {
        provider: provider.issuer().to_owned(),
        subject: person.subject.clone(),
        shown: person.shown(),
        profile: Profile { login: person.login(), name: person.full_name(), avatar_url: None },
        token: None,
        answers: answer.into_iter().collect(),
    }
}

fn name_of(name: Option<&str>, login: &str) -> String {
    let letters = name.unwrap_or_default().chars().filter(|character| !character.is_control());
    let name: String = letters.take(MOST).collect();
    if name.trim().is_empty() { login.to_owned() } else { name.trim().to_owned() }
}
