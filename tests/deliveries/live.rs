//! From a delivery to an open page: the event that wakes the page, and the page that shows what is new, while the
//! workers are busy.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use quarterdeck::{
    accounts::{self, sessions::SignIn},
    app::Parts,
    organizations,
    platform::{
        clock::Clock,
        config::{Config, Environment, load},
        tasks::Tasks,
    },
    tenancy::{Db, Origin, Role, SystemReason},
};
use secrecy::ExposeSecret;
use tokio::sync::{mpsc, watch};

use crate::{
    chance::Chance,
    history::{Told, issues_beside_noise},
    office::Office,
    sender::{Pace, Sender},
    server::Site,
};

/// What the page listens to, and how long it waits for more of it, as `templates/work/tasks.html` says.
const TOPIC: &str = "tasks";
const PAUSE: Duration = Duration::from_millis(100);

/// The page, as long as it may be: lists begin with what is oldest, and all that is sent has to be on it.
const PAGE: &str = "/acme/tasks?limit=200";

/// How many deliveries a second come besides.
const NOISE: f64 = 50.0;

/// A browser in which a member is signed in.
#[derive(Clone)]
struct Browser {
    http: reqwest::Client,
    base: String,
    cookies: String,
}

impl Browser {
    async fn sign_in(office: &Office, site: &Site) -> Self {
        let config = Config {
            data_dir: Some(site.data().to_path_buf()),
            ..load(None, &Environment::default()).unwrap()
        };
        let (db, clock) = (Db::open(office.options(), 1).await.unwrap(), Clock::system());
        let now = clock.now();
        let sessions = Parts::new(&config, db.clone(), clock, Tasks::default()).unwrap().sessions;
        let mut tx = db.system(SystemReason::CommandLine).await.unwrap();
        let tenant = tx.grant_of_operator("acme").await.unwrap().unwrap().organization().id;
        let account = accounts::insert_account(&mut tx, "reader", "The Reader", now).await.unwrap();
        organizations::add_member(&mut tx, tenant, account, Role::Member, now).await.unwrap();
        let sign_in = SignIn { origin: &Origin::default(), now, sessions: &sessions };
        let session = accounts::sessions::start(&mut tx, account, &sign_in).await.unwrap();
        tx.commit().await.unwrap();
        db.close().await;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let cookies = format!("quarterdeck_session={}", session.expose_secret());
        let mut browser = Self { http, base: site.base(), cookies };
        let first = browser.get(PAGE).await;
        let given = first.headers().get_all("set-cookie").into_iter();
        let given = given.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
        browser.cookies = given.fold(browser.cookies.clone(), |all, one| format!("{all}; {one}"));
        browser
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        let request = self.http.get(format!("{}{path}", self.base)).header("cookie", &self.cookies);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer
    }

    async fn page(&self) -> String {
        self.get(PAGE).await.text().await.unwrap()
    }

    /// Says when each event of the topic came, until nobody listens any more.
    async fn listen(
        self,
        (early, late): (mpsc::UnboundedSender<Instant>, watch::Sender<Option<Instant>>),
    ) {
        let mut stream = self.get("/acme/events").await;
        let (mut text, wanted) = (String::new(), format!("event: {TOPIC}"));
        while let Some(chunk) = stream.chunk().await.unwrap() {
            text.push_str(std::str::from_utf8(&chunk).unwrap());
            while let Some((event, rest)) = text.split_once("\n\n") {
                let is_wanted = event.lines().any(|line| line == wanted || line == "event: ready");
                text = rest.to_owned();
                if is_wanted {
                    late.send_replace(Some(Instant::now()));
                    if early.send(Instant::now()).is_err() {
                        return;
                    }
                }
            }
        }
    }
}

/// When each title was first seen, and when the event came for which the page was fetched.
type Seen = HashMap<String, (Instant, Instant)>;

fn note(seen: &mut Seen, titles: &[String], page: &str, event: Instant) {
    for title in titles {
        if !seen.contains_key(title) && page.contains(title.as_str()) {
            seen.insert(title.clone(), (event, Instant::now()));
        }
    }
}

/// Fetches the page at each event, those that come meanwhile together.
async fn fetch_at_once(
    browser: Browser,
    titles: Arc<Vec<String>>,
    mut events: mpsc::UnboundedReceiver<Instant>,
    seen: watch::Sender<usize>,
) -> Seen {
    let mut found = Seen::new();
    while let Some(mut event) = events.recv().await {
        while let Ok(later) = events.try_recv() {
            event = later;
        }
        note(&mut found, &titles, &browser.page().await, event);
        seen.send_replace(found.len());
        if found.len() == titles.len() {
            break;
        }
    }
    found
}

/// Fetches the page as it says itself: when no event has come for a moment.
async fn fetch_after_pause(
    browser: Browser,
    titles: Arc<Vec<String>>,
    mut events: watch::Receiver<Option<Instant>>,
) -> Seen {
    let mut found = Seen::new();
    while found.len() < titles.len() && events.changed().await.is_ok() {
        while let Ok(Ok(())) = tokio::time::timeout(PAUSE, events.changed()).await {}
        let event = events.borrow().unwrap();
        note(&mut found, &titles, &browser.page().await, event);
    }
    found
}

/// Sends each at its time; when each was sent, by its title.
async fn send_one_by_one(sender: Sender, issues: Vec<(String, Told)>) -> HashMap<String, Instant> {
    let (mut sent, mut chance) = (HashMap::new(), Chance::new(11));
    for (title, told) in issues {
        tokio::time::sleep(chance.between(Duration::from_millis(100), Duration::from_millis(200)))
            .await;
        let answer = sender.send_one(&told).await;
        assert_eq!(answer.status, Some(202));
        sent.insert(title, answer.sent);
    }
    sent
}

/// How long it took for half, 95 and 99 of 100.
fn shares(mut times: Vec<Duration>) -> [Duration; 3] {
    times.sort_unstable();
    [50, 95, 99].map(|share| times[(times.len() * share / 100).min(times.len() - 1)])
}

fn tell(what: &str, times: Vec<Duration>) -> Duration {
    let count = times.len();
    let [half, most, nearly_all] = shares(times);
    println!("live: {what}: p50 {half:.0?}, p95 {most:.0?}, p99 {nearly_all:.0?} of {count}");
    most
}

async fn prove(count: usize, most: Duration) {
    let seconds = count / 5 + 5;
    let (places, issues, noise) = issues_beside_noise(count, seconds * 50).await;
    let (_guard, options) = crate::database::create(crate::database::Login::MayMakeRoles).await;
    let office = Office::found_in(options, &places).await;
    let site = Site::new(&office.url(), "live");
    let hook = site.make_hook();
    let _server = site.serve().await;
    let browser = Browser::sign_in(&office, &site).await;
    let sender = Sender::new(&hook, &[site.base()]);
    let titles = Arc::new(issues.iter().map(|(title, _)| title.clone()).collect::<Vec<_>>());

    let noise = Arc::new(noise);
    let plan = (0..noise.len()).collect();
    let (background, pace) = (sender.clone(), Pace { rate: NOISE, at_once: 4 });
    let beside = tokio::spawn(async move { background.send(&noise, plan, pace).await });
    let ((early, at_once), (late, after)) = (mpsc::unbounded_channel(), watch::channel(None));
    let (told, mut seen) = watch::channel(0);
    let listening = tokio::spawn(browser.clone().listen((early, late)));
    let now = tokio::spawn(fetch_at_once(browser.clone(), titles.clone(), at_once, told));
    let pausing = tokio::spawn(fetch_after_pause(browser.clone(), titles.clone(), after));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let sent = send_one_by_one(sender, issues).await;
    let all = seen.wait_for(|seen| *seen == count);
    tokio::time::timeout(Duration::from_secs(30), all).await.expect("all are seen").ok();
    let (now, pausing) =
        (now.await.unwrap(), tokio::time::timeout(Duration::from_secs(30), pausing).await);
    listening.abort();
    let statuses = beside.await.unwrap().statuses();

    assert_eq!(statuses.keys().copied().collect::<Vec<_>>(), [202]);
    let since = |seen: &Seen, of: fn(&(Instant, Instant)) -> Instant| -> Vec<Duration> {
        seen.iter().map(|(title, times)| of(times).saturating_duration_since(sent[title])).collect()
    };
    let undone = site.check_log();
    println!(
        "live: beside {NOISE:.0} deliveries a second, {statuses:?}, {undone} times begun and undone"
    );
    tell("sent until its event came", since(&now, |(event, _)| *event));
    let shown =
        tell("sent until a page fetched at that event shows it", since(&now, |(_, shown)| *shown));
    let paused = pausing.expect("the page pauses at the end").unwrap();
    let what = "sent until a page that waits for a pause of 100 ms shows it";
    let after_pause = tell(what, since(&paused, |(_, shown)| *shown));
    assert!(shown < most && after_pause < most, "{shown:?}, {after_pause:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_delivered_is_seen_in_an_open_page() {
    // The machine may be busy with other tests: that it is seen at all is what counts here.
    prove(20, Duration::from_secs(20)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/soak deliveries runs it"]
async fn in_full_what_was_delivered_is_seen_in_an_open_page() {
    prove(150, Duration::from_millis(500)).await;
}
