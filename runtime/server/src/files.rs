//! Files that are read while the server runs, and the detection of changes.

use std::fmt::Display;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Maximum size of a file; valid files are smaller.
const BYTES_MAX: u64 = 1 << 20;

/// The contents of files when they were last read; `None` for a file that could not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Files(Vec<(PathBuf, Option<Vec<u8>>)>);

impl Files {
    /// Reads a file, and remembers its content.
    pub(crate) fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let read = read(path);
        self.0.push((path.to_owned(), read.as_ref().ok().cloned()));
        read
    }

    /// Reads a text file, and remembers its content.
    pub(crate) fn read_text(&mut self, what: &str, path: &Path) -> Result<String, String> {
        let bytes = self.read(path).map_err(|it| unusable(what, path, &it))?;
        String::from_utf8(bytes).map_err(|_| unusable(what, path, &"it is not UTF-8"))
    }

    /// Whether the content of a file has changed.
    pub(crate) fn have_changed(&self) -> bool {
        self.0.iter().any(|(path, known)| read(path).ok() != *known)
    }
}

fn unusable(what: &str, path: &Path, why: &dyn Display) -> String {
    format!("cannot read the {what} in `{}`: {why}; name a file that can be read", path.display())
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    // Opening a pipe blocks until another program writes to it, and a device may be endless.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    Ok(bytes)
}
