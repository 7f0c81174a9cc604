//! Where the deliveries of Apps come in: whose they are, by their GitHub, the App's number and the secret.

use quarterdeck::tenancy::TenantId;
use reqwest::Method;

use super::Scene;
use crate::support::Answer;

/// What an App's delivery says of itself.
pub(super) struct Told<'a> {
    pub(super) app: &'a str,
    pub(super) event: &'a str,
    pub(super) kind: &'a str,
    /// Which GitHub it comes from, by the header that says it.
    pub(super) from: Option<(&'static str, String)>,
    pub(super) signature: Option<&'a str>,
}

const PING: &str = r#"{"zen":"Keep it logically awesome.","hook_id":1}"#;

impl<'a> Told<'a> {
    /// As the GitHub of the scene sends it.
    pub(super) fn of(scene: &Scene, app: &'a str) -> Self {
        let host = scene.web().replace("http://", "");
        let from = Some(("x-github-enterprise-host", host));
        Self { app, event: "ping", kind: "integration", from, signature: None }
    }

    async fn send(&self, scene: &Scene, secret: &str) -> u16 {
        self.send_body(scene, secret, PING.to_owned()).await
    }

    pub(super) async fn send_body(&self, scene: &Scene, secret: &str, body: String) -> u16 {
        let signed = github_world::signature(secret, body.as_bytes());
        let mut request = scene
            .world
            .nobody()
            .request(Method::POST, "/api/v2/webhooks/github")
            .header("content-type", "application/json")
            .header("x-github-event", self.event)
            .header("x-github-delivery", uuid::Uuid::new_v4().to_string())
            .header("x-github-hook-installation-target-type", self.kind)
            .header("x-github-hook-installation-target-id", self.app)
            .header("x-hub-signature-256", self.signature.unwrap_or(&signed));
        if let Some((name, host)) = &self.from {
            request = request.header(*name, host);
        }
        Answer::of(request.body(body)).await.status.as_u16()
    }
}

#[actix_web::test]
async fn an_apps_deliveries_are_its_owners_by_the_secret_that_signed_them() {
    let scene = Scene::new().await;
    let app = scene.github.github_app("By Hand", "https://nowhere.example");
    let (id, web) = (app.app_id.to_string(), scene.web());
    let paste = |secret: &'static str| {
        [
            ("web_url", web.clone()),
            ("owner", "acme".to_owned()),
            ("app_id", id.clone()),
            ("private_key", app.private_key.to_owned()),
            ("webhook_secret", secret.to_owned()),
        ]
    };
    let neighbour = scene.world.neighbour().await;
    for (client, slug, secret) in
        [(&scene.owner, "acme", "the secret of acme"), (&neighbour, "globex", "that of globex")]
    {
        let form = paste(secret);
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        client.post(&format!("/{slug}/github/paste"), &form).await.expect(303);
    }

    let told = Told::of(&scene, &id);
    assert_eq!(told.send(&scene, "the secret of acme").await, 202);
    assert_eq!(told.send(&scene, "guessed").await, 401);
    let other = Told { kind: "repository", ..Told::of(&scene, &id) };
    assert_eq!(other.send(&scene, "the secret of acme").await, 404);
    for app in ["4711", "x"] {
        assert_eq!(Told::of(&scene, app).send(&scene, "the secret of acme").await, 404, "{app}");
    }
    let count = "SELECT count(*)::text FROM deliveries";
    assert_eq!(scene.ask(count).await, "1");
    assert_eq!(told.send(&scene, "that of globex").await, 202);
    assert_eq!(scene.ask(count).await, "1", "it is globex's alone");
}

/// Gives an organisation Apps of a number, each with a hook, at as many hosts; their keys and secrets are
/// made up.
async fn add_apps(scene: &Scene, tenant: TenantId, (app, hosts): (i64, Vec<String>)) {
    let mut tx = scene.world.begin(tenant).await;
    for table in [
        "INSERT INTO connections (tenant_id, id, kind, web_url, host, app_id, app_slug, app_name, private_key, version,
                                  created_by, created_at)
         SELECT $1, md5('connection ' || host)::uuid, 'app', 'https://' || host, host, $2, 'x', 'x', 'x.x', gen_random_uuid(),
                'somebody', now()
         FROM UNNEST($3::text[]) AS hosts (host)",
        // Before those that are made by the product, in the order of their ids.
        "INSERT INTO hooks (tenant_id, id, name, secret, created_by, created_at, connection_id, app_id)
         SELECT $1, overlay(md5('hook ' || host) PLACING '00000000' FROM 1)::uuid, 'x', 'x.x', 'somebody', now(),
                md5('connection ' || host)::uuid, $2
         FROM UNNEST($3::text[]) AS hosts (host)",
    ] {
        sqlx::query(table)
            .bind(tenant.as_uuid())
            .bind(app)
            .bind(&hosts)
            .execute(tx.connection())
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
}

#[actix_web::test]
async fn apps_of_the_same_number_at_other_githubs_are_in_nobodys_way() {
    let scene = Scene::new().await;
    scene.app().await;
    let app: i64 = scene.ask("SELECT app_id::text FROM connections").await.parse().unwrap();
    let hosts = (0..150).map(|number| format!("git-{number}.globex.example")).collect();
    add_apps(&scene, scene.world.globex, (app, hosts)).await;
    scene.world.clock.advance(chrono::Duration::seconds(6));

    let secret = scene.github.app_hook_secret(app.try_into().unwrap());
    let id = app.to_string();
    let told = Told::of(&scene, &id);
    assert_eq!(told.send(&scene, &secret).await, 202);
    let elsewhere = Told { from: None, ..Told::of(&scene, &id) };
    assert_eq!(elsewhere.send(&scene, &secret).await, 404, "github.com has no such App");
}

#[actix_web::test]
async fn which_github_a_delivery_comes_from_is_said_in_each_ones_way() {
    let scene = Scene::new().await;
    let app = scene.github.github_app("By Hand", "https://nowhere.example");
    let (id, web) = (app.app_id.to_string(), scene.web());
    let form = [
        ("web_url", web.as_str()),
        ("owner", "acme"),
        ("app_id", &id),
        ("private_key", app.private_key),
        ("webhook_secret", "a secret"),
    ];
    scene.owner.post("/acme/github/paste", &form).await.expect(303);
    let own = scene.web().replace("http://", "");
    let told = |from| Told { from, ..Told::of(&scene, &id) };

    for (host, from) in [
        (own.as_str(), Some(("x-github-enterprise-host", own.to_uppercase()))),
        (
            "git.acme.example:8443",
            Some(("x-github-enterprise-host", "git.acme.example".to_owned())),
        ),
        ("acme.ghe.com", Some(("x-github-tenant", "Acme".to_owned()))),
        ("github.com", None),
    ] {
        let mut tx = scene.world.begin(scene.world.acme).await;
        sqlx::query("UPDATE connections SET host = $1")
            .bind(host)
            .execute(tx.connection())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        scene.world.clock.advance(chrono::Duration::seconds(6));

        assert_eq!(told(from).send(&scene, "a secret").await, 202, "{host}");
        let other = Some(("x-github-enterprise-host", "git.globex.example".to_owned()));
        assert_eq!(told(other).send(&scene, "a secret").await, 404, "{host}");
    }
}

#[actix_web::test]
async fn a_large_delivery_is_taken_and_what_is_no_signature_is_not_read() {
    let scene = Scene::new().await;
    scene.app().await;
    let app = scene.ask("SELECT app_id::text FROM connections").await;
    let secret = scene.github.app_hook_secret(app.parse().unwrap());
    let large = format!("{{\"zen\":\"{}\",\"hook_id\":1}}", "x".repeat(5 << 20));

    let told = Told::of(&scene, &app);
    assert_eq!(told.send_body(&scene, &secret, large.clone()).await, 202);
    assert_eq!(told.send_body(&scene, "guessed", large).await, 401);
    let taken = "SELECT count(*)::text FROM deliveries WHERE size > 5000000";
    assert_eq!(scene.ask(taken).await, "1");
    for signature in ["", "sha1=00", "sha256=zz"] {
        let told = Told { signature: Some(signature), ..Told::of(&scene, &app) };
        assert_eq!(told.send(&scene, &secret).await, 401, "{signature}");
        // Nobody looks for the App either.
        let told = Told { app: "4711", ..told };
        assert_eq!(told.send(&scene, &secret).await, 401, "{signature}");
    }
}
