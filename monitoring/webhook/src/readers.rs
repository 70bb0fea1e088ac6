//! Connections that read, off the threads that serve.

use crate::store::Database;
use measurand_catalog::lock::lock;
use rusqlite::{Connection, Error, Result};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// Reads at once; more wait.
const READS_MAX: usize = 4;

/// A few connections that are opened when they are first needed, and kept.
#[derive(Debug)]
pub(crate) struct Readers {
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
    /// Behind its connections, since it has the lock that is to outlive them.
    database: Database,
}

impl Readers {
    pub(crate) fn new(database: Database) -> Arc<Self> {
        Arc::new(Self { database, idle: Mutex::default(), permits: Semaphore::new(READS_MAX) })
    }

    /// Reads on a thread that may block.
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

    /// Reads on this thread.
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
