//! What happens after the code: releases, deployments, runs of workflows.

use serde_json::{Value, json};

use crate::{
    RepositoryHandle,
    hub::{Kind, hooks::moment, running, shapes, things::Made},
};

impl RepositoryHandle<'_> {
    /// Its id.
    pub fn release(self, who: &str, tag: &str) -> u64 {
        self.make(
            Kind::Releases,
            who,
            |made| running::release(made, tag, "Better."),
            |release| {
                let sender = release["author"].clone();
                ("release", json!({"action": "published", "release": release, "sender": sender}))
            },
        )
    }

    pub fn delete_release(self, id: u64) {
        self.with(|state, position| {
            let releases = state.repositories[position].things_mut(Kind::Releases);
            let release = releases.remove("id", id).expect("the release is known");
            state.tell_of(position, "release", json!({"action": "deleted", "release": release}));
        });
    }

    /// Deploys the head of the default branch; the answer is the deployment's id.
    pub fn deploy(self, who: &str, environment: &str) -> u64 {
        let sha = self.head(&self.default_branch()).expect("there is something to deploy");
        let make = |made: &Made<'_>| running::deployment(made, &sha, environment);
        self.make(Kind::Deployments, who, make, |deployment| {
            let payload = json!({
                "action": "created", "deployment": deployment, "sender": deployment["creator"],
                "workflow": null, "workflow_run": null,
            });
            ("deployment", payload)
        })
    }

    /// `state` is `in_progress`, `success`, `failure` and the like.
    pub fn deployment_status(self, deployment: u64, who: &str, state: &str) -> u64 {
        let found = self.with(|state, position| {
            state.repositories[position].things(Kind::Deployments).find("id", deployment)
        });
        let deployment = found.expect("the deployment is known");
        let make = |made: &Made<'_>| running::deployment_status(made, &deployment, state);
        self.make(Kind::DeploymentStatuses, who, make, |status| {
            let payload = json!({
                "action": "created", "deployment_status": status, "deployment": deployment,
                "sender": status["creator"],
            });
            ("deployment_status", payload)
        })
    }

    /// A run of the workflow CI on the head of the default branch; the answer is its id.
    pub fn request_run(self, who: &str) -> u64 {
        let sha = self.head(&self.default_branch()).expect("there is something to run on");
        let (commit, repository, number) = self.with(|state, position| {
            let found = &state.repositories[position];
            let number = u64::try_from(found.things(Kind::Runs).len() + 1).unwrap();
            (found.commit(&sha).cloned(), shapes::repository(state, found), number)
        });
        let commit = commit.expect("the commit is known");
        let make = |made: &Made<'_>| running::run(made, (&commit, number), &repository);
        let id = self.make(Kind::Runs, who, make, |_| ("", Value::Null));
        self.change_run(id, "requested", json!({}));
        id
    }

    /// `conclusion` is `success`, `failure` and the like.
    pub fn finish_run(self, id: u64, conclusion: &str) {
        let fields = json!({"status": "completed", "conclusion": conclusion});
        self.change_run(id, "completed", fields);
    }

    fn change_run(self, id: u64, action: &str, fields: Value) {
        self.with(|state, position| {
            let now = moment(state.clock.now());
            let found = &mut state.repositories[position];
            let full_name = found.full_name();
            let run = found.things_mut(Kind::Runs).find_mut("id", id).expect("the run is known");
            crate::shapes::merge(run, fields);
            run["updated_at"] = json!(now);
            let made = Made { full_name: &full_name, id, now: &now, by: Value::Null };
            let payload = json!({
                "action": action, "workflow_run": run, "workflow": running::workflow(&made),
                "sender": run["actor"],
            });
            state.tell_of(position, "workflow_run", payload);
        });
    }
}
