//! Git's smart HTTP over a client that only goes where it may.
//!
//! gix brings a transport of its own, but that one follows redirects inside the client and runs
//! a request to its end whatever happens. This one checks every hop itself, can be stopped at any
//! moment, and counts what comes in.

use std::{
    any::Any,
    future::Future,
    io::{self, BufRead, Cursor, Read, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicBool},
};

use gix::protocol::transport::client::blocking_io::http::{
    GetResponse, Http, PostBodyDataKind, PostResponse,
};
use reqwest::{
    Method, Response, StatusCode, Url,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use tokio::{runtime::Runtime, time};

use super::{
    FetchError,
    ending::Ending,
    guard::{Guard, TICK},
    names::CheckedNames,
};
use crate::repositories::source::Credential;

mod client;

/// As many hops as a forge needs to rename a repository and its owner, with some to spare.
const MAX_REDIRECTS: usize = 5;
const DISCOVERY: &str = "/info/refs?service=git-upload-pack";

/// The transport of one fetch.
pub(super) struct SmartHttp {
    client: Arc<Client>,
    redirected_base: Option<String>,
}

struct Client {
    runtime: Option<Runtime>,
    http: reqwest::Client,
    names: CheckedNames,
    credential: Option<Credential>,
    guard: Arc<Guard>,
    /// Whether the server was told to send the objects, whatever it may still want to know.
    is_told: AtomicBool,
}

impl SmartHttp {
    pub(super) fn new(
        names: CheckedNames,
        credential: Option<Credential>,
        guard: Arc<Guard>,
    ) -> io::Result<Self> {
        let client = Arc::new(Client::new(names, credential, guard)?);
        Ok(Self { client, redirected_base: None })
    }
}

impl Http for SmartHttp {
    type Headers = Lines;
    type ResponseBody = Body;
    type PostBody = Outgoing;

    fn get(
        &mut self,
        url: &str,
        _base_url: &str,
        headers: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> gix::Result<GetResponse<Lines, Body>> {
        let headers = header_map(headers);
        let answer = self.client.discover(url, &headers).map_err(gix::Error::from_error)?;
        if answer.url().as_str() != url {
            self.redirected_base = answer.url().as_str().strip_suffix(DISCOVERY).map(str::to_owned);
        }
        let exchange = Exchange::answered(Arc::clone(&self.client), answer);
        Ok(GetResponse { headers: Lines::of(&exchange), body: Body::of(exchange) })
    }

    fn post(
        &mut self,
        url: &str,
        _base_url: &str,
        headers: impl IntoIterator<Item = impl AsRef<str>>,
        _body: PostBodyDataKind,
    ) -> gix::Result<PostResponse<Lines, Body, Outgoing>> {
        let url = Url::parse(url).map_err(gix::Error::from_error)?;
        let exchange = Exchange::prepared(Arc::clone(&self.client), url, header_map(headers));
        let post_body = Outgoing(Arc::clone(&exchange));
        Ok(PostResponse { post_body, headers: Lines::of(&exchange), body: Body::of(exchange) })
    }

    fn configure(&mut self, _config: &dyn Any) -> gix::Result {
        Ok(())
    }

    fn redirected_base_url(&self) -> Option<String> {
        self.redirected_base.clone()
    }
}

/// A question and its answer; it is asked when the first part of the answer is wanted, by when
/// gix has written the whole question.
struct Exchange {
    client: Arc<Client>,
    question: Option<(Url, HeaderMap, Vec<u8>)>,
    answer: Option<Response>,
}

type SharedExchange = Arc<Mutex<Exchange>>;

impl Exchange {
    fn answered(client: Arc<Client>, answer: Response) -> SharedExchange {
        Arc::new(Mutex::new(Self { client, question: None, answer: Some(answer) }))
    }

    fn prepared(client: Arc<Client>, url: Url, headers: HeaderMap) -> SharedExchange {
        let question = Some((url, headers, Vec::new()));
        Arc::new(Mutex::new(Self { client, question, answer: None }))
    }

    fn answer(&mut self) -> io::Result<&mut Response> {
        if let Some((url, headers, body)) = self.question.take() {
            self.answer = Some(self.client.ask(&url, &headers, body)?);
        }
        self.answer.as_mut().ok_or_else(|| io::Error::other("the request has failed before"))
    }

    fn header_lines(&mut self) -> io::Result<Vec<u8>> {
        let mut lines = Vec::new();
        for (name, value) in self.answer()?.headers() {
            lines.extend_from_slice(name.as_str().as_bytes());
            lines.push(b':');
            lines.extend_from_slice(value.as_bytes());
            lines.push(b'\n');
        }
        Ok(lines)
    }

    fn next_chunk(&mut self) -> io::Result<Vec<u8>> {
        let client = Arc::clone(&self.client);
        client.next_chunk(self.answer()?)
    }
}

fn locked(exchange: &SharedExchange) -> MutexGuard<'_, Exchange> {
    exchange.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The body of a request, kept until it is sent: questions to git servers are small.
pub(super) struct Outgoing(SharedExchange);

impl Write for Outgoing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match locked(&self.0).question.as_mut() {
            Some((_, _, body)) => body.write(bytes),
            None => Err(io::Error::other("the request has been sent")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The headers of an answer, a line each.
pub(super) struct Lines {
    exchange: SharedExchange,
    lines: Option<Cursor<Vec<u8>>>,
}

impl Lines {
    fn of(exchange: &SharedExchange) -> Self {
        Self { exchange: Arc::clone(exchange), lines: None }
    }

    fn lines(&mut self) -> io::Result<&mut Cursor<Vec<u8>>> {
        let lines = match self.lines.take() {
            Some(lines) => lines,
            None => Cursor::new(locked(&self.exchange).header_lines()?),
        };
        Ok(self.lines.insert(lines))
    }
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.lines()?.read(buffer)
    }
}

impl BufRead for Lines {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.lines()?.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if let Some(lines) = &mut self.lines {
            lines.consume(amount);
        }
    }
}

/// The body of an answer.
pub(super) struct Body {
    exchange: SharedExchange,
    chunk: Cursor<Vec<u8>>,
    ending: Ending,
}

impl Body {
    fn of(exchange: SharedExchange) -> Self {
        Self { exchange, chunk: Cursor::default(), ending: Ending::default() }
    }
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let copied = self.fill_buf()?.read(buffer)?;
        self.consume(copied);
        Ok(copied)
    }
}

impl BufRead for Body {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.chunk.fill_buf()?.is_empty() {
            let chunk = locked(&self.exchange).next_chunk()?;
            self.ending.note(chunk.len())?;
            self.chunk = Cursor::new(chunk);
        }
        self.chunk.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.chunk.consume(amount);
    }
}

fn header_map(lines: impl IntoIterator<Item = impl AsRef<str>>) -> HeaderMap {
    let parse = |line: &str| {
        let (name, value) = line.split_once(':')?;
        let name = name.parse::<HeaderName>().ok()?;
        let value = HeaderValue::from_str(value.trim()).ok()?;
        Some((name, value))
    };
    lines.into_iter().filter_map(|line| parse(line.as_ref())).collect()
}
