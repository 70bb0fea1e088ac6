//! `cargo measurand size`: what so many instances of a program ask of those who watch them.

use super::Outcome;
use super::source::{program, read};
use crate::cli::{Format, SizeArguments};
use crate::output::{self, table};
use measurand_monitoring::Options;
use measurand_monitoring::explain::Explainer;
use measurand_monitoring::sizing::{PLATFORM_SERIES, Size};

pub(super) fn size(arguments: &SizeArguments) -> Result<Outcome, String> {
    let series = match (arguments.series, &arguments.source) {
        (Some(series), _) => series,
        (None, Some(source)) => series_of(source)?,
        (None, None) => return Err("name a program, or how many series it has with `--series`".to_owned()),
    };
    let sizes: Vec<Size> = arguments.instances.iter().map(|it| Size::new(*it, series, arguments.interval)).collect();
    output::print(&match arguments.format {
        Format::Json => output::json(&sizes),
        Format::Text => text(&sizes, series, arguments.interval),
    })?;
    Ok(Outcome::Fine)
}

/// The most that the program can make, and what every endpoint has.
fn series_of(source: &str) -> Result<u64, String> {
    let catalog = read(source)?;
    let options = Options { program: program(source), ..Options::default() };
    Ok(Explainer::new(&catalog, &options).overview().total.series.saturating_add(PLATFORM_SERIES))
}

fn text(sizes: &[Size], series: u64, interval: u64) -> String {
    let columns: Vec<_> = sizes.iter().map(Size::rows).collect();
    let Some(first) = columns.first() else { return String::new() };
    let rows: Vec<Vec<String>> = (1..first.len())
        .map(|row| {
            let values = columns.iter().map(|it| it[row].1.clone());
            std::iter::once(first[row].0.to_owned()).chain(values).collect()
        })
        .collect();
    let head: Vec<&str> = std::iter::once("INSTANCES").chain(columns.iter().map(|it| it[0].1.as_str())).collect();
    format!("{series} series of each, scraped every {interval} s\n\n{}", table(&head, &rows))
}
