//! When the alerts of families fire: one table of the quantities that alerts compare. Nothing here knows PromQL.

use crate::family::{Family, Role};
use crate::names::same;
use Direction::{Above, Below, Zero};

/// When an alert fires: a signal, and the number that it is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(
    feature = "read",
    derive(serde::Serialize, serde::Deserialize),
    serde(into = "serde_json::Value", try_from = "serde_json::Value")
)]
pub struct Condition {
    /// The quantity that is compared.
    pub signal: Signal,
    /// Which quantile, from 0 to 1, if the signal is a quantile.
    pub quantile: Option<f64>,
    /// The number that the signal is compared with.
    pub threshold: f64,
}

/// One row of [`SIGNALS`]: how a condition is written, and which families and thresholds suit it.
#[derive(Debug, Clone, Copy)]
pub struct SignalSpec {
    /// The signal.
    pub signal: Signal,
    /// The name of the condition in records and in JSON.
    pub key: &'static str,
    /// The words in front of the numbers in a declaration.
    pub words: &'static str,
    /// How the signal is compared with the threshold.
    pub direction: Direction,
    /// The valid thresholds.
    pub threshold: Threshold,
    /// The roles that the metrics of the family must have.
    needs: Needs,
}

/// How a signal is compared with the threshold of its condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The alert fires while the signal is above the threshold.
    Above,
    /// The alert fires while the signal is below the threshold.
    Below,
    /// The alert fires while the signal is zero. The threshold is the time in seconds that the signal covers.
    Zero,
}

/// The valid thresholds of a signal, from `min` to `max`.
#[derive(Debug, Clone, Copy)]
pub struct Threshold {
    min: f64,
    max: f64,
    /// The role of a histogram, if the signal is one of its quantiles. The threshold must be the bound of a bucket,
    /// since only there calls are counted exactly.
    pub histogram: Option<Role>,
    /// The valid thresholds in words, as the end of an advice: `write a number between 0 and 1`.
    pub help: &'static str,
    /// The error for any other threshold.
    message: &'static str,
}

/// Sets of roles with the error for a family without any role of the set.
type Needs = &'static [(&'static [Role], &'static str)];

/// The buckets of a family's metrics, by role; `None` if no metric has the role.
pub(crate) type Buckets<'a> = [Option<&'a [f64]>; Role::ALL.len()];

macro_rules! signals {
    ($(
        $(#[doc = $doc:literal])+
        $signal:ident: $key:literal, $words:literal, $direction:ident, $threshold:ident, $needs:ident;
    )+) => {
        /// The quantity that a condition compares. Unless its description says otherwise, it covers the last five
        /// minutes, has one value for each combination of the family's labels, and has no value without traffic.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Signal {
            $($(#[doc = $doc])+ $signal),+
        }

        /// All signals, in the order of [`Signal`].
        pub const SIGNALS: &[SignalSpec] = &[$(SignalSpec {
            signal: Signal::$signal, key: $key, words: $words,
            direction: $direction, threshold: $threshold, needs: $needs,
        }),+];
    };
}

signals! {
    /// The share of calls that did not end `ok`: [`Role::Errors`] divided by [`Role::Calls`], or by the number of
    /// observations of [`Role::Duration`].
    ErrorRatio: "error_ratio_above", "error_ratio", Above, SHARE, ERRORS_AND_CALLS;
    /// The share of [`Role::Failures`] among failures and [`Role::Successes`].
    FailureRatio: "failure_ratio_above", "failure_ratio", Above, SHARE, FAILURES_AND_SUCCESSES;
    /// A quantile of [`Role::Duration`], in seconds.
    DurationQuantile: "duration_above", "duration quantile", Above, DURATION_BUCKET, NOTHING;
    /// A quantile of [`Role::Score`]. It is a low quantile, since the bad scores are the low ones.
    ScoreQuantile: "score_below", "score quantile", Below, SCORE_BUCKET, NOTHING;
    /// The mean of [`Role::LastScore`].
    LastScore: "last_score_below", "last_score", Below, SCORE, LAST_SCORE;
    /// The number of [`Role::Rollbacks`].
    Rollbacks: "rollbacks_above", "rollbacks", Above, COUNT, ROLLBACKS;
    /// The number of [`Role::Failures`] within fifteen minutes: a pool may retry rarely. The alert also fires while calls
    /// hang: some are in flight, and none has ended for five minutes.
    Failures: "failures_above", "failures", Above, COUNT, FAILURES;
    /// The share of [`Role::Completions`] with the status `failure`, over the last hour.
    CompletionFailureRatio: "completion_failures_above", "completion_failures", Above, SHARE, COMPLETIONS;
    /// The share of [`Role::Hits`] among hits and [`Role::Misses`].
    HitRatio: "hit_ratio_below", "hit_ratio", Below, SHARE, HITS_AND_MISSES;
    /// [`Role::Level`].
    LevelAbove: "level_above", "level", Above, LEVEL, LEVELS;
    /// [`Role::Level`].
    LevelBelow: "level_below", "level", Below, LEVEL, LEVELS;
    /// The growth of [`Role::Level`] since a day ago. It has no value during the first day.
    LevelGrowth: "level_growth_above", "level growth", Above, LEVEL, LEVELS;
    /// Calls of the whole family per second. Alerts about it exist only with `under_load`, since a low rate is a fault
    /// only if the load is known.
    CallRate: "calls_below", "calls", Below, RATE, CALLS;
    /// Calls of the whole family that ended within the threshold's time. It has a value if the program has been up for
    /// longer than that, and at least one call has ended since its start.
    Stalled: "stalled", "stalled", Zero, SECONDS, CALLS;
}

const SHARE: Threshold = Threshold {
    min: 0.0_f64.next_up(),
    max: 1.0_f64.next_down(),
    histogram: None,
    help: "a number between 0 and 1",
    message: "a share is a number between 0 and 1\n\
              example: PaymentErrors P1: error_ratio > 0.02, for 120 s, \"Payments fail.\", \"Customers cannot pay.\";",
};
const QUANTILE: Threshold = Threshold {
    message: "a quantile is a number between 0 and 1\n\
              example: PaymentsSlow P1: duration quantile 0.95 > 1.0, for 600 s, \"Payments are slow.\", \
              \"Customers give up.\";",
    ..SHARE
};
const SCORE: Threshold = Threshold { max: 1.0, message: "a score is above 0 and at most 1", ..SHARE };
const LEVEL: Threshold = Threshold {
    min: f64::MIN,
    max: f64::MAX,
    histogram: None,
    help: "a number",
    message: "a level is a finite number",
};
const COUNT: Threshold =
    Threshold { min: 0.0, help: "a number that is not negative", message: "a count is not negative", ..LEVEL };
const RATE: Threshold = Threshold { min: SHARE.min, help: "a number above 0", message: "a rate is above 0", ..LEVEL };
const SECONDS: Threshold = Threshold {
    min: 60.0,
    max: 86_400.0,
    help: "seconds between 60 and 86400",
    message: "a time without calls is 60 to 86400 seconds",
    ..LEVEL
};
const DURATION_BUCKET: Threshold = Threshold {
    histogram: Some(Role::Duration),
    help: "one of its buckets",
    message: "the threshold is not a bucket of the duration; add it to the buckets\n\
              example: duration \"payment_duration_seconds\": \"Time of a payment.\", [0.25, 1.0, 5.0];",
    ..LEVEL
};
const SCORE_BUCKET: Threshold = Threshold {
    histogram: Some(Role::Score),
    message: "the threshold is not a bucket of the score; add it to the buckets\n\
              example: score \"review_score\": \"The result of the review.\", [0.5, 0.7, 0.9, 1.0];",
    ..DURATION_BUCKET
};

const NOTHING: Needs = &[];
const NO_ERRORS: &str = "the family counts no errors; declare the metric `errors`\n\
                         example: errors \"payment_errors_total\": \"Payments that failed.\";";
const NO_CALLS: &str = "the family counts no calls; declare the metric `calls` or `duration`\n\
                        example: calls \"payments_total\": \"Payments that ended.\";";
const ERRORS_AND_CALLS: Needs = &[(&[Role::Errors], NO_ERRORS), (&[Role::Calls, Role::Duration], NO_CALLS)];
const NO_FAILURES: &str = "the family counts no failures; declare the metrics `failures` and `successes`\n\
                           example: failures \"review_failures_total\": \"Reviews that failed.\";";
const FAILURES_AND_SUCCESSES: Needs = &[(&[Role::Failures], NO_FAILURES), (&[Role::Successes], NO_FAILURES)];
const LAST_SCORE: Needs = &[(&[Role::LastScore], "the family has no latest score; declare the metric `last_score`")];
const NO_ROLLBACKS: &str = "the family counts no rollbacks; declare the metric `rollbacks`\n\
                            example: rollbacks \"refunds_total\": \"Payments undone.\";";
const ROLLBACKS: Needs = &[(&[Role::Rollbacks], NO_ROLLBACKS)];
const FAILURES: Needs = &[(&[Role::Failures], "the family counts no failures; declare the metric `failures`")];
const COMPLETIONS: Needs =
    &[(&[Role::Completions], "the family counts no completions; declare the metric `completions`")];
const NO_LOOKUPS: &str = "the family counts no look-ups; declare the metrics `hits` and `misses`";
const HITS_AND_MISSES: Needs = &[(&[Role::Hits], NO_LOOKUPS), (&[Role::Misses], NO_LOOKUPS)];
const LEVELS: Needs = &[(&[Role::Level], "the family has no level; declare the metric `level`")];
const CALLS: Needs =
    &[(&[Role::Calls, Role::Successes], "the family counts no calls; declare the metric `calls` or `successes`")];

impl Signal {
    /// The signal's row in [`SIGNALS`].
    #[must_use]
    pub const fn spec(self) -> &'static SignalSpec {
        &SIGNALS[self as usize]
    }
}

impl SignalSpec {
    /// How the condition is declared, with `..` for each number: `duration quantile .. > ..`.
    #[must_use]
    pub fn form(&self) -> String {
        let quantile = if self.threshold.histogram.is_some() { " .." } else { "" };
        let threshold = match self.direction {
            Above => " > ..",
            Below => " < ..",
            Zero => " .. s",
        };
        format!("{}{quantile}{threshold}", self.words)
    }
}

impl Threshold {
    const fn contains(&self, number: f64) -> bool {
        self.min <= number && number <= self.max
    }
}

impl Condition {
    /// The condition that is declared by these words, the number behind them, and the number behind `>` or `<`. `None`
    /// if no condition has this [form](SignalSpec::form).
    #[must_use]
    pub const fn declared(words: &str, number: Option<f64>, above: Option<f64>, below: Option<f64>) -> Option<Self> {
        let (direction, quantile, threshold) = match (number, above, below) {
            (quantile, Some(threshold), None) => (Above, quantile, threshold),
            (quantile, None, Some(threshold)) => (Below, quantile, threshold),
            (Some(threshold), None, None) => (Zero, None, threshold),
            _ => return None,
        };
        let mut i = 0;
        while i < SIGNALS.len() {
            let spec = &SIGNALS[i];
            let numbers_fit = spec.threshold.histogram.is_some() == quantile.is_some();
            if numbers_fit && spec.direction as u8 == direction as u8 && same(spec.words, words) {
                return Some(Self { signal: spec.signal, quantile, threshold });
            }
            i += 1;
        }
        None
    }

    /// Checks that a family with these metrics can evaluate the condition. A second line of the error is an example.
    pub(crate) const fn check(&self, buckets: &Buckets<'_>) -> Result<(), &'static str> {
        let SignalSpec { threshold, needs, .. } = self.signal.spec();
        let mut i = 0;
        while i < needs.len() {
            if !has_one_of(buckets, needs[i].0) {
                return Err(needs[i].1);
            }
            i += 1;
        }
        let bound = match (threshold.histogram, self.quantile) {
            (None, None) => true,
            (Some(role), Some(quantile)) if QUANTILE.contains(quantile) => {
                has_bucket(buckets[role as usize], self.threshold)
            }
            _ => return Err(QUANTILE.message),
        };
        if bound && threshold.contains(self.threshold) { Ok(()) } else { Err(threshold.message) }
    }
}

const fn has_one_of(buckets: &Buckets<'_>, roles: &[Role]) -> bool {
    match roles {
        [] => false,
        [role, others @ ..] => buckets[*role as usize].is_some() || has_one_of(buckets, others),
    }
}

const fn has_bucket(buckets: Option<&[f64]>, bound: f64) -> bool {
    let Some(buckets) = buckets else { return false };
    let mut i = 0;
    while i < buckets.len() {
        if buckets[i].to_bits() == bound.to_bits() {
            return true;
        }
        i += 1;
    }
    false
}

impl Family {
    /// Panics if the family cannot evaluate the condition.
    #[track_caller]
    pub(crate) const fn check_condition(&self, condition: &Condition) {
        let mut buckets: Buckets<'_> = [None; Role::ALL.len()];
        let mut i = 0;
        while i < self.metrics.len() {
            buckets[self.metrics[i].role as usize] = Some(self.metrics[i].buckets);
            i += 1;
        }
        if let Err(message) = condition.check(&buckets) {
            panic!("{}", message);
        }
    }
}
