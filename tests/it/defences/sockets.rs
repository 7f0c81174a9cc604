//! Requests that no client library would send: too large, too slow, without an end.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use crate::support::World;

async fn impatient() -> World {
    World::with_config(|config| {
        config.server.head_seconds = 1;
        config.server.body_seconds = 1;
    })
    .await
}

/// Runs a conversation beside the server, on a thread that may wait.
async fn talk<T: Send + 'static>(
    world: &World,
    talk: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> T {
    let address = world.base.trim_start_matches("http://").to_owned();
    tokio::task::spawn_blocking(move || {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        talk(stream)
    })
    .await
    .unwrap()
}

/// All that the server says until it closes the connection, and how long that took.
fn listen(stream: &mut TcpStream) -> (String, Duration) {
    let (mut said, started) = (Vec::new(), Instant::now());
    match stream.read_to_end(&mut said) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the server neither answers nor closes: {error}"),
    }
    (String::from_utf8_lossy(&said).into_owned(), started.elapsed())
}

/// Writes for as long as the server takes it.
fn write(stream: &mut TcpStream, bytes: &[u8]) -> bool {
    stream.write_all(bytes).is_ok()
}

const FORM: &str = "content-type: application/x-www-form-urlencoded\r\n";

#[actix_web::test]
async fn a_head_that_is_too_large_is_refused() {
    let world = World::new().await;

    let large = |line: String| {
        talk(&world, move |mut stream| {
            write(
                &mut stream,
                format!("GET /api/health HTTP/1.1\r\nhost: x\r\n{line}\r\n").as_bytes(),
            );
            listen(&mut stream).0
        })
    };
    let fits = large(format!("connection: close\r\nx-long: {}\r\n", "a".repeat(60_000))).await;
    assert!(fits.starts_with("HTTP/1.1 200"), "{fits}");
    let long = large(format!("x-long: {}\r\n", "a".repeat(140_000))).await;
    assert!(long.starts_with("HTTP/1.1 431"), "{long}");
    let many = large("x-many: 1\r\n".repeat(100)).await;
    assert!(many.starts_with("HTTP/1.1 4"), "{many}");
    let path = talk(&world, |mut stream| {
        let path = "a".repeat(140_000);
        write(&mut stream, format!("GET /{path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes());
        listen(&mut stream).0
    });
    let path = path.await;
    assert!(path.starts_with("HTTP/1.1 4"), "{path}");
}

#[actix_web::test]
async fn a_body_that_says_it_is_too_large_is_refused_unread() {
    let world = World::new().await;

    let (answer, time) = talk(&world, |mut stream| {
        let head =
            format!("POST /setup/x HTTP/1.1\r\nhost: x\r\n{FORM}content-length: 999999999\r\n\r\n");
        write(&mut stream, head.as_bytes());
        listen(&mut stream)
    })
    .await;

    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("text/html") && answer.contains("65536 bytes"), "{answer}");
    assert!(time < Duration::from_secs(15), "{time:?}");
}

#[actix_web::test]
async fn a_body_that_turns_out_too_large_is_refused() {
    let world = World::new().await;

    let answer = talk(&world, |mut stream| {
        let head = format!(
            "POST /setup/x HTTP/1.1\r\nhost: x\r\n{FORM}transfer-encoding: chunked\r\n\r\n"
        );
        write(&mut stream, head.as_bytes());
        let chunk = format!("1000\r\n{}\r\n", "a".repeat(0x1000));
        for _ in 0..32 {
            if !write(&mut stream, chunk.as_bytes()) {
                break;
            }
        }
        listen(&mut stream).0
    })
    .await;

    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[actix_web::test]
async fn a_body_that_never_comes_is_given_up() {
    let world = impatient().await;

    let (answer, time) = talk(&world, |mut stream| {
        let head =
            format!("POST /setup/x HTTP/1.1\r\nhost: x\r\n{FORM}content-length: 100\r\n\r\nname=");
        write(&mut stream, head.as_bytes());
        listen(&mut stream)
    })
    .await;

    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("took too long"), "{answer}");
    assert!(time < Duration::from_secs(15), "{time:?}");
}

#[actix_web::test]
async fn a_body_that_never_ends_is_given_up() {
    let world = impatient().await;

    let answer = talk(&world, |mut stream| {
        let head = format!(
            "POST /setup/x HTTP/1.1\r\nhost: x\r\n{FORM}transfer-encoding: chunked\r\n\r\n"
        );
        write(&mut stream, head.as_bytes());
        let started = Instant::now();
        // A drop now and then, which keeps every connection's own clock quiet.
        while write(&mut stream, b"1\r\na\r\n") && started.elapsed() < Duration::from_secs(3) {
            std::thread::sleep(Duration::from_millis(100));
        }
        listen(&mut stream).0
    })
    .await;

    // Where the drops went on after the answer, the system may have thrown it away.
    assert!(answer.starts_with("HTTP/1.1 408") || answer.is_empty(), "{answer}");
}

#[actix_web::test]
async fn a_body_that_nobody_reads_is_not_read_for_ever() {
    let world = World::with_config(|config| config.limits.address_requests = 1).await;
    let routes = ["GET /api", "GET /api", "POST /no/such/page", "POST /static/x.js"];

    for route in routes {
        let time = talk(&world, move |mut stream| {
            let head = format!("{route} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
            write(&mut stream, head.as_bytes());
            let started = Instant::now();
            while write(&mut stream, b"1\r\na\r\n") && started.elapsed() < Duration::from_secs(15) {
                std::thread::sleep(Duration::from_millis(50));
            }
            started.elapsed()
        })
        .await;
        assert!(time < Duration::from_secs(14), "{route}: {time:?}");
    }
}

#[actix_web::test]
async fn a_connection_is_used_again_once_its_body_was_read() {
    let world = World::new().await;

    let answers = talk(&world, |mut stream| {
        let body = "name=a&login=b";
        for ending in ["", "connection: close\r\n"] {
            let head = format!("POST /setup/x HTTP/1.1\r\nhost: x\r\n{FORM}{ending}");
            write(
                &mut stream,
                format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes(),
            );
        }
        listen(&mut stream).0
    })
    .await;

    assert_eq!(answers.matches("HTTP/1.1 410").count(), 2, "{answers}");
}

#[actix_web::test]
async fn heads_that_come_too_slowly_hold_nothing_up() {
    let world = impatient().await;
    let address = world.base.trim_start_matches("http://").to_owned();
    let mut slow: Vec<TcpStream> = (0..100)
        .map(|_| {
            let mut stream = TcpStream::connect(&address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            assert!(write(&mut stream, b"GET /api/health HTTP/1.1\r\nhost: "));
            stream
        })
        .collect();

    world.nobody().get("/api/health").await.expect(200);

    let answers = tokio::task::spawn_blocking(move || {
        slow.iter_mut().map(|stream| listen(stream).0).collect::<Vec<_>>()
    });
    for answer in answers.await.unwrap() {
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
}
