//! All connections, and which of them has to end: because its time is over, or because a new one needs its place.

use crate::connection::{Connection, Phase};
use crate::limits::{Event, Limits};
use measurand_catalog::lock::lock;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// What a client still sends after its answer is read for so long, at least.
const LEAVING: Duration = Duration::from_secs(1);

/// A client that takes nothing for so long gives way to one that may.
const STALLED: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Registry {
    limits: Limits,
    connections: Mutex<(u64, HashMap<u64, Arc<Connection>>)>,
    places: Arc<Semaphore>,
    /// Somebody has come, so that there is something to look after.
    pub(crate) came: Notify,
}

/// A connection's place, which is free again when this is dropped.
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

    /// A place if one is free.
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

    /// Returns when a place may be free, or after a moment, since then another connection may be found to give way.
    pub(crate) async fn room(&self) {
        let _ = tokio::time::timeout(Duration::from_millis(50), self.places.acquire()).await;
    }

    /// Returns when nobody is connected.
    pub(crate) async fn empty(&self) {
        let _ = self.places.acquire_many(self.limits.connections).await;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().1.is_empty()
    }

    /// Lets the connection end that does least: one that never asked for anything, then one that takes nothing or was
    /// answered for good, then one that rests; of several the one whose network has most of them, and of those the oldest.
    /// Where all are busy, the oldest ends with its answer. Says whether a place becomes free at once.
    pub(crate) fn make_room(&self) -> bool {
        let (now, connections) = (Instant::now(), self.lock());
        let mut of = HashMap::<IpAddr, usize>::new();
        for it in connections.1.values() {
            *of.entry(it.network).or_default() += 1;
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

    /// Ends what has been going on for too long, and says why.
    pub(crate) fn sweep(&self, tell: impl Fn(Event)) {
        let now = Instant::now();
        let limits = &self.limits;
        for it in self.lock().1.values() {
            let progress = it.progress();
            let (age, lasts) =
                (now.saturating_duration_since(it.opened), now.saturating_duration_since(progress.since));
            let asks_for_long = matches!(progress.phase, Phase::New | Phase::Asking) && lasts >= limits.headers;
            if asks_for_long {
                tell(Event::Headers);
                it.kill.notify_one();
            } else if progress.phase == Phase::Idle && lasts >= limits.idle
                || progress.phase == Phase::Leaving && lasts >= LEAVING
            {
                it.kill.notify_one();
            } else if progress.blocked(now) >= limits.write {
                tell(Event::Write);
                it.kill.notify_one();
            } else if age >= limits.connection + limits.shutdown && lasts >= limits.shutdown {
                tell(Event::Connection);
                it.kill.notify_one();
            } else if age >= limits.connection {
                it.finish.notify_one();
            }
        }
    }

    /// Lets all end with their answers.
    pub(crate) fn finish(&self) {
        self.lock().1.values().for_each(|it| it.finish.notify_one());
    }

    /// Ends those that have not asked for anything yet, or not to the end.
    pub(crate) fn end_unasked(&self) {
        self.lock().1.values().filter(|it| it.progress().phase != Phase::Answering).for_each(|it| it.kill.notify_one());
    }

    /// Ends all that are left.
    pub(crate) fn end_all(&self) {
        self.lock().1.values().for_each(|it| it.kill.notify_one());
    }

    /// How often to look for what takes too long.
    pub(crate) fn tick(&self) -> Duration {
        let Limits { headers, idle, write, connection, .. } = self.limits;
        let shortest = headers.min(idle).min(write).min(connection);
        (shortest / 4).clamp(Duration::from_millis(20), Duration::from_secs(1))
    }
}
