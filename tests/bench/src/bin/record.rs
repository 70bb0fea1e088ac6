//! Measures the cost of recording a call, on one thread and on two threads that record into the same metric.

use measurand_bench::claims;
use measurand_bench::contenders::{self, ALL, CLOCK, EMPTY};
use measurand_bench::harness::{Contender, Plan, Samples};
use measurand_bench::options::Options;
use measurand_bench::table::{ratio, table};
use std::time::Duration;

/// The contenders and samples of one plan.
struct Run {
    threads: usize,
    contenders: Vec<Contender>,
    samples: Vec<Samples>,
}

fn main() -> Result<(), String> {
    let options = Options::parse()?;
    contenders::start();
    let wanted = |it: &&Contender| [EMPTY, CLOCK].contains(&it.name) || options.wants(it.name);
    let contenders: Vec<Contender> = ALL.iter().filter(wanted).copied().collect();
    let rounds = if options.quick { 7 } else { 41 };
    let runs = [1, 2].map(|threads| {
        let plan = Plan { threads, rounds, sample: Duration::from_millis(5), between: contenders::upkeep };
        Run { threads, samples: plan.measure(&contenders), contenders: contenders.clone() }
    });
    for run in &runs {
        println!("{}", run.report());
    }
    println!("{}", check(&runs));
    options.write_ratios(&ratios(&runs))
}

impl Run {
    fn cost(&self, name: &str) -> Option<f64> {
        let index = self.contenders.iter().position(|it| it.name == name)?;
        Some(self.samples[index].median())
    }

    /// The cost relative to two clock reads on the same number of threads.
    fn clocks(&self, name: &str) -> f64 {
        let cost = |it| self.cost(it).unwrap_or(f64::NAN);
        cost(name) / cost(CLOCK)
    }

    fn report(&self) -> String {
        let empty = self.cost(EMPTY).unwrap_or(f64::NAN);
        let rows = self.contenders.iter().zip(&self.samples).map(|(contender, samples)| {
            vec![
                format!("{}: {}", contender.group, contender.name),
                format!("{:.1}", samples.median()),
                format!("{:.1} to {:.1}", samples.quantile(0.1), samples.quantile(0.9)),
                format!("{:.1}", samples.median() - empty),
                ratio(self.clocks(contender.name)),
            ]
        });
        let threads = format!("{} thread(s): contender", self.threads);
        let head = [&threads, "ns per call, median", "p10 to p90", "above an empty call", "× two clock reads"];
        table(&head, &rows.collect::<Vec<_>>())
    }
}

fn ratios(runs: &[Run; 2]) -> String {
    let [one, two] = runs;
    let row = |it: &Contender| vec![it.name.to_owned(), ratio(one.clocks(it.name)), ratio(two.clocks(it.name))];
    let rows: Vec<_> = one.contenders.iter().map(row).collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "Cost of recording one call, relative to two raw clock reads in the same run, on {cores} cores:\n\n{}",
        table(&["contender", "1 thread", "2 threads, one metric"], &rows)
    )
}

fn check(runs: &[Run]) -> String {
    let found = claims::CALLS.iter().map(|claim| {
        let run = runs.iter().find(|it| it.threads == claim.threads);
        let over = claim.over.map(|it| format!(" minus {it}")).unwrap_or_default();
        let what = format!("{}{over}, {} thread(s), relative to {}", claim.contender, claim.threads, claim.of);
        (what, claim.at_most, run.and_then(|it| claim.check(|name| it.cost(name))))
    });
    claims::verdicts(&found.collect::<Vec<_>>())
}
