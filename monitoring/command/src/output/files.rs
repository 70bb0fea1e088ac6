//! Writes generated files to a folder; no file is ever incomplete.

use measurand_monitoring::File;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile, TempDir};

/// Writes the files to `directory`, which is created if it does not exist.
///
/// The files are first written completely under temporary names in the same folder and then renamed. So no program
/// reads half a file, and the old files remain if the disk is full. Other files are not touched.
pub(crate) fn write(directory: &Path, files: &[File]) -> Result<(), String> {
    match fs::metadata(directory) {
        Ok(it) if it.is_dir() => replace(directory, files),
        Ok(_) => Err(format!("`{}` is not a folder; help: name another one with `--out`", directory.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(directory, files),
        Err(error) => Err(failed(directory, &error)),
    }
}

/// Creates a folder that contains all files as soon as it exists.
fn create(directory: &Path, files: &[File]) -> Result<(), String> {
    let parent = match directory.parent() {
        Some(it) if !it.as_os_str().is_empty() => it,
        _ => Path::new("."),
    };
    // If a later step fails, the new parent folders stay empty, which is harmless.
    fs::create_dir_all(parent).map_err(|it| failed(parent, &it))?;
    let staged = stage(parent).map_err(|it| failed(parent, &it))?;
    for file in files {
        let path = staged.path().join(file.name);
        parents(&path)?;
        fs::write(&path, &file.contents).map_err(|it| failed(&directory.join(file.name), &it))?;
    }
    fs::rename(staged.path(), directory).map_err(|it| failed(directory, &it))?;
    // The folder has been renamed, so its temporary name must not be deleted.
    let _ = staged.keep();
    Ok(())
}

/// Replaces each file in an existing folder by a rename.
fn replace(directory: &Path, files: &[File]) -> Result<(), String> {
    let mut staged: Vec<(NamedTempFile, PathBuf)> = Vec::new();
    for file in files {
        let target = directory.join(file.name);
        parents(&target)?;
        if target.is_dir() {
            return Err(format!(
                "`{}` is a folder; help: remove it, or name another folder with `--out`",
                target.display()
            ));
        }
        let parent = target.parent().unwrap_or(directory);
        staged.push((stage_file(parent, &target, file).map_err(|it| failed(&target, &it))?, target));
    }
    for (file, target) in staged {
        file.persist(&target).map_err(|it| failed(&target, &it.error))?;
    }
    Ok(())
}

/// Creates the folders that a file's path contains.
fn parents(path: &Path) -> Result<(), String> {
    let Some(parent) = path.parent() else { return Ok(()) };
    fs::create_dir_all(parent).map_err(|it| failed(parent, &it))
}

/// Writes a temporary file in the target's own folder, because a file cannot be renamed across file systems. The name
/// starts with a dot and has no extension that Prometheus or Grafana load.
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

/// The usual permissions for new files; the umask still applies. Prometheus and Grafana run as other users, and could
/// not read files with the default mode of temporary files.
#[cfg(unix)]
fn mode(bits: u32) -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(bits)
}

fn failed(path: &Path, error: &io::Error) -> String {
    format!("cannot write `{}`: {error}; help: name a folder that you may write to with `--out`", path.display())
}
