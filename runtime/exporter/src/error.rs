//! Errors that keep the endpoint from starting. None of them stops the application.

use measurand_catalog::visible;
use std::fmt;
use std::io;

/// The reason why the endpoint does not serve. The message is one line and says what to do. `Debug` prints the same
/// message, because a `main` that returns the error shows that.
#[non_exhaustive]
pub enum Error {
    /// The address is invalid.
    Address {
        /// The given address.
        given: String,
        /// The reason why it is invalid.
        reason: String,
    },
    /// The address cannot be bound.
    Listen {
        /// The given address.
        address: String,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A file of users, tokens or certificates cannot be used, or the feature that reads it is missing.
    Access(String),
    /// Another recorder of the `metrics` facade is already installed and gets the metrics.
    ForeignRecorder,
    /// The endpoint's thread did not start.
    Start(io::Error),
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address { given, reason } => write!(
                f,
                "cannot listen on `{}`: {reason}; write a host and a port, as in `MEASURAND_LISTEN=127.0.0.1:3000` or \
                 `.listen(\"127.0.0.1:3000\")`; metrics are still recorded",
                given.escape_debug()
            ),
            Self::Listen { address, source } => write!(
                f,
                "cannot listen on {}: {}; choose another address with `MEASURAND_LISTEN=127.0.0.1:0` or `.listen(..)`; \
                 metrics are still recorded",
                address.escape_debug(),
                reason(source)
            ),
            Self::Access(why) => write!(f, "cannot serve: {}; metrics are still recorded", visible(why)),
            Self::ForeignRecorder => write!(
                f,
                "another recorder of the `metrics` facade is already installed and gets all metrics; install Measurand \
                 first, or remove the other recorder"
            ),
            Self::Start(source) => write!(
                f,
                "cannot start the endpoint's thread: {}; raise the limit of threads or descriptors; metrics are still \
                 recorded",
                reason(source)
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Listen { source, .. } | Self::Start(source) => Some(source),
            Self::Address { .. } | Self::Access(_) | Self::ForeignRecorder => None,
        }
    }
}

/// Returns our own words for frequent errors, since those of the operating system differ between platforms.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "address already in use".to_owned(),
        io::ErrorKind::AddrNotAvailable => "no interface of this machine has the address".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
