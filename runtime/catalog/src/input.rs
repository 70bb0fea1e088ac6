//! Opens and reads the files that a command gets. A file may be hostile: its kind and its size are checked first.

use crate::text::{shown, shown_error};
use std::fs::{File, metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::{error, fmt};

/// The reason why a file is not read: one line that names the file and says what to do.
#[derive(Debug)]
pub struct InputError {
    /// The file.
    pub path: PathBuf,
    /// The problem with the file.
    pub reason: InputErrorReason,
}

/// The problem with a file.
#[derive(Debug)]
#[non_exhaustive]
pub enum InputErrorReason {
    /// The operating system reports an error.
    Unreadable(io::Error),
    /// It is a directory.
    Directory,
    /// It is a pipe, a device or a socket.
    Special,
    /// It is larger than the limit.
    TooLarge {
        /// The size of the file in bytes.
        bytes: u64,
        /// The maximum size in bytes.
        limit: u64,
    },
    /// It is not UTF-8.
    NotText,
}

impl InputError {
    /// Whether there is no file at this path.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(&self.reason, InputErrorReason::Unreadable(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = shown(&self.path.to_string_lossy());
        match &self.reason {
            InputErrorReason::Unreadable(error) => {
                write!(f, "cannot read `{path}`: {}; name a file that you may read", shown_error(error))
            }
            InputErrorReason::Directory => write!(f, "`{path}` is a directory; name a file in it"),
            InputErrorReason::Special => write!(f, "`{path}` is a pipe, a device or a socket; name a regular file"),
            InputErrorReason::TooLarge { bytes, limit } => {
                let (size, limit) = (size(*bytes), size(*limit));
                write!(f, "`{path}` has {size}, more than the limit of {limit}; split it or name another file")
            }
            InputErrorReason::NotText => write!(f, "`{path}` is not UTF-8 text; name a text file"),
        }
    }
}

impl error::Error for InputError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.reason {
            InputErrorReason::Unreadable(error) => Some(error),
            _ => None,
        }
    }
}

fn size(bytes: u64) -> String {
    if bytes < 1 << 20 {
        format!("{} KiB", bytes.div_ceil(1 << 10))
    } else {
        format!("{} MiB", bytes.div_ceil(1 << 20))
    }
}

/// Opens a regular file.
///
/// # Errors
/// If the file cannot be opened, or is a directory, a pipe, a device or a socket.
pub fn open_input(path: &Path) -> Result<File, InputError> {
    open(path).map_err(|reason| InputError { path: path.to_owned(), reason })
}

/// Reads the text of a regular file that has at most `limit` bytes.
///
/// # Errors
/// As for [`open_input`], and if the file is larger than `limit` or is not UTF-8.
pub fn read_text(path: &Path, limit: u64) -> Result<String, InputError> {
    let read = || {
        let file = open(path)?;
        let too_large = |bytes| if bytes > limit { Err(InputErrorReason::TooLarge { bytes, limit }) } else { Ok(()) };
        let length = file.metadata().map_err(InputErrorReason::Unreadable)?.len();
        too_large(length)?;
        let mut bytes = Vec::new();
        // The file may grow during reading, and files in `/proc` report no length.
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(InputErrorReason::Unreadable)?;
        too_large(bytes.len() as u64)?;
        String::from_utf8(bytes).map_err(|_| InputErrorReason::NotText)
    };
    read().map_err(|reason| InputError { path: path.to_owned(), reason })
}

pub(crate) fn open(path: &Path) -> Result<File, InputErrorReason> {
    let check =
        |metadata: io::Result<std::fs::Metadata>| match metadata.map_err(InputErrorReason::Unreadable)?.file_type() {
            it if it.is_dir() => Err(InputErrorReason::Directory),
            it if it.is_file() => Ok(()),
            _ => Err(InputErrorReason::Special),
        };
    // The kind is checked before the file is opened, because opening a pipe waits for a writer.
    check(metadata(path))?;
    let file = File::open(path).map_err(InputErrorReason::Unreadable)?;
    // Another file may have replaced it in between.
    check(file.metadata())?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::read_text;
    use std::fs::{self, File};
    use std::path::Path;

    #[track_caller]
    fn check(path: &Path, limit: u64, expected: &str) {
        let error = read_text(path, limit).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(error.contains(&*path.to_string_lossy()), "{error}");
    }

    #[test]
    fn text_is_read_up_to_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        fs::write(&path, "grüße").unwrap();
        assert_eq!(read_text(&path, 7).unwrap(), "grüße");
        check(&path, 6, "has 1 KiB, more than the limit of 1 KiB; split it");
        fs::write(&path, [0xff]).unwrap();
        check(&path, 7, "is not UTF-8 text; name a text file");
    }

    #[test]
    fn only_regular_files_of_a_bounded_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        check(folder.path(), 7, "is a directory; name a file in it");
        check(&folder.path().join("none"), 7, "No such file or directory; name a file that you may read");
        assert!(read_text(&folder.path().join("none"), 7).unwrap_err().is_missing());
        let sparse = folder.path().join("sparse");
        File::create(&sparse).unwrap().set_len(5 << 30).unwrap();
        check(&sparse, 32 << 20, "has 5120 MiB, more than the limit of 32 MiB");
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_and_a_link_to_a_device_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (pipe, link) = (folder.path().join("pipe"), folder.path().join("link"));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        for path in [pipe, link] {
            check(&path, 7, "is a pipe, a device or a socket; name a regular file");
        }
    }
}
