//! What happens to pull requests: a test says it, and hooks hear of it.

use serde_json::{Value, json};

use crate::{
    RepositoryHandle,
    hub::{
        Kind,
        code::{self, Side},
        hooks::moment,
        shapes,
        things::{self, Made},
    },
    state::State,
};

impl RepositoryHandle<'_> {
    /// From a branch into the default one; the answer is its number.
    pub fn open_pull_request(self, who: &str, title: &str, branch: &str) -> u64 {
        let number = self.next_number();
        let base = self.default_branch();
        let (head, base) = (self.side(branch), self.side(&base));
        let make = |made: &Made<'_>| code::pull_request(made, number, title, (&head, &base));
        self.make(Kind::PullRequests, who, make, |_| ("", Value::Null));
        let pull = self.pull_request(number);
        let make = |made: &Made<'_>| {
            let mut issue = things::issue(made, number, (title, Some("See the issue.")));
            issue["pull_request"] = code::mark(&pull);
            issue["html_url"] = pull["html_url"].clone();
            issue
        };
        self.make(Kind::Issues, who, make, |_| ("", Value::Null));
        self.change_pull_request(number, "opened", json!({}), json!({"sender": pull["user"]}));
        number
    }

    pub fn edit_pull_request(self, number: u64, fields: Value) {
        let was = self.pull_request(number);
        let mut changes = json!({});
        for field in ["title", "body"] {
            if fields.get(field).is_some() {
                changes[field] = json!({"from": was[field]});
            }
        }
        self.change_pull_request(number, "edited", fields, json!({"changes": changes}));
    }

    pub fn close_pull_request(self, number: u64) {
        let fields = json!({"state": "closed", "closed_at": self.now()});
        self.change_pull_request(number, "closed", fields, json!({}));
    }

    /// Its commits get into the default branch by one more, which is pushed.
    pub fn merge_pull_request(self, number: u64, who: &str) {
        let pull = self.pull_request(number);
        let base = pull["base"]["ref"].as_str().unwrap_or_default().to_owned();
        let title = pull["title"].as_str().unwrap_or_default();
        let sha = self.push(&base, who, &[&format!("Merge pull request #{number}: {title}")]);
        let (now, by) = (self.now(), self.with(|state, _| shapes::account(state, who)));
        let fields = json!({
            "state": "closed", "closed_at": now, "merged_at": now, "merged": true, "merged_by": by,
            "merge_commit_sha": sha,
        });
        self.change_pull_request(number, "closed", fields, json!({"sender": by}));
    }

    /// `state` is `APPROVED`, `CHANGES_REQUESTED` or `COMMENTED`; the answer is the review's id.
    pub fn review(self, number: u64, who: &str, (state, body): (&str, &str)) -> u64 {
        let pull = self.pull_request(number);
        let make = |made: &Made<'_>| code::review(made, &pull, (state, body));
        self.make(Kind::Reviews, who, make, |review| {
            // Webhooks write it small.
            let mut review = review.clone();
            review["state"] = json!(state.to_lowercase());
            let (pull, sender) = (code::in_lists(&pull), review["user"].clone());
            let payload = json!({"action": "submitted", "review": review, "pull_request": pull, "sender": sender});
            ("pull_request_review", payload)
        })
    }

    /// A comment of a review on a line; the answer is its id.
    pub fn review_comment(self, number: u64, who: &str, said: (u64, &str, &str)) -> u64 {
        let count = self.pull_request(number)["review_comments"].as_u64().unwrap_or(0) + 1;
        self.count(number, "review_comments", count);
        let pull = self.pull_request(number);
        let make = |made: &Made<'_>| code::review_comment(made, &pull, said);
        self.make(Kind::ReviewComments, who, make, |comment| {
            let (pull, sender) = (code::in_lists(&pull), comment["user"].clone());
            let payload = json!({"action": "created", "comment": comment, "pull_request": pull, "sender": sender});
            ("pull_request_review_comment", payload)
        })
    }

    /// As the API shows it.
    pub fn pull_request(self, number: u64) -> Value {
        let found = self.with(|state, position| {
            state.repositories[position].things(Kind::PullRequests).find("number", number)
        });
        found.expect("the pull request is known")
    }

    fn count(self, number: u64, what: &str, count: u64) {
        self.with(|state, position| {
            let pulls = state.repositories[position].things_mut(Kind::PullRequests);
            let pull = pulls.find_mut("number", number).expect("the pull request is known");
            pull[what] = json!(count);
        });
    }

    fn side(self, branch: &str) -> Side {
        let sha = self.head(branch).expect("the branch is there");
        let repository =
            self.with(|state, position| shapes::repository(state, &state.repositories[position]));
        Side { branch: branch.to_owned(), sha, repository }
    }

    fn change_pull_request(self, number: u64, action: &str, fields: Value, more: Value) {
        self.with(|state, position| {
            state.change_pull_request(position, (number, action), fields, more);
        });
    }
}

impl State {
    fn change_pull_request(
        &mut self,
        position: usize,
        (number, action): (u64, &str),
        fields: Value,
        more: Value,
    ) {
        let now = moment(self.clock.now());
        let found = &mut self.repositories[position];
        let pulls = found.things_mut(Kind::PullRequests);
        let pull = pulls.find_mut("number", number).expect("the pull request is known");
        crate::shapes::merge(pull, fields);
        pull["updated_at"] = json!(now);
        let pull = pull.clone();
        let issue = found.issue_mut(number);
        for field in ["title", "body", "state", "closed_at", "updated_at"] {
            issue[field] = pull[field].clone();
        }
        issue["pull_request"] = code::mark(&pull);
        let mut payload = json!({"action": action, "number": number, "pull_request": pull});
        crate::shapes::merge(&mut payload, more);
        self.tell_of(position, "pull_request", payload);
    }

    /// Open pull requests from a branch follow it.
    pub(crate) fn synchronize(
        &mut self,
        position: usize,
        (branch, before): (&str, Option<&str>),
        by: &Value,
    ) {
        let found = &self.repositories[position];
        let after = found.branch(branch).and_then(|line| line.last().cloned());
        let follows = |pull: &&Value| pull["state"] == "open" && pull["head"]["ref"] == branch;
        let followers: Vec<(u64, Value)> = found
            .things(Kind::PullRequests)
            .stored()
            .iter()
            .filter(follows)
            .filter_map(|pull| Some((pull["number"].as_u64()?, pull["head"].clone())))
            .collect();
        for (number, mut head) in followers {
            head["sha"] = json!(after);
            let more = json!({"before": before, "after": after, "sender": by});
            self.change_pull_request(
                position,
                (number, "synchronize"),
                json!({"head": head}),
                more,
            );
        }
    }
}
