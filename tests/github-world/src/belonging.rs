//! Who belongs where, and which Apps are installed: a test changes it, and hooks hear of it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    OrganizationHandle, World,
    api::{Bases, installation_shape},
    hub::{API, WEB, hooks::Target, shapes},
    shapes::team,
    state::{AppKind, Role, State},
};

impl World {
    /// Chooses the repositories that an installation sees; before, it sees all.
    pub fn select_repositories(&self, installation: u64, names: &[&str]) {
        let mut state = self.shared.state();
        let chosen: BTreeSet<u64> = names
            .iter()
            .map(|name| {
                let (position, _) = state.repository(name).expect("the repository is known");
                state.repositories[position].id
            })
            .collect();
        let found = state.installations.iter_mut().find(|one| one.id == installation);
        let found = found.expect("the installation is known");
        let before = found.repositories.replace(chosen.clone()).unwrap_or_default();
        for (action, ids) in [("added", &chosen - &before), ("removed", &before - &chosen)] {
            if ids.is_empty() {
                continue;
            }
            let list = state.references(|id| ids.contains(&id));
            let empty = json!([]);
            let (added, removed) =
                if action == "added" { (&list, &empty) } else { (&empty, &list) };
            let payload = json!({
                "action": action, "repository_selection": "selected", "requester": null,
                "repositories_added": added, "repositories_removed": removed,
            });
            state.tell_installed(installation, "installation_repositories", payload);
        }
    }
}

impl OrganizationHandle<'_> {
    /// Somebody joins, and hooks hear of it.
    pub fn admit(self, login: &str, role: Role) -> Self {
        let handle = self.private_member(login, role);
        handle.tell_of_member(login, "member_added");
        handle
    }

    /// Somebody goes, and hooks hear of it.
    pub fn dismiss(self, login: &str) {
        self.tell_of_member(login, "member_removed");
        self.remove(login);
    }

    pub fn add_to_team(self, slug: &str, login: &str) {
        self.change_team(slug, login, "added");
    }

    pub fn remove_from_team(self, slug: &str, login: &str) {
        self.change_team(slug, login, "removed");
    }

    fn tell_of_member(self, login: &str, action: &str) {
        self.with_name(|state, name| {
            let Some(organization) = state.organization(&name) else { return };
            let Some(member) = organization.member(login) else { return };
            let membership = crate::shapes::membership(state, (organization, member), API, WEB);
            let payload = json!({"action": action, "membership": membership});
            state.tell_apps(&name, None, ("organization", payload));
        });
    }

    fn change_team(self, slug: &str, login: &str, action: &str) {
        self.with_name(|state, name| {
            let organization = state.organization_mut(&name);
            let found = organization.teams.iter_mut().find(|team| team.slug == slug);
            let found = found.expect("the team is known");
            found.members.retain(|member| member != login);
            if action == "added" {
                found.members.push(login.to_owned());
            }
            let found = found.clone();
            let shape = team(&found, state.organization_mut(&name), API, WEB);
            let member = shapes::account(state, login);
            let payload =
                json!({"action": action, "scope": "team", "member": member, "team": shape});
            state.tell_apps(&name, None, ("membership", payload));
        });
    }
}

impl State {
    /// Tells an App of one of its installations.
    pub(crate) fn tell_of_installation(&mut self, installation: u64, action: &str) {
        let Some(found) = self.installations.iter().find(|one| one.id == installation) else {
            return;
        };
        let owner = found.organization.clone();
        let list = self.references(|id| {
            let of_owner = |one: &&crate::hub::Repository| one.id == id && one.owner == owner;
            self.repositories.iter().any(|one| of_owner(&one))
        });
        let payload = json!({"action": action, "repositories": list, "requester": null});
        self.tell_installed(installation, "installation", payload);
    }

    fn tell_installed(&mut self, installation: u64, event: &str, mut payload: Value) {
        let Some(found) = self.installations.iter().find(|one| one.id == installation) else {
            return;
        };
        let (app, name) = (found.app_id, found.organization.clone());
        let bases = Bases { api: API.to_owned(), web: WEB.to_owned() };
        let Some(organization) = self.organization(&name) else { return };
        payload["installation"] = installation_shape(self, found, organization, &bases);
        payload["sender"] = shapes::somebody(self);
        self.tell_app(app, Some(installation), (event, &payload));
    }

    /// A person has taken back what it had allowed an App.
    pub(crate) fn tell_of_revocation(&mut self, login: &str, client_id: &str) {
        let Some(AppKind::GitHub(app)) = self.app(client_id).map(|app| app.kind) else { return };
        let sender = shapes::account(self, login);
        let payload = json!({"action": "revoked", "sender": sender});
        self.tell_app(app, None, ("github_app_authorization", &payload));
    }

    fn tell_app(&mut self, app: u64, installation: Option<u64>, told: (&str, &Value)) {
        let hook = self.app_by_id(app).and_then(|app| app.hook.clone());
        if let Some(hook) = hook.filter(|hook| hook.active) {
            self.deliver(&hook, (Target::App(app), None, installation), told);
        }
    }

    /// Repositories in the short form that installations have.
    fn references(&self, wanted: impl Fn(u64) -> bool) -> Value {
        let found = self.repositories.iter().filter(|one| wanted(one.id)).map(|one| {
            json!({
                "id": one.id, "node_id": crate::shapes::node_id("010:Repository", one.id),
                "name": one.name, "full_name": one.full_name(), "private": one.private,
            })
        });
        found.collect()
    }
}
