//! What the world consists of: people, organisations, Apps, tokens and the clock.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::mpsc,
};

use chrono::{DateTime, Duration, Utc};

use crate::{
    faults::Fault,
    hub::{
        Repository,
        hooks::{Attempt, Hook},
        sender::Orders,
    },
    log::Logged,
    web::{install::Setup, manifest::Agreed},
};

#[derive(Default)]
pub(crate) struct State {
    pub(crate) clock: WorldClock,
    pub(crate) people: Vec<Person>,
    pub(crate) organizations: Vec<Organization>,
    pub(crate) apps: Vec<App>,
    pub(crate) installations: Vec<Installation>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) codes: Vec<Code>,
    pub(crate) tokens: Vec<Token>,
    /// Requests left until when, by login or installation id; everybody else has plenty.
    pub(crate) limits: BTreeMap<String, (u64, DateTime<Utc>)>,
    pub(crate) faults: VecDeque<Fault>,
    /// What goes wrong at each address with this in it.
    pub(crate) ordered: BTreeMap<String, Fault>,
    /// How many requests of one asker a minute takes, where a test has set it, and when they came.
    pub(crate) a_minute: Option<usize>,
    pub(crate) lately: BTreeMap<String, VecDeque<DateTime<Utc>>>,
    pub(crate) log: Vec<Logged>,
    pub(crate) keeps_bodies: bool,
    pub(crate) repositories: Vec<Repository>,
    /// Hooks of repositories that are deleted, which hear of it.
    pub(crate) gone: Vec<Hook>,
    /// Every attempt to deliver, oldest first.
    pub(crate) attempts: Vec<Attempt>,
    /// Where attempts go to be sent; None while a test holds them back.
    pub(crate) outgoing: Option<mpsc::Sender<u64>>,
    pub(crate) orders: Option<Orders>,
    pub(crate) held: Vec<u64>,
    pub(crate) waiting: Option<mpsc::Sender<u64>>,
    /// The world's own, without a slash at its end.
    pub(crate) manifests: Vec<Agreed>,
    /// How Apps that were made from manifests are installed.
    pub(crate) setups: BTreeMap<u64, Setup>,
    pub(crate) own_address: String,
    /// From where on lists that may be large take no `page`.
    pub(crate) deep_page: usize,
    /// How long a page is at most, where a test has set it; else a hundred.
    pub(crate) page_length: Option<usize>,
    /// As a GitHub that does not know the product's question.
    pub(crate) refuses_graphql: bool,
    /// GraphQL's hour is counted apart.
    pub(crate) graphql_is_used_up: bool,
    made: u64,
}

/// The system's time, moved by what tests say, or a time that stands still.
#[derive(Default)]
pub(crate) struct WorldClock {
    pub(crate) fixed: Option<DateTime<Utc>>,
    pub(crate) ahead: Duration,
}

impl WorldClock {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.fixed.unwrap_or_else(Utc::now) + self.ahead
    }
}

#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: u64,
    pub(crate) login: String,
    pub(crate) name: Option<String>,
    pub(crate) emails: Vec<Email>,
    pub(crate) suspended: bool,
}

#[derive(Clone)]
pub(crate) struct Email {
    pub(crate) address: String,
    pub(crate) primary: bool,
    pub(crate) verified: bool,
    /// On the profile for all to see.
    pub(crate) public: bool,
}

/// Whether a person has accepted to be in the organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Active,
    Pending,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Admin,
    Member,
}

#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) login: String,
    pub(crate) standing: Standing,
    pub(crate) role: Role,
    pub(crate) public: bool,
}

#[derive(Clone, Default)]
pub(crate) struct Organization {
    pub(crate) id: u64,
    pub(crate) login: String,
    pub(crate) members: Vec<Member>,
    pub(crate) teams: Vec<Team>,
    /// OAuth Apps need the approval of an owner; Apps that are installed do not.
    pub(crate) restricts_third_parties: bool,
    pub(crate) approved: BTreeSet<String>,
    pub(crate) enforces_sso: bool,
    /// Who has a session of the organisation's identity provider.
    pub(crate) sso_sessions: BTreeSet<String>,
}

#[derive(Clone)]
pub(crate) struct Team {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) slug: String,
    pub(crate) members: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AppKind {
    OAuth,
    /// With the id of the App.
    GitHub(u64),
}

#[derive(Clone)]
pub(crate) struct App {
    pub(crate) kind: AppKind,
    pub(crate) name: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) callback: String,
    pub(crate) suspended: bool,
    pub(crate) hook: Option<Hook>,
}

pub(crate) struct Installation {
    pub(crate) id: u64,
    pub(crate) app_id: u64,
    pub(crate) organization: String,
    pub(crate) permissions: BTreeMap<String, String>,
    pub(crate) suspended: bool,
    /// None for all.
    pub(crate) repositories: Option<BTreeSet<u64>>,
}

/// What a person lets an App do.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) login: String,
    pub(crate) client_id: String,
}

pub(crate) struct Code {
    pub(crate) value: String,
    pub(crate) client_id: String,
    pub(crate) login: String,
    pub(crate) redirect_uri: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) challenge: Option<String>,
    pub(crate) made_at: DateTime<Utc>,
    pub(crate) used: bool,
}

#[derive(Clone)]
pub(crate) enum Holder {
    Person { login: String, client_id: String, scopes: Vec<String> },
    Installation(u64),
}

#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) value: String,
    pub(crate) holder: Holder,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) refresh: Option<String>,
    pub(crate) refresh_expires_at: Option<DateTime<Utc>>,
    pub(crate) revoked: bool,
}

impl State {
    /// A number that nothing else in the world has.
    pub(crate) fn next_id(&mut self) -> u64 {
        self.made += 1;
        1_000 + self.made
    }

    /// A secret in the form of GitHub's: a prefix and 36 letters and digits.
    pub(crate) fn secret(&mut self, prefix: &str) -> String {
        let seed = format!("{}-{}", self.next_id(), std::process::id());
        let digest =
            crate::hex(ring::digest::digest(&ring::digest::SHA256, seed.as_bytes()).as_ref());
        format!("{prefix}{}", &digest[..36])
    }

    pub(crate) fn person(&self, login: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.login.eq_ignore_ascii_case(login))
    }

    pub(crate) fn organization(&self, login: &str) -> Option<&Organization> {
        self.organizations
            .iter()
            .find(|organization| organization.login.eq_ignore_ascii_case(login))
    }

    pub(crate) fn organization_mut(&mut self, login: &str) -> &mut Organization {
        let found = self.organizations.iter().position(|organization| organization.login == login);
        let position = found.unwrap_or_else(|| {
            let id = self.next_id();
            self.organizations.push(Organization {
                id,
                login: login.to_owned(),
                ..Organization::default()
            });
            self.organizations.len() - 1
        });
        &mut self.organizations[position]
    }

    pub(crate) fn app(&self, client_id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.client_id == client_id)
    }

    pub(crate) fn app_by_id(&self, id: u64) -> Option<&App> {
        self.apps.iter().find(|app| app.kind == AppKind::GitHub(id))
    }

    /// The host and port that the world is at.
    pub(crate) fn own_host(&self) -> String {
        self.own_address.trim_start_matches("http://").to_owned()
    }

    /// The token that a header names, if it is good.
    pub(crate) fn token(&self, value: &str) -> Option<&Token> {
        let now = self.clock.now();
        self.tokens.iter().find(|token| {
            token.value == value && !token.revoked && token.expires_at.is_none_or(|end| now < end)
        })
    }

    /// A new token of a person: for ever with scopes from an OAuth App, eight hours and a refresh
    /// token from a GitHub App.
    pub(crate) fn issue(&mut self, client_id: &str, login: &str, scopes: &[String]) -> Token {
        let of_github_app = self.app(client_id).is_some_and(|app| app.kind != AppKind::OAuth);
        let now = self.clock.now();
        let scopes = if of_github_app { Vec::new() } else { scopes.to_vec() };
        let holder =
            Holder::Person { login: login.to_owned(), client_id: client_id.to_owned(), scopes };
        let value = self.secret(if of_github_app { "ghu_" } else { "gho_" });
        let token = Token {
            value,
            holder,
            expires_at: of_github_app.then(|| now + Duration::hours(8)),
            refresh: of_github_app.then(|| self.secret("ghr_")),
            refresh_expires_at: of_github_app.then(|| now + Duration::seconds(15_897_600)),
            revoked: false,
        };
        if !self.grants.iter().any(|grant| grant.login == login && grant.client_id == client_id) {
            self.grants.push(Grant { login: login.to_owned(), client_id: client_id.to_owned() });
        }
        self.tokens.push(token.clone());
        token
    }
}

impl Installation {
    pub(crate) fn sees(&self, repository: u64) -> bool {
        self.repositories.as_ref().is_none_or(|chosen| chosen.contains(&repository))
    }
}

impl Organization {
    /// In the shape that people have, in which it owns things.
    pub(crate) fn as_account(&self) -> Person {
        Person {
            id: self.id,
            login: self.login.clone(),
            name: None,
            emails: Vec::new(),
            suspended: false,
        }
    }

    pub(crate) fn member(&self, login: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.login.eq_ignore_ascii_case(login))
    }

    pub(crate) fn is_active(&self, login: &str) -> bool {
        self.member(login).is_some_and(|member| member.standing == Standing::Active)
    }
}
