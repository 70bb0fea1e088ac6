//! What a server is started with.

use crate::forward::NextHop;
use crate::rate_limit::Limits;
use crate::store::Keep;
use measurand_server::AccessFiles;
use std::path::PathBuf;
use std::time::Duration;

/// Default: twice the longest time after which the generated routes of Alertmanager repeat an alert.
pub const STALE_AFTER_HOURS: u32 = 48;

/// What a server is started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Host and port.
    pub listen: String,
    /// The database's file.
    pub database: PathBuf,
    /// Who may come in, everybody without any credentials; and the certificate, for HTTPS.
    pub access: AccessFiles,
    /// Where payloads are passed on to.
    pub forward: Option<NextHop>,
    /// How much is kept.
    pub keep: Keep,
    /// The time after which a firing alert that was not repeated is stale.
    pub stale_after: Duration,
    /// Bounds on what clients can take.
    pub limits: Limits,
}
