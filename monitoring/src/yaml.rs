//! Writes plain structs as YAML.

use serde::Serialize;

/// The header, which is comments, and then the file.
pub(crate) fn write(header: &str, file: &impl Serialize) -> String {
    let options = serde_saphyr::ser_options! {
        // Long expressions stay on one line: what is copied from the file is what Prometheus shows.
        prefer_block_scalars: false,
    };
    // Plain structs of strings cannot fail to be written; and if they did, an empty file would not load.
    format!("{header}{}", serde_saphyr::to_string_with_options(file, options).unwrap_or_default())
}
