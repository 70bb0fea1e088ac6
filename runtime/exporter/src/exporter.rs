//! The handle to an endpoint that serves.

use measurand_catalog::lock::lock;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// An endpoint that serves. Dropping this does not stop it; [`Exporter::shutdown`] does.
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

    /// The address that it listens on, with the port that the operating system chose if that was 0.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// Where a browser on this machine finds it, for example `http://127.0.0.1:3000`.
    #[must_use]
    pub fn url(&self) -> String {
        let mut address = self.0.address;
        // Listening on all interfaces is no address that one can open.
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => (),
        }
        format!("{}://{address}", if self.0.is_encrypted { "https" } else { "http" })
    }

    /// Waits for one more scrape ([`crate::Builder::last_scrape`]), stops listening, lets requests that have begun end
    /// ([`crate::ServerLimits::shutdown`]), pushes all metrics if that is wanted, and waits for all of that, though no longer than
    /// each may take; it blocks the calling thread. Metrics are recorded on, and the endpoint may be installed again.
    pub fn shutdown(&self) {
        self.0.stop.send_replace(true);
        // The server is given its time to end; a little more is for its thread.
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
