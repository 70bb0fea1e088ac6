//! Values worked out by hand from the world's laws, and the results of Prometheus' own rule evaluation.

use crate::oracle::Answer;
use crate::server::Prometheus;
use crate::world::{HEALTHY, Labels, World};
use crate::{as_sent, assert_same, oracle};
use measurand_monitoring::query::promql::{Place, print};
use measurand_monitoring::query::{Query, Selector};
use measurand_monitoring::{Monitoring, NamedQuery, User};
use measurand_tests::wait;
use std::collections::BTreeSet;

/// The key of a panel or the name of a rule, a label of the expected series, and the values for the healthy job and for
/// the sick job.
const KNOWN: &[(&str, &str, f64, f64)] = &[
    // 10, 20 and 30 calls a second on one instance, one more of each on the other; ten thousand times as many if
    // healthy.
    ("overview/neural_rate", "", 1_230_000.0, 123.0),
    // Nine of ten look-ups are hits; in the sick job, every other one.
    ("overview/cache_hits", "", 0.9, 0.5),
    // 2 % are below 0.99: 0.99 + 0.01 * (0.95 - 0.02) / 0.98. In the sick job 60 %: 0.99 + 0.01 * 0.35 / 0.4.
    ("overview/truth", "", 0.999_489_795_918, 0.998_75),
    ("overview/memory", "", 5e7, 2e8),
    // Half below 10 µs, 97 % below 50 µs: 10 + 40 * 0.45 / 0.47. In the sick job half below 100 ms, 99 % below 1 s.
    ("PatternRetrievalSlow", "", f64::NAN, 0.1 + 0.9 * 0.45 / 0.49),
    // 10 %, 10 % and 20 % of the calls end in an error, a panic, a cancellation; in the healthy job 0.05 %.
    ("job_query_type_table:db_query_errors:ratio_rate5m", "x", 0.0005, 0.4),
    // Half as many failures as successes.
    ("job_agent_id:verification_failures:ratio_rate5m", "x", 0.0001 / 1.0001, 1.0 / 3.0),
    // 27 days as now, and three with twice the calls and five times the errors: (27 + 15) / (27 + 6) times the share of a budget of 0.1 %.
    ("job_objective_sli:objective_burn:rate30d", "", 0.5 * 42.0 / 33.0, 400.0 * 42.0 / 33.0),
    ("job_objective_sli:objective_burn:rate6h", "", 0.5, 400.0),
    // The rest of a budget of 0.1 %.
    ("objectives/table", "success", 1.0 - 0.5 * 42.0 / 33.0, 1.0 - 400.0 * 42.0 / 33.0),
    ("FileDescriptorsRunningOut", "a", f64::NAN, 0.95),
    // Half of 10 and 11 calls a second, for five minutes.
    ("AutoRollbackStorm", "x", f64::NAN, 3150.0),
    // The average of 0.5 and 0.51.
    ("AgentCoordinationEfficiency", "", f64::NAN, 0.505),
    // Two instances that each grow by 200 bytes a second for a day; the distance of the samples varies by some seconds.
    ("PatternMemoryGrowth", "", f64::NAN, 400.0 * 86_400.0),
];

/// Checks the known values. The oracle computes the queries; this table has their intended results.
pub(crate) fn check_known_numbers(prometheus: &Prometheus, world: &World, job: &str, monitoring: &Monitoring) {
    for (name, label, well, ill) in KNOWN {
        let expected = if job == HEALTHY { *well } else { *ill };
        let named: Vec<NamedQuery<'_>> = monitoring.queries().filter(|it| it.name == *name).collect();
        assert!(!named.is_empty(), "there is no {name}");
        let is_meant = |it: &Labels| {
            it.get("job").is_none_or(|it| it == job) && (label.is_empty() || it.values().any(|it| it == label))
        };
        let mut answers = named.iter().flat_map(|it| prometheus.ask(&as_sent(it), world.end));
        let found = answers.find(|(labels, _)| is_meant(labels)).map(|(_, value)| value);
        let good = match found {
            None => expected.is_nan(),
            Some(it) => (it - expected).abs() < 0.005 * expected.abs(),
        };
        assert!(good, "{name} ({job}): {found:?} instead of {expected}");
    }
}

/// Checks the series that the rules have recorded since Prometheus started.
pub(crate) fn check_what_prometheus_records(
    prometheus: &Prometheus,
    world: &World,
    job: &str,
    monitoring: &Monitoring,
) {
    for rule in monitoring.recordings.iter().flat_map(|it| &it.rules) {
        let labels = |all: Selector, (name, value): &(String, String)| all.with(name, value);
        let recorded = rule.labels.iter().fold(Selector::of_rules(&rule.record), labels);
        let text = print(&Query::Instant(recorded), Place::Rules { job });
        let expected: Answer = oracle(world, job, User::Recording)
            .answer(&rule.query)
            .into_iter()
            .map(|(labels, value)| {
                let job = ("job".to_owned(), job.to_owned());
                ([job].into_iter().chain(labels).chain(rule.labels.iter().cloned()).collect(), value)
            })
            .collect();
        let fresh = format!("timestamp({text}) > {:.1}", world.end);
        wait(&text, || (prometheus.ask(&fresh, crate::now()).len() == expected.len()).then_some(()));
        let answer = prometheus.ask(&text, crate::now());
        assert_same(&answer, &expected, 1e-3, &format!("recorded by Prometheus: {text}"));
    }
}

/// Checks the pending and firing alerts, with their labels.
pub(crate) fn check_what_prometheus_alerts(prometheus: &Prometheus, world: &World, job: &str, monitoring: &Monitoring) {
    let mut expected = BTreeSet::new();
    for alert in monitoring.alerts.iter().flat_map(|it| &it.rules) {
        for mut labels in oracle(world, job, User::Alert).answer(&alert.query).into_keys() {
            labels.extend(alert.labels.iter().cloned());
            let severity = alert.severity.map_or("none", |it| it.as_str());
            let own =
                [("alertname", alert.name.as_str()), ("severity", severity), ("service", job), ("team", &alert.team)];
            labels.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
            expected.insert(labels);
        }
    }
    let mut found = BTreeSet::new();
    for _ in 0..300 {
        found = prometheus.alerts().into_iter().filter(|it| it.get("service").is_some_and(|it| it == job)).collect();
        if found == expected {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    panic!("alerts of {job}: {found:#?}\narithmetic: {expected:#?}");
}
