//! Reading an answer of GitHub's: what it says, or which refusal it is.

use chrono::{DateTime, Duration, Utc};
use reqwest::header::HeaderMap;
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

use super::{Error, Hosts, Login, Quota, storable};

/// A whole answer, read within the limits.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// What was asked, as far as refusals depend on it.
#[derive(Clone, Copy)]
pub(super) enum Question<'asked> {
    /// About the person or the App itself.
    Own,
    /// The verified addresses, which take a scope of their own.
    Emails,
    Membership(&'asked Login),
    Installation(&'asked Login),
}

/// For how long GitHub wants to be left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limited {
    For(Duration),
    Until(DateTime<Utc>),
    Unsaid,
}

#[derive(Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<serde_json::Value>,
}

impl Answer {
    /// The answer as `T`, or GitHub's refusal as an error. `now` is what `retry-after` counts from.
    pub(super) fn read<T: DeserializeOwned>(
        &self,
        question: Question<'_>,
        (hosts, now): (&Hosts, DateTime<Utc>),
    ) -> Result<T, Error> {
        if !(200..300).contains(&self.status) {
            return Err(self.refusal(question, (hosts, now)));
        }
        self.parse()
    }

    /// The body as `T`, whatever the status says.
    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&storable(&self.body)).map_err(|error| {
            // Not the parser's own words: they quote what they have read.
            let place = format!("line {}, column {}", error.line(), error.column());
            Error::unexpected(format!("an answer that cannot be read ({place})"))
        })
    }

    pub(super) fn refusal(
        &self,
        question: Question<'_>,
        (hosts, now): (&Hosts, DateTime<Utc>),
    ) -> Error {
        if let Some(until) = self.rate_limit(now) {
            return Error::RateLimited { until };
        }
        match self.status {
            401 if self.blames_clock() => Error::ClockWrong,
            401 => Error::TokenRejected,
            403 => self.forbidden(question, hosts),
            404 => self.not_found(question),
            500..=599 => {
                Error::unreachable(format!("it has trouble of its own (status {})", self.status))
            }
            _ => self.unexpected(),
        }
    }

    fn forbidden(&self, question: Question<'_>, hosts: &Hosts) -> Error {
        let message = self.message();
        if let Question::Membership(organization) = question {
            if let Some(url) = self.sso_url(organization, hosts) {
                return Error::SsoRequired { organization: organization.clone(), url };
            }
            // GitHub has no code for it, and has kept these words for ten years.
            if message.contains("access restrictions") {
                let url = hosts.approval_url(organization);
                return Error::ThirdPartyRestricted { organization: organization.clone(), url };
            }
            if message.starts_with("You must be a member of") {
                return Error::NotMember { organization: organization.clone() };
            }
            if message.contains("read:org") {
                return Error::MissingPermission { needed: "the scope read:org" };
            }
        }
        if message == "Resource not accessible by integration" {
            let needed = match question {
                Question::Emails => "the account permission Email addresses: read",
                Question::Membership(_) => {
                    "to be installed on the organisation with the permission Members: read"
                }
                Question::Own | Question::Installation(_) => "a permission that it does not have",
            };
            return Error::MissingPermission { needed };
        }
        self.unexpected()
    }

    fn not_found(&self, question: Question<'_>) -> Error {
        if self.message() == "Integration not found" {
            return Error::AppRejected;
        }
        match question {
            Question::Membership(organization) => {
                Error::NotMember { organization: organization.clone() }
            }
            Question::Installation(organization) => {
                Error::NotInstalled { organization: organization.clone() }
            }
            Question::Emails => Error::MissingPermission {
                needed: "the scope user:email, or the account permission Email addresses: read",
            },
            Question::Own => self.unexpected(),
        }
    }

    /// Until when GitHub wants to be left alone, if that is why it refuses: `retry-after`, else the
    /// end of the hour's budget, else a minute, as its documentation says.
    fn rate_limit(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.limited().map(|limited| match limited {
            Limited::For(time) => now + time,
            Limited::Until(end) => end,
            Limited::Unsaid => now + Duration::minutes(1),
        })
    }

    /// Whether GitHub wants to be left alone, and for how long, in the order of its documentation.
    pub(super) fn limited(&self) -> Option<Limited> {
        if !matches!(self.status, 403 | 429) {
            return None;
        }
        if let Some(seconds) = self.number("retry-after") {
            return Some(Limited::For(Duration::seconds(seconds.clamp(0, 86_400))));
        }
        if self.number("x-ratelimit-remaining") == Some(0) {
            return Some(self.reset().map_or(Limited::Unsaid, Limited::Until));
        }
        // Secondary limits, and those of servers that keep their headers to themselves.
        let is_limit = self.status == 429 || self.message().contains("rate limit");
        is_limit.then_some(Limited::Unsaid)
    }

    /// What is left of the hour's requests, where there is a limit.
    pub(super) fn quota(&self) -> Option<Quota> {
        Some(Quota {
            limit: self.number("x-ratelimit-limit")?,
            remaining: self.number("x-ratelimit-remaining")?,
            reset: self.reset()?,
        })
    }

    /// When the hour's requests of what was asked are counted anew; where that is not said, in a minute.
    pub(super) fn end_of_hour(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.reset().unwrap_or(now + Duration::minutes(1))
    }

    fn reset(&self) -> Option<DateTime<Utc>> {
        self.number("x-ratelimit-reset").and_then(|at| DateTime::from_timestamp(at, 0))
    }

    /// From `X-GitHub-SSO: required; url=…`. An address that is not GitHub's own is not passed on.
    fn sso_url(&self, organization: &Login, hosts: &Hosts) -> Option<String> {
        let value = self.header("x-github-sso")?;
        let rest = value.strip_prefix("required")?;
        let named = rest.split(';').find_map(|part| part.trim().strip_prefix("url="));
        let own = named.and_then(|url| Url::parse(url).ok()).filter(|url| hosts.is_page(url));
        Some(own.map_or_else(|| hosts.sso_url(organization), String::from))
    }

    /// Where GitHub sends the same question.
    pub(super) fn redirect(&self) -> Option<&str> {
        if matches!(self.status, 301 | 302 | 307 | 308) { self.header("location") } else { None }
    }

    /// GitHub's words for what it refuses, short enough to be shown.
    pub(super) fn reason(&self) -> String {
        let refusal = serde_json::from_slice::<Refusal>(&self.body).unwrap_or_default();
        let details = refusal.errors.iter().filter_map(|error| error["message"].as_str());
        let words: Vec<&str> = std::iter::once(refusal.message.as_str()).chain(details).collect();
        words.join(": ").chars().filter(|character| !character.is_control()).take(200).collect()
    }

    fn unexpected(&self) -> Error {
        let message: String =
            self.message().chars().filter(|character| !character.is_control()).take(200).collect();
        let status = self.status;
        match self.status {
            300..=399 => Error::unexpected(format!(
                "a redirect (status {status}), which is not followed: compare the configured address of its API"
            )),
            _ if message.is_empty() => Error::unexpected(format!("status {status}")),
            _ => Error::unexpected(format!("status {status}, “{message}”")),
        }
    }

    /// Whether it is the times of an App's token that GitHub does not take. It has no code for it.
    fn blames_clock(&self) -> bool {
        let message = self.message();
        message.contains("claim ('exp')") || message.contains("claim ('iat')")
    }

    pub(super) fn message(&self) -> String {
        serde_json::from_slice::<Refusal>(&self.body).unwrap_or_default().message
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.header(name)?.trim().parse().ok()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
