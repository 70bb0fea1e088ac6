//! Measures memory: allocations per call, heap per series, and growth of the heap without scrapes.
//!
//! A separate program, because the counting allocator slows allocations down; `record` and `scrape` use the system's
//! allocator.

use allocation_counter::{measure, opt_out};
use measurand_bench::claims::{self, verdicts};
use measurand_bench::contenders::{self, ALL as CONTENDERS, KEPT, TIMED_QUERY};
use measurand_bench::options::Options;
use measurand_bench::registries::{ALL as REGISTRIES, KEEPS_TEXT, Kind, Registry};
use measurand_bench::table::{float, ratio, table};
use std::sync::atomic::Ordering;

fn main() -> Result<(), String> {
    let options = Options::parse()?;
    KEEPS_TEXT.store(false, Ordering::Relaxed);
    contenders::start();
    let calls = calls(&options);
    let series = series(&options);
    let growth = growth(if options.quick { 2_000_000 } else { 50_000_000 });
    println!("{}\n{}\n{}", calls.0, series.0, growth.0);
    options.write_ratios(&format!("{}\n{}\n{}", series.1, calls.1, growth.1))
}

/// Allocations per call: a table of all contenders, and a sentence about those that allocate.
fn calls(options: &Options) -> (String, String) {
    const CALLS: u64 = 100_000;
    let (mut rows, mut some) = (Vec::new(), Vec::new());
    for contender in CONTENDERS.iter().filter(|it| options.wants(it.name)) {
        (contender.sample)(10_000);
        let info = measure(|| (contender.sample)(CALLS));
        let per_call = |it: u64| ratio(float(it) / float(CALLS));
        rows.push(vec![contender.name.to_owned(), per_call(info.count_total), per_call(info.bytes_total)]);
        if info.count_total > 0 {
            some.push(format!("{} with {}", per_call(info.count_total), contender.name));
        }
    }
    let ratios = format!("Allocations per call: {}; none with all others.\n", some.join("; "));
    (table(&["allocations", "per call", "bytes per call"], &rows), ratios)
}

/// Heap bytes per series, before and after scrapes.
fn series(options: &Options) -> (String, String) {
    let sizes: &[usize] = if options.quick { &[1_000, 10_000] } else { &[1_000, 10_000, 100_000] };
    let mut head = vec!["heap bytes per series".to_owned()];
    let mut rows: Vec<Vec<String>> = REGISTRIES.iter().map(|it| vec![it.name.to_owned()]).collect();
    let (mut ratios, mut claims) = (rows.clone(), Vec::new());
    for kind in [Kind::Counters, Kind::Histograms] {
        for &series in sizes {
            eprintln!("memory of {series} {kind:?}");
            head.push(format!("{series} {kind:?}, scraped twice"));
            let mut ours = None;
            for ((registry, row), ratios) in REGISTRIES.iter().zip(&mut rows).zip(&mut ratios) {
                let [before, after] = heap(registry, kind, series);
                let ours = *ours.get_or_insert(after);
                row.push(format!("{before:.0}, {after:.0}"));
                ratios.push(ratio(after / ours));
                let claimed = claims::HEAP.iter().find(|it| kind == Kind::Histograms && it.0 == registry.name);
                claims.extend(claimed.map(|it| (format!("{series} {kind:?}, of {}", it.0), it.1, Some(ours / after))));
            }
        }
    }
    let full = table(&head.iter().map(String::as_str).collect::<Vec<_>>(), &rows);
    let full = format!("{full}\n{}", verdicts(&claims));
    let keep = |row: &Vec<String>| {
        let large = |it: &usize| *it == 0 || sizes[(it - 1) % sizes.len()] >= 10_000;
        (0..row.len()).filter(large).map(|it| row[it].clone()).collect::<Vec<_>>()
    };
    let mut head = vec!["heap per series after scrapes".to_owned()];
    for kind in ["counters", "histograms"] {
        head.extend(sizes.iter().filter(|it| **it >= 10_000).map(|it| format!("{} k {kind}", it / 1_000)));
    }
    let rows: Vec<_> = ratios.iter().map(keep).collect();
    let ratios = table(&head.iter().map(String::as_str).collect::<Vec<_>>(), &rows);
    (full, format!("Memory per series, relative to ours:\n\n{ratios}"))
}

/// Heap bytes of a registry per series, before the first scrape and after the second.
fn heap(registry: &Registry, kind: Kind, series: usize) -> [f64; 2] {
    let mut render = None;
    let filled = measure(|| render = Some((registry.fill)(kind, series)));
    let Some(render) = render else { return [f64::NAN; 2] };
    let scraped = measure(|| {
        for _ in 0..2 {
            render(&mut |text| opt_out(|| assert!(kind.complete(text, series), "series are missing in the text")));
        }
    });
    opt_out(|| drop(render));
    let each = |bytes: i64| float(bytes.unsigned_abs()) / float(series as u64);
    [each(filled.bytes_current), each(filled.bytes_current + scraped.bytes_current)]
}

/// Growth of the heap without scrapes.
fn growth(calls: u64) -> (String, String) {
    let named = |name: &str| CONTENDERS.iter().find(|it| it.name == name);
    let (mut rows, mut sentences) = (Vec::new(), Vec::new());
    for contender in [TIMED_QUERY, KEPT].into_iter().filter_map(named) {
        eprintln!("growth of {} over {calls} calls", contender.name);
        (contender.sample)(10_000);
        let grown = measure(|| (contender.sample)(calls)).bytes_current;
        rows.push(vec![contender.name.to_owned(), grown.to_string()]);
        let each = ratio(float(grown.unsigned_abs()) / float(calls));
        sentences.push(format!("{each} bytes per call with {}", contender.name));
    }
    let head = format!("{calls} calls without a scrape");
    let ratios = format!("Growth of the heap over {head}: {}.\n", sentences.join("; "));
    (table(&[&head, "bytes grown"], &rows), ratios)
}
