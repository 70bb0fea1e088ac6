//! Malformed requests, generated from a seed, each with its valid statuses; and clients that send them. Used by the
//! tests and by the benchmark that sends a million.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

/// A pseudo-random generator (xorshift64*).
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next()).unwrap_or(0) % bound
    }

    fn pick<'a>(&mut self, among: &[&'a str]) -> &'a str {
        among[self.below(among.len())]
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        (0..=self.below(most)).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}

/// A request and its possible answers. Without a status the connection may end without an answer.
pub(crate) struct Attack {
    pub(crate) bytes: Vec<u8>,
    pub(crate) statuses: &'static [u16],
    /// Whether no answer is valid too.
    pub(crate) may_be_silent: bool,
}

const PATHS: [&str; 4] = ["/healthz", "/catalog.json", "/live/alerts", "/"];
const NOWHERE: [&str; 12] = [
    "/metrics/",
    "//metrics",
    "/../metrics",
    "/./metrics",
    "/%6Detrics",
    "/metrics%00",
    "/metrics;x=y",
    "/METRICS",
    "/live/../metrics",
    "/etc/passwd",
    "/monitoring/..%2f..%2fetc%2fpasswd",
    "/live/functions/%2e%2e",
];
const METHODS: [&str; 8] = ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW", "PROPFIND"];
const BAD_HEADERS: [&str; 8] = [
    "no colon here",
    "space in name: x",
    ": no name",
    "x : space before the colon",
    "x: control \u{1} character",
    "content-length: -1",
    "content-length: 1e3",
    "transfer-encoding: gzip",
];
const BAD_LINES: [&str; 8] = [
    "GET / HTTP/9.9",
    "GET / FTP/1.1",
    "GET  / HTTP/1.1",
    "GET /\t HTTP/1.1",
    "G\u{1}T / HTTP/1.1",
    "GET /a b HTTP/1.1",
    "GET",
    "GET / HTTP/1.1 and more",
];

/// Returns one of many malformed requests. Some are valid, so that a server that refuses everything fails too.
pub(crate) fn attack(random: &mut Random) -> Attack {
    let path = random.pick(&PATHS);
    let exactly = |text: String, statuses| Attack { bytes: text.into_bytes(), statuses, may_be_silent: false };
    match random.below(16) {
        0 => exactly(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n"), &[200]),
        1 => exactly(format!("HEAD {path}?{:x} HTTP/1.0\r\n\r\n", random.next()), &[200]),
        2 => exactly(format!("GET {} HTTP/1.1\r\nhost: localhost\r\n\r\n", random.pick(&NOWHERE)), &[404]),
        3 => exactly(format!("{} {path} HTTP/1.1\r\nhost: localhost\r\n\r\n", random.pick(&METHODS)), &[405]),
        4 => {
            let body = "x".repeat(1 + random.below(4000));
            let length = body.len() + random.below(2) * 1_000_000;
            exactly(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n{body}"), &[413])
        }
        5 => {
            let size = random.pick(&["1\r\nx\r\n0\r\n\r\n", "ffffffffffffffff\r\n", "zz\r\n", "-1\r\n", ""]);
            let head = "host: localhost\r\ntransfer-encoding: chunked";
            exactly(format!("POST {path} HTTP/1.1\r\n{head}\r\n\r\n{size}"), &[413])
        }
        6 => {
            let large = "y".repeat(17_000 + random.below(100_000));
            exactly(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nx: {large}\r\n\r\n"), &[431])
        }
        7 => {
            let many = "a: b\r\n".repeat(101 + random.below(200));
            exactly(format!("GET {path} HTTP/1.1\r\n{many}\r\n"), &[431])
        }
        8 => {
            exactly(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{}\r\n\r\n", random.pick(&BAD_HEADERS)), &[400])
        }
        9 => exactly(format!("{}\r\nhost: localhost\r\n\r\n", random.pick(&BAD_LINES)), &[400]),
        10 => {
            let both = "content-length: 4\r\ntransfer-encoding: chunked";
            exactly(format!("POST {path} HTTP/1.1\r\nhost: localhost\r\n{both}\r\n\r\n0\r\n\r\nGET /x"), &[400, 413])
        }
        11 => {
            let twice = "content-length: 4\r\ncontent-length: 5";
            exactly(format!("POST {path} HTTP/1.1\r\nhost: localhost\r\n{twice}\r\n\r\nabcdefgh"), &[400])
        }
        // A truncated request.
        12 => {
            let whole = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\naccept: */*\r\n\r\n");
            let length = random.below(whole.len() - 1);
            Attack { bytes: whole.as_bytes()[..length].to_vec(), statuses: &[400], may_be_silent: true }
        }
        13 => Attack { bytes: random.bytes(2000), statuses: &[400, 431], may_be_silent: true },
        14 => Attack {
            bytes: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec(),
            statuses: &[400],
            may_be_silent: true,
        },
        // A valid request with a few flipped bits.
        _ => {
            let mut bytes =
                format!("GET {path} HTTP/1.1\r\nhost: localhost\r\naccept-encoding: gzip\r\n\r\n").into_bytes();
            for _ in 0..=random.below(4) {
                let index = random.below(bytes.len());
                bytes[index] ^= 1 << random.below(8);
            }
            Attack { bytes, statuses: &[200, 400, 404, 405, 413, 421, 431], may_be_silent: true }
        }
    }
}

/// Sends this many requests. Returns a description of the first wrong answer.
pub(crate) async fn attack_many(address: SocketAddr, random: &mut Random, count: usize) -> Result<(), String> {
    for index in 0..count {
        let attack = attack(random);
        let shown = || format!("request {index}: {}", attack.bytes[..attack.bytes.len().min(300)].escape_ascii());
        let answer = exchange(address, &attack).await.map_err(|it| format!("{}: {it}", shown()))?;
        let status = answer.strip_prefix("HTTP/1.").and_then(|it| it.get(2..5)).and_then(|it| it.parse().ok());
        let is_right = match status {
            Some(status) => attack.statuses.contains(&status),
            None => attack.may_be_silent && answer.is_empty(),
        };
        if !is_right {
            return Err(format!("{}: not {:?} but {answer:?}", shown(), attack.statuses));
        }
    }
    Ok(())
}

/// Sends a request. Returns the start of the answer.
async fn exchange(address: SocketAddr, attack: &Attack) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    // The connection leaves no state behind, since a million of them would use up all ports.
    stream.set_zero_linger()?;
    let (mut reading, mut writing) = stream.split();
    // The server may answer, and close, before everything is sent.
    let send = async {
        let _ = writing.write_all(&attack.bytes).await;
        if attack.may_be_silent {
            // The server may wait for more bytes until the end of the stream.
            tokio::time::sleep(Duration::from_millis(200)).await;
            let _ = writing.shutdown().await;
        }
        std::future::pending::<()>().await;
    };
    let mut start = [0; 64];
    let receive = timeout(Duration::from_secs(20), reading.read(&mut start));
    let length = tokio::select! {
        read = receive => read??,
        () = send => 0,
    };
    Ok(String::from_utf8_lossy(&start[..length]).into_owned())
}

/// Opens a connection from one of this machine's addresses that sends one byte a second and never completes its
/// request, until `until` is set. Counts itself in `held`.
pub(crate) async fn slow(
    from: [u8; 4],
    address: SocketAddr,
    held: Arc<AtomicUsize>,
    mut until: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let request = b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nx-slow: ";
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    let mut stream = socket.connect(address).await?;
    held.fetch_add(1, Ordering::Relaxed);
    stream.set_zero_linger()?;
    for byte in request.iter().chain(std::iter::repeat(&b'y')) {
        stream.write_all(&[*byte]).await?;
        if timeout(Duration::from_secs(1), until.wait_for(|it| *it)).await.is_ok() {
            break;
        }
    }
    Ok(())
}
