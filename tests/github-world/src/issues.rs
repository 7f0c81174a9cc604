//! What happens to issues: a test says it, and hooks hear of it.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use crate::{
    RepositoryHandle,
    hub::{
        Kind,
        hooks::moment,
        shapes,
        things::{self, Made},
    },
    state::State,
};

impl RepositoryHandle<'_> {
    pub fn label(self, name: &str, color: &str) -> u64 {
        self.make(
            Kind::Labels,
            "",
            |made| things::label(made, name, color),
            |label| ("label", json!({"action": "created", "label": label})),
        )
    }

    /// Its number.
    pub fn milestone(self, title: &str) -> u64 {
        let number = self.with(|state, position| {
            u64::try_from(state.repositories[position].things(Kind::Milestones).len() + 1).unwrap()
        });
        self.make(
            Kind::Milestones,
            "",
            |made| things::milestone(made, number, title),
            |milestone| ("milestone", json!({"action": "created", "milestone": milestone})),
        );
        number
    }

    /// Its number. `who` may be nobody's login: the author is gone then.
    pub fn open_issue(self, who: &str, title: &str) -> u64 {
        let number = self.next_number();
        let make =
            |made: &Made<'_>| things::issue(made, number, (title, Some("It does not work.")));
        self.make(Kind::Issues, who, make, |issue| {
            ("issues", json!({"action": "opened", "issue": issue, "sender": issue["user"]}))
        });
        number
    }

    /// Changes any fields; the webhook says what title and body were.
    pub fn edit_issue(self, number: u64, fields: Value) {
        let was = self.issue(number);
        let mut changes = json!({});
        for field in ["title", "body"] {
            if fields.get(field).is_some() {
                changes[field] = json!({"from": was[field]});
            }
        }
        let more = json!({"changes": changes});
        self.change_issue(number, "edited", fields, more);
    }

    pub fn close_issue(self, number: u64) {
        let now = self.now();
        let fields = json!({"state": "closed", "state_reason": "completed", "closed_at": now});
        self.change_issue(number, "closed", fields, json!({}));
    }

    pub fn reopen_issue(self, number: u64) {
        let fields = json!({"state": "open", "state_reason": "reopened", "closed_at": null});
        self.change_issue(number, "reopened", fields, json!({}));
    }

    /// Gives it a label that the repository has.
    pub fn label_issue(self, number: u64, name: &str) {
        let label = self.with(|state, position| {
            let labels = state.repositories[position].things(Kind::Labels);
            labels.stored().iter().find(|label| label["name"] == name).cloned()
        });
        let label = label.expect("the label is known");
        let mut labels = self.issue(number)["labels"].clone();
        labels.as_array_mut().unwrap().push(label.clone());
        self.change_issue(number, "labeled", json!({"labels": labels}), json!({"label": label}));
    }

    pub fn assign_issue(self, number: u64, login: &str) {
        let person = self.with(|state, _| shapes::account(state, login));
        let fields = json!({"assignee": person, "assignees": [person]});
        self.change_issue(number, "assigned", fields, json!({"assignee": person}));
    }

    pub fn delete_issue(self, number: u64) {
        self.with(|state, position| {
            let things = state.repositories[position].things_mut(Kind::Issues);
            let issue = things.remove("number", number).expect("the issue is known");
            state.tell_of(position, "issues", json!({"action": "deleted", "issue": issue}));
        });
    }

    /// Its id.
    pub fn comment(self, number: u64, who: &str, body: &str) -> u64 {
        let issue = self.with(|state, position| {
            let now = moment(state.clock.now());
            let issue = state.repositories[position].issue_mut(number);
            issue["comments"] = json!(issue["comments"].as_u64().unwrap_or(0) + 1);
            issue["updated_at"] = json!(now);
            issue.clone()
        });
        let make = |made: &Made<'_>| things::comment(made, number, body);
        self.make(Kind::Comments, who, make, |comment| {
            let sender = comment["user"].clone();
            let payload =
                json!({"action": "created", "issue": issue, "comment": comment, "sender": sender});
            ("issue_comment", payload)
        })
    }

    pub fn edit_comment(self, id: u64, body: &str) {
        self.with(|state, position| {
            let now = moment(state.clock.now());
            let comments = state.repositories[position].things_mut(Kind::Comments);
            let comment = comments.find_mut("id", id).expect("the comment is known");
            let from = std::mem::replace(&mut comment["body"], json!(body));
            comment["updated_at"] = json!(now);
            let comment = comment.clone();
            tell_of_comment(
                state,
                position,
                (&comment, json!({"action": "edited", "changes": {"body": {"from": from}}})),
            );
        });
    }

    pub fn delete_comment(self, id: u64) {
        self.with(|state, position| {
            let comments = state.repositories[position].things_mut(Kind::Comments);
            let comment = comments.remove("id", id).expect("the comment is known");
            tell_of_comment(state, position, (&comment, json!({"action": "deleted"})));
        });
    }

    /// Lets there be so many issues with so many comments each, made up as they are asked for. They
    /// are older than all else in the repository, and nobody is told of them.
    pub fn generate_issues(self, issues: u64, comments_each: u64) {
        self.with(|state, position| {
            let found = &state.repositories[position];
            assert_eq!(found.next_number, 1, "issues are generated before others are opened");
            let (name, author) = (found.full_name(), shapes::account(state, "ada"));
            let start = state.clock.now() - Duration::days(400);
            // Beyond the ids of all that is made one by one.
            let base = (found.id + 1) * 1_000_000_000;
            let found = &mut state.repositories[position];
            found.next_number = issues + 1;
            let maker = Maker { name, author, start, base, comments_each };
            let other = maker.clone();
            found.things_mut(Kind::Issues).make_up(issues, move |index| maker.issue(index));
            let comments = issues * comments_each;
            found.things_mut(Kind::Comments).make_up(comments, move |index| other.comment(index));
        });
    }

    /// As the API shows it.
    pub fn issue(self, number: u64) -> Value {
        let found = self.with(|state, position| {
            state.repositories[position].things(Kind::Issues).find("number", number)
        });
        found.expect("the issue is known")
    }

    fn change_issue(self, number: u64, action: &str, fields: Value, more: Value) {
        self.with(|state, position| {
            let now = moment(state.clock.now());
            let issue = state.repositories[position].issue_mut(number);
            crate::shapes::merge(issue, fields);
            issue["updated_at"] = json!(now);
            let mut payload = json!({"action": action, "issue": issue, "sender": issue["user"]});
            crate::shapes::merge(&mut payload, more);
            state.tell_of(position, "issues", payload);
        });
    }

    pub(crate) fn now(self) -> String {
        self.with(|state, _| moment(state.clock.now()))
    }

    pub(crate) fn next_number(self) -> u64 {
        self.with(|state, position| {
            let found = &mut state.repositories[position];
            found.next_number += 1;
            found.next_number - 1
        })
    }

    /// Makes a thing and tells of it; the answer is its id.
    pub(crate) fn make(
        self,
        kind: Kind,
        who: &str,
        make: impl FnOnce(&Made<'_>) -> Value,
        tell: impl FnOnce(&Value) -> (&'static str, Value),
    ) -> u64 {
        self.with(|state, position| {
            let (id, now) = (state.next_id(), moment(state.clock.now()));
            let (full_name, by) =
                (state.repositories[position].full_name(), shapes::account(state, who));
            let thing = make(&Made { full_name: &full_name, id, now: &now, by });
            let (event, payload) = tell(&thing);
            state.repositories[position].things_mut(kind).push(thing);
            if !event.is_empty() {
                state.tell_of(position, event, payload);
            }
            id
        })
    }
}

fn tell_of_comment(state: &mut State, position: usize, (comment, mut payload): (&Value, Value)) {
    let number = comment["issue_url"].as_str().and_then(|url| url.rsplit('/').next()?.parse().ok());
    let issues = state.repositories[position].things(Kind::Issues);
    payload["issue"] = issues.find("number", number.unwrap_or(0)).unwrap_or_default();
    payload["comment"] = comment.clone();
    payload["sender"] = comment["user"].clone();
    state.tell_of(position, "issue_comment", payload);
}

/// What makes up issues and their comments.
#[derive(Clone)]
struct Maker {
    name: String,
    author: Value,
    start: DateTime<Utc>,
    base: u64,
    comments_each: u64,
}

impl Maker {
    fn issue(&self, index: u64) -> Value {
        let (now, number) = (self.at(index), index + 1);
        let mut issue = things::issue(
            &self.made(index, &now),
            number,
            (&format!("Made up issue {number}"), Some("There is nothing to it.")),
        );
        issue["comments"] = json!(self.comments_each);
        issue
    }

    fn comment(&self, index: u64) -> Value {
        let issue = index / self.comments_each;
        let now = self.at(issue);
        things::comment(&self.made(index, &now), issue + 1, &format!("Made up comment {index}"))
    }

    fn made<'made>(&'made self, index: u64, now: &'made str) -> Made<'made> {
        Made { full_name: &self.name, id: self.base + index, now, by: self.author.clone() }
    }

    /// All on one day, a hundred a second.
    fn at(&self, index: u64) -> String {
        moment(self.start + Duration::milliseconds(i64::try_from(index).unwrap_or(0) * 10))
    }
}
