//! What the server says to PostgreSQL for one request, overheard by a proxy between the two.
//!
//! The reference thereby runs the very statements, with the very arguments, and cannot drift from
//! what the server does. The messages are those of PostgreSQL's "Frontend/Backend Protocol" 3.0.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use anyhow::Context;
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
};
use url::Url;
use uuid::Uuid;

/// The number of the next connection.
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// One statement that was sent, with its arguments as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) sql: String,
    pub(crate) arguments: Vec<Option<String>>,
}

/// What was sent since the last [`Recorder::take`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Recording {
    /// Each with the number of its connection.
    sent: Vec<(usize, Statement)>,
    /// How often the server waited for an answer.
    pub(crate) round_trips: usize,
}

impl Recording {
    /// The statements, one connection after the other: the end of a transaction is sent while the next
    /// one has begun elsewhere.
    pub(crate) fn statements(&self) -> Vec<Statement> {
        let mut connections: Vec<usize> = Vec::new();
        for (connection, _) in &self.sent {
            if !connections.contains(connection) {
                connections.push(*connection);
            }
        }
        let of =
            |connection: usize| self.sent.iter().filter(move |(other, _)| *other == connection);
        connections.into_iter().flat_map(of).map(|(_, statement)| statement.clone()).collect()
    }
}

/// Passes connections on to PostgreSQL and notes what is sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder(Arc<Mutex<Recording>>);

impl Recorder {
    /// Listens on a loopback port, and gives the address of the database through it.
    pub(crate) async fn listen(self, database: &Url) -> anyhow::Result<Url> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut through = database.clone();
        through.set_query(Some("sslmode=disable"));
        through.set_host(Some("127.0.0.1"))?;
        through
            .set_port(Some(listener.local_addr()?.port()))
            .map_err(|()| anyhow::anyhow!("the database's address takes no port"))?;
        let database = database.clone();
        #[expect(clippy::disallowed_methods, reason = "it ends with the process")]
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (recorder, database) = (self.clone(), database.clone());
                tokio::spawn(async move {
                    if let Err(error) = recorder.serve(client, &database).await {
                        eprintln!("recording: {error:#}");
                    }
                });
            }
        });
        Ok(through)
    }

    /// What was sent since this was asked last.
    pub(crate) fn take(&self) -> Recording {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn serve(&self, client: TcpStream, database: &Url) -> anyhow::Result<()> {
        let socket = database.query_pairs().find(|(name, _)| name == "host");
        let port = database.port().unwrap_or(5432);
        if let Some((_, directory)) = socket {
            let server = UnixStream::connect(format!("{directory}/.s.PGSQL.{port}")).await?;
            return self.pass(client, server).await;
        }
        let host = database.host_str().context("the database's address has no host")?;
        self.pass(client, TcpStream::connect((host, port)).await?).await
    }

    async fn pass(
        &self,
        client: TcpStream,
        server: impl AsyncRead + AsyncWrite,
    ) -> anyhow::Result<()> {
        client.set_nodelay(true)?;
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = tokio::io::split(server);
        let back =
            async { Ok(tokio::io::copy(&mut from_server, &mut to_client).await.map(|_| ())?) };
        let forth = async {
            // The first message has no kind: its length, and the words of the start.
            let start = message(&mut from_client).await?;
            to_server.write_all(&start).await?;
            let mut session = Session { number: NEXT.fetch_add(1, Relaxed), ..Session::default() };
            loop {
                let kind = from_client.read_u8().await?;
                let body = message(&mut from_client).await?;
                to_server.write_u8(kind).await?;
                to_server.write_all(&body).await?;
                to_server.flush().await?;
                session.note(kind, body.get(4..).unwrap_or_default(), &self.0)?;
            }
        };
        let ended: anyhow::Result<()> =
            tokio::select! { ended = back => ended, ended = forth => ended };
        match ended {
            Err(error) if error.downcast_ref::<std::io::Error>().is_none() => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// Reads a message's length and what follows; gives both.
async fn message(from: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Vec<u8>> {
    let length = from.read_u32().await?;
    let mut whole = length.to_be_bytes().to_vec();
    whole.resize(usize::try_from(length).unwrap_or_default().max(4), 0);
    from.read_exact(whole.get_mut(4..).unwrap_or_default()).await?;
    Ok(whole)
}

/// What one connection has prepared.
#[derive(Default)]
struct Session {
    number: usize,
    prepared: HashMap<String, (String, Vec<u32>)>,
}

impl Session {
    fn note(&mut self, kind: u8, body: &[u8], into: &Mutex<Recording>) -> anyhow::Result<()> {
        let mut into = into.lock().unwrap_or_else(PoisonError::into_inner);
        let mut body = Fields(body);
        match kind {
            b'P' => {
                let (name, sql) = (body.text()?, body.text()?);
                let count = body.number::<2>()?;
                let types = (0..count).map(|_| body.number::<4>()).collect::<Result<_, _>>()?;
                self.prepared.insert(name, (sql, types));
            }
            b'B' => into.sent.push((self.number, self.bound(&mut body)?)),
            b'Q' => {
                into.round_trips += 1;
                // PostgreSQL runs each of several statements by itself, and so does pgbench.
                let text = body.text()?;
                let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
                let statement =
                    |sql: &str| Statement { sql: sql.to_owned(), arguments: Vec::new() };
                into.sent.extend(parts.map(|sql| (self.number, statement(sql))));
            }
            b'S' => into.round_trips += 1,
            _ => {}
        }
        Ok(())
    }

    fn bound(&self, body: &mut Fields<'_>) -> anyhow::Result<Statement> {
        let (_portal, name) = (body.text()?, body.text()?);
        let (sql, types) = self.prepared.get(&name).context("a statement was not prepared")?;
        for _ in 0..body.number::<2>()? {
            body.number::<2>()?;
        }
        let count = usize::try_from(body.number::<2>()?)?;
        let arguments = types
            .iter()
            .take(count)
            .map(|kind| body.value()?.map(|bytes| text_of(*kind, bytes)).transpose())
            .collect::<Result<_, _>>()?;
        Ok(Statement { sql: sql.clone(), arguments })
    }
}

/// A message's body, read from its front.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn text(&mut self) -> anyhow::Result<String> {
        let end = self.0.iter().position(|byte| *byte == 0).context("a text has no end")?;
        let (text, rest) = self.0.split_at(end);
        self.0 = rest.get(1..).unwrap_or_default();
        Ok(String::from_utf8(text.to_vec())?)
    }

    fn number<const N: usize>(&mut self) -> anyhow::Result<u32> {
        let (bytes, rest) = self.0.split_first_chunk::<N>().context("a message is too short")?;
        self.0 = rest;
        Ok(bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    /// A length and as many bytes; none for NULL.
    fn value(&mut self) -> anyhow::Result<Option<&'a [u8]>> {
        let length = self.number::<4>()?;
        if length == u32::MAX {
            return Ok(None);
        }
        let (value, rest) =
            self.0.split_at_checked(usize::try_from(length)?).context("a value is too short")?;
        self.0 = rest;
        Ok(Some(value))
    }
}

/// Writes an argument in PostgreSQL's binary format as text, by the number of its type.
fn text_of(kind: u32, bytes: &[u8]) -> anyhow::Result<String> {
    Ok(match kind {
        16 => (bytes == [1]).to_string(),
        17 => bytes.iter().fold("\\x".to_owned(), |text, byte| format!("{text}{byte:02x}")),
        20 => i64::from_be_bytes(bytes.try_into()?).to_string(),
        23 => i32::from_be_bytes(bytes.try_into()?).to_string(),
        25 | 1043 => String::from_utf8(bytes.to_vec())?,
        1184 => {
            let begin: DateTime<Utc> = "2000-01-01T00:00:00Z".parse()?;
            let time = begin + Duration::microseconds(i64::from_be_bytes(bytes.try_into()?));
            time.to_rfc3339_opts(SecondsFormat::Micros, true)
        }
        2950 => Uuid::from_slice(bytes)?.to_string(),
        // The server's own work sends others; were it a list's, pgbench would not take these words.
        _ => format!("a value of type {kind}, which the recorder cannot write"),
    })
}
