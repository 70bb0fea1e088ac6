//! The number of connections, and the order and time of their ends.

use crate::support::{LONG, Served, WIDE, ask, goes_on_sending, is_open, read, read_all};
use measurand_server::{Event, Limits};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

const SHORT: Duration = Duration::from_millis(400);

async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begin.elapsed() < LONG, "{what} does not happen");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn who_never_asked_gives_way_before_who_rests_and_who_is_answered_stays() {
    let served = Served::start(Limits { connections: 3, ..WIDE }).await;
    let mut rests = served.answered().await;
    let mut silent = served.connect().await;
    let mut busy = served.busy().await;
    let mut first = served.answered().await;
    assert_eq!(read(&mut silent).await, "", "it never asked");
    assert!(is_open(&mut rests).await && is_open(&mut busy).await);

    let mut second = served.answered().await;
    assert_eq!(read(&mut rests).await, "", "it was idle for longest");
    assert!(is_open(&mut first).await && is_open(&mut busy).await);
    served.go.notify_one();
    assert!(read(&mut busy).await.starts_with("HTTP/1.1 200"));
    ask(&mut second, "/").await;
    assert!(read(&mut second).await.starts_with("HTTP/1.1 200"), "an open connection still works");
    assert_eq!(served.events(), [Event::Connections; 2]);
}

#[tokio::test]
async fn who_does_not_read_gives_way_before_who_rests() {
    let served = Served::start(Limits { connections: 2, ..WIDE }).await;
    let mut rests = served.answered().await;
    let mut stalled = served.asked("/large").await;
    let mut byte = [0];
    stalled.read_exact(&mut byte).await.unwrap();
    // A connection counts as stalled after a second without progress.
    sleep(Duration::from_millis(1500)).await;
    let _new = served.answered().await;
    assert!(is_open(&mut rests).await);
    let rest = read_all(&mut stalled).await.len();
    assert!(rest < 64 << 20, "it was cut short");
}

#[tokio::test]
async fn when_all_are_busy_the_oldest_ends_with_its_answer() {
    let served = Served::start(Limits { connections: 1, ..WIDE }).await;
    let mut busy = served.busy().await;
    let mut new = served.connect().await;
    ask(&mut new, "/").await;
    assert!(is_open(&mut new).await && is_open(&mut busy).await, "the new connection waits");
    served.go.notify_one();
    let answer = read_all(&mut busy).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(read(&mut new).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn who_has_many_connections_gives_way_before_who_has_one() {
    let served = Served::start(Limits { connections: 8, ..WIDE }).await;
    let mut lone = served.connect_from([127, 0, 0, 2].into()).await;
    let mut flood = Vec::new();
    for _ in 0..100 {
        flood.push(served.connect().await);
    }
    let _last = served.answered().await;
    ask(&mut lone, "/").await;
    assert!(read(&mut lone).await.starts_with("HTTP/1.1 200"), "the oldest, but the only one of its network");
    assert!(served.events().len() >= 90, "{:?}", served.events().len());
}

/// Sends a byte now and then, and returns how long the connection lives.
async fn lifetime(mut stream: TcpStream, bytes: &[u8]) -> Duration {
    let begin = Instant::now();
    for byte in bytes.iter().cycle() {
        let written = stream.write_all(&[*byte]).await;
        if written.is_err() || !matches!(timeout(SHORT / 10, stream.read(&mut [0; 64])).await, Err(_) | Ok(Ok(1..))) {
            break;
        }
        assert!(begin.elapsed() < LONG, "the connection stays open");
    }
    begin.elapsed()
}

#[tokio::test]
async fn headers_have_a_time_however_busily_they_are_sent() {
    let served = Served::start(Limits { headers: SHORT, ..WIDE }).await;
    let slow = lifetime(served.connect().await, b"GET / HTTP/1.1\r\nx-long: and-so-on");
    let again = lifetime(served.answered().await, b"GET / HTTP/1.1\r\nx-long: and-so-on");
    let mut silent = served.connect().await;
    let mut rests = served.answered().await;
    let (slow, again, said) = tokio::join!(slow, again, read(&mut silent));
    assert!(slow >= SHORT / 2 && again >= SHORT / 2, "{slow:?} {again:?}");
    assert_eq!(said, "");
    assert!(is_open(&mut rests).await, "an idle connection has another limit");
    assert_eq!(served.events(), [Event::Headers; 3]);
}

#[tokio::test]
async fn rest_and_life_have_a_time() {
    let served = Served::start(Limits { idle: SHORT, ..WIDE }).await;
    let mut rests = served.answered().await;
    let mut busy = served.busy().await;
    assert_eq!(read(&mut rests).await, "");
    assert!(is_open(&mut busy).await);
    assert_eq!(served.events(), [], "no client exceeded another limit");

    let served = Served::start(Limits { connection: SHORT, ..WIDE }).await;
    let mut busy = served.busy().await;
    let mut alive = served.connect().await;
    let begin = Instant::now();
    let mut answers = 0;
    loop {
        if alive.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.is_err()
            || read(&mut alive).await.is_empty()
        {
            break;
        }
        answers += 1;
        assert!(begin.elapsed() < LONG, "the connection stays open");
    }
    assert!(answers > 0);
    sleep(SHORT * 2).await;
    served.go.notify_one();
    let answer = read_all(&mut busy).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "a started request is answered: {answer}");
}

#[tokio::test]
async fn who_does_not_read_and_who_is_never_done_is_let_go() {
    let served = Served::start(Limits { write: SHORT, ..WIDE }).await;
    let mut stalled = served.asked("/large").await;
    until("the end of the client that does not read", async || served.events().contains(&Event::Write).then_some(()))
        .await;
    assert!(read_all(&mut stalled).await.len() < 64 << 20);

    let served = Served::start(Limits { connection: SHORT, shutdown: SHORT, ..WIDE }).await;
    let mut endless = served.busy().await;
    assert_eq!(read_all(&mut endless).await, "");
    assert_eq!(served.events(), [Event::Connection]);
}

#[tokio::test]
async fn what_is_no_request_is_refused_with_its_status() {
    let served = Served::start(WIDE).await;
    let large = format!("GET / HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "y".repeat(100 * 1024));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(200));
    let long = format!("GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "y".repeat(70 * 1024));
    // Settings, and then streams that are opened and reset; each frame starts with its length.
    let reset =
        |stream: u8| format!("\0\0\x01\x01\x04\0\0\0{0}\x02\0\0\x04\x03\0\0\0\0{0}\0\0\0\x08", char::from(stream));
    let resets = (1..128).step_by(2).map(reset).collect::<Vec<_>>().concat();
    let rapid_reset = format!("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0{resets}");
    for (bytes, status) in [
        (large.as_str(), "431"),
        (&many, "431"),
        (&long, "431"),
        ("GET / HTTP/9\r\n\r\n", "400"),
        ("GET  / HTTP/1.1\r\n\r\n", "400"),
        ("\0\0\0\0", "400"),
        ("GET / HTTP/1.1\r\ncontent-length: x\r\n\r\n", "400"),
        ("POST /method HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nbad header\r\n\r\n", "400"),
        // An HTTP/2 client without TLS, with and without further frames: only TLS could tell it that HTTP/2 is not
        // supported.
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""),
        (&rapid_reset, ""),
    ] {
        let mut stream = served.connect().await;
        // The server may close it while we write.
        let _ = stream.write_all(bytes.as_bytes()).await;
        let answer = read(&mut stream).await;
        let begin = &bytes[..bytes.len().min(40)];
        assert_eq!(answer.split(' ').nth(1).unwrap_or(""), status, "{begin:?}: {answer}");
        if !status.is_empty() {
            // hyper's own answers have none of our headers, and no content that a browser could interpret.
            let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
            let mut names: Vec<_> = head.lines().skip(1).map(|it| it.split(':').next().unwrap()).collect();
            names.sort_unstable();
            assert_eq!((names, body), (vec!["connection", "content-length", "date"], ""), "{answer}");
            assert!(head.contains("\r\ncontent-length: 0") && head.contains("\r\nconnection: close"), "{answer}");
        }
        assert_eq!(read(&mut stream).await, "", "the connection is closed");
    }
    until("the last event", async || (served.events().len() == 12).then_some(())).await;
    assert_eq!(served.events(), [Event::Malformed; 12]);
    let _fine = served.answered().await;
}

#[tokio::test]
async fn an_answer_is_not_lost_on_who_is_still_sending() {
    let served = Served::start(Limits { connections: 1, ..WIDE }).await;
    for (begin, status) in [
        (format!("GET / HTTP/1.1\r\nhost: localhost\r\nx: {}", "y".repeat(40 * 1024)), "431"),
        ("GET / HTTP/9\r\n\r\n".to_owned(), "400"),
        (
            "POST /method HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 150000\r\n\r\n"
                .to_owned(),
            "200",
        ),
    ] {
        goes_on_sending(served.connect().await, &begin, status).await;
    }
    // The server does not wait for a client that never stops sending, nor for a silent one.
    let mut endless = served.connect().await;
    endless.write_all(b"GET / HTTP/9\r\n\r\n").await.unwrap();
    until("its end", async || endless.write_all(&[b'z'; 10_000]).await.err()).await;
    let mut silent = served.connect().await;
    silent.write_all(b"GET / HTTP/9\r\n\r\n").await.unwrap();
    assert!(read(&mut silent).await.starts_with("HTTP/1.1 400"));
    assert_eq!(read(&mut silent).await, "");
    let begin = Instant::now();
    served.answered().await;
    assert!(begin.elapsed() < LONG / 2, "the only place is free again");
}

#[tokio::test]
async fn requests_may_come_before_the_answers_of_those_before() {
    let served = Served::start(WIDE).await;
    let mut stream = served.connect().await;
    let requests = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(99)
        + "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(requests.as_bytes()).await.unwrap();
    let answers = read_all(&mut stream).await;
    assert_eq!((answers.matches("HTTP/1.1 200 OK").count(), answers.matches("here\n").count()), (100, 100));
}

#[tokio::test]
async fn a_shutdown_waits_for_what_has_begun_and_for_nothing_else() {
    let served = Served::start(Limits { shutdown: Duration::from_secs(20), ..WIDE }).await;
    let (mut rests, mut silent) = (served.answered().await, served.connect().await);
    let mut half = served.connect().await;
    half.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let mut busy = served.busy().await;
    let (address, go) = (served.address, served.go.clone());
    let (begin, stopping) = (Instant::now(), tokio::spawn(served.stop()));
    assert_eq!((read(&mut rests).await, read(&mut silent).await, read(&mut half).await), Default::default());
    assert!(TcpStream::connect(address).await.is_err(), "the listener is closed");
    assert!(!stopping.is_finished());
    go.notify_one();
    assert!(read_all(&mut busy).await.starts_with("HTTP/1.1 200"));
    stopping.await.unwrap();
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());

    let served = Served::start(Limits { shutdown: SHORT, ..WIDE }).await;
    let mut endless = served.busy().await;
    served.stop().await;
    assert_eq!(read_all(&mut endless).await, "", "its time limit was reached");
}
