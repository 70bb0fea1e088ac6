//! A client that does not read what it asked for keeps its place for a bounded time only.

mod support;

use measurand_exporter::{Builder, Limits};
use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use support::{get, program};

/// Asks again and again without reading, until the endpoint cannot write any more and so stops reading.
fn stall(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the endpoint listens");
    stream.set_write_timeout(Some(Duration::from_millis(200))).expect("a socket takes a time limit");
    let requests = "GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n".repeat(1000);
    loop {
        match stream.write_all(requests.as_bytes()) {
            Ok(()) => (),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return stream,
            Err(error) => panic!("closed before the buffers were full: {error}"),
        }
    }
}

#[test]
fn stalled_connections_give_way() {
    let limits = Limits {
        connections: 2,
        connection: Duration::from_secs(3),
        shutdown: Duration::from_millis(300),
        ..Limits::default()
    };
    let exporter = Builder::new(program()).limits(limits).listen("127.0.0.1:0").install().unwrap();
    let begin = Instant::now();
    let stalled = std::thread::scope(|scope| {
        let all = [0, 1].map(|_| scope.spawn(|| stall(exporter.address())));
        all.map(|it| it.join().unwrap())
    });
    let waiting = Instant::now();
    assert_eq!(get(exporter.address(), "/healthz").status, 200);
    assert!(begin.elapsed() >= limits.connection, "all places were taken, answered after {:?}", begin.elapsed());
    assert!(waiting.elapsed() < Duration::from_secs(10));
    drop(stalled);
}
