//! The handle to a running endpoint.

use measurand_catalog::lock::lock;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// A running endpoint. Dropping this handle does not stop it; [`Exporter::shutdown`] does.
#[derive(Debug, Clone)]
pub struct Exporter(Arc<Serving>);

#[derive(Debug)]
struct Serving {
    address: SocketAddr,
    is_encrypted: bool,
    stop: watch::Sender<bool>,
    patience: Duration,
    ended: ThreadEnd,
}

/// Whether the endpoint's thread has ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct ThreadEnd(Arc<(Mutex<bool>, Condvar)>);

impl Exporter {
    pub(crate) fn new(
        address: SocketAddr,
        is_encrypted: bool,
        stop: watch::Sender<bool>,
        patience: Duration,
        ended: ThreadEnd,
    ) -> Self {
        Self(Arc::new(Serving { address, is_encrypted, stop, patience, ended }))
    }

    /// Returns the address that the endpoint listens on. Port 0 is replaced by the port that the operating system
    /// chose.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// Returns the URL for a browser on this machine, for example `http://127.0.0.1:3000`.
    #[must_use]
    pub fn url(&self) -> String {
        let mut address = self.0.address;
        // A browser cannot open the unspecified address.
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => (),
        }
        format!("{}://{address}", if self.0.is_encrypted { "https" } else { "http" })
    }

    /// Stops the endpoint and blocks the calling thread until it has ended.
    ///
    /// It waits for one more scrape ([`crate::Builder::last_scrape`]), stops listening, lets started requests finish
    /// ([`crate::ServerLimits::shutdown`]) and pushes all metrics if that is configured. Each step has its own time
    /// limit. Recording continues, and the endpoint may be installed again.
    pub fn shutdown(&self) {
        self.0.stop.send_replace(true);
        // The server gets its shutdown time; its thread gets a little more.
        self.0.ended.wait(self.0.patience + Duration::from_millis(500));
    }

    pub(crate) fn is_serving(&self) -> bool {
        !*self.0.stop.borrow() && !self.0.ended.is_set()
    }
}

impl ThreadEnd {
    pub(crate) fn set(&self) {
        *lock(&self.0.0) = true;
        self.0.1.notify_all();
    }

    fn is_set(&self) -> bool {
        *lock(&self.0.0)
    }

    fn wait(&self, patience: Duration) {
        let ended = lock(&self.0.0);
        let _ended = self.0.1.wait_timeout_while(ended, patience, |ended| !*ended);
    }
}
