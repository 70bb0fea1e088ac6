//! Arbitrary recordings over the facade. An independent parser of both text formats finds the same labels and numbers.

use super::bytes::Bytes;
use measurand_catalog::{Catalog, Kind, platform};
use measurand_exporter::{Program, Recorder};
use metrics::{Key, Label, Level, Metadata, Recorder as _};
use std::collections::{BTreeMap, BTreeSet};

mod parser;

use parser::{Exposed, Labels, Sample};

/// Maximum number of recordings.
const MOST: usize = 64;
/// Names that are known to cause errors.
const NAMES: [&str; 18] = [
    "a.b",
    "a_b",
    "1x",
    "",
    "é",
    "requests",
    "requests_total",
    "requests_bucket",
    "requests_sum",
    "requests_count",
    "le",
    "__name__",
    "_",
    "x y",
    "a{b=\"c\"} 1",
    "quantile",
    "requests_created",
    "a_b_created",
];

/// The expected series. Invalid characters of a name become `_`, the first kind of a name wins, and no other metric can
/// have the name of a histogram's series.
#[derive(Default)]
struct Model {
    kinds: BTreeMap<String, Kind>,
    values: BTreeMap<(String, Labels), f64>,
    observed: BTreeMap<(String, Labels), Vec<f64>>,
}

/// Executes a sequence of recordings and checks both text formats.
pub fn run(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let program = Program {
        families: Vec::new(),
        catalog: Catalog { format: Catalog::FORMAT, families: Vec::new(), sites: Vec::new() },
        binary: Some(("fuzz", "0")),
        initialize: || (),
        limit_series: |_| (),
    };
    let recorder = Recorder::new(&program);
    let mut model = Model::default();
    for _ in 0..MOST {
        if bytes.is_empty() {
            break;
        }
        step(&mut bytes, &recorder, &mut model);
    }
    check(&recorder.render(), &model, false);
    check(&recorder.render_openmetrics(), &model, true);
}

fn step(bytes: &mut Bytes<'_>, recorder: &Recorder, model: &mut Model) {
    let action = bytes.below(8);
    let name = text(bytes);
    if action == 7 {
        let help = bytes.text(255);
        return recorder.describe_gauge(name.into(), None, help.into());
    }
    let pairs: Vec<(String, String)> = (0..bytes.below(4)).map(|_| (text(bytes), text(bytes))).collect();
    let key =
        Key::from_parts(name.clone(), pairs.iter().map(|(a, b)| Label::new(a.clone(), b.clone())).collect::<Vec<_>>());
    let metadata = Metadata::new("fuzz", Level::INFO, None);
    let kind =
        [Kind::Counter, Kind::Counter, Kind::Gauge, Kind::Gauge, Kind::Gauge, Kind::Histogram, Kind::Histogram][action];
    let legal = legal(&name, true);
    let is_kept = model.keeps(&legal, kind);
    let place = (legal, labels(&pairs, kind));
    match action {
        0 | 1 => {
            let counter = recorder.register_counter(&key, &metadata);
            let value = u64::from(bytes.number());
            if action == 0 {
                counter.increment(value);
            } else {
                counter.absolute(value);
            }
            if is_kept {
                let slot = model.values.entry(place).or_default();
                #[expect(clippy::cast_precision_loss, reason = "no more than 64 numbers of 32 bits")]
                let value = value as f64;
                *slot = if action == 0 { *slot + value } else { slot.max(value) };
            }
        }
        2..=4 => {
            let gauge = recorder.register_gauge(&key, &metadata);
            let value = bytes.float();
            [metrics::Gauge::set, metrics::Gauge::increment, metrics::Gauge::decrement][action - 2](&gauge, value);
            if is_kept {
                let slot = model.values.entry(place).or_default();
                *slot = [value, *slot + value, *slot - value][action - 2];
            }
        }
        _ => {
            let histogram = recorder.register_histogram(&key, &metadata);
            let value = bytes.float();
            histogram.record(value);
            if is_kept {
                model.observed.entry(place).or_default().push(value);
            }
        }
    }
}

/// A name or a value: one of [`NAMES`] or an arbitrary text.
fn text(bytes: &mut Bytes<'_>) -> String {
    match bytes.byte() {
        it if usize::from(it) < NAMES.len() => NAMES[usize::from(it)].to_owned(),
        _ => bytes.text(40),
    }
}

impl Model {
    /// Whether a metric of this name and kind is recorded.
    fn keeps(&mut self, name: &str, kind: Kind) -> bool {
        const SUFFIXES: [&str; 3] = ["_bucket", "_sum", "_count"];
        let known = |name: &str| {
            self.kinds.get(name).copied().or_else(|| platform::ALL.iter().find(|it| it.name == name).map(|it| it.kind))
        };
        if let Some(known) = known(name) {
            // The model does not cover metrics of the platform.
            return known == kind && self.kinds.contains_key(name);
        }
        let like_histogram =
            SUFFIXES.iter().any(|it| name.strip_suffix(it).is_some_and(|it| known(it) == Some(Kind::Histogram)));
        let hides = kind == Kind::Histogram && SUFFIXES.iter().any(|it| known(&format!("{name}{it}")).is_some());
        let keeps = !name.is_empty() && !like_histogram && !hides;
        if keeps {
            self.kinds.insert(name.to_owned(), kind);
        }
        keeps
    }
}

fn legal(name: &str, is_metric: bool) -> String {
    let fits = |it: char| it.is_ascii_alphanumeric() || it == '_' || (is_metric && it == ':');
    let legal = |(index, it): (usize, char)| if fits(it) && !(index == 0 && it.is_ascii_digit()) { it } else { '_' };
    name.chars().enumerate().map(legal).collect()
}

fn labels(pairs: &[(String, String)], kind: Kind) -> Labels {
    let mut labels = Labels::new();
    for (name, value) in pairs {
        let name = if name.is_empty() { "_".to_owned() } else { legal(name, false) };
        let reserved = name.starts_with("__") || (kind == Kind::Histogram && name == "le");
        labels.insert(if reserved { format!("exported_{name}") } else { name }, value.clone());
    }
    // In Prometheus a label with an empty value does not exist.
    labels.retain(|_, value| !value.is_empty());
    labels
}

fn check(text: &str, model: &Model, openmetrics: bool) {
    let exposed = parser::parse(text, openmetrics).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let Exposed { samples, kinds } = &exposed;
    let find = |name: &str, labels: &Labels| -> f64 {
        let found = samples.iter().find(|it| it.name == name && it.labels == *labels);
        found.unwrap_or_else(|| panic!("`{name}` with {labels:?} is missing in\n{text}")).value
    };
    for ((name, labels), value) in &model.values {
        let found = find(name, labels);
        assert!(same(found, *value), "`{name}` with {labels:?} is {found} instead of {value} in\n{text}");
    }
    for ((name, labels), values) in &model.observed {
        #[expect(clippy::cast_precision_loss, reason = "no more than 64")]
        let count = values.len() as f64;
        assert!(find(&format!("{name}_count"), labels) <= count, "`{name}` in\n{text}");
        let buckets = samples.iter().filter(|it| it.name == format!("{name}_bucket") && without_bound(it) == *labels);
        let buckets: Vec<f64> = buckets.map(|it| it.value).collect();
        assert!(buckets.is_sorted(), "the buckets of `{name}` are not cumulative in\n{text}");
        assert!(same(find(&format!("{name}_count"), labels), buckets.last().copied().unwrap_or(-1.0)));
    }
    let mut seen = BTreeSet::new();
    for sample in samples {
        assert!(
            seen.insert((sample.name.clone(), sample.labels.clone())),
            "duplicate series `{}` with {:?} in\n{text}",
            sample.name,
            sample.labels
        );
    }
    assert!(!kinds.is_empty());
}

fn without_bound(it: &Sample) -> Labels {
    let mut labels = it.labels.clone();
    labels.remove("le");
    labels
}

/// Whether two numbers are equal or both are NaN.
#[expect(clippy::float_cmp, reason = "numbers round-trip exactly")]
fn same(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}
