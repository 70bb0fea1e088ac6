//! Memory and file descriptors of this process, as reported by the operating system.

use std::fs;

/// Resident memory in bytes.
pub(crate) fn resident() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|it| it.split(' ').nth(1)?.parse::<u64>().ok());
    pages.expect("`/proc/self/statm` is readable") * 4096
}

/// Number of open file descriptors, without the one that this function uses.
pub(crate) fn descriptors() -> u64 {
    let entries = fs::read_dir("/proc/self/fd").expect("`/proc/self/fd` is readable");
    (entries.count() as u64).saturating_sub(1)
}

/// Formats a number of bytes as MiB.
pub(crate) fn mebibytes(bytes: u64) -> String {
    let kibibytes = bytes / 1024;
    format!("{}.{:02} MiB", kibibytes / 1024, kibibytes % 1024 * 100 / 1024)
}
