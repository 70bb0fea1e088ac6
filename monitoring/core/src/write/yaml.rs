//! Writes plain structs as YAML.

use measurand_catalog::visible;
use serde::Serialize;

/// Returns the header, which consists of comments, followed by the file.
///
/// YAML has no escapes in comments, so characters that YAML forbids or editors hide are written out in the header.
pub(crate) fn write(header: &str, file: &impl Serialize) -> String {
    let options = serde_saphyr::ser_options! {
        // Long expressions stay on one line, so that they can be copied into Prometheus.
        prefer_block_scalars: false,
    };
    // Serializing plain structs of strings cannot fail. If it did, the empty file would not load.
    let header: String = header.lines().map(|it| visible(it) + "\n").collect();
    format!("{header}{}", serde_saphyr::to_string_with_options(file, options).unwrap_or_default())
}
