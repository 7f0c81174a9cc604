//! A GitHub for the tests: in process, over real HTTP, on a loopback port of its own.
//!
//! A test says who is there ([`World::user`], [`World::organization`], [`World::oauth_app`]), gives
//! the product the addresses of the world, lets things happen ([`World::repository`]), and reads
//! afterwards what was asked ([`World::requests`]) and what came of deliveries ([`World::deliveries`]).
//! It speaks github.com's pages for signing in, its API at the root, and the same API below
//! `/api/v3` as an Enterprise Server has it, with GitHub's shapes, status codes and headers.
//!
//! Invariant: what the world answers follows from its state alone; what goes wrong in the network is
//! ordered by [`World::next_answer`], one answer at a time.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    clippy::result_large_err,
    clippy::return_self_not_must_use,
    reason = "it is for tests: a world that cannot go on fails the test"
)]

mod answer;
mod api;
mod app_jwt;
mod belonging;
mod deliveries;
mod faults;
mod hub;
mod issues;
mod log;
mod middleware;
mod pulls;
mod pushes;
mod releases;
mod repository;
mod setup;
mod shapes;
mod state;
mod web;

pub use deliveries::Delivered;
pub use faults::Fault;
pub use hub::sender::signature;
pub use log::Logged;
pub use repository::RepositoryHandle;
pub use setup::{AppCredentials, GitHubApp, OrganizationHandle, UserHandle};
pub use state::{Role, Standing};

use std::{
    fmt::Write as _,
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use actix_web::{App, HttpServer, dev::ServerHandle, web as actix};
use chrono::{DateTime, Duration, Utc};
use url::Url;

use state::State;
use web::authorize::{Asked, Refusal, agree, deny};

/// What the handlers share with the test.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<State>>);

impl Shared {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running GitHub; it ends when it is dropped.
pub struct World {
    address: SocketAddr,
    shared: Shared,
    server: ServerHandle,
}

impl Drop for World {
    fn drop(&mut self) {
        // The command is sent by the call; the end itself is not waited for.
        drop(self.server.stop(false));
        // The sender ends when nothing can come any more.
        let mut state = self.shared.state();
        (state.outgoing, state.waiting) = (None, None);
    }
}

impl World {
    /// On a port that the system chooses.
    pub async fn start() -> Self {
        Self::on("127.0.0.1:0".parse().unwrap()).await
    }

    /// At an address that is told before, for those who look at it by hand.
    #[expect(
        clippy::unused_async,
        reason = "those who call it are async, and may have to wait one day"
    )]
    pub async fn on(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address)
            .unwrap_or_else(|error| panic!("listen on {address}: {error}"));
        let address = listener.local_addr().unwrap();
        let shared = Shared::default();
        deliveries::begin(&shared, &format!("http://{address}"));
        let server = serve(listener, shared.clone());
        Self { address, shared, server }
    }

    /// What stands in for `https://github.com`: `http://127.0.0.1:PORT`.
    pub fn web_url(&self) -> Url {
        Url::parse(&format!("http://{}", self.address)).unwrap()
    }

    /// What stands in for `https://api.github.com`.
    pub fn api_url(&self) -> Url {
        self.web_url()
    }

    /// The API as an Enterprise Server has it.
    pub fn enterprise_api_url(&self) -> Url {
        self.web_url().join("/api/v3").unwrap()
    }

    /// What a person's browser does: opens the address, picks `login` and agrees. The answer is the
    /// address that the browser is sent to, with `code` and `state`, or `error`.
    pub fn authorize(&self, url: &str, login: &str) -> Url {
        self.decide(url, |state, asked| agree(state, asked, login))
    }

    /// The same, but the person says no.
    pub fn deny(&self, url: &str) -> Url {
        self.decide(url, |state, asked| deny(state, asked))
    }

    fn decide(
        &self,
        url: &str,
        how: impl FnOnce(&mut State, &Asked) -> Result<Url, Refusal>,
    ) -> Url {
        let url = Url::parse(url).expect("the address to sign in at is an address");
        let query = url.query().unwrap_or_default();
        let asked =
            actix::Query::<Asked>::from_query(query).expect("its query can be read").into_inner();
        match how(&mut self.shared.state(), &asked) {
            Ok(to) | Err(Refusal::Back(to)) => to,
            Err(Refusal::NoSuchApp) => panic!("no App has the client id `{}`", asked.client_id),
            Err(Refusal::BadChallenge) => panic!("GitHub does not take this PKCE: {query}"),
        }
    }

    /// Orders what the next request gets in place of its answer; several wait in a queue.
    pub fn next_answer(&self, fault: Fault) {
        self.shared.state().faults.push_back(fault);
    }

    /// From now on, each request to an address with this in it gets that in place of its answer; or its answer
    /// again.
    pub fn answer_at(&self, part: &str, with: Option<Fault>) {
        let mut state = self.shared.state();
        match with {
            Some(fault) => state.ordered.insert(part.to_owned(), fault),
            None => state.ordered.remove(part),
        };
    }

    /// From now on, no page of a repository's lists has more than this; or as many as are asked for.
    pub fn shorten_pages(&self, to: Option<usize>) {
        self.shared.state().page_length = to;
    }

    /// How many requests a person (by login) or an installation (by id) has left, and until when.
    pub fn limit(&self, whom: &str, left: u64, reset: DateTime<Utc>) {
        self.shared.state().limits.insert(whom.to_owned(), (left, reset));
    }

    /// From now on, who asks more often than that within a minute is refused for the rest of it.
    pub fn limit_a_minute(&self, requests: usize) {
        self.shared.state().a_minute = Some(requests);
    }

    /// From now on, questions in GraphQL are not understood, as by an old Enterprise Server; or are again.
    pub fn refuse_graphql(&self, refuse: bool) {
        self.shared.state().refuses_graphql = refuse;
    }

    /// From now on, the hour's questions in GraphQL are used up; or are not any more.
    pub fn use_graphql_up(&self, used_up: bool) {
        self.shared.state().graphql_is_used_up = used_up;
    }

    /// Every request since the start, oldest first.
    pub fn requests(&self) -> Vec<Logged> {
        self.shared.state().log.clone()
    }

    /// The same and nothing left behind, for the next part of a test.
    pub fn take_requests(&self) -> Vec<Logged> {
        std::mem::take(&mut self.shared.state().log)
    }

    /// Keeps what is sent and answered from now on, for tests that look into it.
    pub fn keep_bodies(&self) {
        self.shared.state().keeps_bodies = true;
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.shared.state().clock.now()
    }

    /// Makes the world's clock stand still at a time, which [`World::advance`] moves.
    pub fn set_time(&self, at: DateTime<Utc>) {
        let clock = &mut self.shared.state().clock;
        clock.fixed = Some(at);
        clock.ahead = Duration::zero();
    }

    pub fn advance(&self, by: Duration) {
        self.shared.state().clock.ahead += by;
    }
}

/// Runs the server on a thread with a runtime of its own, so that any test may hold a world.
fn serve(listener: TcpListener, shared: Shared) -> ServerHandle {
    let (tell, told) = std::sync::mpsc::channel();
    let run = move || {
        actix_web::rt::System::new().block_on(async move {
            let make = move || {
                App::new()
                    .app_data(actix::Data::new(shared.clone()))
                    .wrap(actix_web::middleware::from_fn(middleware::around))
                    .configure(web::routes)
                    .configure(api::routes)
                    .default_service(actix::to(middleware::nothing_here))
            };
            let server =
                HttpServer::new(make).workers(1).disable_signals().listen(listener).unwrap().run();
            tell.send(server.handle()).unwrap();
            server.await.unwrap();
        });
    };
    thread::Builder::new().name("github-world".to_owned()).spawn(run).unwrap();
    told.recv().unwrap()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}
