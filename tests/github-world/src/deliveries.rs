//! The words in which a test speaks of deliveries: who gets them, whether they go out, what came of them.

use std::{
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::{
    Shared, World,
    hub::{
        hooks::{Attempt, Hook},
        sender::{self, Orders},
    },
};

/// One attempt to deliver, as GitHub's log has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivered {
    pub id: u64,
    pub guid: String,
    pub event: String,
    pub action: Option<String>,
    /// What the product answered, or 502 or 504 where it did not; None while it is under way.
    pub status: Option<u16>,
    pub is_redelivery: bool,
    pub payload: Value,
}

impl Delivered {
    fn of(attempt: &Attempt) -> Self {
        Self {
            id: attempt.id,
            guid: attempt.guid.clone(),
            event: attempt.event.clone(),
            action: attempt.action.clone(),
            status: attempt.answer.as_ref().map(|(status, _)| *status),
            is_redelivery: attempt.redelivery,
            payload: serde_json::from_str(&attempt.payload).unwrap_or_default(),
        }
    }
}

/// Starts what sends deliveries.
pub(crate) fn begin(shared: &Shared, own_address: &str) {
    let (outgoing, orders) = mpsc::channel();
    {
        let mut state = shared.state();
        state.outgoing = Some(outgoing);
        state.deep_page = 10_000;
        own_address.clone_into(&mut state.own_address);
    }
    let orders = Arc::new(Mutex::new(orders));
    shared.state().orders = Some(orders.clone());
    add_sender(shared, orders);
}

fn add_sender(shared: &Shared, orders: Orders) {
    let shared = shared.clone();
    let run = move || sender::run(&orders, &shared);
    thread::Builder::new().name("github-hookshot".to_owned()).spawn(run).unwrap();
}

impl World {
    /// Gives an App a hook, or its hook another address, as its page of settings does, and pings it.
    pub fn app_hook(&self, app_id: u64, url: &str, secret: &str, events: &[&str]) {
        let mut state = self.shared.state();
        let now = state.clock.now();
        // Another address is another address of the same hook.
        let known =
            state.app_hook_mut(app_id).expect("the App is known").as_ref().map(|hook| hook.id);
        let id = known.unwrap_or_else(|| state.next_id());
        let hook = Hook {
            id,
            url: url.to_owned(),
            secret: Some(secret.to_owned()),
            content_type: "json".to_owned(),
            events: events.iter().map(|event| (*event).to_owned()).collect(),
            active: true,
            created_at: now,
            updated_at: now,
        };
        *state.app_hook_mut(app_id).expect("the App is known") = Some(hook.clone());
        state.ping(&hook, crate::hub::hooks::Target::App(app_id));
    }

    /// What an App's deliveries are signed with, as GitHub has it.
    pub fn app_hook_secret(&self, app_id: u64) -> String {
        let state = self.shared.state();
        let hook = state.app_by_id(app_id).and_then(|app| app.hook.as_ref());
        hook.and_then(|hook| hook.secret.clone()).expect("the App has a hook with a secret")
    }

    /// Every attempt to deliver since the start, oldest first.
    pub fn deliveries(&self) -> Vec<Delivered> {
        self.shared.state().attempts.iter().map(Delivered::of).collect()
    }

    /// Has so many more deliver at the same time: their order is not kept any more.
    pub fn add_senders(&self, count: usize) {
        let orders = self.shared.state().orders.clone().expect("the world has begun");
        for _ in 0..count {
            add_sender(&self.shared, orders.clone());
        }
    }

    /// Waits until everything that is not held back has been tried.
    pub async fn delivered(&self) {
        loop {
            let under_way = {
                let state = self.shared.state();
                let is_open =
                    |one: &&Attempt| one.answer.is_none() && !state.held.contains(&one.id);
                state.attempts.iter().filter(is_open).count()
            };
            if under_way == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Holds back what happens from now on, as GitHub does for minutes on a bad day.
    pub fn hold_deliveries(&self) {
        let mut state = self.shared.state();
        state.waiting = state.waiting.take().or(state.outgoing.take());
    }

    /// Sends what was held back, in the order that `how` leaves it in; the same id may be there twice.
    pub fn release_deliveries(&self, how: impl FnOnce(&mut Vec<u64>)) {
        let mut state = self.shared.state();
        state.outgoing = state.waiting.take().or(state.outgoing.take());
        let mut held = std::mem::take(&mut state.held);
        how(&mut held);
        for id in held {
            if let Some(outgoing) = &state.outgoing {
                outgoing.send(id).expect("the sender is there as long as the world");
            }
        }
    }

    /// From which item on lists that may be large are read by cursors alone; GitHub's own is 10,000.
    pub fn deep_pages_from(&self, item: usize) {
        self.shared.state().deep_page = item;
    }

    /// Sends an attempt's event again, as somebody does on the hook's page.
    pub fn redeliver(&self, id: u64) {
        assert!(self.shared.state().redeliver(id), "there is a delivery {id}");
    }
}
