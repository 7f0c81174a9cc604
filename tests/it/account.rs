//! The own account: name, tokens, taking the data out, leaving, deleting.

use std::collections::BTreeSet;

use quarterdeck::{
    accounts,
    organizations::{self, audit},
    tenancy::{AccountId, Role, SystemReason, TenantId},
};
use sqlx::{Connection, PgConnection};

use crate::support::{Client, DatabaseLogin, World, database};

async fn actions(world: &World, tenant: TenantId) -> Vec<String> {
    let entries = audit::list(&mut world.begin(tenant).await, 100).await.unwrap();
    entries.into_iter().map(|entry| entry.action).collect()
}

async fn run(world: &World, sql: &'static str) {
    let mut tx = world.db.system(SystemReason::Login).await.unwrap();
    sqlx::query(sql).execute(tx.connection()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn account_of(world: &World, login: &str) -> Option<AccountId> {
    let mut tx = world.db.system(SystemReason::Login).await.unwrap();
    accounts::find_account_id(&mut tx, login).await.unwrap()
}

/// A member of acme who is a viewer of globex too.
async fn of_both(world: &World) -> Client {
    let member = world.member(Role::Member).await;
    let account = account_of(world, "member").await.unwrap();
    let mut tx = world.db.system(SystemReason::Login).await.unwrap();
    let now = world.clock.now();
    organizations::add_member(&mut tx, world.globex, account, Role::Viewer, now).await.unwrap();
    tx.commit().await.unwrap();
    member
}

async fn token(person: &Client, slug: &str, name: &str) -> String {
    let form = [("name", name), ("scope", "read"), ("days", "7")];
    let page = person.post(&format!("/{slug}/tokens"), &form).await.expect(200).text;
    let secret = page.split_once("aria-label=\"Token\">").unwrap().1;
    secret.split_once('<').unwrap().0.to_owned()
}

async fn id_of_token(world: &World, name: &str) -> String {
    let mut tx = world.db.system(SystemReason::Login).await.unwrap();
    sqlx::query_scalar("SELECT id::text FROM api_tokens WHERE name = $1")
        .bind(name)
        .fetch_one(tx.connection())
        .await
        .unwrap()
}

/// For whom no policy counts.
async fn superuser(world: &World) -> PgConnection {
    let name: String = sqlx::query_scalar("SELECT current_database()::text")
        .fetch_one(&mut world.connect().await)
        .await
        .unwrap();
    let admin = database::admin_options("QUARTERDECK_TEST_SUPERUSER_DATABASE_URL");
    PgConnection::connect_with(&admin.database(&name)).await.unwrap()
}

/// The tables that say anything of somebody.
async fn tables_about(world: &World, account: AccountId) -> BTreeSet<String> {
    let mut superuser = superuser(world).await;
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
            .fetch_all(&mut superuser)
            .await
            .unwrap();
    let mut found = BTreeSet::new();
    for table in tables {
        let count = format!("SELECT count(*) FROM {table} t WHERE t::text LIKE '%{account}%'");
        let count: i64 =
            sqlx::query_scalar(sqlx::AssertSqlSafe(count)).fetch_one(&mut superuser).await.unwrap();
        if count > 0 {
            found.insert(table);
        }
    }
    found
}

#[actix_web::test]
async fn a_new_name_is_seen_in_every_organisation() {
    let world = World::new().await;
    let member = of_both(&world).await;

    let refused = member.post("/account/name", &[("name", " ")]).await.expect(422);
    assert!(refused.text.contains("1 to 100 characters"), "{}", refused.text);
    member.post("/account/name", &[("name", "Mary Ember")]).await.expect(303);
    member.post("/account/name", &[("name", "Mary Ember")]).await.expect(303);

    for (reader, slug) in [(world.owner().await, "acme"), (world.neighbour().await, "globex")] {
        let page = reader.get(&format!("/{slug}/audit")).await.expect(200).text;
        assert!(page.contains("Mary Ember") && page.contains("Changed their name"), "{page}");
    }
    for tenant in [world.acme, world.globex] {
        assert_eq!(
            actions(&world, tenant).await,
            ["account.renamed"],
            "what changes nothing is no entry"
        );
    }
}

#[actix_web::test]
async fn the_pages_of_an_account_lead_to_each_other_and_need_no_organisation() {
    let world = World::new().await;
    let pages =
        ["", "/sessions", "/factor", "/tokens", "/data"].map(|page| format!("/account{page}"));
    for person in [world.member(Role::Viewer).await, world.stranger().await] {
        for page in &pages {
            let text = person.get(page).await.expect(200).text;
            for other in &pages {
                assert!(
                    text.contains(&format!("href=\"{other}\"")),
                    "{page} does not lead to {other}"
                );
            }
            assert!(text.contains("aria-current=\"page\""), "{page}");
        }
        person.get("/account/deletion").await.expect(200);
    }
    world.nobody().get("/account").await.expect(303);
}

#[actix_web::test]
async fn tokens_of_all_organisations_are_listed_and_revoked_where_they_are() {
    for login in [DatabaseLogin::MayMakeRoles, DatabaseLogin::Plain] {
        let world = World::with_login(login).await;
        let member = of_both(&world).await;
        token(&member, "acme", "of acme").await;
        token(&member, "globex", "of globex").await;
        token(&world.owner().await, "acme", "the owner's").await;

        let page = member.get("/account/tokens").await.expect(200).text;
        assert!(page.contains("of acme") && page.contains("of globex"), "{page}");
        assert!(!page.contains("owner's"), "{page}");
        let revoke = async |name: &str| {
            let id = id_of_token(&world, name).await;
            member.post(&format!("/account/tokens/{id}/revoke"), &[]).await.status.as_u16()
        };

        assert_eq!(revoke("the owner's").await, 404);
        assert_eq!(revoke("of globex").await, 303);
        assert_eq!(actions(&world, world.globex).await, ["token.revoked", "token.created"]);
        assert!(!actions(&world, world.acme).await.contains(&"token.revoked".to_owned()));
        let entry = audit::list(&mut world.begin(world.globex).await, 1).await.unwrap().remove(0);
        assert_eq!(
            (entry.actor_name.as_str(), entry.address.as_str()),
            ("The member", "127.0.0.1")
        );
    }
}

#[actix_web::test]
async fn an_export_holds_all_about_the_person_and_nothing_of_others_or_secret() {
    for login in [DatabaseLogin::MayMakeRoles, DatabaseLogin::Plain] {
        let world = World::with_login(login).await;
        let member = of_both(&world).await;
        let (secret, owner) = (token(&member, "acme", "of acme").await, world.owner().await);
        owner.post("/acme/organization", &[("name", "Acme Works")]).await.expect(303);
        member.post("/account/factor/begin", &[]).await.expect(303);
        run(
            &world,
            "INSERT INTO identities (provider, subject, account_id, login, token, refresh_token, created_at, used_at, checked_at)
             SELECT 'github', '7', id, login, 'GH-ACCESS', 'GH-REFRESH', created_at, created_at, created_at
             FROM accounts WHERE login = 'member'",
        )
        .await;

        let answer = member.get("/account/data/export").await.expect(200);

        assert!(
            answer.header("content-disposition").contains("quarterdeck-member-2026-03-01.json")
        );
        assert_eq!(answer.header("cache-control"), "no-store");
        let data = answer.json();
        assert_eq!(data["account"]["login"], "member");
        assert_eq!(data["sessions"].as_array().unwrap().len(), 1);
        assert_eq!(data["memberships"].as_array().unwrap().len(), 2);
        assert_eq!(data["tokens"][0]["name"], "of acme");
        let done = |index: usize| -> Vec<String> {
            let entries = data["organizations"][index]["done"].as_array().unwrap();
            entries.iter().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(data["organizations"][0]["organization"], "acme");
        assert_eq!(done(0), ["account.exported", "factor.begun", "token.created"]);
        assert_eq!(done(1), ["account.exported", "factor.begun"]);
        for hidden in
            ["hash", "sealed\"", "successor", &secret, "The owner", "GH-ACCESS", "GH-REFRESH"]
        {
            assert!(!answer.text.contains(hidden), "{hidden}: {}", answer.text);
        }
    }
}

#[actix_web::test]
async fn a_long_log_is_exported_to_its_end() {
    let world = World::new().await;
    let member = world.member(Role::Member).await;
    for _ in 0..450 {
        let mut tx = world.db.system(SystemReason::Login).await.unwrap();
        let account = accounts::find_account_id(&mut tx, "member").await.unwrap();
        let event = audit::Event::new("session.ended", "session", "s", world.clock.now());
        tx.record(account, &quarterdeck::tenancy::Origin::default(), &event).await.unwrap();
        tx.commit().await.unwrap();
    }

    let data = member.get("/account/data/export").await.expect(200).json();

    assert_eq!(data["organizations"][0]["done"].as_array().unwrap().len(), 451);
}

#[actix_web::test]
async fn taking_the_data_out_and_deleting_ask_for_the_second_factor_again() {
    let world = World::new().await;
    let member = world.member(Role::Member).await;
    member.get("/acme").await.expect(200);
    run(&world, "UPDATE accounts SET factor_since = '2026-01-01' WHERE login = 'member'").await;
    run(&world, "UPDATE sessions SET confirmed_at = '2026-03-01 08:45Z'").await;

    member.get("/account").await.expect(200);
    for path in ["/account/data/export", "/account/deletion"] {
        let asked = member.get(path).await.expect(303);
        assert!(asked.header("location").starts_with("/account/confirm?next="), "{path}");
    }
    let leave = member.post("/acme/leave", &[("slug", "acme")]).await.expect(303);
    assert!(leave.header("location").starts_with("/account/confirm"));
    member.post("/account/deletion", &[("login", "member")]).await.expect(303);
    assert!(account_of(&world, "member").await.is_some());
}

#[actix_web::test]
async fn whoever_leaves_is_out_at_once_and_what_they_did_stays() {
    let world = World::new().await;
    let member = of_both(&world).await;
    let secret = token(&member, "acme", "of acme").await;
    let program = Client::new(&world.base, Some(("authorization", format!("Bearer {secret}"))));
    program.get("/api/v2/tasks").await.expect(200);

    let refused = member.post("/acme/leave", &[("slug", "globex")]).await.expect(422);
    assert!(refused.text.contains("nothing was changed"), "{}", refused.text);
    member.get("/acme").await.expect(200);
    member.post("/acme/leave", &[("slug", "acme")]).await.expect(303);

    member.get("/acme").await.expect(404);
    program.get("/api/v2/tasks").await.expect(401);
    member.get("/globex").await.expect(200);
    let entry = audit::list(&mut world.begin(world.acme).await, 1).await.unwrap().remove(0);
    assert_eq!((entry.action.as_str(), entry.actor_name.as_str()), ("member.left", "The member"));
    assert!(actions(&world, world.acme).await.contains(&"token.created".to_owned()));
}

#[actix_web::test]
async fn no_token_leaves_an_organisation_for_its_person() {
    let world = World::new().await;
    let secret = token(&world.member(Role::Member).await, "acme", "of acme").await;
    let program = Client::new(&world.base, Some(("authorization", format!("Bearer {secret}"))));

    program.post("/acme/leave", &[("slug", "acme")]).await.expect(403);
}

#[actix_web::test]
async fn the_last_owner_stays_and_is_told_what_to_do() {
    let world = World::new().await;
    let owner = world.owner().await;

    for path in ["/acme/leave", "/account/deletion"] {
        let page = owner.get(path).await.expect(200).text;
        assert!(page.contains("last owner") && !page.contains("type=\"text\" value"), "{page}");
    }
    let leave = owner.post("/acme/leave", &[("slug", "acme")]).await.expect(409);
    assert!(leave.text.contains("somebody else an owner first"), "{}", leave.text);
    let delete = owner.post("/account/deletion", &[("login", "owner")]).await.expect(409);
    assert!(delete.text.contains("last owner of acme"), "{}", delete.text);

    owner.get("/acme").await.expect(200);
}

#[actix_web::test]
async fn of_two_owners_who_go_at_once_one_stays() {
    let world = World::new().await;
    let (one, two) = (world.owner().await, world.member(Role::Admin).await);
    two.get("/acme").await.expect(200);
    run(&world, "UPDATE memberships SET role = 'owner' WHERE login = 'admin'").await;

    let (first, second) = futures_util::join!(
        one.post("/account/deletion", &[("login", "owner")]),
        two.post("/acme/leave", &[("slug", "acme")]),
    );

    let mut answers = [first.status.as_u16(), second.status.as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [303, 409]);
}

#[actix_web::test]
async fn a_deleted_account_leaves_nothing_but_the_log_of_what_it_did() {
    for login in [DatabaseLogin::MayMakeRoles, DatabaseLogin::Plain] {
        let world = World::with_login(login).await;
        let member = of_both(&world).await;
        let (secret, account) =
            (token(&member, "acme", "mine").await, account_of(&world, "member").await.unwrap());
        member.post("/account/factor/begin", &[]).await.expect(303);
        assert!(tables_about(&world, account).await.len() > 5);
        let elsewhere = world.member(Role::Member).await;

        let refused = member.post("/account/deletion", &[("login", "Member")]).await.expect(422);
        assert!(refused.text.contains("nothing was deleted"), "{}", refused.text);
        let gone = member.post("/account/deletion", &[("login", "member")]).await.expect(303);

        assert_eq!(gone.header("location"), "/sign-in");
        assert_eq!(elsewhere.get("/acme").await.status, 303, "signed out everywhere");
        let program = Client::new(&world.base, Some(("authorization", format!("Bearer {secret}"))));
        program.get("/api/v2/tasks").await.expect(401);
        let left = tables_about(&world, account).await;
        assert_eq!(left, BTreeSet::from(["audit_log".to_owned()]), "{login:?}");
        for tenant in [world.acme, world.globex] {
            assert_eq!(actions(&world, tenant).await[0], "account.deleted");
            assert_eq!(audit::verify(&mut world.begin(tenant).await).await.unwrap().broken, None);
        }
    }
}

/// Every column that names a person; `describe_person` or `describe_member` takes it out.
const NAMED: [&str; 14] = [
    "api_tokens.account_id",
    "audit_log.actor_id",
    "audit_log.person_id",
    "contributors.account_id",
    "factors.account_id",
    "identities.account_id",
    "invitations.accepted_by",
    "memberships.account_id",
    "recovery_codes.account_id",
    "repository_people.account_id",
    "sessions.account_id",
    "sign_in_attempts.account_id",
    "team_members.account_id",
    // One of the contributors.
    "workflow_runs.actor_id",
];

#[actix_web::test]
async fn the_export_knows_every_column_that_names_a_person() {
    let world = World::new().await;

    let found: Vec<String> = sqlx::query_scalar(
        "SELECT table_name || '.' || column_name FROM information_schema.columns
         WHERE table_schema = 'public'
           AND data_type = 'uuid'
           AND (column_name IN ('account_id', 'actor_id', 'person_id') OR column_name LIKE '%\\_by')
         ORDER BY 1",
    )
    .fetch_all(&mut superuser(&world).await)
    .await
    .unwrap();

    assert_eq!(found, NAMED);
}

#[actix_web::test]
async fn anybody_may_read_what_is_kept_and_for_how_long() {
    let world = World::with_config(|config| {
        config.sessions.days = 3;
        config.sessions.most_days = 21;
        config.scanner.keep_scans = 7;
        config.repositories.keep_mirrors_days = 0;
    })
    .await;

    let page = world.nobody().get("/privacy").await.expect(200).text;

    for words in [
        "3 days without a visit, 21 days in any case",
        "the last 7 of each repository",
        "and 90 days more",
        "until a day after the repository is removed<",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(page.contains("Nothing about you is sent anywhere. "), "{page}");
    assert!(world.nobody().get("/sign-in").await.expect(200).text.contains("href=\"/privacy\""));
    assert!(world.owner().await.get("/acme").await.expect(200).text.contains("href=\"/privacy\""));
}
