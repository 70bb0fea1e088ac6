//! What can go wrong, and how each kind is counted.

use measurand::ErrorKind;
use std::fmt;

/// Why something was not done; each kind is a value of the label `error_kind`.
#[derive(Debug, ErrorKind)]
pub(crate) enum Error {
    /// SQLite says no.
    Database(rusqlite::Error),
    /// A stored trajectory names an action that nobody knows.
    Malformed(String),
    /// The goal cannot be reached.
    NoPlan(&'static str),
    /// A step of the plan could not be done.
    StepFailed(&'static str),
    /// The agents found the work too bad; it was rolled back.
    Rejected,
    /// As many tasks wait as may wait.
    QueueFull,
    /// The service is told to do nothing, or is ending.
    Stalled,
}

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(error) => write!(f, "the database says: {error}"),
            Self::Malformed(action) => write!(f, "a trajectory has the unknown action `{}`", action.escape_debug()),
            Self::NoPlan(goal) => write!(f, "nothing leads to the goal `{goal}`"),
            Self::StepFailed(action) => write!(f, "the step `{action}` failed; the task may be tried again"),
            Self::Rejected => f.write_str("the agents rejected the work, and it was rolled back"),
            Self::QueueFull => f.write_str("too many tasks wait; try again later"),
            Self::Stalled => f.write_str("the neural loop is stalled; `POST /faults {\"stalled-loop\": \"off\"}`"),
        }
    }
}

impl std::error::Error for Error {}
