//! Benchmarks of Measurand and its peers: the shared code of the binaries `record`, `scrape` and `memory`.

pub mod claims;
pub mod contenders;
pub mod harness;
pub mod options;
pub mod registries;
pub mod table;
