//! Limits the request rate of each client address with a token bucket.

use measurand_catalog::lock::lock;
use measurand_server::network;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The limits for clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Maximum size of a payload in bytes.
    pub body_bytes: u32,
    /// Maximum number of concurrent requests.
    pub requests: u32,
    /// Maximum time to receive a request's body, and again to answer it.
    pub request: Duration,
    /// Maximum number of requests per second from one address, on average. Zero disables the limit.
    pub rate: u32,
    /// Maximum number of requests from one address at once.
    pub burst: u32,
    /// The limits of connections.
    pub server: measurand_server::Limits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 4 * 1024 * 1024,
            requests: 256,
            request: Duration::from_secs(30),
            rate: 1000,
            burst: 2000,
            server: measurand_server::Limits {
                connections: 512,
                header_bytes: 32 * 1024,
                headers: Duration::from_secs(60),
                idle: Duration::from_secs(60),
                write: Duration::from_secs(30),
                shutdown: Duration::from_secs(10),
                ..measurand_server::Limits::default()
            },
        }
    }
}

/// Maximum number of addresses with a bucket. Beyond it, full buckets are deleted, and if that is not enough, all of
/// them.
const ADDRESSES_MAX: usize = 4096;

/// The buckets of all addresses.
#[derive(Debug)]
pub(crate) struct Rate {
    per_second: f64,
    burst: f64,
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Rate {
    pub(crate) fn new(limits: &Limits) -> Self {
        let burst = f64::from(limits.burst.max(1));
        Self { per_second: limits.rate.into(), burst, buckets: Mutex::default() }
    }

    /// Takes one request from the bucket of an address. The error is the number of seconds until the next request is
    /// allowed.
    pub(crate) fn take(&self, address: IpAddr, now: Instant) -> Result<(), u64> {
        if self.per_second == 0.0 {
            return Ok(());
        }
        let mut buckets = lock(&self.buckets);
        if buckets.len() >= ADDRESSES_MAX {
            buckets.retain(|_, it| self.left(*it, now) < self.burst);
            if buckets.len() >= ADDRESSES_MAX {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(network(address)).or_insert(Bucket { left: self.burst, at: now });
        *bucket = Bucket { left: self.left(*bucket, now), at: now };
        if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            return Ok(());
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 1 to the burst")]
        Err(((1.0 - bucket.left) / self.per_second).ceil().max(1.0) as u64)
    }

    fn left(&self, bucket: Bucket, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
        (bucket.left + passed * self.per_second).min(self.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::{ADDRESSES_MAX, Limits, Rate};
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::{Duration, Instant};

    #[test]
    fn a_bucket_empties_and_fills() {
        let rate = Rate::new(&Limits { rate: 2, burst: 3, ..Limits::default() });
        let (here, there) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let now = Instant::now();
        let three: Vec<_> = (0..4).map(|_| rate.take(here, now)).collect();
        assert_eq!(three, [Ok(()), Ok(()), Ok(()), Err(1)]);
        assert_eq!(rate.take(there, now), Ok(()), "each address has its own");
        assert_eq!(rate.take(here, now + Duration::from_millis(500)), Ok(()), "half a second is one request");
        assert_eq!(rate.take(here, now + Duration::from_millis(500)), Err(1));
    }

    #[test]
    fn an_ipv6_network_shares_a_bucket() {
        let rate = Rate::new(&Limits { rate: 1, burst: 1, ..Limits::default() });
        let now = Instant::now();
        assert_eq!(rate.take("2001:db8::1".parse().unwrap(), now), Ok(()));
        assert_eq!(rate.take("2001:db8::2".parse().unwrap(), now), Err(1));
        assert_eq!(rate.take("2001:db8:0:1::2".parse().unwrap(), now), Ok(()));
    }

    #[test]
    fn many_addresses_take_bounded_memory() {
        let rate = Rate::new(&Limits { rate: 1, burst: 1, ..Limits::default() });
        let now = Instant::now();
        for number in 0..100_000 {
            assert_eq!(rate.take(Ipv4Addr::from_bits(number).into(), now), Ok(()));
        }
        assert!(rate.buckets.lock().unwrap().len() <= ADDRESSES_MAX);
    }
}
