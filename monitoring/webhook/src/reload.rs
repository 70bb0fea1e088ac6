//! Reading credentials and certificate anew while the server runs: both are replaced more often than it is.

use crate::log;
use measurand_server::Access;
use std::sync::Arc;

/// Reads the files of a running server again.
#[derive(Debug)]
pub struct Reloader {
    pub(crate) access: Arc<Access>,
}

impl Reloader {
    /// Reads the files again. When one of them is no good, everything stays as it was, and the log says why.
    pub fn reload(&self) {
        match self.access.reload() {
            Ok(()) => log("credentials and certificate are read again"),
            Err(error) => log(&format!("credentials and certificate stay as they were: {error}")),
        }
    }
}
