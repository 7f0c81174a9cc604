//! What GitHub says becomes rows, once, in whatever order it comes.

use chrono::{DateTime, TimeDelta, Utc};
use quarterdeck::{
    repositories::{self, RepositoryId},
    tenancy::TenantTx,
    tracker::{
        self, Applied, Deleted, HexOid, Kind, NewComment, NewIssue, NewLabel, NewPull, NewReview,
        NewRun, Person, Word,
    },
};

use crate::support::World;

mod across;
mod events;
mod families;
mod payloads;
mod samples;
mod story;

/// Above what a double holds exactly.
const LARGE: i64 = 9_007_199_254_740_993;

fn at(second: i64) -> DateTime<Utc> {
    "2026-01-02T03:04:05Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(second)
}

fn oid(digit: char) -> HexOid {
    HexOid::parse("sha", &digit.to_string().repeat(40)).unwrap()
}

fn person(github_id: i64, login: &str) -> Person {
    let avatar_url = Some(format!("https://avatars.example/{github_id}"));
    Person { github_id, login: login.to_owned(), avatar_url, node_id: None, is_bot: false }
}

fn label(github_id: i64, name: &str) -> NewLabel {
    let name = name.to_owned();
    NewLabel { github_id, node_id: None, name, color: Some("ff0000".to_owned()), description: None }
}

fn issue(number: i64, second: i64) -> NewIssue {
    NewIssue {
        github_id: LARGE + number,
        node_id: None,
        number,
        title: format!("Issue {number} at {second}"),
        body: None,
        is_open: true,
        state_reason: None,
        url: Some(format!("https://github.com/acme/api/issues/{number}")),
        author: Some(1),
        closed_by: None,
        assignees: vec![2],
        labels: vec![LARGE],
        milestone: None,
        locked: false,
        comments: 0,
        created_at: at(0),
        closed_at: None,
        updated_at: at(second),
        people: vec![person(1, "ada"), person(2, "ben")],
        labelled: vec![label(LARGE, "bug")],
        in_milestone: None,
    }
}

fn closed(number: i64, second: i64, reason: &str) -> NewIssue {
    NewIssue {
        is_open: false,
        state_reason: Some(reason.to_owned()),
        closed_at: Some(at(second)),
        ..issue(number, second)
    }
}

fn pull(number: i64, second: i64, body: &str) -> NewPull {
    NewPull {
        github_id: LARGE + number,
        node_id: None,
        number,
        title: format!("Pull {number} at {second}"),
        body: Some(body.to_owned()),
        is_open: true,
        draft: false,
        url: None,
        author: Some(1),
        merged_at: None,
        merged_by: None,
        merge_commit: None,
        head_ref: "ship".to_owned(),
        head: oid('a'),
        head_repository: Some(LARGE),
        base_ref: "main".to_owned(),
        base: oid('b'),
        assignees: Vec::new(),
        requested_reviewers: vec![2],
        requested_teams: Vec::new(),
        labels: Vec::new(),
        milestone: None,
        locked: false,
        comments: None,
        review_comments: None,
        commits: None,
        additions: None,
        deletions: None,
        changed_files: None,
        created_at: at(0),
        closed_at: None,
        updated_at: at(second),
        people: vec![person(1, "ada"), person(2, "ben")],
        labelled: Vec::new(),
        in_milestone: None,
    }
}

fn comment(number: i64, second: i64) -> NewComment {
    NewComment {
        github_id: LARGE,
        node_id: None,
        number,
        body: Some(format!("At {second}")),
        url: None,
        author: None,
        created_at: at(0),
        updated_at: at(second),
        people: Vec::new(),
    }
}

fn review(state: &str, updated_at: Option<DateTime<Utc>>) -> NewReview {
    NewReview {
        github_id: LARGE,
        node_id: None,
        number: 13,
        state: state.to_owned(),
        body: None,
        url: None,
        author: Some(2),
        commit: Some(oid('a')),
        submitted_at: Some(at(5)),
        updated_at,
        people: vec![person(2, "ben")],
    }
}

fn run(attempt: i64, status: &str, second: i64) -> NewRun {
    NewRun {
        github_id: LARGE,
        node_id: None,
        workflow: 7,
        name: Some("CI".to_owned()),
        title: None,
        path: None,
        event: "push".to_owned(),
        branch: Some("main".to_owned()),
        oid: oid('a'),
        number: 3,
        attempt,
        status: Some(status.to_owned()),
        conclusion: (status == "completed").then(|| "success".to_owned()),
        check_suite: None,
        url: None,
        actor: None,
        started_at: Some(at(0)),
        created_at: at(0),
        updated_at: at(second),
        people: Vec::new(),
    }
}

fn deleted(kind: Kind, github_id: i64, number: Option<i64>) -> Deleted {
    Deleted { kind, github_id, number }
}

/// A repository that is one of GitHub's, scanned once.
async fn connected(world: &World, name: &str, github_id: i64) -> RepositoryId {
    let repository = world.repository(name);
    repository.commit("Start", &[("tasklist.md", "- [ ] Retry failed payouts\n")]);
    world.scan(world.acme, &repository).await;
    let mut tx = world.begin(world.acme).await;
    let id = repositories::find_named(&mut tx, name).await.unwrap().unwrap().id;
    sqlx::query(
        "UPDATE repositories SET github_host = 'github.com', github_id = $2, full_name = 'acme/' || name WHERE id = $1",
    )
    .bind(id.as_uuid())
    .bind(github_id)
    .execute(tx.connection())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    id
}

/// All rows about GitHub's objects and their tasks, without what is made up here: ids, and in their place
/// the people.
async fn rows(tx: &mut TenantTx) -> Vec<String> {
    let mut all = Vec::new();
    for sql in [
        "SELECT 'issue ' || (to_jsonb(t) - 'author_id' - 'closed_by_id' - 'assignees')::text || coalesce(a.login, '-')
                || ARRAY(SELECT login FROM contributors c WHERE c.id = ANY (t.assignees) ORDER BY login)::text
         FROM issues t LEFT JOIN contributors a ON a.id = t.author_id",
        "SELECT 'pull ' || (to_jsonb(t) - 'author_id' - 'merged_by_id' - 'requested_reviewers')::text || coalesce(a.login, '-')
         FROM pull_requests t LEFT JOIN contributors a ON a.id = t.author_id",
        "SELECT 'comment ' || to_jsonb(t)::text FROM comments t",
        "SELECT 'label ' || to_jsonb(t)::text FROM labels t",
        "SELECT 'run ' || to_jsonb(t)::text FROM workflow_runs t",
        "SELECT 'grave ' || to_jsonb(t)::text FROM tombstones t",
        "SELECT 'person ' || (to_jsonb(t) - 'id' - 'told_at')::text FROM contributors t",
        "SELECT 'closing ' || pull || ' ' || issue FROM pull_request_closings",
        "SELECT 'task ' || (to_jsonb(t) - 'id')::text FROM tasks t WHERE number IS NOT NULL",
        "SELECT 'link ' || pull.number || ' ' || issue.number FROM task_links l
         JOIN tasks pull ON pull.id = l.from_task JOIN tasks issue ON issue.id = l.to_task",
    ] {
        let found: Vec<String> = sqlx::query_scalar(sql).fetch_all(tx.connection()).await.unwrap();
        all.extend(found);
    }
    all.sort();
    all
}

async fn scalar<T>(tx: &mut TenantTx, sql: &'static str) -> T
where
    T: Send + Unpin + for<'a> sqlx::Decode<'a, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    sqlx::query_scalar(sql).fetch_one(tx.connection()).await.unwrap()
}

#[derive(Clone, Debug)]
enum Said {
    Issue(NewIssue),
    Pull(Box<NewPull>),
    Comment(NewComment),
    Run(NewRun),
    Deleted(Deleted),
}

async fn say(tx: &mut TenantTx, repository: RepositoryId, said: &Said) -> Option<Applied> {
    let heard = Word::Heard;
    Some(match said {
        Said::Issue(one) => tracker::apply_issue(tx, repository, one, heard).await.unwrap(),
        Said::Pull(one) => tracker::apply_pull(tx, repository, one, heard).await.unwrap(),
        Said::Comment(one) => tracker::apply_comment(tx, repository, one, heard).await.unwrap(),
        Said::Run(one) => tracker::apply_run(tx, repository, one, heard).await.unwrap(),
        Said::Deleted(one) => {
            tracker::delete(tx, repository, *one, at(0)).await.unwrap();
            return None;
        }
    })
}

/// What happens to a few objects, in its order.
fn story() -> Vec<Said> {
    vec![
        Said::Issue(issue(12, 1)),
        Said::Comment(comment(12, 2)),
        Said::Pull(Box::new(pull(13, 3, "Closes #12, closes #14"))),
        Said::Issue(NewIssue { author: None, people: vec![person(2, "ben")], ..issue(14, 3) }),
        Said::Run(run(1, "queued", 4)),
        Said::Run(run(1, "in_progress", 4)),
        Said::Run(run(1, "completed", 4)),
        Said::Run(run(2, "queued", 5)),
        Said::Pull(Box::new(pull(13, 6, "Closes #12"))),
        Said::Comment(comment(12, 7)),
        Said::Issue(closed(12, 8, "not_planned")),
        Said::Issue(issue(15, 8)),
        Said::Issue(issue(15, 9)),
        Said::Deleted(deleted(Kind::Issue, LARGE + 15, Some(15))),
    ]
}

/// A generator whose results a seed decides.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

#[actix_web::test]
async fn any_order_with_any_repetition_ends_in_the_same_rows() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    let mut tx = world.begin(world.acme).await;
    for said in story() {
        say(&mut tx, repository, &said).await;
    }
    let told = rows(&mut tx).await;
    drop(tx);
    assert!(told.iter().any(|row| row == "link 13 12"), "{told:#?}");
    assert!(!told.iter().any(|row| row.starts_with("link 13 14")));

    for seed in 0..20 {
        let mut dice = Dice(seed);
        let mut story = [story(), story()].concat();
        for place in (1..story.len()).rev() {
            story.swap(place, dice.roll(place + 1));
        }
        let mut tx = world.begin(world.acme).await;
        for said in &story {
            say(&mut tx, repository, said).await;
        }

        assert_eq!(rows(&mut tx).await, told, "seed {seed}");
    }
}

#[actix_web::test]
async fn many_at_once_end_in_the_rows_of_one_by_one() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    let mut issues: Vec<NewIssue> = (1..=600).map(|number| issue(number, number % 7)).collect();
    // The same again, older, newer, and twice in one list.
    issues.extend((1..=30).map(|number| issue(number, 9)));
    issues.extend((1..=30).map(|number| closed(number, 8, "completed")));
    let pulls: Vec<NewPull> = (2_000..2_040)
        .map(|number| pull(number, 1, &format!("Fixes #{}", number - 1_999)))
        .collect();

    let mut tx = world.begin(world.acme).await;
    let singly = {
        let mut answers = Vec::new();
        for one in &issues {
            answers
                .push(tracker::apply_issue(&mut tx, repository, one, Word::Heard).await.unwrap());
        }
        for one in &pulls {
            tracker::apply_pull(&mut tx, repository, one, Word::Heard).await.unwrap();
        }
        (answers, rows(&mut tx).await)
    };
    drop(tx);
    let mut tx = world.begin(world.acme).await;
    // Before what they close.
    tracker::apply_pulls(&mut tx, repository, &pulls, Word::Heard).await.unwrap();
    let answers = tracker::apply_issues(&mut tx, repository, &issues, Word::Heard).await.unwrap();

    assert_eq!(answers, singly.0);
    assert_eq!(rows(&mut tx).await, singly.1);
    assert_eq!(scalar::<i64>(&mut tx, "SELECT count(*) FROM task_links").await, 40);
    tx.commit().await.unwrap();
    world.check_numbers(world.acme).await;
}

#[actix_web::test]
async fn two_words_of_one_second_are_doubted_until_the_object_is_fetched() {
    let world = World::new().await;
    let repository = connected(&world, "api", 1).await;
    let mut tx = world.begin(world.acme).await;
    let one = issue(12, 1);
    let other = NewIssue { title: "Another title".to_owned(), ..one.clone() };
    let mut apply = async |new: &NewIssue, word| {
        tracker::apply_issue(&mut tx, repository, new, word).await.unwrap()
    };

    assert_eq!(apply(&one, Word::Heard).await, Applied::Written);
    assert_eq!(apply(&one, Word::Heard).await, Applied::Unchanged);
    assert_eq!(apply(&other, Word::Heard).await, Applied::Doubtful);
    assert_eq!(apply(&one, Word::Heard).await, Applied::Unchanged, "nothing was written");
    assert_eq!(apply(&other, Word::Fetched).await, Applied::Written);
    assert_eq!(apply(&other, Word::Fetched).await, Applied::Unchanged);
    assert_eq!(apply(&issue(12, 0), Word::Fetched).await, Applied::Stale);

    let title: String = scalar(&mut tx, "SELECT title FROM tasks WHERE number = 12").await;
    assert_eq!(title, "Another title");
}
