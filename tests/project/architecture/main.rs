//! The layers that ARCHITECTURE.md describes: which crate depends on which, and which file imports which.

mod imports;
mod packages;
