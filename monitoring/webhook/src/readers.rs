//! Database connections for reading, used on threads that may block.

use crate::store::Database;
use measurand_catalog::lock::lock;
use rusqlite::{Connection, Error, Result};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// Maximum number of concurrent reads; further ones wait.
const READS_MAX: usize = 4;

/// A pool of connections, which are opened on demand.
#[derive(Debug)]
pub(crate) struct Readers {
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
    /// Declared after the connections, because its lock must outlive them.
    database: Database,
}

impl Readers {
    pub(crate) fn new(database: Database) -> Arc<Self> {
        Arc::new(Self { database, idle: Mutex::default(), permits: Semaphore::new(READS_MAX) })
    }

    /// Runs a read on a thread that may block.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        // The semaphore is never closed.
        let _permit = self.permits.acquire().await;
        let this = Arc::clone(self);
        let result = tokio::task::spawn_blocking(move || this.read_blocking(work)).await;
        result.unwrap_or_else(|error| Err(Error::ToSqlConversionFailure(error.into())))
    }

    /// Runs a read on the current thread.
    pub(crate) fn read_blocking<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let idle = lock(&self.idle).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.database.reader()?,
        };
        let result = work(&connection);
        lock(&self.idle).push(connection);
        result
    }
}
