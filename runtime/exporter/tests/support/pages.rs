//! Clients that ask for the live page and hang up before the answer, for the tests and for the benchmark.

use super::hostile::Random;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// What became of the requests.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    /// The client hung up before the first byte.
    pub(crate) abandoned: AtomicU64,
    /// The answer came first.
    pub(crate) answered: AtomicU64,
    /// There was no connection.
    pub(crate) lost: AtomicU64,
}

/// All panels over an hour, at as many instants as there may be; of every other client those that differ from all others.
fn question(client: u64, random: &mut Random) -> String {
    let range = if client.is_multiple_of(2) { 3600 } else { 3000 + random.below(600) };
    let most = if random.below(4) == 0 { String::new() } else { format!("&most={}", 1 + random.below(40)) };
    format!(
        "GET /live/panels?range={range}&points=720{most} HTTP/1.1\r\nhost: localhost\r\naccept-encoding: gzip\r\n\r\n"
    )
}

/// Asks, hangs up after 10 to 50 ms, and comes again after a pause, until it is told to stop.
pub(crate) async fn abandon(
    address: SocketAddr,
    client: u64,
    pause: Duration,
    stop: Arc<AtomicBool>,
    counts: Arc<Outcomes>,
) {
    let mut random = Random::new(client + 1);
    let millis = |it: usize| Duration::from_millis(it as u64);
    sleep(pause * u32::try_from(random.below(100)).unwrap_or(0) / 100).await;
    while !stop.load(Ordering::Relaxed) {
        let counted = match TcpStream::connect(address).await {
            Ok(mut stream) => {
                let sent = stream.write_all(question(client, &mut random).as_bytes()).await;
                let mut begin = [0; 16];
                let read = timeout(millis(10 + random.below(41)), stream.read(&mut begin)).await;
                match (sent, read) {
                    (Ok(()), Err(_)) => &counts.abandoned,
                    (Ok(()), Ok(Ok(1..))) => &counts.answered,
                    _ => &counts.lost,
                }
            }
            Err(_) => &counts.lost,
        };
        counted.fetch_add(1, Ordering::Relaxed);
        sleep(pause).await;
    }
}
