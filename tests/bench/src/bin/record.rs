//! What recording a call costs, on one thread and on two that record into the same metric.

use measurand_bench::claims;
use measurand_bench::contenders::{self, ALL, CLOCK, EMPTY};
use measurand_bench::harness::{Contender, Plan, Samples};
use measurand_bench::options::Options;
use measurand_bench::table::{ratio, table};
use std::time::Duration;

/// The samples of one plan, and whose they are.
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

    /// How many times two clock reads on as many threads.
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
        let head = [&threads, "ns a call, median", "p10 to p90", "over an empty call", "× two clock reads"];
        table(&head, &rows.collect::<Vec<_>>())
    }
}

fn ratios(runs: &[Run; 2]) -> String {
    let [one, two] = runs;
    let row = |it: &Contender| vec![it.name.to_owned(), ratio(one.clocks(it.name)), ratio(two.clocks(it.name))];
    let rows: Vec<_> = one.contenders.iter().map(row).collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "What recording one call costs, in units of two raw clock reads of the same run, on {cores} cores:\n\n{}",
        table(&["a call", "1 thread", "2 threads, one metric"], &rows)
    )
}

fn check(runs: &[Run]) -> String {
    let found = claims::CALLS.iter().map(|claim| {
        let run = runs.iter().find(|it| it.threads == claim.threads);
        let over = claim.over.map(|it| format!(" over {it}")).unwrap_or_default();
        let what = format!("{}{over}, {} thread(s), of {}", claim.contender, claim.threads, claim.of);
        (what, claim.at_most, run.and_then(|it| claim.check(|name| it.cost(name))))
    });
    claims::verdicts(&found.collect::<Vec<_>>())
}
