//! Reloads credentials and certificate while the server runs.

use crate::log;
use measurand_server::Access;
use std::sync::Arc;

/// Reloads the credential and certificate files of a running server.
#[derive(Debug)]
pub struct Reloader {
    pub(crate) access: Arc<Access>,
}

impl Reloader {
    /// Reloads the files. If one of them is invalid, the previous settings stay in use, and the log names the reason.
    pub fn reload(&self) {
        match self.access.reload() {
            Ok(()) => log("reloaded credentials and certificate"),
            Err(error) => log(&format!("kept the previous credentials and certificate: {error}")),
        }
    }
}
