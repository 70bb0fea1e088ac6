//! Puts generated files into a folder: all of them complete, or none.

use measurand_monitoring::File;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile, TempDir};

/// Writes the files into `directory`, which is made if it does not exist.
///
/// They are written to disk under names of their own first, beside where they belong, and then renamed: nobody reads
/// half a file, and when the disk is full the old ones are still there. Other files are not touched.
pub(crate) fn write(directory: &Path, files: &[File]) -> Result<(), String> {
    match fs::metadata(directory) {
        Ok(it) if it.is_dir() => replace(directory, files),
        Ok(_) => Err(format!("`{}` is no folder; name another one with `--out`", directory.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(directory, files),
        Err(error) => Err(failed(directory, &error)),
    }
}

/// A new folder appears with all files in it.
fn create(directory: &Path, files: &[File]) -> Result<(), String> {
    let parent = match directory.parent() {
        Some(it) if !it.as_os_str().is_empty() => it,
        _ => Path::new("."),
    };
    // Parents that were missing and stay empty do no harm.
    fs::create_dir_all(parent).map_err(|it| failed(parent, &it))?;
    let staged = stage(parent).map_err(|it| failed(parent, &it))?;
    for file in files {
        let path = staged.path().join(file.name);
        parents(&path)?;
        fs::write(&path, &file.contents).map_err(|it| failed(&directory.join(file.name), &it))?;
    }
    fs::rename(staged.path(), directory).map_err(|it| failed(directory, &it))?;
    // It is where it belongs: nothing is left to clean up.
    let _ = staged.keep();
    Ok(())
}

/// In a folder that exists, each file is replaced by one rename.
fn replace(directory: &Path, files: &[File]) -> Result<(), String> {
    let mut staged: Vec<(NamedTempFile, PathBuf)> = Vec::new();
    for file in files {
        let target = directory.join(file.name);
        parents(&target)?;
        if target.is_dir() {
            return Err(format!("`{}` is a folder; remove it or name another one with `--out`", target.display()));
        }
        let parent = target.parent().unwrap_or(directory);
        staged.push((stage_file(parent, &target, file).map_err(|it| failed(&target, &it))?, target));
    }
    for (file, target) in staged {
        file.persist(&target).map_err(|it| failed(&target, &it.error))?;
    }
    Ok(())
}

/// The folders that a file is in, where its name has some.
fn parents(path: &Path) -> Result<(), String> {
    let Some(parent) = path.parent() else { return Ok(()) };
    fs::create_dir_all(parent).map_err(|it| failed(parent, &it))
}

/// In the folder itself, since a folder beside it may lie on another disk, from which nothing can be renamed. The name
/// begins with a dot and ends in nothing that Prometheus or Grafana look for.
fn stage_file(directory: &Path, target: &Path, file: &File) -> io::Result<NamedTempFile> {
    let prefix = format!(".{}.", target.file_name().unwrap_or_default().display());
    let mut builder = Builder::new();
    builder.prefix(&prefix);
    #[cfg(unix)]
    builder.permissions(mode(0o666));
    let mut staged = builder.tempfile_in(directory)?;
    staged.write_all(file.contents.as_bytes())?;
    staged.as_file().sync_all()?;
    Ok(staged)
}

fn stage(parent: &Path) -> io::Result<TempDir> {
    let mut builder = Builder::new();
    builder.prefix(".measurand-");
    #[cfg(unix)]
    builder.permissions(mode(0o777));
    builder.tempdir_in(parent)
}

/// What anybody may do, less what the umask forbids: Prometheus and Grafana run as other users, and a temporary file's
/// own mode would lock them out.
#[cfg(unix)]
fn mode(bits: u32) -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(bits)
}

fn failed(path: &Path, error: &io::Error) -> String {
    format!("cannot write `{}`: {error}; name a folder that you may write to with `--out`", path.display())
}
