//! `cargo measurand size`: estimates samples, disk and memory for many instances of a program.

use super::source::{program, read};
use crate::cli::{Format, SizeArguments};
use crate::outcome::Outcome;
use crate::output::{self, table};
use measurand_check::explain::Explainer;
use measurand_monitoring::Options;
use measurand_monitoring::sizing::{PLATFORM_SERIES, Size};

pub(super) fn size(arguments: &SizeArguments) -> Result<Outcome, String> {
    let (series, most) = match (arguments.series, &arguments.source) {
        (Some(series), _) => (series, series),
        (None, Some(source)) => series_of(source)?,
        (None, None) => {
            return Err("no program and no number of series; help: name a program, or use `--series`".to_owned());
        }
    };
    let sizes: Vec<Size> = arguments.instances.iter().map(|it| Size::new(*it, series, arguments.interval)).collect();
    output::print(&match arguments.format {
        Format::Json => output::json(&sizes),
        Format::Text => text(&sizes, series, most, arguments.interval),
    })?;
    Ok(Outcome::Fine)
}

/// Number of series to plan with, and maximum number of series. Both include those that every endpoint exports.
fn series_of(source: &str) -> Result<(u64, u64), String> {
    let catalog = read(source)?;
    let options = Options { program: program(source), ..Options::default() };
    let explainer = Explainer::new(&catalog, &options);
    let all = |it: u64| it.saturating_add(PLATFORM_SERIES);
    Ok((all(explainer.planned_series()), all(explainer.overview().total.series)))
}

fn text(sizes: &[Size], series: u64, most: u64, interval: u64) -> String {
    let columns: Vec<_> = sizes.iter().map(Size::rows).collect();
    let Some(first) = columns.first() else { return String::new() };
    let rows: Vec<Vec<String>> = (1..first.len())
        .map(|row| {
            let values = columns.iter().map(|it| it[row].1.clone());
            std::iter::once(first[row].0.to_owned()).chain(values).collect()
        })
        .collect();
    let head: Vec<&str> = std::iter::once("INSTANCES").chain(columns.iter().map(|it| it[0].1.as_str())).collect();
    let bound = if most == series {
        String::new()
    } else {
        format!(
            " (a label with arbitrary values counts as 100 combinations; the maximum is {most} series; \
             if you know the real number, give it with `--series`)"
        )
    };
    format!("{series} series per instance{bound}, scraped every {interval} s\n\n{}", table(&head, &rows))
}
