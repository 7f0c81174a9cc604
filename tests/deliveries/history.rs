//! What happens at a made-up GitHub, recorded as the deliveries that it would send.

use chrono::{Duration, TimeZone, Utc};
use github_world::{RepositoryHandle, Role, World};
use serde_json::{Value, json};

use crate::chance::Chance;

/// A delivery as it is sent.
#[derive(Clone, Debug)]
pub struct Told {
    pub guid: String,
    pub event: String,
    pub body: String,
}

/// A repository as it was before anything happened.
#[derive(Clone, Debug)]
pub struct Place {
    pub url: String,
    pub full_name: String,
    pub id: i64,
}

/// Deliveries in the order in which things happened, and the repositories that they are of.
#[derive(Clone, Debug)]
pub struct History {
    pub places: Vec<Place>,
    pub told: Vec<Told>,
}

const PEOPLE: [&str; 5] = ["ada", "ben", "cleo", "dora", "emil"];

/// An account that is deleted.
const GHOST: &str = "ghost";

/// A GitHub that writes down what it would send, of an organisation with so many repositories.
async fn silent_world(repositories: usize) -> (World, Vec<Place>) {
    let world = World::start().await;
    world.set_time(Utc.with_ymd_and_hms(2026, 3, 2, 9, 0, 0).unwrap());
    world.hold_deliveries();
    for login in PEOPLE {
        world.user(login);
    }
    world.organization("acme").public_member("ada", Role::Admin).team("Core", &["ada"]);
    let app = world.github_app("Quarterdeck", "http://127.0.0.1/callback");
    world.app_hook(app.app_id, "http://127.0.0.1/hook", "unused", &["*"]);
    world.install(app.app_id, "acme", &[("contents", "read")]);
    let places = (0..repositories).map(|number| {
        let full_name = format!("acme/shop-{number}");
        let repository = world.repository(&full_name);
        repository.label("bug", "d73a4a");
        repository.label("docs", "0075ca");
        repository.push("main", "ada", &["Begin"]);
        world.advance(Duration::seconds(1));
        let url = world.web_url().join(&full_name).unwrap().to_string();
        Place { url, full_name, id: i64::try_from(repository.id()).unwrap() }
    });
    let places = places.collect();
    (world, places)
}

fn recorded(world: &World) -> Vec<Told> {
    let attempts = world.deliveries().into_iter();
    let told = attempts.map(|one| Told {
        guid: one.guid,
        event: one.event,
        body: one.payload.to_string(),
    });
    told.collect()
}

impl History {
    /// So many deliveries of what happens in so many repositories. Of a few, a second hook tells as well, under
    /// another GUID.
    pub async fn generate(seed: u64, count: usize, repositories: usize) -> Self {
        let (world, places) = silent_world(repositories).await;
        let mut chance = Chance::new(seed);
        let rooms = places.iter().map(|place| Room::new(world.repository(&place.full_name)));
        let mut rooms: Vec<Room<'_>> = rooms.collect();
        let mut missing = count;
        while missing > 0 {
            for _ in 0..missing.div_ceil(2) {
                world.advance(Duration::seconds(1 + i64::try_from(chance.below(60)).unwrap()));
                let at = chance.below(rooms.len());
                rooms[at].happen(&world, &mut chance);
            }
            missing = count.saturating_sub(recorded(&world).len());
        }
        let mut told = Vec::new();
        for one in recorded(&world) {
            let twin =
                chance.happens(2).then(|| Told { guid: format!("{}-2", one.guid), ..one.clone() });
            told.push(one);
            told.extend(twin);
        }
        told.truncate(count);
        Self { places, told }
    }

    /// The order of a bad day, by places in `told`: one in ten is late, one in twenty comes twice.
    pub fn bad_day(&self, seed: u64) -> Vec<usize> {
        let mut chance = Chance::new(seed);
        let mut moments = Vec::new();
        for place in 0..self.told.len() {
            let late = if chance.happens(10) { chance.below(40) } else { 0 };
            moments.push((place + late, place));
            if chance.happens(5) {
                moments.push((place + chance.below(200), place));
            }
        }
        moments.sort_by_key(|(moment, _)| *moment);
        moments.into_iter().map(|(_, place)| place).collect()
    }
}

/// Issues that are opened one by one in the first repository, with their titles, and what happens meanwhile in
/// the others: runs, deployments and releases, which are no tasks.
pub async fn issues_beside_noise(
    issues: usize,
    noise: usize,
) -> (Vec<Place>, Vec<(String, Told)>, Vec<Told>) {
    let (world, places) = silent_world(5).await;
    let before = recorded(&world).len();
    let repository = world.repository(&places[0].full_name);
    let mut titles = Vec::new();
    for number in 0..issues {
        world.advance(Duration::seconds(1));
        titles.push(format!("Seen at once {number:05}"));
        repository.open_issue("ben", &titles[number]);
    }
    let issues: Vec<Told> = recorded(&world).split_off(before);
    let after = before + issues.len();
    let mut chance = Chance::new(7);
    while recorded(&world).len() < after + noise {
        for _ in 0..noise.div_ceil(4) {
            world.advance(Duration::seconds(1));
            let repository = world.repository(&places[1 + chance.below(4)].full_name);
            match chance.below(3) {
                0 => repository.finish_run(repository.request_run("ada"), "success"),
                1 => drop(repository.deployment_status(
                    repository.deploy("ben", "production"),
                    "ben",
                    "success",
                )),
                _ => drop(repository.release("cleo", &format!("v{}", chance.below(1_000_000)))),
            }
        }
    }
    let mut noises = recorded(&world).split_off(after);
    noises.truncate(noise);
    (places, titles.into_iter().zip(issues).collect(), noises)
}

/// What is in a repository, as far as something can happen to it.
struct Room<'world> {
    repository: RepositoryHandle<'world>,
    open: Vec<u64>,
    closed: Vec<u64>,
    labelled: Vec<u64>,
    comments: Vec<(u64, u64)>,
    pulls: Vec<(u64, String)>,
    releases: Vec<u64>,
    deployments: Vec<u64>,
    runs: Vec<u64>,
    made: usize,
    is_archived: bool,
}

fn take<T>(chance: &mut Chance, from: &mut Vec<T>) -> Option<T> {
    (!from.is_empty()).then(|| from.swap_remove(chance.below(from.len())))
}

impl<'world> Room<'world> {
    fn new(repository: RepositoryHandle<'world>) -> Self {
        Self {
            repository,
            open: Vec::new(),
            closed: Vec::new(),
            labelled: Vec::new(),
            comments: Vec::new(),
            pulls: Vec::new(),
            releases: Vec::new(),
            deployments: Vec::new(),
            runs: Vec::new(),
            made: 0,
            is_archived: false,
        }
    }

    /// One thing happens; none where there is nothing yet that it could happen to.
    fn happen(&mut self, world: &World, chance: &mut Chance) {
        self.made += 1;
        let who = if chance.happens(3) { GHOST } else { PEOPLE[chance.below(PEOPLE.len())] };
        match chance.below(100) {
            0..45 => self.happen_to_issues(chance, who),
            45..60 => self.happen_to_comments(chance, who),
            60..84 => self.happen_to_code(chance, who),
            84..96 => self.happen_after_code(chance, who),
            _ => self.happen_around(world, chance),
        }
    }

    fn happen_to_issues(&mut self, chance: &mut Chance, who: &str) {
        let (repository, made) = (self.repository, self.made);
        let Some(issue) = chance.one_of(&self.open).filter(|_| chance.happens(65)) else {
            self.open.push(repository.open_issue(who, &format!("Something is wrong, {made}")));
            return;
        };
        match chance.below(20) {
            0..6 => repository.edit_issue(issue, json!({"title": format!("It is this, {made}")})),
            6..9 => repository
                .edit_issue(issue, json!({"body": format!("- [ ] Look at {made}\n\n`code`")})),
            9..13 => {
                self.open.retain(|open| *open != issue);
                self.closed.push(issue);
                repository.close_issue(issue);
            }
            13..15 => {
                if let Some(closed) = take(chance, &mut self.closed) {
                    self.open.push(closed);
                    repository.reopen_issue(closed);
                }
            }
            15..17 => repository.assign_issue(issue, PEOPLE[chance.below(PEOPLE.len())]),
            17..19 => {
                if !self.labelled.contains(&issue) {
                    self.labelled.push(issue);
                    repository.label_issue(issue, if chance.happens(50) { "bug" } else { "docs" });
                }
            }
            _ => {
                self.open.retain(|open| *open != issue);
                self.comments.retain(|(number, _)| *number != issue);
                repository.delete_issue(issue);
            }
        }
    }

    fn happen_to_comments(&mut self, chance: &mut Chance, who: &str) {
        let (repository, made) = (self.repository, self.made);
        let comment = chance.one_of(&self.comments);
        match (chance.below(10), comment) {
            (0..2, Some((_, id))) => repository.edit_comment(id, &format!("I meant {made}.")),
            (2..4, Some((number, id))) => {
                self.comments.retain(|known| *known != (number, id));
                repository.delete_comment(id);
            }
            _ => {
                if let Some(issue) = chance.one_of(&self.open) {
                    self.comments.push((
                        issue,
                        repository.comment(issue, who, &format!("As I said, {made}.")),
                    ));
                }
            }
        }
    }

    fn happen_to_code(&mut self, chance: &mut Chance, who: &str) {
        let (repository, made) = (self.repository, self.made);
        let pull = chance.one_of(&self.pulls);
        match (chance.below(20), pull) {
            (0..4, Some((_, branch))) => {
                drop(repository.push(&branch, "ada", &["Go on", "And on"]));
            }
            (4..6, Some((number, _))) => {
                let body = chance.one_of(&self.open).map(|issue| format!("Closes #{issue}."));
                repository.edit_pull_request(number, json!({"body": body}));
            }
            (6..8, Some((number, _))) => {
                repository.review(number, who, ("APPROVED", "Good."));
            }
            (8, Some((number, _))) => {
                let review = repository.review(number, who, ("COMMENTED", "Some words."));
                repository.review_comment(number, who, (review, "src/main.rs", "Why?"));
            }
            (9..11, Some(found)) => {
                self.pulls.retain(|known| *known != found);
                repository.merge_pull_request(found.0, "ada");
                repository.delete_branch(&found.1, "ada");
            }
            (11, Some(found)) => {
                self.pulls.retain(|known| *known != found);
                repository.close_pull_request(found.0);
            }
            (12..14, _) => {
                let branch = format!("feature-{made}");
                repository.push(&branch, "ben", &["Try it"]);
                self.pulls.push((
                    repository.open_pull_request(who, &format!("Try {made}"), &branch),
                    branch,
                ));
            }
            (14, _) => drop(repository.force_push("preview", "ben", &["Anew"])),
            _ => {
                let steps = ["A step", "Another"];
                repository.push("main", "ada", &steps[..=chance.below(2)]);
            }
        }
    }

    fn happen_after_code(&mut self, chance: &mut Chance, who: &str) {
        let (repository, made) = (self.repository, self.made);
        match chance.below(10) {
            0 => self.releases.push(repository.release(who, &format!("v1.{made}"))),
            1 => {
                if let Some(release) = take(chance, &mut self.releases) {
                    repository.delete_release(release);
                }
            }
            2..4 => self.deployments.push(repository.deploy(who, "production")),
            4..6 => {
                if let Some(deployment) = chance.one_of(&self.deployments) {
                    let state = if chance.happens(70) { "success" } else { "failure" };
                    repository.deployment_status(deployment, who, state);
                }
            }
            6..8 => self.runs.push(repository.request_run("ada")),
            _ => {
                if let Some(run) = take(chance, &mut self.runs) {
                    repository
                        .finish_run(run, if chance.happens(80) { "success" } else { "failure" });
                }
            }
        }
    }

    fn happen_around(&mut self, world: &World, chance: &mut Chance) {
        let (repository, made) = (self.repository, self.made);
        match chance.below(8) {
            0 => repository.privatize(),
            1 => repository.publicize(),
            2 => {
                self.is_archived = !self.is_archived;
                repository.archive(self.is_archived);
            }
            3 => repository.rename(&format!("shop-{}-{made}", repository.id())),
            4 => drop(repository.milestone(&format!("Sprint {made}"))),
            5 => repository.tell("star", json!({"action": "created", "starred_at": Value::Null})),
            6 => world.organization("acme").add_to_team("core", PEOPLE[chance.below(PEOPLE.len())]),
            _ => drop(repository.label(&format!("area-{made}"), "ededed")),
        }
    }
}
