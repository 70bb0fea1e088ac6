//! The stack on this machine without containers: which servers, with which arguments, and what is known of them while they
//! run. What is in their configuration is the library's business.

pub(crate) mod folder;
pub(crate) mod health;
pub(crate) mod process;
pub(crate) mod servers;
pub(crate) mod start;
pub(crate) mod state;
pub(crate) mod target;
