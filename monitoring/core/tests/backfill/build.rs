//! Writes the world as blocks of samples: first all but the last minutes, which takes longest, then the last minutes.
//! So Prometheus' own evaluation of the rules still finds fresh samples.

use crate::oracle::Oracle;
use crate::server::Samples;
use crate::support::{catalog, shipped_sites};
use crate::world::{DAY, Grid, Law, Series, World};
use measurand_monitoring::Monitoring;
use measurand_monitoring::model::Recording;
use std::path::Path;

/// Seconds between the samples of the last hours. A rate is exact as long as the newest sample is not much older than
/// this.
const STEP: f64 = 120.0;
const HOUR: f64 = 3600.0;
/// Seconds at the end whose samples are written last.
const LAST: f64 = 600.0;

/// Writes the world and the series that the rules of `both` would have recorded in it, below `directory`.
pub(crate) fn world(both: &[(&str, Monitoring)], directory: &Path) -> World {
    let storage = directory.join("storage");
    let mut world = World::of(&catalog(&shipped_sites()));
    // Half a second off, so that no sample lies on the edge of a window, where Prometheus 2 and 3 differ.
    let start = crate::now().floor() + 0.5;
    world.end = start;
    world.begin = start - 31.0 * DAY;
    add_recorded(both, &mut world, true);
    let until = start - LAST;
    let fine = grid(until - 7.0 * HOUR, until, STEP);
    let day = grid(until - 26.0 * HOUR, fine[0] - STEP, 280.0);
    world.ordinary = [grid(world.begin, day[0] - 280.0, 6.0 * HOUR), day, fine].concat();
    world.even = grid(world.begin, until, 300.0);
    write(&world, directory, &storage, |_| true);

    // The rest until now, in even steps of about the same length.
    world.end = crate::now().floor() + 0.5;
    let left = world.end - 10.0 - until;
    let step = left / (left / STEP).round();
    let more = grid(until + step / 2.0, world.end - 10.0, step);
    world.recent = more.len();
    world.ordinary.extend(&more);
    world.even.extend(&more);
    add_recorded(both, &mut world, false);
    write(&world, directory, &storage, |it| it > until + 1.0);
    world
}

/// Returns times that are `step` seconds apart; the last one is `to`.
fn grid(from: f64, to: f64, step: f64) -> Vec<f64> {
    let mut times: Vec<f64> =
        std::iter::successors(Some(to), |it| Some(it - step)).take_while(|it| *it >= from).collect();
    times.reverse();
    times
}

fn write(world: &World, directory: &Path, storage: &Path, wanted: impl Fn(f64) -> bool) {
    let mut samples = Samples::new(directory);
    for it in &world.series {
        let times = world.times(it).iter().copied().filter(|it| wanted(*it));
        samples.series(&it.name, &it.labels, times.map(|time| (time, world.value(it.law, time))));
    }
    samples.into_blocks(storage);
}

/// Adds recorded series: the rates that are averaged over days, with an incident in them, or all others.
fn add_recorded(both: &[(&str, Monitoring)], world: &mut World, averaged: bool) {
    for (job, monitoring) in both {
        for rule in monitoring.recordings.iter().flat_map(|it| &it.rules) {
            let incident = match rule.record.as_str() {
                "job_objective_sli:objective_errors:rate5m" => Some(5.0),
                "job_objective_sli:objective_calls:rate5m" => Some(2.0),
                _ => None,
            };
            if incident.is_some() == averaged {
                let series = of_rule(rule, job, world, incident);
                world.series.extend(series);
            }
        }
    }
}

fn of_rule(rule: &Recording, job: &str, world: &World, incident: Option<f64>) -> Vec<Series> {
    let answer = Oracle { world, job: Some(job), at: world.end }.answer(&rule.query);
    let series = answer.into_iter().map(|(mut labels, value)| {
        labels.entry("job".to_owned()).or_insert_with(|| job.to_owned());
        labels.extend(rule.labels.iter().cloned());
        let law = incident.map_or(Law::Constant(value), |times| Law::Incident(value, times * value));
        let grid = if incident.is_some() { Grid::Even } else { Grid::Recent };
        Series { name: rule.record.clone(), labels, law, grid }
    });
    series.collect()
}
