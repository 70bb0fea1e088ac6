//! The local stack without containers: its servers, their arguments and their state. The library writes their
//! configuration.

pub(crate) mod folder;
pub(crate) mod health;
pub(crate) mod process;
pub(crate) mod servers;
pub(crate) mod start;
pub(crate) mod state;
pub(crate) mod target;
