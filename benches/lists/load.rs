//! A client that keeps a number of connections busy, each with one request after the other.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use http_body_util::{BodyExt, Empty};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn::http1,
    header::{HOST, SET_COOKIE},
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::JoinSet};

/// A request that is sent again and again.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) address: SocketAddr,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// How fast a server answered.
pub(crate) struct Answers {
    pub(crate) per_second: f64,
    pub(crate) median: Duration,
    /// What 99 of 100 answers took at most.
    pub(crate) slow: Duration,
    pub(crate) bytes: usize,
}

/// When requests are sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// Each as soon as its connection is free: the most there can be.
    Saturated,
    /// So many a second over all connections, at set times. What a request waits for its connection
    /// counts, too.
    PerSecond(f64),
}

/// Keeps so many connections busy and measures, after a short time of warming up.
pub(crate) async fn load(
    call: &Call,
    connections: usize,
    time: Duration,
    pace: Pace,
) -> anyhow::Result<Answers> {
    let start = Instant::now();
    let warm = start + Duration::from_millis(500);
    let end = warm + time;
    let count = f64::from(u32::try_from(connections)?);
    let mut clients = JoinSet::new();
    for number in 0..u32::try_from(connections)? {
        let call = call.clone();
        let timetable = match pace {
            Pace::Saturated => None,
            Pace::PerSecond(rate) => {
                let step = Duration::from_secs_f64(count / rate);
                Some((start + step.mul_f64(f64::from(number) / count), step))
            }
        };
        clients.spawn(async move { client(&call, warm, end, timetable).await });
    }
    let mut taken = Vec::new();
    let mut bytes = 0;
    while let Some(client) = clients.join_next().await {
        let (times, size) = client??;
        taken.extend(times);
        bytes = size;
    }
    taken.sort_unstable();
    let at = |share: usize| taken.get(taken.len() * share / 100).copied().unwrap_or_default();
    let per_second = f64::from(u32::try_from(taken.len())?) / time.as_secs_f64();
    Ok(Answers { per_second, median: at(50), slow: at(99), bytes })
}

async fn client(
    call: &Call,
    warm: Instant,
    end: Instant,
    mut timetable: Option<(Instant, Duration)>,
) -> anyhow::Result<(Vec<Duration>, usize)> {
    let mut connection = Connection::open(call.address).await?;
    let mut taken = Vec::new();
    let mut bytes = 0;
    loop {
        let begun = timetable.map_or_else(Instant::now, |(next, _)| next);
        if begun > end {
            return Ok((taken, bytes));
        }
        if let Some((next, step)) = &mut timetable {
            tokio::time::sleep_until((*next).into()).await;
            *next += *step;
        }
        bytes = connection.send(call).await?.len();
        if begun >= warm {
            taken.push(begun.elapsed());
        }
    }
}

/// One connection, kept alive.
pub(crate) struct Connection {
    sender: http1::SendRequest<Empty<Bytes>>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        #[expect(clippy::disallowed_methods, reason = "it ends with the process")]
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    /// The cookies that the answer to a request sets.
    pub(crate) async fn cookies(&mut self, call: &Call) -> anyhow::Result<Vec<String>> {
        let answer = self.ask(call).await?;
        let set = answer.headers().get_all(SET_COOKIE).iter();
        let pairs = set.filter_map(|value| value.to_str().ok()?.split(';').next());
        Ok(pairs.map(str::to_owned).collect())
    }

    async fn ask(&mut self, call: &Call) -> anyhow::Result<Response<Incoming>> {
        self.sender.ready().await?;
        let mut request = Request::get(&call.path).header(HOST, call.address.to_string());
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        Ok(self.sender.send_request(request.body(Empty::new())?).await?)
    }

    /// Sends the request and reads the whole answer, which must be 200.
    pub(crate) async fn send(&mut self, call: &Call) -> anyhow::Result<Bytes> {
        let answer = self.ask(call).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await.context("read the answer")?.to_bytes();
        ensure!(
            status == 200,
            "{} answered {status}: {}",
            call.path,
            String::from_utf8_lossy(&body)
        );
        Ok(body)
    }
}
