//! Teams of a GitHub organisation, kept in step.

use chrono::Duration;
use quarterdeck::{
    tenancy::{Role, SystemReason},
    webhooks::recovery::{self, Presence},
};
use serde_json::json;

use super::Scene;
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

    scene.an_hour_later().await;
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
