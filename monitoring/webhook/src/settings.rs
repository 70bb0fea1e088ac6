//! What a server is started with.

use crate::auth::CredentialFiles;
use crate::forward::NextHop;
use crate::limits::Limits;
use crate::store::Keep;
use crate::tls::TlsFiles;
use std::path::PathBuf;

/// What a server is started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Host and port.
    pub listen: String,
    /// The database's file.
    pub database: PathBuf,
    /// Who may come in; everybody without any.
    pub credentials: CredentialFiles,
    /// The certificate, for HTTPS.
    pub tls: Option<TlsFiles>,
    /// Where payloads are passed on to.
    pub forward: Option<NextHop>,
    /// How much is kept.
    pub keep: Keep,
    /// Bounds on what clients can take.
    pub limits: Limits,
}
