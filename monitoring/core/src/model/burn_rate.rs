//! Burn rates and windows at which the alerts about error budgets fire.

use crate::query::promql::duration;
use measurand_catalog::Severity;

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;
const DAY: u32 = 24 * HOUR;

/// Longest window over which calls are counted. Longer windows are averages of recorded rates, so they have no count.
pub(crate) const COUNTED_MAX: u32 = 6 * HOUR;

/// Shortest window, which is recorded for all others.
pub(crate) const SHORTEST: u32 = 5 * MINUTE;

/// Time for which an error budget is meant, and so the longest window.
pub(crate) const PERIOD: u32 = 30 * DAY;

/// Names of the alerts, the most urgent first.
pub const NAMES: [&str; 3] = ["ErrorBudgetFastBurn", "ErrorBudgetBurn", "ErrorBudgetSlowBurn"];

/// One alert about the burn rate of an error budget.
#[derive(Debug, Clone, PartialEq)]
pub struct BurnRateAlert {
    /// The severity.
    pub severity: Severity,
    /// Seconds for which its condition has to hold.
    pub for_seconds: u32,
    /// The alert fires if one of these conditions holds.
    pub pairs: Vec<BurnRateWindows>,
}

/// A burn rate and the two windows, in seconds, in which it has to be exceeded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BurnRateWindows {
    /// The burn rate: how many times too fast the budget is used.
    pub factor: f64,
    /// The long window, which shows that the burn matters.
    pub long: u32,
    /// The short window, which shows that the burn is still going on.
    pub short: u32,
}

/// Returns the default alerts. Their windows hold the condition for long enough: with a `for`, an alert would start
/// after a short fault has ended. A burn rate of 14.4 uses 2 % of the 30-day budget within an hour, 6 uses 5 % within six
/// hours, 3 uses 10 % within a day, and 1 uses 10 % within three days.
pub(crate) fn defaults() -> [BurnRateAlert; 3] {
    let pair = |factor, long, short| BurnRateWindows { factor, long, short };
    [
        BurnRateAlert { severity: Severity::P0, for_seconds: 0, pairs: vec![pair(14.4, HOUR, 5 * MINUTE)] },
        BurnRateAlert { severity: Severity::P1, for_seconds: 0, pairs: vec![pair(6.0, 6 * HOUR, 30 * MINUTE)] },
        BurnRateAlert {
            severity: Severity::P2,
            for_seconds: 0,
            pairs: vec![pair(3.0, DAY, 2 * HOUR), pair(1.0, 3 * DAY, 6 * HOUR)],
        },
    ]
}

impl BurnRateAlert {
    /// Returns the burn rate that is reached first.
    pub(crate) fn lowest(&self) -> f64 {
        self.pairs.iter().map(|it| it.factor).fold(f64::INFINITY, f64::min)
    }

    /// Returns the effect on users.
    pub(crate) fn impact(&self) -> String {
        let days = f64::from(PERIOD / DAY) / self.lowest();
        match days {
            it if it < 1.0 => "At this rate the 30-day error budget is used up within a day.".to_owned(),
            it if it < 30.0 => format!("At this rate the 30-day error budget is used up within {it:.0} days."),
            _ => "At this rate the 30-day error budget may not last.".to_owned(),
        }
    }
}

impl BurnRateWindows {
    /// Returns the error and its fix, or `None` if the windows are valid.
    #[must_use]
    pub fn mistake(&self) -> Option<String> {
        let Self { factor, long, short } = *self;
        let minutes = |it: u32| it.is_multiple_of(MINUTE);
        if !(factor.is_finite() && factor > 0.0) {
            return Some(format!("`{factor}` is not a valid burn rate; write a number above zero"));
        }
        if !minutes(long) || !minutes(short) {
            return Some("windows have to be whole minutes; write `5m`, `1h` or `3d`".to_owned());
        }
        if !(SHORTEST..=COUNTED_MAX).contains(&short) {
            let (least, most) = (duration(SHORTEST), duration(COUNTED_MAX));
            return Some(format!(
                "the short window of {} is out of range; write one from {least} to {most}",
                duration(short)
            ));
        }
        if long <= short || long > PERIOD {
            let (least, most) = (duration(short), duration(PERIOD));
            return Some(format!(
                "the long window of {} does not fit the short one; write one above {least} and up to {most}",
                duration(long)
            ));
        }
        None
    }
}
