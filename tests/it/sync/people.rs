//! Whose account belongs to whom at GitHub.

use chrono::Duration;
use quarterdeck::tenancy::SystemReason;

use super::{Scene, compare::read, fill, host};

impl Scene {
    /// The owner has signed in here as ada.
    async fn ada_signs_in(&self) {
        self.world.owner().await;
        let ada = i64::try_from(self.github.user("ada").id()).unwrap();
        let mut tx = self.world.db.system(SystemReason::Login).await.unwrap();
        sqlx::query(
            "INSERT INTO identities (provider, subject, account_id, login, created_at, used_at, checked_at)
             SELECT 'github:' || $1, $2::text, id, 'ada', now(), now(), now() FROM accounts WHERE login = 'owner'",
        )
        .bind(host(&self.github))
        .bind(ada)
        .execute(tx.connection())
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    async fn linked(&self) -> Vec<String> {
        self.words(
            "SELECT c.login || ' is ' || m.login FROM contributors c JOIN memberships m ON m.account_id = c.account_id",
        )
        .await
    }
}

#[actix_web::test]
async fn people_who_have_signed_in_are_known_as_whom_github_names() {
    let scene = Scene::new().await;
    fill(scene.shop());
    scene.ada_signs_in().await;

    scene.import().await;

    assert_eq!(scene.linked().await, ["ada is owner"]);
}

#[actix_web::test]
async fn who_signs_in_is_found_without_a_look_at_all_who_have_not() {
    let scene = read().await;
    scene.tick().await;
    let mut tx = scene.begin().await;
    sqlx::query(
        "INSERT INTO contributors (tenant_id, id, host, github_id, login, is_bot, told_at)
         SELECT app_tenant_id(), gen_random_uuid(), $1, 1000000 + n, 'person-' || n, false, now()
         FROM generate_series(1, 3000) AS n",
    )
    .bind(host(&scene.github))
    .execute(tx.connection())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    // Each row that is looked at counts.
    let mut owner = scene.world.connect().await;
    sqlx::raw_sql(
        "CREATE SEQUENCE looks;
         GRANT ALL ON SEQUENCE looks TO PUBLIC;
         CREATE POLICY looks ON contributors AS RESTRICTIVE USING (nextval('looks') > 0)",
    )
    .execute(&mut owner)
    .await
    .unwrap();
    scene.ada_signs_in().await;

    scene.advance(Duration::minutes(16));
    scene.tick().await;

    let looks: i64 =
        sqlx::query_scalar("SELECT last_value FROM looks").fetch_one(&mut owner).await.unwrap();
    assert!(looks < 100, "{looks} people were looked at");
    assert_eq!(scene.linked().await, ["ada is owner"]);
}
