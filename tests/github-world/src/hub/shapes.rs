//! Repositories and what is in them as GitHub's JSON.

use serde_json::{Value, json};

use super::{API, Kind, Repository, WEB};
use crate::{
    shapes::{node_id, organization_as_owner, simple_organization, simple_user},
    state::State,
};

/// Addresses below that of a repository: the field's name and the rest.
const ADDRESSES: [(&str, &str); 36] = [
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
];

/// The person or the organisation of that login, in short; null for somebody who is gone.
pub(crate) fn account(state: &State, login: &str) -> Value {
    if let Some(person) = state.person(login) {
        return simple_user(person, API, WEB);
    }
    let Some(organization) = state.organization(login) else { return Value::Null };
    organization_as_owner(organization, API, WEB)
}

/// Whoever was there first: does what a test leaves to nobody.
pub(crate) fn somebody(state: &State) -> Value {
    state.people.first().map_or(Value::Null, |person| simple_user(person, API, WEB))
}

pub(crate) fn organization(state: &State, login: &str) -> Option<Value> {
    state.organization(login).map(|found| simple_organization(found, API, WEB))
}

/// What is a repository's own from its beginning.
pub(crate) fn new_fields(now: &str) -> Value {
    json!({
        "description": null, "fork": false, "homepage": null, "language": "Rust", "forks_count": 0,
        "stargazers_count": 0, "watchers_count": 0, "size": 0, "default_branch": "main",
        "open_issues_count": 0, "is_template": false, "topics": [], "has_issues": true,
        "has_projects": true, "has_wiki": true, "has_pages": false, "has_downloads": true,
        "has_discussions": false, "archived": false, "disabled": false, "pushed_at": now,
        "created_at": now, "updated_at": now, "mirror_url": null, "license": null,
        "allow_forking": true, "web_commit_signoff_required": false, "forks": 0, "open_issues": 0,
        "watchers": 0, "network_count": 0, "subscribers_count": 0,
    })
}

pub(crate) fn repository(state: &State, repository: &Repository) -> Value {
    let (name, full_name) = (&repository.name, repository.full_name());
    let mut shape = repository.fields.clone();
    let here = format!("{API}/repos/{full_name}");
    for (field, rest) in ADDRESSES {
        shape[field] = json!(format!("{here}{rest}"));
    }
    let visibility = if repository.private { "private" } else { "public" };
    let git = full_name.as_str();
    let more = json!({
        "id": repository.id, "node_id": node_id("010:Repository", repository.id), "name": name,
        "full_name": full_name, "owner": account(state, &repository.owner),
        "private": repository.private, "visibility": visibility,
        "html_url": format!("{WEB}/{git}"), "url": here, "git_url": format!("git://world.invalid/{git}.git"),
        "ssh_url": format!("git@world.invalid:{git}.git"), "clone_url": format!("{WEB}/{git}.git"),
        "svn_url": format!("{WEB}/{git}"),
        "open_issues_count": repository.things(Kind::Issues).count_open(),
    });
    crate::shapes::merge(&mut shape, more);
    shape
}
