//! The shape of a family: metrics that share their labels and are recorded together. Plain constant data.

pub use crate::condition::Condition;
use crate::names::{ends_with, is_name, same};

/// Metrics that share their labels and are recorded by the same calls.
///
/// A family is one row: everything a person sees of it (names, help, buckets, panels, alerts) follows from this value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Family {
    /// The identifier, for example `database`; also the key of its dashboard row.
    pub name: &'static str,
    /// The title of its dashboard row.
    pub title: &'static str,
    /// What the family tells, in one sentence.
    pub help: &'static str,
    /// The labels that each annotated function gives a value for.
    pub labels: &'static [Label],
    /// The metrics; at most one for each [`Role`].
    pub metrics: &'static [Metric],
    /// The alerts that every program with this family gets.
    pub alerts: &'static [Alert],
}

/// One label of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// The label's name in every series.
    pub name: &'static str,
    /// The only values it can take, or nothing when each annotated function brings its own.
    pub values: &'static [&'static str],
    /// Whether its value is known only when the call has ended, as a status is. The gauge of calls in flight lacks it.
    pub from_result: bool,
}

impl Label {
    /// A label for which each annotated function brings its own values.
    #[must_use]
    pub const fn open(name: &'static str) -> Self {
        Self { name, values: &[], from_result: false }
    }

    /// A label with these values and no others.
    #[must_use]
    pub const fn of(name: &'static str, values: &'static [&'static str]) -> Self {
        Self { name, values, from_result: false }
    }

    /// The same, its value known only when the call has ended.
    #[must_use]
    pub const fn from_result(self) -> Self {
        Self { from_result: true, ..self }
    }
}

/// One metric of a family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// The full Prometheus name, with the unit and `_total` where the kind asks for it.
    pub name: &'static str,
    /// What a call records into it; [`Role::kind`] and [`Metric::unit`] follow from this.
    pub role: Role,
    /// The text after `# HELP`: one sentence.
    pub help: &'static str,
    /// Upper bounds in increasing order, without `+Inf`; empty unless the kind is a histogram.
    pub buckets: &'static [f64],
}

/// What a call of an annotated function records into a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "read", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Role {
    /// A counter of all calls that ended, whatever their outcome.
    Calls,
    /// A counter of the calls that did not end well, by the extra label `outcome`.
    Errors,
    /// A histogram of the seconds that each call took, whatever its outcome.
    Duration,
    /// A gauge of the calls that have begun and not ended.
    InFlight,
    /// A histogram of the score that a call returned, from 0 to 1.
    Score,
    /// A gauge of the newest score.
    LastScore,
    /// A counter of the calls that ended well: `ok`, or, where there is a score, with one that reached the threshold.
    Successes,
    /// A counter of the calls that did not.
    Failures,
    /// A counter of the rollbacks that failures caused.
    Rollbacks,
    /// A counter of the calls that ended, by the extra label `status`: `success` or `failure`.
    Completions,
    /// A gauge that is set to the number that a call returned.
    Level,
    /// A counter of the look-ups that found something.
    Hits,
    /// A counter of the look-ups that found nothing.
    Misses,
    /// A gauge of the share of hits among the look-ups since the program began.
    HitRate,
}

/// The Prometheus type of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "read", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Kind {
    /// Only grows; the name ends in `_total`.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations by upper bound.
    Histogram,
}

/// What one of a metric's values means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "read", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Unit {
    /// A number of things.
    Count,
    /// Seconds; the name ends in `_seconds`.
    Seconds,
    /// A share from 0 to 1.
    Ratio,
    /// Bytes; the name ends in `_bytes`.
    Bytes,
}

/// How soon somebody has to answer an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "read", derive(serde::Serialize, serde::Deserialize))]
pub enum Severity {
    /// Critical: within five minutes, day and night.
    P0,
    /// High: within fifteen minutes.
    P1,
    /// Medium: within an hour.
    P2,
    /// Low: within four hours.
    P3,
}

/// An alert that comes with a family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alert {
    /// The alert's name, in CamelCase.
    pub name: &'static str,
    /// How soon somebody has to answer.
    pub severity: Severity,
    /// When it fires; the threshold stands here and nowhere else.
    pub condition: Condition,
    /// How long the condition has to hold before it fires.
    pub for_seconds: u32,
    /// What is wrong: one sentence, the same for every firing.
    pub summary: &'static str,
    /// What users of the system notice.
    pub impact: &'static str,
}

/// The extra label of a metric with [`Role::Errors`].
pub const OUTCOME_LABEL: &str = "outcome";

/// The values of [`OUTCOME_LABEL`]; a call that ended `ok` is in none of them.
pub const ERROR_OUTCOMES: [&str; 3] = ["error", "panic", "cancelled"];

/// What a metric with [`Role::Errors`] is told apart by besides [`OUTCOME_LABEL`], where the type of the error says which
/// kinds there are.
pub const KIND_LABEL: &str = "error_kind";

/// Where a function was called, on the series of those that ask for it.
pub const CALLER_LABEL: &str = "caller";

/// The name of the annotated function, on the series of those that declare an objective: it covers their calls alone.
pub const FUNCTION_LABEL: &str = "function";

/// The module of the annotated function, beside [`FUNCTION_LABEL`].
pub const MODULE_LABEL: &str = "module";

/// The labels that an annotation can add to those of its family, in the order in which they follow them.
pub const ADDED_LABELS: [&str; 3] = [CALLER_LABEL, FUNCTION_LABEL, MODULE_LABEL];

/// The value of a label that stands for all values beyond the limit, and for those that a label does not know.
pub const OTHER: &str = "_other";

/// So many combinations of values that are no literals a family may have unless told otherwise; what comes later counts
/// under [`OTHER`]. The number of OpenTelemetry:
/// <https://opentelemetry.io/docs/specs/otel/metrics/sdk/#cardinality-limits>.
pub const SERIES_LIMIT: usize = 2000;

/// The extra label of a metric with [`Role::Completions`].
pub const STATUS_LABEL: &str = "status";

/// The values of [`STATUS_LABEL`].
pub const STATUSES: [&str; 2] = ["success", "failure"];

impl Role {
    /// Every role, in the order of the declaration.
    pub const ALL: [Role; 14] = [
        Role::Calls,
        Role::Errors,
        Role::Duration,
        Role::InFlight,
        Role::Score,
        Role::LastScore,
        Role::Successes,
        Role::Failures,
        Role::Rollbacks,
        Role::Completions,
        Role::Level,
        Role::Hits,
        Role::Misses,
        Role::HitRate,
    ];

    /// The Prometheus type that the role asks for.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Role::Calls
            | Role::Errors
            | Role::Successes
            | Role::Failures
            | Role::Rollbacks
            | Role::Completions
            | Role::Hits
            | Role::Misses => Kind::Counter,
            Role::InFlight | Role::LastScore | Role::Level | Role::HitRate => Kind::Gauge,
            Role::Duration | Role::Score => Kind::Histogram,
        }
    }

    /// What one value means; of a [`Role::Level`] only the metric knows, see [`Metric::unit`].
    #[must_use]
    const fn unit(self) -> Unit {
        match self {
            Role::Duration => Unit::Seconds,
            Role::Score | Role::LastScore | Role::HitRate => Unit::Ratio,
            _ => Unit::Count,
        }
    }

    /// The label that the role adds to those of its family, with its values.
    #[must_use]
    pub const fn extra_label(self) -> Option<Label> {
        match self {
            Role::Errors => Some(Label::of(OUTCOME_LABEL, &ERROR_OUTCOMES)),
            Role::Completions => Some(Label::of(STATUS_LABEL, &STATUSES)),
            _ => None,
        }
    }

    /// The word for the role in records and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Calls => "calls",
            Role::Errors => "errors",
            Role::Duration => "duration",
            Role::InFlight => "in_flight",
            Role::Score => "score",
            Role::LastScore => "last_score",
            Role::Successes => "successes",
            Role::Failures => "failures",
            Role::Rollbacks => "rollbacks",
            Role::Completions => "completions",
            Role::Level => "level",
            Role::Hits => "hits",
            Role::Misses => "misses",
            Role::HitRate => "hit_rate",
        }
    }
}

impl Metric {
    /// What one value means; what a [`Role::Level`] means follows from the metric's name.
    #[must_use]
    pub const fn unit(&self) -> Unit {
        unit_of(self.role, self.name)
    }
}

/// What one value of a metric with this role and this name means.
pub(crate) const fn unit_of(role: Role, name: &str) -> Unit {
    if !matches!(role, Role::Level) {
        role.unit()
    } else if ends_with(name, "_bytes") {
        Unit::Bytes
    } else if ends_with(name, "_seconds") {
        Unit::Seconds
    } else if ends_with(name, "_ratio") || ends_with(name, "_rate") || ends_with(name, "_efficiency") {
        Unit::Ratio
    } else {
        Unit::Count
    }
}

impl Severity {
    /// Every severity, the most urgent first.
    pub const ALL: [Severity; 4] = [Severity::P0, Severity::P1, Severity::P2, Severity::P3];

    /// The value of the label `severity`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::P0 => "P0",
            Severity::P1 => "P1",
            Severity::P2 => "P2",
            Severity::P3 => "P3",
        }
    }
}

impl Family {
    /// The metric with this role, if the family has one.
    #[must_use]
    pub const fn metric(&self, role: Role) -> Option<&'static Metric> {
        let metrics = self.metrics;
        let mut i = 0;
        while i < metrics.len() {
            if metrics[i].role as u8 == role as u8 {
                return Some(&metrics[i]);
            }
            i += 1;
        }
        None
    }

    /// Whether the family has a label of this name by itself.
    #[must_use]
    pub const fn has_label(&self, name: &str) -> bool {
        let mut i = 0;
        while i < self.labels.len() {
            if same(self.labels[i].name, name) {
                return true;
            }
            i += 1;
        }
        false
    }

    /// Whether it matters to the family that a call returned an error. Where there is a score, the score decides.
    #[must_use]
    pub const fn tells_outcome(&self) -> bool {
        let counts = self.metric(Role::Errors).is_some()
            || self.metric(Role::Successes).is_some()
            || self.metric(Role::Failures).is_some()
            || self.metric(Role::Completions).is_some();
        counts && self.metric(Role::Score).is_none()
    }

    /// Checks the rules that make a family usable; call it in a `const` so that a wrong row does not compile.
    ///
    /// # Panics
    /// When a name is no legal Prometheus name, a suffix contradicts the kind or unit, a role appears twice, buckets
    /// are missing, unsorted or without a threshold that an alert compares with.
    pub const fn check(&self) {
        self.check_name();
        let mut i = 0;
        while i < self.labels.len() {
            self.check_label(i);
            i += 1;
        }
        let mut i = 0;
        while i < self.metrics.len() {
            self.check_metric(i);
            i += 1;
        }
        let mut i = 0;
        while i < self.alerts.len() {
            self.check_condition(&self.alerts[i].condition);
            i += 1;
        }
    }

    /// Checks the family's own name; call it in a `const`.
    ///
    /// # Panics
    /// When it is no name.
    #[track_caller]
    pub const fn check_name(&self) {
        assert!(
            is_name(self.name),
            "a family's name is made of a-z, 0-9 and `_`\nexample: pub Payment = \"payment\", \"Payments\" {{ .. }}"
        );
    }

    #[track_caller]
    pub(crate) const fn check_label(&self, index: usize) {
        let name = self.labels[index].name;
        assert!(is_name(name), "a label's name is made of a-z, 0-9 and `_`\nexample: labels {{ user_country; }}");
        assert!(
            !is_reserved(name),
            "this label is reserved, as `le`, `quantile`, `error_kind` and `caller` are; take another name\nexample: labels {{ \
             user_country; }}"
        );
        let mut i = 0;
        while i < index {
            assert!(
                !same(self.labels[i].name, name),
                "a label appears twice in one family; remove one\nexample: labels {{ user_country; }}"
            );
            i += 1;
        }
        let mut i = 0;
        while i < self.metrics.len() {
            if let Some(extra) = self.metrics[i].role.extra_label() {
                assert!(
                    !same(name, extra.name),
                    "a metric of the family adds this label by itself; take another name\nexample: labels {{ user_country; }}"
                );
            }
            i += 1;
        }
    }

    #[track_caller]
    pub(crate) const fn check_metric(&self, index: usize) {
        let metric = &self.metrics[index];
        check_metric(metric);
        let mut i = 0;
        while i < index {
            assert!(
                self.metrics[i].role as u8 != metric.role as u8,
                "a role appears twice in one family; remove one of the metrics, or declare another family\nexample: calls \
                 \"payments_total\": \"Payments that ended.\";"
            );
            i += 1;
        }
    }

    pub(crate) const fn has_bucket(&self, role: Role, bound: f64) -> bool {
        let Some(metric) = self.metric(role) else { return false };
        let mut i = 0;
        while i < metric.buckets.len() {
            if metric.buckets[i].to_bits() == bound.to_bits() {
                return true;
            }
            i += 1;
        }
        false
    }
}

/// Labels that Prometheus or the framework itself gives a meaning to.
pub(crate) const fn is_reserved(label: &str) -> bool {
    same(label, "le") || same(label, "quantile") || same(label, KIND_LABEL) || same(label, CALLER_LABEL)
}

#[track_caller]
const fn check_metric(metric: &Metric) {
    assert!(
        is_name(metric.name),
        "a metric's name is made of a-z, 0-9 and `_`\nexample: calls \"payments_total\": \"Payments that ended.\";"
    );
    assert!(
        !metric.help.is_empty(),
        "a metric needs a help text\nexample: calls \"payments_total\": \"Payments that ended.\";"
    );
    let total = ends_with(metric.name, "_total");
    let histogram = matches!(metric.role.kind(), Kind::Histogram);
    assert!(
        matches!(metric.role.kind(), Kind::Counter) == total,
        "counters, and only they, end in `_total`\nexample: calls \"payments_total\": \"Payments that ended.\";"
    );
    assert!(
        !matches!(metric.unit(), Unit::Seconds) || ends_with(metric.name, "_seconds"),
        "a duration must end in `_seconds`\nexample: duration \"payment_duration_seconds\": \"Time of a payment.\", [0.25, 1.0, 5.0];"
    );
    assert!(
        histogram != metric.buckets.is_empty(),
        "histograms, and only they, have buckets: `duration` and `score`\nexample: duration \"payment_duration_seconds\": \"Time of a payment.\", [0.25, 1.0, 5.0];"
    );
    let mut i = 0;
    while i < metric.buckets.len() {
        assert!(
            metric.buckets[i].is_finite(),
            "a bucket's bound is a finite number; `+Inf` is added for you\nexample: duration \"payment_duration_seconds\": \"Time of a payment.\", [0.25, 1.0, 5.0];"
        );
        assert!(
            i == 0 || metric.buckets[i - 1] < metric.buckets[i],
            "buckets are written in increasing order\nexample: duration \"payment_duration_seconds\": \"Time of a payment.\", [0.25, 1.0, 5.0];"
        );
        i += 1;
    }
}
