//! The structure of a family: metrics that share their labels and are recorded together. Plain constant data.

use crate::condition::Condition;
use crate::names::{ends_with, is_name, same};

/// Metrics that share their labels and are recorded by the same calls.
///
/// One value of this type defines everything that a user sees of the family: names, help, buckets, panels and alerts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Family {
    /// The identifier, for example `database`; also the key of its dashboard row.
    pub name: &'static str,
    /// The title of its dashboard row.
    pub title: &'static str,
    /// Description in one sentence.
    pub help: &'static str,
    /// The labels; each annotated function gives a value to each of them.
    pub labels: &'static [Label],
    /// The metrics; at most one per [`Role`].
    pub metrics: &'static [Metric],
    /// The alerts of every program with this family.
    pub alerts: &'static [Alert],
}

/// One label of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// The label's name in every series.
    pub name: &'static str,
    /// The allowed values; empty if each annotated function has its own values.
    pub values: &'static [&'static str],
    /// Whether the value is known only at the end of a call, like a status. The gauge of calls in flight lacks this
    /// label.
    pub from_result: bool,
}

impl Label {
    /// A label for which each annotated function has its own values.
    #[must_use]
    pub const fn open(name: &'static str) -> Self {
        Self { name, values: &[], from_result: false }
    }

    /// A label with these values only.
    #[must_use]
    pub const fn of(name: &'static str, values: &'static [&'static str]) -> Self {
        Self { name, values, from_result: false }
    }

    /// The label with a value that is known only at the end of a call.
    #[must_use]
    pub const fn from_result(self) -> Self {
        Self { from_result: true, ..self }
    }
}

/// One metric of a family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// The full Prometheus name, with the unit, and with `_total` for a counter.
    pub name: &'static str,
    /// The event or quantity that a call records; [`Role::kind`] and [`Metric::unit`] follow from it.
    pub role: Role,
    /// The text after `# HELP`: one sentence.
    pub help: &'static str,
    /// Upper bounds of the buckets in increasing order, without `+Inf`; only a histogram has buckets.
    pub buckets: &'static [f64],
}

/// The event or quantity that a call of an annotated function records into a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "read", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Role {
    /// A counter of all calls that ended, with any outcome.
    Calls,
    /// A counter of the calls that failed, panicked or were cancelled, with the extra label `outcome`.
    Errors,
    /// A histogram of the duration of each call in seconds, with any outcome.
    Duration,
    /// A gauge of the calls that have started and not ended.
    InFlight,
    /// A histogram of the scores that calls returned, from 0 to 1.
    Score,
    /// A gauge of the latest score.
    LastScore,
    /// A counter of the successful calls: with outcome `ok` or, if there is a score, a score that reached the
    /// threshold.
    Successes,
    /// A counter of all other calls.
    Failures,
    /// A counter of the rollbacks after failures.
    Rollbacks,
    /// A counter of the calls that ended, with the extra label `status`: `success` or `failure`.
    Completions,
    /// A gauge that is set to the number that a call returns.
    Level,
    /// A counter of the look-ups that found something.
    Hits,
    /// A counter of the look-ups that found nothing.
    Misses,
    /// A gauge of the share of hits among the look-ups since the program started.
    HitRate,
}

/// The Prometheus type of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "read", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Kind {
    /// Only increases; the name ends in `_total`.
    Counter,
    /// Increases and decreases.
    Gauge,
    /// Counts observations by upper bound.
    Histogram,
}

/// The unit of a metric's values.
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

/// The severity of an alert, which sets the time to respond.
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
    /// The severity, which sets the time to respond.
    pub severity: Severity,
    /// The condition under which it fires. It contains the threshold, which is defined nowhere else.
    pub condition: Condition,
    /// The time in seconds that the condition must hold before the alert fires.
    pub for_seconds: u32,
    /// The problem in one sentence, the same for every firing.
    pub summary: &'static str,
    /// The effect that users of the system notice.
    pub impact: &'static str,
}

/// The extra label of a metric with [`Role::Errors`].
pub const OUTCOME_LABEL: &str = "outcome";

/// The values of [`OUTCOME_LABEL`]; calls with outcome `ok` are not counted there.
pub const ERROR_OUTCOMES: [&str; 3] = ["error", "panic", "cancelled"];

/// The other extra label of a metric with [`Role::Errors`], if the type of the error defines kinds.
pub const KIND_LABEL: &str = "error_kind";

/// The label for the file and line of the call, on functions with the argument `caller`.
pub const CALLER_LABEL: &str = "caller";

/// The label for the name of the annotated function, on functions with an objective: it covers only their calls.
pub const FUNCTION_LABEL: &str = "function";

/// The label for the module of the annotated function, beside [`FUNCTION_LABEL`].
pub const MODULE_LABEL: &str = "module";

/// The labels that an annotation can add to those of its family, in the order in which they follow them.
pub const ADDED_LABELS: [&str; 3] = [CALLER_LABEL, FUNCTION_LABEL, MODULE_LABEL];

/// The label value for texts beyond the series limit, and for texts that a label does not allow.
pub const OTHER: &str = "_other";

/// Default maximum of label combinations per family, without literal values. Further combinations are recorded under
/// [`OTHER`]. It is the default of OpenTelemetry:
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

    /// The Prometheus type of a metric with this role.
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

    /// The unit of the values; for a [`Role::Level`], only [`Metric::unit`] knows it.
    #[must_use]
    const fn unit(self) -> Unit {
        match self {
            Role::Duration => Unit::Seconds,
            Role::Score | Role::LastScore | Role::HitRate => Unit::Ratio,
            _ => Unit::Count,
        }
    }

    /// The extra label of a metric with this role, with its values.
    #[must_use]
    pub const fn extra_label(self) -> Option<Label> {
        match self {
            Role::Errors => Some(Label::of(OUTCOME_LABEL, &ERROR_OUTCOMES)),
            Role::Completions => Some(Label::of(STATUS_LABEL, &STATUSES)),
            _ => None,
        }
    }

    /// The name of the role in records and in JSON.
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
    /// The unit of the values; for a [`Role::Level`], it follows from the metric's name.
    #[must_use]
    pub const fn unit(&self) -> Unit {
        unit_of(self.role, self.name)
    }
}

/// The unit of a metric with this role and this name.
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

    /// Whether the family itself has a label of this name.
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

    /// Whether the family records that a call returned an error. If the family has a score, the score decides instead.
    #[must_use]
    pub const fn tells_outcome(&self) -> bool {
        let counts = self.metric(Role::Errors).is_some()
            || self.metric(Role::Successes).is_some()
            || self.metric(Role::Failures).is_some()
            || self.metric(Role::Completions).is_some();
        counts && self.metric(Role::Score).is_none()
    }

    /// Checks the rules for families; call it in a `const`, so an invalid row does not compile.
    ///
    /// # Panics
    /// If a name is not a legal Prometheus name, a suffix contradicts the kind or unit, a role appears twice, or
    /// buckets are missing, unsorted or without the threshold of an alert.
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
    /// If the name is invalid.
    #[track_caller]
    pub const fn check_name(&self) {
        assert!(
            is_name(self.name),
            "a family's name must consist of a-z, 0-9 and `_`\nexample: pub Payment = \"payment\", \
             \"Payments\" {{ .. }}"
        );
    }

    #[track_caller]
    pub(crate) const fn check_label(&self, index: usize) {
        let name = self.labels[index].name;
        assert!(is_name(name), "a label's name must consist of a-z, 0-9 and `_`\nexample: labels {{ user_country; }}");
        assert!(
            !is_reserved(name),
            "this label is reserved (`le`, `quantile`, `error_kind`, `caller`); use another name\n\
             example: labels {{ user_country; }}"
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
                    "a metric of the family adds this label itself; use another name\n\
                     example: labels {{ user_country; }}"
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
                "a role appears twice in one family; remove one of the metrics, or declare another family\n\
                 example: calls \"payments_total\": \"Payments that ended.\";"
            );
            i += 1;
        }
    }
}

/// Whether Prometheus or the framework itself defines the meaning of the label.
pub(crate) const fn is_reserved(label: &str) -> bool {
    same(label, "le") || same(label, "quantile") || same(label, KIND_LABEL) || same(label, CALLER_LABEL)
}

#[track_caller]
const fn check_metric(metric: &Metric) {
    assert!(
        is_name(metric.name),
        "a metric's name must consist of a-z, 0-9 and `_`\nexample: calls \"payments_total\": \"Payments that ended.\";"
    );
    assert!(
        !metric.help.is_empty(),
        "a metric needs a help text\nexample: calls \"payments_total\": \"Payments that ended.\";"
    );
    let total = ends_with(metric.name, "_total");
    let histogram = matches!(metric.role.kind(), Kind::Histogram);
    assert!(
        matches!(metric.role.kind(), Kind::Counter) == total,
        "the name of a counter, and of no other metric, must end in `_total`\n\
         example: calls \"payments_total\": \"Payments that ended.\";"
    );
    assert!(
        !matches!(metric.unit(), Unit::Seconds) || ends_with(metric.name, "_seconds"),
        "a duration must end in `_seconds`\nexample: duration \"payment_duration_seconds\": \"Time of a payment.\", \
         [0.25, 1.0, 5.0];"
    );
    assert!(
        histogram != metric.buckets.is_empty(),
        "the roles `duration` and `score`, and no others, have buckets\n\
         example: duration \"payment_duration_seconds\": \"Time of a payment.\", [0.25, 1.0, 5.0];"
    );
    let mut i = 0;
    while i < metric.buckets.len() {
        assert!(
            metric.buckets[i].is_finite(),
            "a bucket's bound must be a finite number; `+Inf` is added automatically\nexample: duration \
             \"payment_duration_seconds\": \"Time of a payment.\", [0.25, 1.0, 5.0];"
        );
        assert!(
            i == 0 || metric.buckets[i - 1] < metric.buckets[i],
            "buckets must be in increasing order\n\
             example: duration \"payment_duration_seconds\": \"Time of a payment.\", [0.25, 1.0, 5.0];"
        );
        i += 1;
    }
}
