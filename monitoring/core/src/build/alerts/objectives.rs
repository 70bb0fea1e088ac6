//! The alerts about what functions promise: each looks at a long window, so that it matters, and at a short one, so that
//! it is over when it is over.

mod timelines;

use super::draft::{Draft, fact};
use super::facts::severity_of;
use super::scenario::{TRAFFIC, counter, scenario};
use crate::build::objectives::{Indicator, OBJECTIVE_LABEL, SiteObjective};
use crate::model::burn_rate::{BurnRateAlert, NAMES};
use crate::model::{Format, Piece, Scenario, Signal, label, text as piece};
use crate::query::{Combination, Query};
use measurand_catalog::family::{ERROR_OUTCOMES, OUTCOME_LABEL};

/// A budget is only judged where more than two calls broke the promise: one or two among few calls burn any budget, and
/// are no reason to wake anybody. A growth is extrapolated to the edges of its window, and so never quite a whole number.
const FEW: f64 = 2.5;

const ABSENT: &str = "Silent without series and without traffic: no call breaks a promise, and a program that is gone is the business of ServiceDown.";

struct Text {
    name: &'static str,
    summary: &'static str,
}

const TEXTS: [Text; 3] = [
    Text { name: NAMES[0], summary: "A promise is being broken fast." },
    Text { name: NAMES[1], summary: "A promise is being broken." },
    Text { name: NAMES[2], summary: "A promise is about to be broken." },
];

/// Three alerts for each promise.
pub(super) fn drafts<'a>(promises: &[SiteObjective<'a>], burns: &[BurnRateAlert; 3]) -> Vec<Draft<'a>> {
    let all = TEXTS.iter().zip(burns);
    all.flat_map(|(text, burn)| {
        promises.iter().enumerate().map(move |(index, it)| {
            // Of promises of one kind the rules are alike, and so one of them is looked at closely.
            let earlier = promises.iter().take(index);
            let first = !earlier.into_iter().any(|other| (&other.metric, &other.calls) == (&it.metric, &it.calls));
            draft(text, burn, it, first)
        })
    })
    .collect()
}

fn draft<'a>(text: &'static Text, burn: &BurnRateAlert, promise: &SiteObjective<'a>, first: bool) -> Draft<'a> {
    let pairs = burn.pairs.iter().map(|it| {
        let threshold = promise.threshold(it.factor);
        let both = promise.ratio(it.long).above(threshold);
        let both = both.combine(Combination::And, promise.ratio(it.short).above(threshold));
        both.combine(Combination::And, promise.count(it.counted()).above(FEW))
    });
    let query = pairs.reduce(|all, it| all.combine(Combination::Or, it)).unwrap_or(Query::Constant(0.0));
    Draft {
        name: text.name,
        query,
        for_seconds: burn.for_seconds,
        // Its three alerts stay apart where the function is urgent, and none is more urgent than the function.
        severity: Some(severity_of(promise.site).map_or(burn.severity, |it| burn.severity.max(it))),
        summary: text.summary,
        description: vec![
            label(OBJECTIVE_LABEL),
            piece(format!(" promises {}; ", promise.title())),
            Piece::Value(Format::Share),
            piece(" of its calls did not keep that."),
        ],
        impact: burn.impact().into(),
        panel: crate::build::panels::spec::BURN_PANEL.to_owned(),
        absent: ABSENT,
        advice: &[
            "The panel tells since when; the row of the function's family tells what changed: errors, or duration.",
            "If a release came just before, take it back.",
            "If nobody noticed, the promise is too strict: change `slo(..)` with those who rely on it.",
        ],
        scenario: proof(burn, promise, first),
        labels: promise.labels(),
        team: fact(promise.site, "owner"),
        runbook: fact(promise.site, "runbook"),
        sites: vec![promise.site],
    }
}

fn proof(burn: &BurnRateAlert, promise: &SiteObjective<'_>, first: bool) -> Scenario {
    let minutes = |seconds: u32| seconds.div_ceil(60);
    let longest = burn.pairs.iter().map(|it| it.short).max().unwrap_or_default();
    // A file for what takes hours looks once in ten minutes only.
    let step = if minutes(longest) > 15 { 10 } else { 1 };
    let broken = [1.0, 0.9 * promise.threshold(burn.lowest()), 0.0].map(|it| it * TRAFFIC);
    let calls = counter(&promise.calls, own(promise), [TRAFFIC; 3]);
    let signals = vec![calls, promised(promise, broken)];
    // A little less than what may fail, over the whole of the test.
    let quiet = 0.8 * FEW / TRAFFIC / f64::from(step + minutes(burn.for_seconds) + 15);
    let courses = if first { timelines::of(burn, promise) } else { Vec::new() };
    let recovery = minutes(longest) + step + 10;
    Scenario {
        lead: step,
        slow: step > 1,
        recovery,
        quiet: Some(quiet),
        courses,
        ..scenario(signals, promise.labels(), 1.0)
    }
}

fn own(promise: &SiteObjective<'_>) -> Vec<(String, String)> {
    promise.site.labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// What counts those that break the promise, or those that keep it, when so many of all calls break it.
fn promised(promise: &SiteObjective<'_>, broken: [f64; 3]) -> Signal {
    let with = |name: &str, value: String| own(promise).into_iter().chain([(name.to_owned(), value)]).collect();
    match promise.indicator {
        Indicator::Success => counter(&promise.metric, with(OUTCOME_LABEL, ERROR_OUTCOMES[0].to_owned()), broken),
        Indicator::Latency(seconds) => {
            counter(&promise.metric, with("le", seconds.to_string()), broken.map(|it| TRAFFIC - it))
        }
    }
}
