//! People, organisations, teams and memberships as GitHub's JSON.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use crate::state::{Member, Organization, Person, Role, Standing, State, Team};

/// The short form in which people stand inside other things. `base` is the API's address, `web` that
/// of the pages.
pub(crate) fn simple_user(person: &Person, base: &str, web: &str) -> Value {
    let login = &person.login;
    let mut user = Map::new();
    user.insert("login".to_owned(), json!(login));
    user.insert("id".to_owned(), json!(person.id));
    user.insert("node_id".to_owned(), json!(node_id("04:User", person.id)));
    user.insert("avatar_url".to_owned(), json!(format!("{web}/avatars/u/{}?v=4", person.id)));
    user.insert("gravatar_id".to_owned(), json!(""));
    user.insert("url".to_owned(), json!(format!("{base}/users/{login}")));
    user.insert("html_url".to_owned(), json!(format!("{web}/{login}")));
    for (name, rest) in [
        ("followers_url", "followers"),
        ("following_url", "following{/other_user}"),
        ("gists_url", "gists{/gist_id}"),
        ("starred_url", "starred{/owner}{/repo}"),
        ("subscriptions_url", "subscriptions"),
        ("organizations_url", "orgs"),
        ("repos_url", "repos"),
        ("events_url", "events{/privacy}"),
        ("received_events_url", "received_events"),
    ] {
        user.insert(name.to_owned(), json!(format!("{base}/users/{login}/{rest}")));
    }
    let kind = if login.ends_with("[bot]") { "Bot" } else { "User" };
    user.insert("type".to_owned(), json!(kind));
    user.insert("user_view_type".to_owned(), json!("public"));
    user.insert("site_admin".to_owned(), json!(false));
    Value::Object(user)
}

/// What `GET /user` and `GET /users/{login}` answer: only the address that is public, if one is.
pub(crate) fn full_user(person: &Person, base: &str, web: &str) -> Value {
    let mut user = simple_user(person, base, web);
    let email = person.emails.iter().find(|email| email.public).map(|email| &email.address);
    let more = json!({
        "name": person.name, "company": null, "blog": "", "location": null, "email": email,
        "hireable": null, "bio": null, "twitter_username": null, "notification_email": email,
        "public_repos": 0, "public_gists": 0, "followers": 0, "following": 0,
        "created_at": "2020-01-14T04:33:35Z", "updated_at": "2024-01-14T04:33:35Z",
    });
    merge(&mut user, more);
    user
}

pub(crate) fn emails(person: &Person) -> Value {
    let list = person.emails.iter().map(|email| {
        let visibility = match (email.primary, email.public) {
            (true, true) => json!("public"),
            (true, false) => json!("private"),
            (false, _) => Value::Null,
        };
        json!({"email": email.address, "primary": email.primary, "verified": email.verified, "visibility": visibility})
    });
    list.collect()
}

pub(crate) fn simple_organization(organization: &Organization, base: &str, web: &str) -> Value {
    let login = &organization.login;
    json!({
        "login": login,
        "id": organization.id,
        "node_id": node_id("012:Organization", organization.id),
        "url": format!("{base}/orgs/{login}"),
        "repos_url": format!("{base}/orgs/{login}/repos"),
        "events_url": format!("{base}/orgs/{login}/events"),
        "hooks_url": format!("{base}/orgs/{login}/hooks"),
        "issues_url": format!("{base}/orgs/{login}/issues"),
        "members_url": format!("{base}/orgs/{login}/members{{/member}}"),
        "public_members_url": format!("{base}/orgs/{login}/public_members{{/member}}"),
        "avatar_url": format!("{web}/avatars/u/{}?v=4", organization.id),
        "description": "",
    })
}

/// In the shape that people have, in which it owns things.
pub(crate) fn organization_as_owner(organization: &Organization, base: &str, web: &str) -> Value {
    let mut shape = simple_user(&organization.as_account(), base, web);
    shape["type"] = json!("Organization");
    shape
}

pub(crate) fn full_organization(organization: &Organization, base: &str, web: &str) -> Value {
    let mut shape = simple_organization(organization, base, web);
    let more = json!({
        "name": organization.login, "is_verified": false, "has_organization_projects": true,
        "has_repository_projects": true, "public_repos": 0, "public_gists": 0, "followers": 0, "following": 0,
        "html_url": format!("{web}/{}", organization.login), "created_at": "2020-01-14T04:33:35Z",
        "updated_at": "2024-01-14T04:33:35Z", "archived_at": null, "type": "Organization",
    });
    merge(&mut shape, more);
    shape
}

pub(crate) fn membership(
    state: &State,
    (organization, member): (&Organization, &Member),
    base: &str,
    web: &str,
) -> Value {
    let login = &organization.login;
    let user = state.person(&member.login).map(|person| simple_user(person, base, web));
    json!({
        "url": format!("{base}/orgs/{login}/memberships/{}", member.login),
        "state": standing(member.standing),
        "role": role(member.role),
        "organization_url": format!("{base}/orgs/{login}"),
        "direct_membership": true,
        "user": user,
        "organization": simple_organization(organization, base, web),
    })
}

pub(crate) fn team(team: &Team, organization: &Organization, base: &str, web: &str) -> Value {
    let here = format!("{base}/organizations/{}/team/{}", organization.id, team.id);
    json!({
        "name": team.name,
        "id": team.id,
        "node_id": node_id("04:Team", team.id),
        "slug": team.slug,
        "description": "",
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "url": here,
        "html_url": format!("{web}/orgs/{}/teams/{}", organization.login, team.slug),
        "members_url": format!("{here}/members{{/member}}"),
        "repositories_url": format!("{here}/repos"),
        "permission": "pull",
        "type": "organization",
        "organization_id": organization.id,
        "parent": null,
    })
}

pub(crate) fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Active => "active",
        Standing::Pending => "pending",
    }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Admin => "admin",
        Role::Member => "member",
    }
}

/// GitHub's older node ids are the base64 of a kind and an id, which is all that anybody may know.
pub(crate) fn node_id(kind: &str, id: u64) -> String {
    STANDARD.encode(format!("{kind}{id}"))
}

pub(crate) fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}
