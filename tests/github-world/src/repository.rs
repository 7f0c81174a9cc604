//! The words in which a test says what is in a repository and what happens there.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    World,
    hub::{Repository, hooks::moment, shapes},
    state::State,
};

/// A repository of the world. What is done through it is told to its hooks.
#[derive(Clone, Copy)]
pub struct RepositoryHandle<'world> {
    pub(crate) world: &'world World,
    id: u64,
}

impl World {
    /// The repository `owner/name`, which comes into being public and empty.
    pub fn repository(&self, full_name: &str) -> RepositoryHandle<'_> {
        let (owner, name) = full_name.split_once('/').expect("a repository is `owner/name`");
        let mut state = self.shared.state();
        let known =
            state.repository(full_name).map(|(position, _)| state.repositories[position].id);
        let id = known.unwrap_or_else(|| {
            let (id, now) = (state.next_id(), moment(state.clock.now()));
            state.repositories.push(Repository {
                id,
                owner: owner.to_owned(),
                name: name.to_owned(),
                fields: shapes::new_fields(&now),
                private: false,
                earlier: Vec::new(),
                hooks: Vec::new(),
                next_number: 1,
                branches: Vec::new(),
                things: BTreeMap::new(),
            });
            id
        });
        RepositoryHandle { world: self, id }
    }
}

impl RepositoryHandle<'_> {
    pub fn id(self) -> u64 {
        self.id
    }

    pub fn full_name(self) -> String {
        self.with(|state, position| state.repositories[position].full_name())
    }

    /// Where its hooks deliver to.
    pub fn hooks(self) -> Vec<String> {
        self.with(|state, position| {
            state.repositories[position].hooks.iter().map(|hook| hook.url.clone()).collect()
        })
    }

    /// Private from the beginning; nobody is told.
    pub fn private(self) -> Self {
        self.with(|state, position| state.repositories[position].private = true);
        self
    }

    /// Renames it: its old name leads to the new one.
    pub fn rename(self, name: &str) {
        self.with(|state, position| {
            let now = moment(state.clock.now());
            let found = &mut state.repositories[position];
            found.fields["updated_at"] = json!(now);
            let from = std::mem::replace(&mut found.name, name.to_owned());
            let earlier = format!("{}/{from}", found.owner);
            found.earlier.push(earlier);
            let changes = json!({"repository": {"name": {"from": from}}});
            state.tell_of(position, "repository", json!({"action": "renamed", "changes": changes}));
        });
    }

    /// Gives it to somebody else: its old name leads to the new one.
    pub fn transfer(self, owner: &str) {
        self.with(|state, position| {
            let now = moment(state.clock.now());
            let found = &mut state.repositories[position];
            found.fields["updated_at"] = json!(now);
            let earlier = found.full_name();
            found.earlier.push(earlier);
            let from = std::mem::replace(&mut found.owner, owner.to_owned());
            let key = if state.organization(&from).is_some() { "organization" } else { "user" };
            let old = shapes::account(state, &from);
            let payload =
                json!({"action": "transferred", "changes": {"owner": {"from": {key: old}}}});
            state.tell_of(position, "repository", payload);
        });
    }

    pub fn privatize(self) {
        self.change("privatized", |found| found.private = true);
    }

    pub fn publicize(self) {
        self.change("publicized", |found| found.private = false);
    }

    pub fn archive(self, archived: bool) {
        let action = if archived { "archived" } else { "unarchived" };
        self.change(action, |found| found.fields["archived"] = json!(archived));
    }

    /// Switches issues on or off; nobody is told.
    pub fn switch_issues(self, on: bool) {
        self.with(|state, position| {
            state.repositories[position].fields["has_issues"] = json!(on);
        });
    }

    /// It is gone afterwards; its hooks hear of it.
    pub fn delete(self) {
        self.with(|state, position| {
            state.tell_of(position, "repository", json!({"action": "deleted"}));
            let deleted = state.repositories.remove(position);
            state.gone.extend(deleted.hooks);
        });
    }

    /// Any other event, whose payload gets the repository and the rest around it.
    pub fn tell(self, event: &str, payload: Value) {
        self.with(|state, position| state.tell_of(position, event, payload));
    }

    fn change(self, action: &str, how: impl FnOnce(&mut Repository)) {
        self.with(|state, position| {
            let now = moment(state.clock.now());
            let found = &mut state.repositories[position];
            how(found);
            found.fields["updated_at"] = json!(now);
            state.tell_of(position, "repository", json!({"action": action}));
        });
    }

    pub(crate) fn with<T>(self, how: impl FnOnce(&mut State, usize) -> T) -> T {
        let mut state = self.world.shared.state();
        let position = state.repositories.iter().position(|one| one.id == self.id);
        how(&mut state, position.expect("the repository is not deleted"))
    }
}
