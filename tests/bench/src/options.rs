//! The command line of the binaries.

use std::path::PathBuf;

/// The arguments of every binary.
#[derive(Debug, Default)]
pub struct Options {
    /// Shorter measurement with imprecise results.
    pub quick: bool,
    /// Output file for the tables of ratios.
    pub ratios: Option<PathBuf>,
    /// Text that the names of contenders must contain.
    pub only: Option<String>,
}

impl Options {
    /// Reads the command line.
    ///
    /// # Errors
    /// If an argument is unknown or its value is missing.
    pub fn parse() -> Result<Self, String> {
        let mut options = Self::default();
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("`{argument}` needs a value"));
            match argument.as_str() {
                "--quick" => options.quick = true,
                "--ratios" => options.ratios = Some(value()?.into()),
                "--only" => options.only = Some(value()?),
                _ => {
                    return Err(format!(
                        "unknown argument `{argument}`\nhelp: use --quick, --ratios FILE or --only TEXT"
                    ));
                }
            }
        }
        Ok(options)
    }

    /// Whether to run this contender.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        self.only.as_deref().is_none_or(|it| name.contains(it))
    }

    /// Writes the tables of ratios if `--ratios` is set.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_ratios(&self, text: &str) -> Result<(), String> {
        let Some(path) = &self.ratios else { return Ok(()) };
        std::fs::write(path, text).map_err(|error| format!("cannot write `{}`: {error}", path.display()))
    }
}
