//! What a server is started with.

use crate::forward::NextHop;
use crate::rate_limit::Limits;
use crate::store::Keep;
use measurand_server::AccessFiles;
use std::path::PathBuf;
use std::time::Duration;

/// Unless told otherwise: twice as long as the generated routes of Alertmanager ever wait until they repeat an alert.
pub const UNHEARD_HOURS: u32 = 48;

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
    /// After so long without news an alert that fires is shown as one that is no longer heard of.
    pub unheard: Duration,
    /// Bounds on what clients can take.
    pub limits: Limits,
}
