//! Measurand and its peers, measured in one run: what the binaries `record`, `scrape` and `memory` share.

pub mod claims;
pub mod contenders;
pub mod harness;
pub mod options;
pub mod registries;
pub mod table;
