//! Roles × routes, as one table: a change of who may do what is a change of this snapshot.

use std::fmt::Write;

use quarterdeck::tenancy::Role;

use crate::support::{
    World,
    routes::{entries, fill, fill_with_nothing, method},
};

#[actix_web::test]
async fn roles_and_routes() {
    let world = World::new().await;
    let things = world.things(world.acme, "marker-acme").await;
    let mut people = vec![("nobody", world.nobody(), world.nobody())];
    people.push((
        "stranger",
        world.stranger().await,
        world.program(world.globex, Role::Owner).await,
    ));
    for role in Role::ALL {
        people.push((
            role.as_str(),
            world.member(role).await,
            world.program(world.acme, role).await,
        ));
    }

    let mut table = format!("{:<56}", "route");
    for (name, ..) in &people {
        write!(table, "{name:>9}").unwrap();
    }
    for entry in entries() {
        write!(table, "\n{:<56}", format!("{} {}", entry.method, entry.path)).unwrap();
        for (_, person, program) in &people {
            let client = if entry.path.starts_with("/api/") { program } else { person };
            // What would change something names nothing that is there, so that all columns see the same.
            let path = match entry.method.as_str() {
                "GET" => fill(entry.path, "acme", &things),
                _ => fill_with_nothing(entry.path, "acme", &things),
            };
            // These would end the sessions of the other columns.
            let status = match (entry.method.as_str(), entry.path) {
                (_, "/sign-out" | "/account/sessions/end-others") | ("DELETE", "/api/v2/token") => {
                    "–".to_owned()
                }
                _ => client.status(method(&entry), &path).await.as_u16().to_string(),
            };
            write!(table, "{status:>9}").unwrap();
        }
    }

    insta::assert_snapshot!(table);
}
