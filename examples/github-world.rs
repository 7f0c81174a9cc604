//! A GitHub to try Quarterdeck with by hand: `cargo run --example github-world [PORT]`.
//!
//! It holds the organisation acme, which wants single sign-on: ada is an owner in public, ben a
//! private member, cleo is invited, dora is a stranger, and eve is a member who has yet to sign on.
//! Its repository acme/shop has some of everything, acme/archive ten thousand issues. It prints what
//! Quarterdeck has to be started with; at its page one picks who one is.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program to look at, not to ship")]

use std::net::{Ipv4Addr, SocketAddr};

use github_world::{Role, World};

const WEBHOOK_SECRET: &str = "It's a Secret to Everybody";
const DEFAULT_PORT: u16 = 4567;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().map_or(DEFAULT_PORT, |port| port.parse().unwrap());
    let public_url = arguments.next().unwrap_or_else(|| "http://127.0.0.1:8080".to_owned());
    let world = World::on(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await;
    cast(&world);
    fill(&world);
    let callback = format!("{public_url}/api/auth/callback");
    print_settings(&world, &callback);
    tokio::signal::ctrl_c().await.unwrap();
}

fn cast(world: &World) {
    world.user("ada").name("Ada Lovelace").public_email();
    world.user("ben").name("Ben Barker");
    world.user("cleo").name("Cleo Pires");
    world.user("dora").name("Dora Maar");
    world.user("eve").name("Eve Ensler");
    world
        .organization("acme")
        .public_member("ada", Role::Admin)
        .private_member("ben", Role::Member)
        .invited("cleo", Role::Member)
        .team("Platform", &["ada", "ben"])
        .private_member("eve", Role::Member)
        .team("Payments", &["ben"]);
    let acme = world.organization("acme");
    acme.enforce_sso(true);
    acme.sso_session("ada");
    acme.sso_session("ben");
}

fn fill(world: &World) {
    let shop = world.repository("acme/shop").private();
    shop.label("bug", "d73a4a");
    shop.milestone("Opening day");
    shop.push("main", "ada", &["Open the shop", "Paint the door"]);
    let issue = shop.open_issue("ada", "The till jams");
    shop.label_issue(issue, "bug");
    shop.comment(issue, "ben", "It is the drawer.");
    shop.open_issue("dora", "Sell umbrellas as well");
    shop.push("till", "ben", &["Oil the drawer of the till"]);
    let pull_request = shop.open_pull_request("ben", "Mend the till", "till");
    shop.review(pull_request, "ada", ("APPROVED", "At last."));
    shop.merge_pull_request(pull_request, "ada");
    shop.close_issue(issue);
    let run = shop.request_run("ada");
    shop.finish_run(run, "success");
    shop.release("ada", "v1.0");
    let deployment = shop.deploy("ada", "production");
    shop.deployment_status(deployment, "ada", "success");
    let archive = world.repository("acme/archive");
    archive.generate_issues(10_000, 3);
    archive.archive(true);
}

/// What an App may read and hears of, as the product asks for it.
const PERMISSIONS: [(&str, &str); 9] = [
    ("metadata", "read"),
    ("members", "read"),
    ("contents", "read"),
    ("issues", "write"),
    ("pull_requests", "write"),
    ("deployments", "read"),
    ("actions", "read"),
    ("checks", "read"),
    ("repository_hooks", "write"),
];

fn print_settings(world: &World, callback: &str) {
    let oauth_app = world.oauth_app("Quarterdeck", callback);
    let app = world.github_app("Quarterdeck App", callback);
    let installation = world.install(app.app_id, "acme", &PERMISSIONS);
    let hook = callback.replace("/api/auth/callback", "/api/v2/webhooks/github");
    world.app_hook(app.app_id, &hook, WEBHOOK_SECRET, &["*"]);
    let key = std::env::temp_dir().join("github-world.pem");
    std::fs::write(&key, app.private_key).unwrap();
    let web = world.web_url();
    let web = web.as_str().trim_end_matches('/');
    println!("GitHub for Quarterdeck is at {web}, its API at {web}/api/v3; Ctrl-C ends it.\n");
    println!("# Sign in by the OAuth App {}:", oauth_app.client_id);
    println!("export QUARTERDECK_GITHUB__WEB_URL={web}");
    println!("export QUARTERDECK_GITHUB__CLIENT_ID={}", oauth_app.client_id);
    println!("export QUARTERDECK_GITHUB__CLIENT_SECRET={}", oauth_app.client_secret);
    println!("export QUARTERDECK_GITHUB__ALLOWED_ORGANIZATIONS=acme\n");
    println!(
        "# Or by the GitHub App {}, which is installed on acme as {installation}:",
        app.app_id
    );
    println!("export QUARTERDECK_GITHUB__WEB_URL={web}");
    println!("export QUARTERDECK_GITHUB__APP_ID={}", app.app_id);
    println!("export QUARTERDECK_GITHUB__PRIVATE_KEY_FILE={}", key.display());
    println!("export QUARTERDECK_GITHUB__CLIENT_ID={}", app.client_id);
    println!("export QUARTERDECK_GITHUB__CLIENT_SECRET={}", app.client_secret);
    println!("export QUARTERDECK_GITHUB__ALLOWED_ORGANIZATIONS=acme\n");
    println!("# The App delivers to {hook}, signed by \"{WEBHOOK_SECRET}\".");
    println!("# ada owns acme, ben is a private member, cleo is invited, dora is a stranger,");
    println!("# eve is a member who has to sign on to acme first.");
}
