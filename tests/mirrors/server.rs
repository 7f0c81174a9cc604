//! A git server on the loopback: `git http-backend` behind a few lines of HTTP, or whatever a
//! test wants a server to answer.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

const BACKENDS: [&str; 2] =
    ["/usr/lib/git-core/git-http-backend", "/usr/libexec/git-core/git-http-backend"];

/// What the server does with a request.
pub(crate) type Behaviour = Arc<dyn Fn(&Request, &mut TcpStream) + Send + Sync>;

pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// Ends with its value.
pub(crate) struct Server {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
    pub(crate) targets: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let targets = Arc::new(Mutex::new(Vec::new()));
        let (stopped, seen) = (Arc::clone(&stop), Arc::clone(&targets));
        let accepting = thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let (behaviour, seen) = (Arc::clone(&behaviour), Arc::clone(&seen));
                thread::spawn(move || answer(stream.unwrap(), &behaviour, &seen));
            }
        });
        Self { address, stop, accepting: Some(accepting), targets }
    }

    /// Serves the repositories below a directory.
    pub(crate) fn of(root: &Path) -> Self {
        Self::start(serving(root))
    }

    /// Gives every request the same bytes.
    pub(crate) fn saying(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(Arc::new(move |_, stream| drop(stream.write_all(&answer))))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(self.address));
        self.accepting.take().unwrap().join().unwrap();
    }
}

/// `git http-backend` for the repositories below a directory.
pub(crate) fn serving(root: &Path) -> Behaviour {
    let root = root.to_owned();
    Arc::new(move |request, stream| drop(stream.write_all(&backend(&root, request))))
}

/// An answer with headers and a body.
pub(crate) fn response(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

pub(crate) fn redirect(to: &str) -> Vec<u8> {
    response("302 Found", &format!("location: {to}\r\n"), b"")
}

/// What http-backend answers, as HTTP.
pub(crate) fn backend(root: &Path, request: &Request) -> Vec<u8> {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let header = |name: &str| request.headers.get(name).cloned().unwrap_or_default();
    let program =
        BACKENDS.iter().map(PathBuf::from).find(|path| path.exists()).expect("git is installed");
    let mut child = Command::new(program)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_CONFIG_COUNT", "1")
        .envs([("GIT_CONFIG_KEY_0", "safe.directory"), ("GIT_CONFIG_VALUE_0", "*")])
        .env("REQUEST_METHOD", &request.method)
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("CONTENT_TYPE", header("content-type"))
        .env("CONTENT_LENGTH", request.body.len().to_string())
        .env("GIT_PROTOCOL", header("git-protocol"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&request.body).unwrap();
    as_http(&child.wait_with_output().unwrap().stdout)
}

fn as_http(answer: &[u8]) -> Vec<u8> {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK");
    let mut headers =
        head.lines().filter(|line| !line.starts_with("Status: ")).collect::<Vec<_>>().join("\r\n");
    headers.push_str("\r\n");
    response(status, &headers, &answer[end + 4..])
}

fn answer(mut stream: TcpStream, behaviour: &Behaviour, seen: &Mutex<Vec<String>>) {
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let Some(request) = read_request(&stream) else { return };
    seen.lock().unwrap().push(format!("{} {}", request.method, request.target));
    behaviour(&request, &mut stream);
}

fn read_request(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, target, headers, body })
}
