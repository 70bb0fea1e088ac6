//! The alerts about what functions promise: each looks at a long window, so that it matters, and at a short one, so that
//! it is over when it is over.

use super::Draft;
use super::proof::{TRAFFIC, counter, scenario};
use crate::model::{Format, Piece, Scenario, label, text};
use crate::objectives::{DAY, FAST, HOUR, Indicator, MEDIUM, MINUTE, OBJECTIVE_LABEL, Promise, SLOW, SLOWEST};
use crate::query::{Combination, Query};
use measurand_catalog::Severity;
use measurand_catalog::family::{ERROR_OUTCOMES, OUTCOME_LABEL};

/// A budget is only judged where more calls than this broke the promise: one or two among few calls burn any budget, and
/// are no reason to wake anybody.
const FEW: f64 = 2.0;

const ABSENT: &str = "Silent without series and without traffic: no call breaks a promise, and a program that is gone is the business of ServiceDown.";

pub(super) const NAMES: [&str; 3] = ["ErrorBudgetFastBurn", "ErrorBudgetBurn", "ErrorBudgetSlowBurn"];

/// A factor of the budget, and over which windows in seconds it is looked at.
struct Pair {
    factor: f64,
    long: u32,
    short: u32,
    /// The window in which more than a few calls have to break the promise.
    counted: u32,
}

struct Burn {
    name: &'static str,
    severity: Severity,
    hold_seconds: u32,
    summary: &'static str,
    impact: &'static str,
    pairs: &'static [Pair],
    /// Minutes until the short windows have forgotten.
    recovery: u32,
    /// Minutes of samples that its test evaluates once.
    step: u32,
}

const BURNS: [Burn; 3] = [
    Burn {
        name: NAMES[0],
        severity: Severity::P0,
        hold_seconds: 120,
        summary: "A promise is being broken fast.",
        impact: "Within two days nothing is left of the error budget of thirty days.",
        pairs: &[Pair { factor: FAST, long: HOUR, short: 5 * MINUTE, counted: HOUR }],
        recovery: 15,
        step: 1,
    },
    Burn {
        name: NAMES[1],
        severity: Severity::P1,
        hold_seconds: 900,
        summary: "A promise is being broken.",
        impact: "Within five days nothing is left of the error budget of thirty days.",
        pairs: &[Pair { factor: MEDIUM, long: 6 * HOUR, short: 30 * MINUTE, counted: 6 * HOUR }],
        recovery: 45,
        step: 1,
    },
    Burn {
        name: NAMES[2],
        severity: Severity::P2,
        hold_seconds: 3600,
        summary: "A promise is about to be broken.",
        impact: "The error budget does not last for thirty days.",
        pairs: &[
            Pair { factor: SLOW, long: DAY, short: 2 * HOUR, counted: 2 * HOUR },
            Pair { factor: SLOWEST, long: 3 * DAY, short: 6 * HOUR, counted: 6 * HOUR },
        ],
        recovery: 390,
        step: 10,
    },
];

/// Three alerts for each promise.
pub(super) fn drafts<'a>(promises: &[Promise<'a>]) -> Vec<Draft<'a>> {
    BURNS.iter().flat_map(|burn| promises.iter().map(move |it| draft(burn, it))).collect()
}

fn draft<'a>(burn: &'static Burn, promise: &Promise<'a>) -> Draft<'a> {
    let pairs = burn.pairs.iter().map(|it| {
        let threshold = promise.threshold(it.factor);
        let both = promise.ratio(it.long).above(threshold);
        let both = both.combine(Combination::And, promise.ratio(it.short).above(threshold));
        both.combine(Combination::And, promise.count(it.counted).above(FEW))
    });
    let query = pairs.reduce(|all, it| all.combine(Combination::Or, it)).unwrap_or(Query::Constant(0.0));
    Draft {
        name: burn.name,
        query,
        hold_seconds: burn.hold_seconds,
        severity: Some(burn.severity),
        summary: burn.summary,
        description: vec![
            label(OBJECTIVE_LABEL),
            text(format!(" promises {}; ", promise.title())),
            Piece::Value(Format::Share),
            text(" of its calls did not keep that."),
        ],
        impact: burn.impact,
        panel: crate::panels::BURN_PANEL.to_owned(),
        absent: ABSENT,
        advice: &[
            "The panel tells since when; the row of the function's family tells what changed: errors, or duration.",
            "If a release came just before, take it back.",
            "If nobody noticed, the promise is too strict: change `slo(..)` with those who rely on it.",
        ],
        scenario: proof(burn, promise),
        labels: promise.labels(),
        sites: vec![promise.site],
        of_functions: true,
    }
}

fn proof(burn: &Burn, promise: &Promise<'_>) -> Scenario {
    let lowest = burn.pairs.iter().map(|it| it.factor).fold(f64::INFINITY, f64::min);
    let broken = [1.0, 0.9 * promise.threshold(lowest), 0.0].map(|it| it * TRAFFIC);
    let own: Vec<(String, String)> =
        promise.site.labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let with = |name: &str, value: String| own.iter().cloned().chain([(name.to_owned(), value)]).collect();
    let mut signals = vec![counter(&promise.calls, own.clone(), [TRAFFIC; 3])];
    signals.push(match promise.indicator {
        Indicator::Success => counter(&promise.metric, with(OUTCOME_LABEL, ERROR_OUTCOMES[0].to_owned()), broken),
        Indicator::Latency(seconds) => {
            counter(&promise.metric, with("le", seconds.to_string()), broken.map(|it| TRAFFIC - it))
        }
    });
    // A little less than what may fail, over the whole of the test.
    let minutes = f64::from(burn.step + burn.hold_seconds / 60 + 15);
    let quiet = Some(0.9 * FEW / TRAFFIC / minutes);
    Scenario { lead: burn.step, recovery: burn.recovery, quiet, ..scenario(signals, promise.labels(), 1.0) }
}
