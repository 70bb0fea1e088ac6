//! When the alerts about broken promises fire: how many times too fast a budget may burn, and over which windows.

use crate::query::promql::duration;
use measurand_catalog::Severity;

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;
const DAY: u32 = 24 * HOUR;

/// Longer windows are means of what was recorded, and so cannot be counted.
pub(crate) const COUNTED_MAX: u32 = 6 * HOUR;

/// The shortest window: what is recorded for all others.
pub(crate) const SHORTEST: u32 = 5 * MINUTE;

/// The time for which a budget is meant, and so the longest window.
pub(crate) const PERIOD: u32 = 30 * DAY;

/// The names of the alerts, the most urgent first.
pub const NAMES: [&str; 3] = ["ErrorBudgetFastBurn", "ErrorBudgetBurn", "ErrorBudgetSlowBurn"];

/// One alert about a budget.
#[derive(Debug, Clone, PartialEq)]
pub struct BurnRateAlert {
    /// How urgent it is.
    pub severity: Severity,
    /// How long its condition has to hold.
    pub for_seconds: u32,
    /// It fires where one of these holds.
    pub pairs: Vec<BurnRateWindows>,
}

/// A factor of the budget, and over which windows in seconds it is looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BurnRateWindows {
    /// So many times too fast.
    pub factor: f64,
    /// The window in which it matters.
    pub long: u32,
    /// The window that tells when it is over.
    pub short: u32,
}

/// At 14.4 times two percent of the budget of thirty days are gone within an hour, at 6 times five within six hours, at
/// 3 times ten within a day, and at 1 as many within three days.
pub(crate) fn defaults() -> [BurnRateAlert; 3] {
    let pair = |factor, long, short| BurnRateWindows { factor, long, short };
    [
        BurnRateAlert { severity: Severity::P0, for_seconds: 120, pairs: vec![pair(14.4, HOUR, 5 * MINUTE)] },
        BurnRateAlert { severity: Severity::P1, for_seconds: 900, pairs: vec![pair(6.0, 6 * HOUR, 30 * MINUTE)] },
        BurnRateAlert {
            severity: Severity::P2,
            for_seconds: 3600,
            pairs: vec![pair(3.0, DAY, 2 * HOUR), pair(1.0, 3 * DAY, 6 * HOUR)],
        },
    ]
}

impl BurnRateAlert {
    /// The factor that is reached first.
    pub(crate) fn lowest(&self) -> f64 {
        self.pairs.iter().map(|it| it.factor).fold(f64::INFINITY, f64::min)
    }

    /// What users notice.
    pub(crate) fn impact(&self) -> String {
        let days = f64::from(PERIOD / DAY) / self.lowest();
        match days {
            it if it < 1.0 => "Within a day nothing is left of the error budget of thirty days.".to_owned(),
            it if it < 30.0 => format!("Within {it:.0} days nothing is left of the error budget of thirty days."),
            _ => "The error budget does not last for thirty days.".to_owned(),
        }
    }
}

impl BurnRateWindows {
    /// The window in which more than a few calls have to break the promise.
    pub(crate) fn counted(&self) -> u32 {
        if self.long <= COUNTED_MAX { self.long } else { self.short }
    }

    /// What is wrong with it, and the mend.
    #[must_use]
    pub fn mistake(&self) -> Option<String> {
        let Self { factor, long, short } = *self;
        let minutes = |it: u32| it.is_multiple_of(MINUTE);
        if !(factor.is_finite() && factor > 0.0) {
            return Some(format!("`{factor}` times the budget is no factor; write a number above zero"));
        }
        if !minutes(long) || !minutes(short) {
            return Some("windows are whole minutes; write `5m`, `1h` or `3d`".to_owned());
        }
        if !(SHORTEST..=COUNTED_MAX).contains(&short) {
            let (least, most) = (duration(SHORTEST), duration(COUNTED_MAX));
            return Some(format!(
                "the short window of {} cannot be counted; write one from {least} to {most}",
                duration(short)
            ));
        }
        if long <= short || long > PERIOD {
            let (least, most) = (duration(short), duration(PERIOD));
            return Some(format!(
                "the long window of {} does not suit the short one; write one above {least} and up to {most}",
                duration(long)
            ));
        }
        None
    }
}
