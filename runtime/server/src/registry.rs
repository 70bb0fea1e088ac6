//! All connections, and the choice of those that have to end: because a time limit is reached, or because a new
//! connection needs the place.

use crate::connection::{Connection, Phase};
use crate::limits::{Event, Limits};
use measurand_catalog::lock::lock;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Minimum time for reading what a client still sends after its answer.
const LEAVING: Duration = Duration::from_secs(1);

/// A client that accepts no bytes for this long may be closed in favour of a new one.
const STALLED: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Registry {
    limits: Limits,
    connections: Mutex<(u64, HashMap<u64, Arc<Connection>>)>,
    places: Arc<Semaphore>,
    /// Notified when a connection is added.
    pub(crate) came: Notify,
}

/// The place of a connection, which is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    registry: Arc<Registry>,
    id: u64,
    pub(crate) connection: Arc<Connection>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.registry.lock().1.remove(&self.id);
    }
}

impl Registry {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            connections: Mutex::default(),
            places: Arc::new(Semaphore::new(limits.connections as usize)),
            came: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, (u64, HashMap<u64, Arc<Connection>>)> {
        lock(&self.connections)
    }

    /// Returns a place if one is free.
    pub(crate) fn enter(self: &Arc<Self>, network: IpAddr) -> Option<Place> {
        let permit = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let connection = Arc::new(Connection::new(network));
        let mut connections = self.lock();
        connections.0 += 1;
        let id = connections.0;
        connections.1.insert(id, Arc::clone(&connection));
        drop(connections);
        self.came.notify_one();
        Some(Place { registry: Arc::clone(self), id, connection, _permit: permit })
    }

    /// Returns when a place may be free, or after a short time, because another connection may be closable then.
    pub(crate) async fn room(&self) {
        let _ = tokio::time::timeout(Duration::from_millis(50), self.places.acquire()).await;
    }

    /// Returns when there are no connections.
    pub(crate) async fn empty(&self) {
        let _ = self.places.acquire_many(self.limits.connections).await;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().1.is_empty()
    }

    /// Closes the least active connection: one without a request first, then one that accepts no bytes or has its last
    /// answer, then an idle one. Among equals it is one of the network with most connections, and of these the oldest.
    /// If all are busy, the oldest ends after its answer. Returns whether a place becomes free at once.
    pub(crate) fn make_room(&self) -> bool {
        let (now, connections) = (Instant::now(), self.lock());
        let mut of = HashMap::<IpAddr, usize>::new();
        for connection in connections.1.values() {
            *of.entry(connection.network).or_default() += 1;
        }
        let rank = |it: &Arc<Connection>| {
            let progress = it.progress();
            let class = match progress.phase {
                Phase::New => 0,
                Phase::Leaving => 1,
                _ if progress.blocked(now) >= STALLED => 1,
                Phase::Idle | Phase::Asking => 2,
                Phase::Answering => return None,
            };
            let since = if class == 0 { it.opened } else { progress.since };
            Some((class, Reverse(of.get(&it.network).copied().unwrap_or_default()), since))
        };
        let victim = connections.1.values().filter_map(|it| Some((rank(it)?, it))).min_by_key(|it| it.0);
        if let Some((_, victim)) = victim {
            victim.kill.notify_one();
            return true;
        }
        if let Some(oldest) = connections.1.values().min_by_key(|it| it.opened) {
            oldest.finish.notify_one();
        }
        false
    }

    /// Closes connections that exceed a time limit, and reports the reason.
    pub(crate) fn sweep(&self, tell: impl Fn(Event)) {
        let now = Instant::now();
        let limits = &self.limits;
        for connection in self.lock().1.values() {
            let progress = connection.progress();
            let (age, lasts) =
                (now.saturating_duration_since(connection.opened), now.saturating_duration_since(progress.since));
            let asks_for_long = matches!(progress.phase, Phase::New | Phase::Asking) && lasts >= limits.headers;
            if asks_for_long {
                tell(Event::Headers);
                connection.kill.notify_one();
            } else if progress.phase == Phase::Idle && lasts >= limits.idle
                || progress.phase == Phase::Leaving && lasts >= LEAVING
            {
                connection.kill.notify_one();
            } else if progress.blocked(now) >= limits.write {
                tell(Event::Write);
                connection.kill.notify_one();
            } else if age >= limits.connection + limits.shutdown && lasts >= limits.shutdown {
                tell(Event::Connection);
                connection.kill.notify_one();
            } else if age >= limits.connection {
                connection.finish.notify_one();
            }
        }
    }

    /// Ends all connections after their current answers.
    pub(crate) fn finish(&self) {
        self.lock().1.values().for_each(|it| it.finish.notify_one());
    }

    /// Ends connections without a complete request.
    pub(crate) fn end_unasked(&self) {
        self.lock().1.values().filter(|it| it.progress().phase != Phase::Answering).for_each(|it| it.kill.notify_one());
    }

    /// Ends all remaining connections.
    pub(crate) fn end_all(&self) {
        self.lock().1.values().for_each(|it| it.kill.notify_one());
    }

    /// Returns the interval between two checks of the time limits.
    pub(crate) fn tick(&self) -> Duration {
        let Limits { headers, idle, write, connection, .. } = self.limits;
        let shortest = headers.min(idle).min(write).min(connection);
        (shortest / 4).clamp(Duration::from_millis(20), Duration::from_secs(1))
    }
}
