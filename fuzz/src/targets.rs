//! The fuzz targets.

pub mod arguments;
pub mod exposition;
pub mod files;
pub mod limits;
pub mod payload;
pub mod programs;
pub mod queries;
pub mod records;
pub mod requests;

mod bytes;
mod text;
