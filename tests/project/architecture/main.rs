//! Checks the layers in ARCHITECTURE.md: dependencies between crates and imports between files.

mod imports;
mod packages;
