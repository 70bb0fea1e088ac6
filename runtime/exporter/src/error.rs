//! What can keep the endpoint from starting. None of it stops the application.

use measurand_catalog::visible;
use std::fmt;
use std::io;

/// Why the endpoint does not serve; the message is one line and says what to do. `Debug` prints the same message, since that
/// is what a `main` that returns the error shows.
#[non_exhaustive]
pub enum Error {
    /// The address is no address.
    Address {
        /// What was given.
        given: String,
        /// Why it is none.
        reason: String,
    },
    /// Nothing can listen on the address.
    Listen {
        /// The address.
        address: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file that says who may come in cannot be used, or there is nothing to use it with.
    Access(String),
    /// Another recorder of the `metrics` facade was installed before, so the metrics go there.
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
                 `.listen(\"127.0.0.1:3000\")`; metrics are recorded all the same",
                given.escape_debug()
            ),
            Self::Listen { address, source } => write!(
                f,
                "cannot listen on {}: {}; choose another address with `MEASURAND_LISTEN=127.0.0.1:0` or `.listen(..)`; \
                 metrics are recorded all the same",
                address.escape_debug(),
                reason(source)
            ),
            Self::Access(why) => write!(f, "cannot serve: {}; metrics are recorded all the same", visible(why)),
            Self::ForeignRecorder => write!(
                f,
                "another recorder of the `metrics` facade is already installed, so the metrics go there and this endpoint \
                 would have none; install Measurand first, or remove the other one (its endpoint serves the metrics until \
                 then)"
            ),
            Self::Start(source) => write!(
                f,
                "cannot start the endpoint's thread: {}; raise the limit of threads or descriptors; metrics are recorded \
                 all the same",
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

/// The operating system's words differ from platform to platform; for what happens often they are ours.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "address already in use".to_owned(),
        io::ErrorKind::AddrNotAvailable => "no interface of this machine has the address".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
