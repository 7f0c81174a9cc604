//! What happens to branches: a test pushes, and hooks hear of it.

use serde_json::{Value, json};

use crate::{
    RepositoryHandle,
    hub::{Kind, code, hooks::moment, shapes, things::Made},
    state::State,
};

const NOTHING: &str = "0000000000000000000000000000000000000000";

/// A push to be told.
struct Told<'push> {
    reference: &'push str,
    before: Option<String>,
    after: Option<String>,
    forced: bool,
    commits: Vec<Value>,
}

impl RepositoryHandle<'_> {
    /// Adds a commit for each message to a branch, which comes into being; the answer is its new head.
    pub fn push(self, branch: &str, who: &str, messages: &[&str]) -> String {
        let before = self.head(branch);
        let from = before.clone().or_else(|| self.head(&self.default_branch()));
        self.grow(branch, who, (messages, from), (before, false))
    }

    /// The same in place of what was on the branch.
    pub fn force_push(self, branch: &str, who: &str, messages: &[&str]) -> String {
        let before = self.head(branch);
        self.grow(branch, who, (messages, None), (before, true))
    }

    pub fn delete_branch(self, branch: &str, who: &str) {
        let before = self.head(branch);
        self.with(|state, position| {
            state.repositories[position].branches.retain(|(name, _)| name != branch);
            let by = shapes::account(state, who);
            let told = Told {
                reference: &format!("refs/heads/{branch}"),
                before,
                after: None,
                forced: false,
                commits: Vec::new(),
            };
            state.tell_of_push(position, &by, told);
            let payload =
                json!({"ref": branch, "ref_type": "branch", "pusher_type": "user", "sender": by});
            state.tell_of(position, "delete", payload);
        });
    }

    /// The commit that a branch is at.
    pub fn head(self, branch: &str) -> Option<String> {
        self.with(|state, position| {
            let found = &state.repositories[position];
            found.branch(branch)?.last().cloned()
        })
    }

    pub(crate) fn default_branch(self) -> String {
        self.with(|state, position| {
            let fields = &state.repositories[position].fields;
            fields["default_branch"].as_str().unwrap_or("main").to_owned()
        })
    }

    fn grow(
        self,
        branch: &str,
        who: &str,
        (messages, from): (&[&str], Option<String>),
        (before, forced): (Option<String>, bool),
    ) -> String {
        self.with(|state, position| {
            let mut line = match &from {
                Some(head) => state.repositories[position].line_to(head),
                None => Vec::new(),
            };
            let commits = state.new_commits(position, who, (messages, line.last().cloned()));
            line.extend(
                commits.iter().filter_map(|one| one["sha"].as_str()).map(ToOwned::to_owned),
            );
            let after = line.last().cloned().expect("a push has a commit");
            let now = moment(state.clock.now());
            let found = &mut state.repositories[position];
            found.branches.retain(|(name, _)| name != branch);
            found.branches.push((branch.to_owned(), line));
            found.fields["pushed_at"] = json!(now);
            let by = shapes::account(state, who);
            if before.is_none() {
                let payload = json!({"ref": branch, "ref_type": "branch", "master_branch": "main",
                    "description": null, "pusher_type": "user", "sender": by});
                state.tell_of(position, "create", payload);
            }
            let told = Told {
                reference: &format!("refs/heads/{branch}"),
                before: before.clone(),
                after: Some(after.clone()),
                forced,
                commits,
            };
            state.tell_of_push(position, &by, told);
            state.synchronize(position, (branch, before.as_deref()), &by);
            after
        })
    }
}

impl State {
    fn new_commits(
        &mut self,
        position: usize,
        who: &str,
        (messages, mut parent): (&[&str], Option<String>),
    ) -> Vec<Value> {
        let (by, now) = (shapes::account(self, who), moment(self.clock.now()));
        let full_name = self.repositories[position].full_name();
        let mut commits = Vec::new();
        for message in messages {
            let (id, sha) = (self.next_id(), format!("{}c0de", self.secret("")));
            let made = Made { full_name: &full_name, id, now: &now, by: by.clone() };
            let commit = code::commit(&made, (&sha, parent.as_deref()), message);
            self.repositories[position].things_mut(Kind::Commits).push(commit.clone());
            parent = Some(sha);
            commits.push(commit);
        }
        commits
    }

    fn tell_of_push(&mut self, position: usize, by: &Value, told: Told<'_>) {
        let Told { reference, before, after, forced, commits } = told;
        let (created, deleted) = (before.is_none(), after.is_none());
        let (before, after) = (
            before.unwrap_or_else(|| NOTHING.to_owned()),
            after.unwrap_or_else(|| NOTHING.to_owned()),
        );
        let mut repository = shapes::repository(self, &self.repositories[position]);
        let compare = format!(
            "{}/compare/{before}...{after}",
            repository["html_url"].as_str().unwrap_or_default()
        );
        // In pushes alone these are numbers.
        for field in ["created_at", "pushed_at"] {
            let at = repository[field]
                .as_str()
                .and_then(|text| text.parse::<chrono::DateTime<chrono::Utc>>().ok());
            repository[field] = json!(at.map(|at| at.timestamp()));
        }
        let commits: Vec<Value> = commits.iter().map(code::pushed).collect();
        let login = by["login"].as_str().unwrap_or("ghost");
        let payload = json!({
            "ref": reference, "before": before, "after": after, "repository": repository,
            "pusher": {"name": login, "email": format!("{login}@example.com")}, "sender": by,
            "created": created, "deleted": deleted, "forced": forced, "base_ref": null,
            "compare": compare, "head_commit": commits.last(), "commits": commits,
        });
        self.tell_of(position, "push", payload);
    }
}
