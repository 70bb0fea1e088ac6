//! Serves its own catalog until its standard input is closed.

use measurand::measured;
use std::io::Read as _;

/// In the program's own crate.
#[measured]
fn own() -> u32 {
    measurand_linkage_plugin::answer()
}

fn main() -> Result<(), measurand::exporter::Error> {
    let exporter = measurand::exporter::builder().listen("127.0.0.1:0").install()?;
    own();
    #[expect(clippy::print_stdout, reason = "the test reads the address")]
    {
        println!("{}", exporter.url());
    }
    let _closed = std::io::stdin().read_to_end(&mut Vec::new());
    Ok(())
}
