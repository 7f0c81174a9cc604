//! What brings deliveries as GitHub does: signed, ten seconds of patience, and again what was not taken.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use crate::{chance::Chance, history::Told, server::Hook};

/// GitHub's own patience.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long after a failure somebody asks for a redelivery.
const AGAIN: Duration = Duration::from_secs(1);

/// When the whole is given up.
const MOST: Duration = Duration::from_mins(25);

/// Where deliveries go, and how.
#[derive(Clone)]
pub struct Sender {
    http: reqwest::Client,
    hook: Hook,
    /// The servers that share the site; each gets every other delivery.
    bases: Vec<String>,
}

/// How fast deliveries are sent.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How many a second at most.
    pub rate: f64,
    /// How many at the same time.
    pub at_once: usize,
}

/// What came of one attempt.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    pub sent: Instant,
    pub answered: Instant,
    /// None where there was no answer.
    pub status: Option<u16>,
    pub has_retry_after: bool,
}

/// What came of all of them.
#[derive(Debug, Default)]
pub struct Tally {
    pub answers: Vec<Answer>,
    /// How many attempts were redeliveries of what had failed.
    pub resent: usize,
    /// The GUIDs that were answered 202 at least once.
    pub accepted: HashSet<String>,
}

impl Tally {
    /// How often each status came; 0 where there was no answer.
    pub fn statuses(&self) -> BTreeMap<u16, usize> {
        let mut statuses = BTreeMap::new();
        for answer in &self.answers {
            *statuses.entry(answer.status.unwrap_or(0)).or_default() += 1;
        }
        statuses
    }
}

/// What is still to be sent.
struct Desk {
    plan: VecDeque<usize>,
    failed: VecDeque<(Instant, usize)>,
    under_way: usize,
    chance: Chance,
    tally: Tally,
}

enum Next {
    Send { place: usize, is_again: bool },
    Wait,
    Nothing,
}

impl Desk {
    fn next(&mut self) -> Next {
        let is_due = self.failed.front().is_some_and(|(at, _)| *at <= Instant::now());
        if is_due && (self.plan.is_empty() || self.chance.happens(30)) {
            let failed = self.failed.pop_front();
            return failed.map_or(Next::Wait, |(_, place)| self.take(place, true));
        }
        match self.plan.pop_front() {
            Some(place) => self.take(place, false),
            None if self.failed.is_empty() && self.under_way == 0 => Next::Nothing,
            None => Next::Wait,
        }
    }

    fn take(&mut self, place: usize, is_again: bool) -> Next {
        self.under_way += 1;
        Next::Send { place, is_again }
    }

    fn note(&mut self, (place, guid): (usize, &str), answer: Answer, is_again: bool) {
        self.under_way -= 1;
        self.tally.answers.push(answer);
        self.tally.resent += usize::from(is_again);
        if answer.status == Some(202) {
            self.tally.accepted.insert(guid.to_owned());
        } else {
            self.failed.push_back((answer.answered + AGAIN, place));
        }
    }
}

impl Sender {
    pub fn new(hook: &Hook, bases: &[String]) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Self { http, hook: hook.clone(), bases: bases.to_vec() }
    }

    /// Brings one delivery to the first server.
    pub async fn send_one(&self, told: &Told) -> Answer {
        self.bring(told, &self.bases[0]).await
    }

    async fn bring(&self, told: &Told, base: &str) -> Answer {
        let sent = Instant::now();
        let request = self
            .http
            .post(format!("{base}{}", self.hook.path))
            .header("content-type", "application/json")
            .header("user-agent", "GitHub-Hookshot/044aadd")
            .header("x-github-event", &told.event)
            .header("x-github-delivery", &told.guid)
            .header(
                "x-hub-signature-256",
                github_world::signature(&self.hook.secret, told.body.as_bytes()),
            )
            .body(told.body.clone());
        let answer = request.send().await.ok();
        Answer {
            sent,
            answered: Instant::now(),
            status: answer.as_ref().map(|answer| answer.status().as_u16()),
            has_retry_after: answer
                .is_some_and(|answer| answer.headers().contains_key("retry-after")),
        }
    }

    /// Brings deliveries in this order until each was taken as often as it stands there.
    pub async fn send(&self, told: &Arc<Vec<Told>>, plan: Vec<usize>, pace: Pace) -> Tally {
        let desk = Arc::new(Mutex::new(Desk {
            plan: plan.into(),
            failed: VecDeque::new(),
            under_way: 0,
            chance: Chance::new(42),
            tally: Tally::default(),
        }));
        let (begun, sent, mut senders) =
            (Instant::now(), Arc::new(AtomicUsize::new(0)), JoinSet::new());
        for _ in 0..pace.at_once {
            let (sender, desk, told, sent) =
                (self.clone(), desk.clone(), told.clone(), sent.clone());
            senders.spawn(async move {
                loop {
                    assert!(begun.elapsed() < MOST, "deliveries are still refused");
                    let next = desk.lock().unwrap().next();
                    match next {
                        Next::Nothing => return,
                        Next::Wait => tokio::time::sleep(Duration::from_millis(10)).await,
                        Next::Send { place, is_again } => {
                            let number = sent.fetch_add(1, Ordering::Relaxed);
                            let at = f64::from(u32::try_from(number).unwrap()) / pace.rate;
                            tokio::time::sleep_until((begun + Duration::from_secs_f64(at)).into())
                                .await;
                            let base = &sender.bases[number % sender.bases.len()];
                            let answer = sender.bring(&told[place], base).await;
                            desk.lock().unwrap().note((place, &told[place].guid), answer, is_again);
                        }
                    }
                }
            });
        }
        while let Some(ended) = senders.join_next().await {
            ended.unwrap();
        }
        std::mem::take(&mut desk.lock().unwrap().tally)
    }
}
