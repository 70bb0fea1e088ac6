//! When alerts of families fire: the conditions as data, and what each asks of a family. Nothing here knows PromQL.

use crate::family::{Family, Metric, Role};

/// When an alert fires, in terms of a family's roles. Unless it says otherwise, each is evaluated over the last five
/// minutes, by the family's labels, and is silent without traffic.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "read", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Condition {
    /// The share of calls that did not end `ok` ([`Role::Errors`] of [`Role::Calls`] or of the calls of
    /// [`Role::Duration`]) is above this share.
    ErrorRatioAbove(f64),
    /// The share of [`Role::Failures`] among failures and [`Role::Successes`] is above this share.
    FailureRatioAbove(f64),
    /// This quantile of [`Role::Duration`] is above so many seconds, which must be one of its buckets.
    DurationAbove {
        /// From 0 to 1.
        quantile: f64,
        /// The threshold.
        seconds: f64,
    },
    /// This quantile of [`Role::Score`] is below this score, which must be one of its buckets.
    ScoreBelow {
        /// From 0 to 1; low, since the bad scores are the low ones.
        quantile: f64,
        /// The threshold.
        score: f64,
    },
    /// More than this many [`Role::Rollbacks`] in the last five minutes.
    RollbacksAbove(f64),
    /// More than this many [`Role::Failures`] in the last five minutes.
    FailuresAbove(f64),
    /// The share of [`Role::Completions`] whose status is a failure is above this share.
    CompletionFailuresAbove(f64),
    /// The share of [`Role::Hits`] among hits and [`Role::Misses`] is below this share.
    HitRatioBelow(f64),
    /// [`Role::LastScore`] is below this score, and there was a call within the last half hour: an old score says
    /// nothing.
    LastScoreBelow(f64),
    /// [`Role::Level`] is above this number.
    LevelAbove(f64),
    /// [`Role::Level`] is below this number, but not zero, which is what a gauge shows before its first value.
    LevelBelow(f64),
    /// [`Role::Level`] is higher by more than this than a day before; silent during the first day.
    LevelGrowthAbove(f64),
    /// All calls of the family together are fewer per second than this. Only where the program is said to carry the load,
    /// since nothing else tells a quiet hour from a fault.
    CallsBelow(f64),
    /// None of the family's calls ended for so many seconds, although the program is up for longer than that and there
    /// were some within the last day.
    Stalled(f64),
}

impl Condition {
    /// The word for the condition in records.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Condition::ErrorRatioAbove(_) => "error_ratio_above",
            Condition::FailureRatioAbove(_) => "failure_ratio_above",
            Condition::DurationAbove { .. } => "duration_above",
            Condition::ScoreBelow { .. } => "score_below",
            Condition::RollbacksAbove(_) => "rollbacks_above",
            Condition::FailuresAbove(_) => "failures_above",
            Condition::CompletionFailuresAbove(_) => "completion_failures_above",
            Condition::HitRatioBelow(_) => "hit_ratio_below",
            Condition::LastScoreBelow(_) => "last_score_below",
            Condition::LevelAbove(_) => "level_above",
            Condition::LevelBelow(_) => "level_below",
            Condition::LevelGrowthAbove(_) => "level_growth_above",
            Condition::CallsBelow(_) => "calls_below",
            Condition::Stalled(_) => "stalled",
        }
    }

    /// The number that is compared with.
    #[must_use]
    pub const fn threshold(&self) -> f64 {
        match *self {
            Condition::ErrorRatioAbove(it)
            | Condition::FailureRatioAbove(it)
            | Condition::DurationAbove { seconds: it, .. }
            | Condition::ScoreBelow { score: it, .. }
            | Condition::RollbacksAbove(it)
            | Condition::FailuresAbove(it)
            | Condition::CompletionFailuresAbove(it)
            | Condition::HitRatioBelow(it)
            | Condition::LastScoreBelow(it)
            | Condition::LevelAbove(it)
            | Condition::LevelBelow(it)
            | Condition::LevelGrowthAbove(it)
            | Condition::CallsBelow(it)
            | Condition::Stalled(it) => it,
        }
    }

    /// The quantile, of the conditions that have one.
    #[must_use]
    pub const fn quantile(&self) -> Option<f64> {
        match *self {
            Condition::DurationAbove { quantile, .. } | Condition::ScoreBelow { quantile, .. } => Some(quantile),
            _ => None,
        }
    }
}

impl Family {
    /// Panics when the family lacks what the condition looks at.
    #[track_caller]
    pub(crate) const fn check_condition(&self, condition: &Condition) {
        match *condition {
            Condition::ErrorRatioAbove(share) => {
                assert!(
                    self.metric(Role::Errors).is_some(),
                    "the family counts no errors; declare the metric `errors`\nexample: errors \"payment_errors_total\": \"Payments that failed.\";"
                );
                assert!(
                    self.metric(Role::Calls).is_some() || self.metric(Role::Duration).is_some(),
                    "the family counts no calls; declare the metric `calls` or `duration`\nexample: calls \"payments_total\": \"Payments that ended.\";"
                );
                assert!(
                    share > 0.0 && share < 1.0,
                    "a share lies between 0 and 1\nexample: PaymentErrors P1: error_ratio > 0.02, for 120 s, \"Payments fail.\", \"Customers cannot pay.\";"
                );
            }
            Condition::FailureRatioAbove(share) => {
                assert!(
                    self.metric(Role::Failures).is_some() && self.metric(Role::Successes).is_some(),
                    "the family counts no failures; declare the metrics `failures` and `successes`\nexample: failures \"review_failures_total\": \"Reviews that failed.\";"
                );
                assert!(
                    share > 0.0 && share < 1.0,
                    "a share lies between 0 and 1\nexample: PaymentErrors P1: error_ratio > 0.02, for 120 s, \"Payments fail.\", \"Customers cannot pay.\";"
                );
            }
            Condition::DurationAbove { quantile, seconds } => {
                assert!(
                    quantile > 0.0 && quantile < 1.0,
                    "a quantile lies between 0 and 1\nexample: PaymentsSlow P1: duration quantile 0.95 > 1.0, for 600 s, \"Payments are slow.\", \"Customers give up.\";"
                );
                assert!(
                    self.has_bucket(Role::Duration, seconds),
                    "the threshold is no bucket of the duration; add it to the buckets\nexample: duration \"payment_duration_seconds\": \"Time of a payment.\", [0.25, 1.0, 5.0];"
                );
            }
            Condition::ScoreBelow { quantile, score } => {
                assert!(
                    quantile > 0.0 && quantile < 1.0,
                    "a quantile lies between 0 and 1\nexample: PaymentsSlow P1: duration quantile 0.95 > 1.0, for 600 s, \"Payments are slow.\", \"Customers give up.\";"
                );
                assert!(
                    self.has_bucket(Role::Score, score),
                    "the threshold is no bucket of the score; add it to the buckets\nexample: score \"review_score\": \"What the review says.\", [0.5, 0.7, 0.9, 1.0];"
                );
            }
            Condition::RollbacksAbove(count) => {
                assert!(
                    self.metric(Role::Rollbacks).is_some(),
                    "the family has no rollbacks; declare the metric `rollbacks`\nexample: rollbacks \"refunds_total\": \"Payments undone.\";"
                );
                assert!(count >= 0.0, "a count is not negative");
            }
            Condition::FailuresAbove(count) => {
                assert!(self.metric(Role::Failures).is_some(), "the family has no failures");
                assert!(count >= 0.0, "a count is not negative");
            }
            Condition::CompletionFailuresAbove(share) => {
                assert!(self.metric(Role::Completions).is_some(), "the family has no completions");
                assert!(share > 0.0 && share < 1.0, "a share lies between 0 and 1");
            }
            Condition::HitRatioBelow(share) => {
                assert!(self.metric(Role::Hits).is_some() && self.metric(Role::Misses).is_some(), "no look-ups");
                assert!(share > 0.0 && share < 1.0, "a share lies between 0 and 1");
            }
            Condition::LastScoreBelow(score) => {
                assert!(self.metric(Role::LastScore).is_some(), "the family has no newest score");
                assert!(score > 0.0 && score <= 1.0, "a score lies between 0 and 1");
            }
            Condition::LevelAbove(level) | Condition::LevelBelow(level) | Condition::LevelGrowthAbove(level) => {
                assert!(self.metric(Role::Level).is_some(), "the family has no level");
                assert!(level.is_finite(), "a level is a finite number");
            }
            Condition::CallsBelow(rate) => {
                assert!(self.counter_of_calls().is_some(), "the family counts no calls");
                assert!(rate > 0.0 && rate.is_finite(), "a rate is above 0");
            }
            Condition::Stalled(seconds) => {
                assert!(self.counter_of_calls().is_some(), "the family counts no calls");
                assert!(seconds >= 60.0 && seconds <= 86_400.0, "between a minute and a day");
            }
        }
    }

    /// The metric that grows with every call: calls, or what ended well where only that is counted.
    const fn counter_of_calls(&self) -> Option<&'static Metric> {
        match self.metric(Role::Calls) {
            None => self.metric(Role::Successes),
            calls => calls,
        }
    }
}
