//! Clients that request the live page and hang up before the answer, for the tests and for the benchmark.

use super::hostile::Random;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// The outcomes of the requests.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    /// The client hung up before the first byte.
    pub(crate) abandoned: AtomicU64,
    /// The answer arrived first.
    pub(crate) answered: AtomicU64,
    /// The connection failed.
    pub(crate) lost: AtomicU64,
}

/// Returns a request for all panels over an hour with the maximum number of points. Every other client varies the
/// range, so that its request is unique.
fn question(client: u64, random: &mut Random) -> String {
    let range = if client.is_multiple_of(2) { 3600 } else { 3000 + random.below(600) };
    let most = if random.below(4) == 0 { String::new() } else { format!("&most={}", 1 + random.below(40)) };
    format!(
        "GET /live/panels?range={range}&points=720{most} HTTP/1.1\r\nhost: localhost\r\naccept-encoding: gzip\r\n\r\n"
    )
}

/// Requests the page, hangs up after 10 to 50 ms, and repeats that after a pause, until `stop` is set.
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
                let mut start = [0; 16];
                let read = timeout(millis(10 + random.below(41)), stream.read(&mut start)).await;
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
