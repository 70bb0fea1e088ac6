//! Native histograms in a real Prometheus. They are sent by remote write, since text and `promtool` do not support
//! them.

use crate::server::Prometheus;
use crate::support::{catalog, shipped_sites};
use measurand_monitoring::query::promql::Histograms;
use measurand_monitoring::{Monitoring, Options, User};

/// Half of the observations are between 2^-8 and 2^-7 seconds, the others between half a second and one second.
const BUCKETS: [i64; 2] = [-7, 0];
const PER_SECOND: u64 = 2;

pub(crate) fn native_histograms_are_asked_as_such() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let options = Options {
        job: Some("native".to_owned()),
        under_load: true,
        histograms: Histograms::Native,
        ..Options::default()
    };
    let monitoring = Monitoring::new(&catalog(&shipped_sites()), &options);
    let rules = directory.path().join("rules");
    std::fs::create_dir(&rules).expect("a new folder");
    let files = monitoring.files().into_iter().filter(|it| ["alerts.yml", "recording-rules.yml"].contains(&it.name));
    files.for_each(|it| std::fs::write(rules.join(it.name), it.contents).expect("a file"));
    let flags = ["--enable-feature=native-histograms", "--web.enable-remote-write-receiver"];
    let prometheus = Prometheus::start_with(directory.path(), &[format!("{}/*.yml", rules.display())], &flags);
    let now = crate::now().floor();
    let labels = [("query_type", "select"), ("table", "x")];
    prometheus.remote_write(&time_series("db_query_duration_seconds", &labels, now));
    prometheus.remote_write(&time_series("pattern_retrieval_duration_seconds", &[], now));

    // Prometheus accepts every expression.
    let mut about_histograms = 0;
    for it in monitoring.queries() {
        let text = crate::as_sent(&it);
        assert!(!text.contains("_bucket"), "{}: {text}", it.name);
        about_histograms += usize::from(text.contains("histogram_"));
        prometheus.ask(&text, now);
    }
    assert!(about_histograms > 40, "{about_histograms}");

    // The result is 0.5 s + 0.5 s * (0.95 - 0.5) / 0.5 with the interpolation of 2.42. Version 3 interpolates
    // exponentially.
    let slow = number(&prometheus, &monitoring, "PatternRetrievalSlow", User::Alert, now);
    assert!((0.9..1.0).contains(&slow), "{slow}");
    let slow = number(&prometheus, &monitoring, "DatabaseSlowQueries", User::Alert, now);
    assert!((0.9..1.0).contains(&slow), "{slow}");
    // Half of the calls take longer than 10 ms, and 5 % may.
    let burn = number(&prometheus, &monitoring, "job_objective_sli:objective_burn:rate1h", User::Recording, now);
    assert!((burn - 10.0).abs() < 1e-6, "{burn}");
    let calls = number(&prometheus, &monitoring, "job_objective_sli:objective_calls:rate5m", User::Recording, now);
    assert!((calls - 2.0).abs() < 1e-9, "{calls}");
}

/// Returns the first result above zero of the queries with this name.
fn number(prometheus: &Prometheus, monitoring: &Monitoring, name: &str, user: User, at: f64) -> f64 {
    let queries = monitoring.queries().filter(|it| it.user == user && it.name == name);
    let mut answers = queries.flat_map(|it| prometheus.ask(&crate::as_sent(&it), at));
    // Without errors, the share of an objective for success is zero.
    answers.find(|it| it.1 > 0.0).unwrap_or_else(|| panic!("{name} has no result")).1
}

/// Returns a remote write request with eleven samples, one a minute, the last one now.
fn time_series(name: &str, own: &[(&str, &str)], now: f64) -> Vec<u8> {
    let mut labels = vec![("__name__", name), ("instance", "a"), ("job", "native")];
    labels.extend(own);
    labels.sort_unstable();
    let mut series = Vec::new();
    for (name, value) in labels {
        bytes(&mut series, 1, &[text(1, name), text(2, value)].concat());
    }
    for minute in 0..=10_u64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time since 1970")]
        let time = (now * 1000.0) as u64 - (10 - minute) * 60_000;
        bytes(&mut series, 4, &histogram((minute + 1) * 60 * PER_SECOND, time));
    }
    let mut request = Vec::new();
    bytes(&mut request, 1, &series);
    request
}

/// Returns the message `prometheus.Histogram` of remote write 1.0 with schema 0: each bucket ends at a power of two.
fn histogram(count: u64, time: u64) -> Vec<u8> {
    let mut it = Vec::new();
    number_field(&mut it, 1, count);
    it.extend([3 << 3 | 1]);
    it.extend(1.0_f64.to_le_bytes());
    number_field(&mut it, 4, 0);
    let mut end = None;
    for bucket in BUCKETS {
        let offset = end.map_or(bucket, |end| bucket - end);
        let mut span = Vec::new();
        number_field(&mut span, 1, zigzag(offset));
        number_field(&mut span, 2, 1);
        bytes(&mut it, 11, &span);
        end = Some(bucket + 1);
    }
    // The first number is a count, the second the difference to the next count.
    let half = i64::try_from(count / 2).expect("a small number");
    let mut deltas = Vec::new();
    varint(&mut deltas, zigzag(half));
    varint(&mut deltas, zigzag(0));
    bytes(&mut it, 12, &deltas);
    number_field(&mut it, 15, time);
    it
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).expect("seven bits") | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).expect("seven bits"));
}

fn zigzag(value: i64) -> u64 {
    value.unsigned_abs() * 2 - u64::from(value < 0)
}

fn number_field(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3);
    varint(out, value);
}

fn bytes(out: &mut Vec<u8>, field: u64, value: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, value.len() as u64);
    out.extend(value);
}

fn text(field: u64, value: &str) -> Vec<u8> {
    let mut out = Vec::new();
    bytes(&mut out, field, value.as_bytes());
    out
}

/// Encodes Snappy's block format without compression, as literals of at most 60 bytes.
pub(crate) fn snappy(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    varint(&mut out, data.len() as u64);
    for chunk in data.chunks(60) {
        out.push(u8::try_from(chunk.len() - 1).expect("at most 59") << 2);
        out.extend(chunk);
    }
    out
}
