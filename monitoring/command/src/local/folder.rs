//! The folder of a local stack: configuration, data, logs, secrets and the record of the running servers.

use super::state::State;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The entries that this command creates, besides the record of the running servers. `down --purge` removes only these.
const OURS: [&str; 6] = ["config", "data", "logs", "secrets", ".gitignore", ".lock"];

/// The folder, locked for this process while the value lives.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    _lock: File,
}

impl Folder {
    /// Creates the folder if it is missing, and locks it.
    pub(crate) fn create(root: &Path) -> Result<Self, String> {
        let failed = |path: &Path, error: &io::Error| {
            format!(
                "cannot write `{}`: {error}; help: name a folder that you may write to with `--state`",
                path.display()
            )
        };
        for path in ["config/targets", "data", "logs", "secrets"].map(|it| root.join(it)) {
            fs::create_dir_all(&path).map_err(|error| failed(&path, &error))?;
        }
        private(&root.join("secrets")).map_err(|it| failed(root, &it))?;
        // The folder contains secrets, which must not be committed.
        fs::write(root.join(".gitignore"), "*\n").map_err(|it| failed(root, &it))?;
        // The path is absolute, because the servers have another working directory.
        let root = root.canonicalize().map_err(|it| failed(root, &it))?;
        Self::lock(root)
    }

    /// Locks the folder. Returns `None` if `up` never ran in it.
    pub(crate) fn open(root: &Path) -> Result<Option<Self>, String> {
        match root.canonicalize() {
            Ok(root) if root.join("logs").is_dir() => Self::lock(root).map(Some),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                Err(format!("cannot read `{}`: {error}; help: name another folder with `--state`", root.display()))
            }
        }
    }

    fn lock(root: PathBuf) -> Result<Self, String> {
        let path = root.join(".lock");
        let failed = |error: &io::Error| {
            format!("cannot lock `{}`: {error}; help: name another folder with `--state`", path.display())
        };
        // Opening a pipe would wait for a reader.
        if fs::metadata(&path).is_ok_and(|it| !it.is_file()) {
            return Err(format!("`{}` is not a regular file; help: remove it", path.display()));
        }
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(|it| failed(&it))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { root, _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                Err(format!("another `cargo measurand` uses `{}`; help: wait until it exits", root.display()))
            }
            Err(TryLockError::Error(error)) => Err(failed(&error)),
        }
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The path of a secret's file. Creates a random secret if the file does not exist.
    pub(crate) fn secret(&self, name: &str) -> Result<PathBuf, String> {
        let path = self.path("secrets").join(name);
        let failed = |error: io::Error| {
            format!("cannot write `{}`: {error}; help: name another folder with `--state`", path.display())
        };
        if !path.exists() {
            self.write_secret(name, random().map_err(failed)?.as_bytes())?;
        }
        Ok(path)
    }

    /// Writes a file that only its owner can read.
    pub(crate) fn write_secret(&self, name: &str, contents: &[u8]) -> Result<PathBuf, String> {
        let path = self.path("secrets").join(name);
        let mut options = OpenOptions::new();
        options.create(true).truncate(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options.open(&path).and_then(|mut it| it.write_all(contents));
        written.map_err(|error| {
            format!("cannot write `{}`: {error}; help: name another folder with `--state`", path.display())
        })?;
        Ok(path)
    }

    /// Removes the entries that this command created, and the folder if it is empty then.
    pub(crate) fn purge(self) -> Result<(), String> {
        for path in OURS.into_iter().chain(State::FILES).map(|it| self.root.join(it)) {
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            match removed {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(format!("cannot remove `{}`: {error}; help: remove it by hand", path.display()));
                }
                _ => {}
            }
        }
        // This fails if the folder contains other files, which must stay.
        let _ = fs::remove_dir(&self.root);
        Ok(())
    }
}

/// A random secret of 192 bits as hexadecimal digits.
pub(crate) fn random() -> io::Result<String> {
    let mut bytes = [0; 24];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let digit = |it: u8| char::from_digit(u32::from(it), 16).unwrap_or('0');
    Ok(bytes.iter().flat_map(|it| [digit(it >> 4), digit(it & 15)]).collect())
}

/// Closes a folder to other users.
#[cfg(unix)]
pub(crate) fn private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
pub(crate) fn private(_: &Path) -> io::Result<()> {
    Ok(())
}
