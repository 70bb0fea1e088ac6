//! The error type of the service; each variant has a counter of its own.

use measurand::ErrorKind;
use std::fmt;

/// An error of the service; each variant is a value of the label `error_kind`.
#[derive(Debug, ErrorKind)]
pub(crate) enum Error {
    /// SQLite returned an error.
    Database(rusqlite::Error),
    /// A stored trajectory names an unknown action.
    Malformed(String),
    /// The goal cannot be reached.
    NoPlan(&'static str),
    /// A step of the plan failed.
    StepFailed(&'static str),
    /// An agent's score is too low; the work was rolled back.
    Rejected,
    /// The queue of tasks is full.
    QueueFull,
    /// The fault `stalled-loop` is on.
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
            Self::Database(error) => write!(f, "database error: {error}"),
            Self::Malformed(action) => write!(f, "a trajectory has the unknown action `{}`", action.escape_debug()),
            Self::NoPlan(goal) => write!(f, "no plan reaches the goal `{goal}`"),
            Self::StepFailed(action) => write!(f, "the step `{action}` failed; try the task again"),
            Self::Rejected => f.write_str("an agent rejected the work, and it was rolled back"),
            Self::QueueFull => f.write_str("too many tasks wait; try again later"),
            Self::Stalled => f.write_str("the neural loop is stalled; send `POST /faults {\"stalled-loop\": \"off\"}`"),
        }
    }
}

impl std::error::Error for Error {}
