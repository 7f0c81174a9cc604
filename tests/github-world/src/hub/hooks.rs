//! Hooks, and the log of what was delivered to them.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{API, local, shapes};
use crate::state::{AppKind, State};

#[derive(Clone)]
pub(crate) struct Hook {
    pub(crate) id: u64,
    pub(crate) url: String,
    pub(crate) secret: Option<String>,
    pub(crate) content_type: String,
    pub(crate) events: Vec<String>,
    pub(crate) active: bool,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// What a hook belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Repository(u64),
    App(u64),
}

/// One attempt to deliver.
#[derive(Clone)]
pub(crate) struct Attempt {
    pub(crate) id: u64,
    pub(crate) guid: String,
    pub(crate) hook: u64,
    pub(crate) target: Target,
    pub(crate) event: String,
    pub(crate) action: Option<String>,
    pub(crate) repository: Option<u64>,
    pub(crate) installation: Option<u64>,
    pub(crate) payload: String,
    pub(crate) at: DateTime<Utc>,
    pub(crate) redelivery: bool,
    /// None while it is under way.
    pub(crate) answer: Option<(u16, String)>,
}

impl Hook {
    pub(crate) fn wants(&self, event: &str) -> bool {
        self.active && (event == "ping" || self.events.iter().any(|one| one == event || one == "*"))
    }
}

impl State {
    /// Tells all hooks that want to know: those of the repository, and those of the Apps that are
    /// installed where it is.
    pub(crate) fn tell_of(&mut self, repository: usize, event: &str, mut payload: Value) {
        let found = &self.repositories[repository];
        let (id, owner) = (found.id, found.owner.clone());
        if payload["repository"].is_null() {
            payload["repository"] = shapes::repository(self, found);
        }
        if payload["sender"].is_null() {
            payload["sender"] = shapes::somebody(self);
        }
        if let Some(organization) = shapes::organization(self, &owner) {
            payload["organization"] = organization;
        }
        let hooks: Vec<Hook> = self.repositories[repository]
            .hooks
            .iter()
            .filter(|hook| hook.wants(event))
            .cloned()
            .collect();
        for hook in hooks {
            self.deliver(&hook, (Target::Repository(id), Some(id), None), (event, &payload));
        }
        self.tell_apps(&owner, Some(id), (event, payload));
    }

    /// Tells the Apps that are installed on an organisation.
    pub(crate) fn tell_apps(
        &mut self,
        organization: &str,
        repository: Option<u64>,
        (event, mut payload): (&str, Value),
    ) {
        let installed = self.installations.iter().filter(|one| {
            let is_there = one.organization.eq_ignore_ascii_case(organization);
            is_there && !one.suspended && repository.is_none_or(|id| one.sees(id))
        });
        let told: Vec<(u64, u64, Hook)> = installed
            .filter_map(|one| {
                let hook = self.app_by_id(one.app_id)?.hook.clone()?;
                hook.wants(event).then_some((one.id, one.app_id, hook))
            })
            .collect();
        if payload["sender"].is_null() {
            payload["sender"] = shapes::somebody(self);
        }
        if let Some(organization) = shapes::organization(self, organization) {
            payload["organization"] = organization;
        }
        for (installation, app, hook) in told {
            let mut payload = payload.clone();
            if payload["installation"].is_null() {
                let node = crate::shapes::node_id("023:IntegrationInstallation", installation);
                payload["installation"] = json!({"id": installation, "node_id": node});
            }
            self.deliver(
                &hook,
                (Target::App(app), repository, Some(installation)),
                (event, &payload),
            );
        }
    }

    /// The first delivery of a hook, and the answer to a wish for one.
    pub(crate) fn ping(&mut self, hook: &Hook, target: Target) {
        let mut payload = json!({
            "zen": "Keep it logically awesome.",
            "hook_id": hook.id,
            "hook": hook_shape(hook, target, self),
        });
        let mut of_repository = None;
        if let Target::Repository(id) = target
            && let Some(found) = self.repositories.iter().find(|one| one.id == id)
        {
            payload["repository"] = shapes::repository(self, found);
            of_repository = Some(id);
        }
        self.deliver(hook, (target, of_repository, None), ("ping", &payload));
    }

    pub(crate) fn deliver(
        &mut self,
        hook: &Hook,
        (target, repository, installation): (Target, Option<u64>, Option<u64>),
        (event, payload): (&str, &Value),
    ) {
        let guid = self.guid();
        let payload = local(&payload.to_string(), &self.own_address, &self.own_address);
        let action = serde_json::from_str::<Value>(&payload).unwrap_or_default()["action"]
            .as_str()
            .map(ToOwned::to_owned);
        let attempt = Attempt {
            id: 0,
            guid,
            hook: hook.id,
            target,
            event: event.to_owned(),
            action,
            repository,
            installation,
            payload,
            at: self.clock.now(),
            redelivery: false,
            answer: None,
        };
        self.attempt(attempt);
    }

    /// Sends the same again, as it was.
    pub(crate) fn redeliver(&mut self, id: u64) -> bool {
        let Some(known) = self.attempt_at(id).map(|at| self.attempts[at].clone()) else {
            return false;
        };
        let at = self.clock.now();
        self.attempt(Attempt { at, redelivery: true, answer: None, ..known });
        true
    }

    fn attempt(&mut self, mut attempt: Attempt) {
        attempt.id = self.next_id();
        let id = attempt.id;
        self.attempts.push(attempt);
        match &self.outgoing {
            // The sender has ended with the world.
            Some(outgoing) => drop(outgoing.send(id)),
            None => self.held.push(id),
        }
    }

    /// Ids grow from one attempt to the next.
    pub(crate) fn attempt_at(&self, id: u64) -> Option<usize> {
        self.attempts.binary_search_by_key(&id, |attempt| attempt.id).ok()
    }

    /// A hook by its id, wherever it is.
    pub(crate) fn hook(&self, id: u64) -> Option<&Hook> {
        let of_repositories = self.repositories.iter().flat_map(|one| &one.hooks);
        let of_apps = self.apps.iter().filter_map(|app| app.hook.as_ref());
        of_repositories.chain(of_apps).chain(&self.gone).find(|hook| hook.id == id)
    }

    fn guid(&mut self) -> String {
        let digits = self.secret("");
        let (a, rest) = digits.split_at(8);
        format!("{a}-{}-11f0-{}-{}", &rest[..4], &rest[4..8], &rest[8..20])
    }

    pub(crate) fn app_hook_mut(&mut self, app_id: u64) -> Option<&mut Option<Hook>> {
        let app = self.apps.iter_mut().find(|app| app.kind == AppKind::GitHub(app_id));
        app.map(|app| &mut app.hook)
    }
}

/// As the API and `ping` show it.
pub(crate) fn hook_shape(hook: &Hook, target: Target, state: &State) -> Value {
    let mut shape = json!({
        "id": hook.id, "name": "web", "active": hook.active, "events": hook.events,
        "config": config_shape(hook), "created_at": moment(hook.created_at),
        "updated_at": moment(hook.updated_at),
    });
    match target {
        Target::Repository(id) => {
            let found = state.repositories.iter().find(|one| one.id == id);
            let name = found.map(super::Repository::full_name).unwrap_or_default();
            let here = format!("{API}/repos/{name}/hooks/{}", hook.id);
            let last = state.attempts.iter().rev().find(|one| one.hook == hook.id);
            let last = last.and_then(|one| one.answer.as_ref());
            let last = match last {
                Some((code, status)) => {
                    json!({"code": code, "status": if *code < 300 { "active" } else { "failed" }, "message": status})
                }
                None => json!({"code": null, "status": "unused", "message": null}),
            };
            let more = json!({
                "type": "Repository", "url": here, "test_url": format!("{here}/test"),
                "ping_url": format!("{here}/pings"), "deliveries_url": format!("{here}/deliveries"),
                "last_response": last,
            });
            crate::shapes::merge(&mut shape, more);
        }
        Target::App(id) => {
            shape["type"] = json!("App");
            shape["app_id"] = json!(id);
            shape["deliveries_url"] = json!(format!("{API}/app/hook/deliveries"));
        }
    }
    shape
}

pub(crate) fn config_shape(hook: &Hook) -> Value {
    let mut config =
        json!({"url": hook.url, "content_type": hook.content_type, "insecure_ssl": "0"});
    if hook.secret.is_some() {
        config["secret"] = json!("********");
    }
    config
}

/// As the log lists it.
pub(crate) fn attempt_shape(attempt: &Attempt) -> Value {
    let (code, status) = attempt.answer.clone().unwrap_or((0, "pending".to_owned()));
    json!({
        "id": attempt.id, "guid": attempt.guid, "delivered_at": moment(attempt.at),
        "redelivery": attempt.redelivery, "duration": 0.03, "status": status, "status_code": code,
        "event": attempt.event, "action": attempt.action, "installation_id": attempt.installation,
        "repository_id": attempt.repository, "throttled_at": null,
    })
}

pub(crate) fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
