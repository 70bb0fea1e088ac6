//! What this process takes of the machine, as the system tells.

use std::fs;

/// Resident memory in bytes.
pub(crate) fn resident() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|it| it.split(' ').nth(1)?.parse::<u64>().ok());
    pages.expect("the process has a file that tells its memory") * 4096
}

/// How many files and sockets are open, this question apart.
pub(crate) fn descriptors() -> u64 {
    let entries = fs::read_dir("/proc/self/fd").expect("the process has a folder that lists its files");
    (entries.count() as u64).saturating_sub(1)
}

/// A number of bytes that one can read.
pub(crate) fn mebibytes(bytes: u64) -> String {
    let kibibytes = bytes / 1024;
    format!("{}.{:02} MiB", kibibytes / 1024, kibibytes % 1024 * 100 / 1024)
}
