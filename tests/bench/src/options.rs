//! What a binary was asked to do.

use std::path::PathBuf;

/// The arguments of every binary.
#[derive(Debug, Default)]
pub struct Options {
    /// A tenth of the time, for figures that are not to be quoted.
    pub quick: bool,
    /// Where the README's rows go: ratios alone.
    pub ratios: Option<PathBuf>,
    /// Runs only contenders whose names contain this.
    pub only: Option<String>,
}

impl Options {
    /// Reads the command line.
    ///
    /// # Errors
    /// When there is an argument that no binary has.
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
                        "unknown argument `{argument}`; there are --quick, --ratios FILE, --only TEXT"
                    ));
                }
            }
        }
        Ok(options)
    }

    /// Whether a contender is to run.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        self.only.as_deref().is_none_or(|it| name.contains(it))
    }

    /// Writes the README's rows, if they were asked for.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_ratios(&self, text: &str) -> Result<(), String> {
        let Some(path) = &self.ratios else { return Ok(()) };
        std::fs::write(path, text).map_err(|error| format!("cannot write `{}`: {error}", path.display()))
    }
}
