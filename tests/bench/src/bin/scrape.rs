//! Measures the time to render all series as text.

use measurand_bench::claims::{self, verdicts};
use measurand_bench::harness::waited;
use measurand_bench::options::Options;
use measurand_bench::registries::{ALL, Kind, OURS, Registry, Render};
use measurand_bench::table::{float, ratio, table};
use std::time::Instant;

fn main() -> Result<(), String> {
    let options = Options::parse()?;
    let sizes: &[usize] = if options.quick { &[1_000, 10_000] } else { &[1_000, 10_000, 100_000] };
    let registries: Vec<Registry> =
        ALL.iter().filter(|it| it.name == OURS || options.wants(it.name)).copied().collect();
    let mut ratios: Vec<Vec<String>> = registries.iter().map(|it| vec![it.name.to_owned()]).collect();
    let (mut head, mut claims) = (vec!["library".to_owned()], Vec::new());
    for kind in [Kind::Counters, Kind::Histograms] {
        for &series in sizes {
            eprintln!("scrape of {series} {kind:?}");
            let all: Vec<_> = registries.iter().map(|it| (it.fill)(kind, series)).collect();
            let rounds = if options.quick { 5 } else { 11 };
            let (first, times) = measure(&all, kind, series, rounds);
            let row = |index: usize| {
                vec![
                    registries[index].name.to_owned(),
                    format!("{:.3}", first[index]),
                    format!("{:.3}", times[index]),
                    ratio(times[index] / times[0]),
                ]
            };
            let title = format!("{series} {kind:?}");
            let rows: Vec<_> = (0..all.len()).map(row).collect();
            println!("{}", table(&[&title, "first, ms", "median, ms", "× ours"], &rows));
            if series >= 10_000 {
                if kind == Kind::Histograms {
                    claims.extend(claims::SCRAPE.iter().map(|(peer, at_most)| {
                        let peer = registries.iter().position(|it| it.name == *peer);
                        (
                            format!("{title}, relative to {}", registries[peer.unwrap_or(0)].name),
                            *at_most,
                            peer.map(|it| times[0] / times[it]),
                        )
                    }));
                }
                head.push(format!("{} k {}", series / 1_000, format!("{kind:?}").to_lowercase()));
                ratios.iter_mut().zip(&times).for_each(|(row, it)| row.push(ratio(it / times[0])));
            }
        }
    }
    println!("{}", verdicts(&claims));
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    options.write_ratios(&format!("Time of one scrape, relative to ours:\n\n{}", table(&head, &ratios)))
}

/// Milliseconds of the first rendering, and the median of the following ones; the libraries run in turn.
fn measure(all: &[Render], kind: Kind, series: usize, rounds: usize) -> (Vec<f64>, Vec<f64>) {
    let mut first = Vec::new();
    let mut times = vec![Vec::new(); all.len()];
    for round in 0..=rounds {
        for step in 0..all.len() {
            // The order rotates.
            let index = (step + round) % all.len();
            let (before, start) = (waited(), Instant::now());
            all[index](&mut |text| {
                // Subtracts the time in which the thread waited for a processor.
                let elapsed = start.elapsed().as_secs_f64() * 1e3;
                times[index].push(elapsed - float(waited() - before) / 1e6);
                assert!(kind.complete(text, series), "series are missing in the text");
            });
        }
    }
    for times in &mut times {
        first.push(times.remove(0));
        times.sort_by(f64::total_cmp);
    }
    (first, times.iter().map(|it| it[it.len() / 2]).collect())
}
