//! Writes plain structs as YAML.

use measurand_catalog::visible;
use serde::Serialize;

/// The header, which is comments, and then the file.
///
/// In a comment nothing can be escaped: what YAML does not allow, or an editor does not show, is written out there.
pub(crate) fn write(header: &str, file: &impl Serialize) -> String {
    let options = serde_saphyr::ser_options! {
        // Long expressions stay on one line: what is copied from the file is what Prometheus shows.
        prefer_block_scalars: false,
    };
    // Plain structs of strings cannot fail to be written; and if they did, an empty file would not load.
    let header: String = header.lines().map(|it| visible(it) + "\n").collect();
    format!("{header}{}", serde_saphyr::to_string_with_options(file, options).unwrap_or_default())
}
