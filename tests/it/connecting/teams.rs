//! Teams of a GitHub organisation, kept in step.

use chrono::Duration;
use quarterdeck::{
    connections, jobs,
    tenancy::{Role, SystemReason},
    webhooks::recovery::{self, Presence},
};
use serde_json::json;

use super::{Made, Scene};
use crate::members::account;

impl Scene {
    /// Has somebody here be known by their number at GitHub.
    async fn identify(&self, login: &str, at_github: &str) {
        let id = account(&self.world, self.world.acme, login).await;
        let web = self.github.web_url();
        let provider = format!("github:127.0.0.1:{}", web.port().unwrap());
        let mut tx = self.world.db.system(SystemReason::Login).await.unwrap();
        sqlx::query(
            "INSERT INTO identities (provider, subject, account_id, login, created_at, used_at, checked_at)
             VALUES ($1, $2, $3::uuid, $4, $5, $5, $5)",
        )
        .bind(provider)
        .bind(self.github.user(at_github).id().to_string())
        .bind(id)
        .bind(at_github)
        .bind(self.world.clock.now())
        .execute(tx.connection())
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    /// An hour later, with the server.
    async fn an_hour_later(&self) {
        self.world.clock.advance(Duration::minutes(61));
        self.github.set_time(self.world.clock.now());
        let now = self.world.clock.now();
        recovery::look(&self.world.db, now, Presence::begun(now).looked()).await.unwrap();
        self.run_jobs().await;
    }

    /// Has a team of GitHub's with ben in it, who is the member here, and an App that brings it.
    async fn with_a_team(&self) -> Made {
        let _member = self.world.member(Role::Member).await;
        self.identify("member", "ben").await;
        self.github.organization("acme").team("Ops", &["ben"]);
        let made = self.app().await;
        self.an_hour_later().await;
        assert_eq!(self.teams().await, "Ops:member");
        made
    }

    /// Pastes another App that is installed on acme; the address of its page.
    async fn paste_app(&self, permissions: &[(&str, &str)]) -> String {
        let app = self.github.github_app("By Hand", "https://nowhere.example");
        self.github.install(app.app_id, "acme", permissions);
        let (web, id) = (self.web(), app.app_id.to_string());
        let form = [
            ("web_url", web.as_str()),
            ("owner", "acme"),
            ("app_id", &id),
            ("private_key", app.private_key),
        ];
        let answer = self.owner.post("/acme/github/paste", &form).await.expect(303);
        answer.header("location").to_owned()
    }

    async fn rename_team(&self, slug: &str, name: &str) -> u16 {
        let answer = self.owner.post(&format!("/acme/teams/{slug}"), &[("name", name)]).await;
        answer.status.as_u16()
    }

    async fn teams(&self) -> String {
        self.ask(
            "SELECT string_agg(t.name || ':' || array_to_string(array(
                        SELECT m.login FROM team_members b JOIN memberships m USING (account_id)
                        WHERE b.team_id = t.id ORDER BY 1), ','), ' ' ORDER BY t.name COLLATE \"C\")
             FROM teams t",
        )
        .await
    }
}

#[actix_web::test]
async fn teams_come_from_github_and_follow_it() {
    let scene = Scene::new().await;
    let (_member, _viewer) = (scene.world.member(Role::Member).await, scene.world.viewer().await);
    scene.identify("member", "ben").await;
    scene.owner.post("/acme/teams", &[("name", "Core")]).await.expect(303);
    scene.github.organization("acme").team("core", &["ada", "ben"]).team("Ops", &[]);
    scene.app().await;

    // The installation asks for them, not the clock.
    scene.run_jobs().await;
    // Ada has no account here, and our own team of that name stays ours.
    assert_eq!(scene.teams().await, "Core: Ops: core (GitHub):member");
    let page = scene.page("/acme/teams").await;
    assert!(page.matches("from GitHub").count() == 2, "{page}");

    scene.identify("viewer", "ada").await;
    scene.github.organization("acme").remove("ben");
    scene.an_hour_later().await;
    assert_eq!(scene.teams().await, "Core: Ops: core (GitHub):viewer");
}

#[actix_web::test]
async fn an_event_has_them_read_at_once_and_nobody_changes_them_here() {
    let scene = Scene::new().await;
    let _member = scene.world.member(Role::Member).await;
    scene.identify("member", "ben").await;
    scene.app().await;
    let ben = scene.github.user("ben").id();
    let acme = scene.github.organization("acme");
    acme.team("Ops", &["ben"]);

    scene.github.repository("acme/shop").tell(
        "membership",
        json!({
            "action": "added", "scope": "team",
            "member": {"login": "ben", "id": ben, "type": "User"},
            "team": {"id": 1, "name": "Ops"},
            "organization": {"login": "acme", "id": acme.id()},
        }),
    );
    scene.told().await;
    scene.run_jobs().await;

    assert_eq!(scene.teams().await, "Ops:member");
    let page = scene.page("/acme/teams/ops").await;
    assert!(page.contains("This team is GitHub") && !page.contains("Add to the team"), "{page}");
    let form = [("name", "Mine")];
    assert_eq!(scene.owner.post("/acme/teams/ops", &form).await.status, 409);
    assert_eq!(scene.owner.post("/acme/teams/ops/removal", &[]).await.status, 409);
    let add = [("login", "owner")];
    assert_eq!(scene.owner.post("/acme/teams/ops/members", &add).await.status, 409);
    assert_eq!(scene.teams().await, "Ops:member");
}

#[actix_web::test]
async fn teams_are_ours_once_their_connection_is_removed_and_githubs_again_with_another() {
    let scene = Scene::new().await;
    let made = scene.with_a_team().await;
    let removal = format!("/acme/github/{}/removal", made.id);
    let page = scene.page(&removal).await;
    assert!(page.contains("1 team from GitHub, your own from then on"), "{page}");

    scene.owner.post(&removal, &[]).await.expect(303);
    let page = scene.page("/acme/teams/ops").await;
    assert!(page.contains("Add to the team") && !page.contains("This team is GitHub"), "{page}");
    assert_eq!(scene.rename_team("ops", "Operations").await, 303);
    scene.owner.post("/acme/teams/ops/members", &[("login", "owner")]).await.expect(303);
    scene.run_jobs().await;
    scene.an_hour_later().await;
    assert_eq!(scene.teams().await, "Operations:member,owner");

    scene.paste_app(&[("members", "read"), ("metadata", "read")]).await;
    assert_eq!(scene.rename_team("ops", "Mine").await, 409);
    scene.an_hour_later().await;
    assert_eq!(scene.teams().await, "Ops:member", "the same team, and no second one");
}

#[actix_web::test]
async fn teams_are_ours_while_the_app_is_suspended_or_not_installed() {
    let scene = Scene::new().await;
    let made = scene.with_a_team().await;
    let installation: u64 =
        scene.ask("SELECT installation_id::text FROM connections").await.parse().unwrap();

    scene.github.suspend_installation(installation);
    scene.told().await;
    assert_eq!(scene.rename_team("ops", "Watch").await, 303);
    scene.github.unsuspend_installation(installation);
    scene.told().await;
    assert_eq!(scene.rename_team("ops", "Mine").await, 409);

    scene.github.uninstall(installation);
    scene.told().await;
    assert_eq!(scene.rename_team("ops", "Guard").await, 303);
    assert_eq!(scene.teams().await, "Guard:member");

    scene.github.install_app(&made.slug);
    scene.told().await;
    // Within a minute: it is as if they were never read.
    let now = scene.world.clock.now();
    recovery::look(&scene.world.db, now, Presence::begun(now).looked()).await.unwrap();
    scene.run_jobs().await;
    assert_eq!(scene.teams().await, "Ops:member");
}

#[actix_web::test]
async fn another_connection_of_the_same_organisation_keeps_its_teams_githubs() {
    let scene = Scene::new().await;
    let made = scene.with_a_team().await;
    scene.paste_app(&[("members", "read"), ("metadata", "read")]).await;
    let removal = format!("/acme/github/{}/removal", made.id);

    let page = scene.page(&removal).await;
    assert!(page.contains("another connection brings them"), "{page}");
    scene.owner.post(&removal, &[]).await.expect(303);

    assert_eq!(scene.rename_team("ops", "Mine").await, 409);
}

#[actix_web::test]
async fn a_token_is_a_persons_who_has_no_teams() {
    let scene = Scene::new().await;
    scene.token().await;
    scene.github.take_requests();

    scene.an_hour_later().await;

    let asked = scene.github.take_requests();
    assert!(!asked.iter().any(|one| one.path.ends_with("/teams")), "{asked:?}");
    assert_eq!(scene.ask("SELECT teams_error FROM connections").await, "");
}

#[actix_web::test]
async fn teams_that_cannot_be_read_are_said_on_the_connections_page() {
    let scene = Scene::new().await;
    let here = scene.paste_app(&[("metadata", "read")]).await;
    assert!(scene.page(&here).await.contains("They are read as soon as"));

    scene.an_hour_later().await;
    let page = scene.page(&here).await;
    for shown in ["They could not be read", "Members: read", "again within an hour"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
}

#[actix_web::test]
async fn a_connection_that_is_being_removed_brings_no_teams() {
    let scene = Scene::new().await;
    let made = scene.with_a_team().await;
    scene.github.organization("acme").team("Late", &["ben"]);
    let connection = made.id.parse().unwrap();
    let mut tx = scene.world.begin(scene.world.acme).await;
    let now = scene.world.clock.now();
    connections::set_removed(&mut tx, connection, now).await.unwrap();
    jobs::enqueue(&mut tx, &connections::teams::ImportTeams { connection }, now).await.unwrap();
    tx.commit().await.unwrap();
    scene.github.take_requests();

    scene.an_hour_later().await;

    let asked = scene.github.take_requests();
    assert!(!asked.iter().any(|one| one.path.ends_with("/teams")), "{asked:?}");
    assert_eq!(scene.teams().await, "Ops:member");
    assert_eq!(scene.ask("SELECT count(*)::text FROM jobs WHERE state = 'dead'").await, "0");
}
