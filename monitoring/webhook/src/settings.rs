//! The settings of a server.

use crate::forward::NextHop;
use crate::rate_limit::Limits;
use crate::store::Keep;
use measurand_server::AccessFiles;
use std::path::PathBuf;
use std::time::Duration;

/// Default of [`Settings::stale_after`] in hours: twice the longest `repeat_interval` in the generated
/// `alertmanager.yml`.
pub const STALE_AFTER_HOURS: u32 = 48;

/// The settings of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The host and port to listen on.
    pub listen: String,
    /// The path of the database.
    pub database: PathBuf,
    /// The files with credentials and certificate. Without credentials, every client has access.
    pub access: AccessFiles,
    /// The next hop that payloads are forwarded to.
    pub forward: Option<NextHop>,
    /// The `RUNBOOK.md` that `/runbook` shows.
    pub runbook: Option<PathBuf>,
    /// The limits after which alerts are deleted.
    pub keep: Keep,
    /// The time after which a firing alert without a repeat is stale.
    pub stale_after: Duration,
    /// The limits for clients.
    pub limits: Limits,
}
