//! Reads a catalog from a compiled program without running it. The file may be hostile: no number in it is trusted.

use crate::catalog::Catalog;
use crate::input::{self, InputErrorReason};
use crate::parse::{ParseError, parse};
use crate::record::{SECTION, SECTION_MACH_O};
use crate::text::{shown, shown_error};
use crate::window::{Budget, Window};
use object::read::macho::{FatArch, MachOFatFile, MachOFatFile32, MachOFatFile64};
use object::read::{CompressionFormat, File, FileKind, Object, ObjectSection, ReadCache, ReadRef};
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

/// Larger than any program with debug information.
const FILE_BYTES_MAX: u64 = 4 << 30;
/// Enough for half a million sites.
const SECTION_BYTES_MAX: u64 = 256 << 20;
/// More than the number of processors that Mach-O knows.
const ARCHITECTURES_MAX: usize = 64;

/// The reason why a file has no catalog: one line that names the file and says what to do.
#[derive(Debug)]
#[non_exhaustive]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// The problem with the file.
    pub reason: FileErrorReason,
}

/// The problem with a file. Its text continues a sentence that starts with the name of the file.
#[derive(Debug)]
#[non_exhaustive]
pub enum FileErrorReason {
    /// The operating system reports an error.
    Unreadable(io::Error),
    /// It is a directory.
    Directory,
    /// It is a pipe, a device or a socket.
    Special,
    /// It has this number of bytes, more than the limit.
    TooLarge(u64),
    /// Its format is unknown.
    NotProgram,
    /// It is a static library.
    Archive,
    /// Its headers contradict its size or each other; the text says which.
    Damaged(String),
    /// It lacks the section of this name.
    NoSection(&'static str),
    /// It has the section, but no annotated function in it.
    NoFunctions(&'static str),
    /// The section of this name is compressed.
    Compressed(&'static str),
    /// The section has this number of bytes, more than the limit.
    SectionTooLarge(u64),
    /// The section is there, but its contents are wrong.
    Records(ParseError),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = shown(&self.path.to_string_lossy());
        match &self.reason {
            FileErrorReason::Unreadable(_) => write!(f, "cannot read `{path}`: {}", self.reason),
            reason => write!(f, "`{path}` {reason}"),
        }
    }
}

impl fmt::Display for FileErrorReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ANNOTATE: &str = "annotate one with `#[measured]`, and make sure the crate that contains it is linked";
        match self {
            Self::Unreadable(error) => {
                write!(f, "{}; name a compiled program or the address of a running one", shown_error(error))
            }
            Self::Directory => f.write_str("is a directory; name a program in it, for example `target/release/app`"),
            Self::Special => f.write_str("is not a regular file; name a program or the address of a running one"),
            Self::TooLarge(bytes) => {
                let (size, limit) = (bytes.div_ceil(1 << 20), FILE_BYTES_MAX >> 20);
                write!(f, "has {size} MiB, more than the limit of {limit} MiB; strip its debug information")
            }
            Self::NotProgram => f.write_str(
                "is not a program (ELF, Mach-O or PE); name a compiled program, for example `target/release/app`",
            ),
            Self::Archive => f.write_str("is a static library; name a program that it is linked into"),
            Self::Damaged(what) => write!(f, "is cut off or damaged ({what}); build or copy it again"),
            Self::NoSection(name) => write!(f, "has no annotated functions (no section `{name}`): {ANNOTATE}"),
            Self::NoFunctions(name) => {
                write!(f, "has no annotated functions (the section `{name}` names none): {ANNOTATE}")
            }
            Self::Compressed(name) => {
                write!(f, "has a compressed section `{name}`; build it without compressed sections")
            }
            Self::SectionTooLarge(bytes) => {
                let (size, limit) = (bytes.div_ceil(1 << 20), SECTION_BYTES_MAX >> 20);
                write!(f, "claims {size} MiB of records, more than the limit of {limit} MiB; build it again")
            }
            Self::Records(error) => write!(f, "has records that cannot be read: {error}"),
        }
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.reason.source()
    }
}

impl std::error::Error for FileErrorReason {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(error) => Some(error),
            Self::Records(error) => Some(error),
            _ => None,
        }
    }
}

/// Reads the catalog of a compiled program: ELF, Mach-O (also universal) or PE, for any processor, stripped or not.
///
/// Only the tables and the section of records are read, not the whole file.
///
/// # Errors
/// If the file cannot be read, is not a program, is damaged, is larger than 4 GiB, has no annotated functions, or
/// contains records that [`parse()`] refuses.
pub fn read_file(path: &Path) -> Result<Catalog, FileError> {
    let read = || {
        let file = open(path)?;
        let length = file.metadata().map_err(FileErrorReason::Unreadable)?.len();
        read_any(&ReadCache::new(file), length)
    };
    read().map_err(|reason| FileError { path: path.to_owned(), reason })
}

/// Reads the catalog of a compiled program from memory.
///
/// # Errors
/// As for [`read_file`].
pub fn read_object(bytes: &[u8]) -> Result<Catalog, FileErrorReason> {
    read_any(bytes, bytes.len() as u64)
}

fn open(path: &Path) -> Result<fs::File, FileErrorReason> {
    input::open(path).map_err(|reason| match reason {
        InputErrorReason::Unreadable(error) => FileErrorReason::Unreadable(error),
        InputErrorReason::Directory => FileErrorReason::Directory,
        // The file is only opened here, so its size and its text cannot be wrong yet.
        InputErrorReason::Special | InputErrorReason::TooLarge { .. } | InputErrorReason::NotText => {
            FileErrorReason::Special
        }
    })
}

fn read_any<'a, R: ReadRef<'a>>(data: R, length: u64) -> Result<Catalog, FileErrorReason> {
    if length > FILE_BYTES_MAX {
        return Err(FileErrorReason::TooLarge(length));
    }
    let budget = Budget::new(length);
    let window = Window::new(data, length, &budget);
    match FileKind::parse(window).map_err(|_| FileErrorReason::NotProgram)? {
        FileKind::MachOFat32 => read_universal(window, MachOFatFile32::parse(window)),
        FileKind::MachOFat64 => read_universal(window, MachOFatFile64::parse(window)),
        FileKind::Archive => Err(FileErrorReason::Archive),
        _ => read_one(window),
    }
}

/// Reads the first architecture that has records. The others can differ from it only in code that `cfg` excludes.
fn read_universal<'a, R: ReadRef<'a>, A: FatArch>(
    window: Window<'a, '_, R>,
    file: object::Result<MachOFatFile<'a, A>>,
) -> Result<Catalog, FileErrorReason> {
    // Compiled Java starts with the same four bytes; only the contents distinguish it.
    let architectures = file.map(|it| it.arches()).unwrap_or_default();
    let mut first = None;
    for architecture in architectures.iter().take(ARCHITECTURES_MAX) {
        let (start, length) = architecture.file_range();
        let Some(part) = window.part(start, length) else { continue };
        if !matches!(FileKind::parse(part), Ok(FileKind::MachO32 | FileKind::MachO64)) {
            continue;
        }
        match read_one(part) {
            Ok(catalog) => return Ok(catalog),
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or(FileErrorReason::NotProgram))
}

fn read_one<'a, R: ReadRef<'a>>(window: Window<'a, '_, R>) -> Result<Catalog, FileErrorReason> {
    let file = match FileKind::parse(window) {
        Ok(
            FileKind::Elf32
            | FileKind::Elf64
            | FileKind::MachO32
            | FileKind::MachO64
            | FileKind::Pe32
            | FileKind::Pe64
            | FileKind::Coff
            | FileKind::CoffBig,
        ) => File::parse(window).map_err(damaged)?,
        _ => return Err(FileErrorReason::NotProgram),
    };
    let mach_o = matches!(file, File::MachO32(_) | File::MachO64(_));
    let name = if mach_o { SECTION_MACH_O } else { SECTION };
    let records = records(&file, name)?;
    let catalog = parse(&records).map_err(FileErrorReason::Records)?;
    if catalog.sites.is_empty() { Err(FileErrorReason::NoFunctions(name)) } else { Ok(catalog) }
}

/// The contents of all sections of this name, concatenated.
fn records<'a, R: ReadRef<'a>>(file: &File<'a, R>, name: &'static str) -> Result<Vec<u8>, FileErrorReason> {
    let mut joined: Option<Vec<u8>> = None;
    let mut unnamed = None;
    for section in file.sections() {
        match section.name_bytes() {
            Ok(it) if it == name.as_bytes() => {}
            Ok(_) => continue,
            // Debug sections of PE files have their names in a table that `strip` removes.
            Err(error) => {
                unnamed = Some(error);
                continue;
            }
        }
        let joined = joined.get_or_insert_default();
        let (_, claimed) = section.file_range().unwrap_or_default();
        let bytes = claimed.saturating_add(joined.len() as u64);
        if bytes > SECTION_BYTES_MAX {
            return Err(FileErrorReason::SectionTooLarge(bytes));
        }
        let data = section.compressed_data().map_err(damaged)?;
        if data.format != CompressionFormat::None {
            return Err(FileErrorReason::Compressed(name));
        }
        joined.extend_from_slice(data.data);
    }
    match (joined, unnamed) {
        (Some(joined), _) => Ok(joined),
        (None, Some(error)) => Err(damaged(error)),
        (None, None) => Err(FileErrorReason::NoSection(name)),
    }
}

fn damaged(error: object::Error) -> FileErrorReason {
    // The library's message, which has capital letters.
    FileErrorReason::Damaged(shown(&error.to_string()).to_lowercase())
}
