//! Arbitrary bytes as the file of a compiled program: ELF, Mach-O, universal, PE, an archive, or none of them. The
//! result is a catalog or an error on one line, and uses no more memory than the size of the file.

use super::{records, text::check_message};
use measurand_catalog::read_object;

/// Reads a program.
pub fn run(bytes: &[u8]) {
    match read_object(bytes) {
        Ok(catalog) => records::check(&catalog),
        Err(reason) => check_message(&reason.to_string()),
    }
}
