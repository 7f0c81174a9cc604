//! Clients that bring deliveries as GitHub does: signed, each with an id of its own.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use http_body_util::{BodyExt, Full};
use hyper::{Request, body::Bytes, client::conn::http1, header::HOST};
use hyper_util::rt::TokioIo;
use quarterdeck::platform::ids;
use ring::hmac;
use tokio::{net::TcpStream, task::JoinSet};

/// Where deliveries go, and what signs them.
pub(crate) struct Hook {
    pub(crate) path: String,
    pub(crate) secret: String,
}

/// Sends the same payloads in turn, as a new delivery each time.
#[derive(Clone)]
pub(crate) struct Sender(Arc<Letters>);

struct Letters {
    path: String,
    all: Vec<Letter>,
    sent: AtomicUsize,
}

impl Letters {
    fn next(&self) -> anyhow::Result<&Letter> {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        self.all.get(number % self.all.len().max(1)).context("there is nothing to send")
    }
}

struct Letter {
    signature: String,
    body: Bytes,
}

impl Letter {
    fn new(key: &hmac::Key, payload: &str) -> Self {
        let tag = hmac::sign(key, payload.as_bytes());
        let signature = tag
            .as_ref()
            .iter()
            .fold("sha256=".to_owned(), |text, byte| format!("{text}{byte:02x}"));
        Self { signature, body: Bytes::copy_from_slice(payload.as_bytes()) }
    }
}

impl Sender {
    pub(crate) fn new(hook: Hook, payloads: &[String]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, hook.secret.as_bytes());
        let all = payloads.iter().map(|payload| Letter::new(&key, payload)).collect();
        Self(Arc::new(Letters { path: hook.path, all, sent: AtomicUsize::new(0) }))
    }

    /// Sends on each connection as soon as it is free; how many were accepted a second.
    pub(crate) async fn saturate(
        &self,
        address: SocketAddr,
        connections: usize,
        time: Duration,
    ) -> anyhow::Result<f64> {
        let (begun, mut clients) = (Instant::now(), JoinSet::new());
        for _ in 0..connections {
            let sender = self.clone();
            clients.spawn(async move {
                let mut connection = Connection::open(address).await?;
                let mut sent = 0_u32;
                while begun.elapsed() < time {
                    connection.send(&sender.0).await?;
                    sent += 1;
                }
                anyhow::Ok(sent)
            });
        }
        let mut accepted = 0_u32;
        while let Some(sent) = clients.join_next().await {
            accepted += sent??;
        }
        Ok(f64::from(accepted) / begun.elapsed().as_secs_f64())
    }

    /// Sends so many a second at set times; what half of them and 99 of 100 took at most.
    pub(crate) async fn at_times(
        &self,
        address: SocketAddr,
        connections: usize,
        (rate, time): (f64, Duration),
    ) -> anyhow::Result<(Duration, Duration)> {
        let (begun, mut clients) = (Instant::now(), JoinSet::new());
        let count = u32::try_from(connections)?;
        let step = Duration::from_secs_f64(f64::from(count) / rate);
        for number in 0..count {
            let sender = self.clone();
            let mut next = begun + step.mul_f64(f64::from(number) / f64::from(count));
            clients.spawn(async move {
                let mut connection = Connection::open(address).await?;
                let mut taken = Vec::new();
                while next < begun + time {
                    tokio::time::sleep_until(next.into()).await;
                    connection.send(&sender.0).await?;
                    taken.push(next.elapsed());
                    next += step;
                }
                anyhow::Ok(taken)
            });
        }
        let mut taken = Vec::new();
        while let Some(times) = clients.join_next().await {
            taken.extend(times??);
        }
        taken.sort_unstable();
        let at = |share: usize| taken.get(taken.len() * share / 100).copied().unwrap_or_default();
        Ok((at(50), at(99)))
    }
}

/// One connection, kept alive.
struct Connection {
    address: SocketAddr,
    sender: http1::SendRequest<Full<Bytes>>,
}

impl Connection {
    async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        #[expect(clippy::disallowed_methods, reason = "it ends with the process")]
        tokio::spawn(connection);
        Ok(Self { address, sender })
    }

    /// Sends a delivery and waits for its 202.
    async fn send(&mut self, letters: &Letters) -> anyhow::Result<()> {
        let letter = letters.next()?;
        self.sender.ready().await?;
        let request = Request::post(&letters.path)
            .header(HOST, self.address.to_string())
            .header("content-type", "application/json")
            .header("x-github-event", "issues")
            .header("x-github-delivery", ids::new().to_string())
            .header("x-hub-signature-256", &letter.signature)
            .body(Full::new(letter.body.clone()))?;
        let answer = self.sender.send_request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        ensure!(
            status == 202,
            "a delivery was answered {status}: {}",
            String::from_utf8_lossy(&body)
        );
        Ok(())
    }
}
