//! Alerts about objectives. Each one has a long window, so that it fires only if the burn matters, and a short window,
//! so that it resolves soon after the burn stops.

mod timelines;

use super::draft::{Draft, fact};
use super::facts::severity_of;
use super::minimum_sample::MinimumSample;
use super::scenario::{TRAFFIC, counter, scenario};
use crate::build::objectives::{Indicator, OBJECTIVE_LABEL, SiteObjective};
use crate::model::burn_rate::{BurnRateAlert, NAMES};
use crate::model::options::Options;
use crate::model::{Format, Piece, Scenario, Sentence, Signal, label, text as piece};
use crate::query::{Combination, Query};
use measurand_catalog::family::{ERROR_OUTCOMES, OUTCOME_LABEL};

const ABSENT: &str =
    "Silent without series or traffic: no call misses the objective. ServiceDown fires when the program is gone.";

struct Text {
    name: &'static str,
    summary: &'static str,
}

const TEXTS: [Text; 3] = [
    Text { name: NAMES[0], summary: "An error budget burns very fast." },
    Text { name: NAMES[1], summary: "An error budget burns fast." },
    Text { name: NAMES[2], summary: "An error budget burns too fast to last." },
];

/// Returns three alerts for each objective.
pub(super) fn drafts<'a>(promises: &[SiteObjective<'a>], options: &Options) -> Vec<Draft<'a>> {
    let minimum = MinimumSample(options.minimum_sample);
    let all = TEXTS.iter().zip(&options.burns);
    all.flat_map(|(text, burn)| {
        promises.iter().enumerate().map(move |(index, it)| {
            // Objectives of one kind have similar rules, so only the first of them is tested in detail.
            let earlier = promises.iter().take(index);
            let first = !earlier.into_iter().any(|other| (&other.metric, &other.calls) == (&it.metric, &it.calls));
            draft(text, burn, it, minimum, first)
        })
    })
    .collect()
}

fn draft<'a>(
    text: &'static Text,
    burn: &BurnRateAlert,
    promise: &SiteObjective<'a>,
    minimum: MinimumSample,
    first: bool,
) -> Draft<'a> {
    let pairs = burn.pairs.iter().map(|it| {
        let threshold = promise.threshold(it.factor);
        let both = promise.ratio(it.long).above(threshold);
        let both = both.combine(Combination::And, promise.ratio(it.short).above(threshold));
        // In the long window, the calls of an earlier fault would be enough.
        both.combine(Combination::And, promise.count(it.short).above(minimum.count()))
    });
    let query = pairs.reduce(|all, it| all.combine(Combination::Or, it)).unwrap_or(Query::Constant(0.0));
    Draft {
        name: text.name,
        query,
        for_seconds: burn.for_seconds,
        // The three alerts keep different severities, but none is more urgent than the function allows.
        severity: Some(severity_of(promise.site).map_or(burn.severity, |it| burn.severity.max(it))),
        summary: Sentence::Own(text.summary.to_owned()),
        description: vec![
            piece("The objective of "),
            label(OBJECTIVE_LABEL),
            piece(format!(" is {}; ", promise.title())),
            Piece::Value(Format::Share),
            piece(" of its calls missed it."),
        ],
        impact: Sentence::Own(burn.impact()),
        panel: crate::build::panels::spec::BURN_PANEL.to_owned(),
        absent: ABSENT,
        advice: &[
            "See in the panel when it started, and in the row of the family what changed: errors or duration.",
            "If a release came shortly before, roll it back.",
            "If users noticed nothing, the objective may be too strict: agree on another `slo(..)` with them.",
        ],
        scenario: proof(burn, promise, minimum, first),
        labels: promise.labels(),
        team: fact(promise.site, "owner"),
        runbook: fact(promise.site, "runbook"),
        sites: vec![promise.site],
    }
}

fn proof(burn: &BurnRateAlert, promise: &SiteObjective<'_>, minimum: MinimumSample, first: bool) -> Scenario {
    let minutes = |seconds: u32| seconds.div_ceil(60);
    let longest = burn.pairs.iter().map(|it| it.short).max().unwrap_or_default();
    // A test file for alerts that take hours evaluates every ten minutes.
    let step = if minutes(longest) > 15 { 10 } else { 1 };
    let broken = [1.0, 0.9 * promise.threshold(burn.lowest()), 0.0].map(|it| it * TRAFFIC);
    let calls = counter(&promise.calls, own(promise), [TRAFFIC; 3]);
    let signals = vec![calls, promised(promise, broken)];
    // Slightly fewer failures than the limit, over the whole test.
    let quiet = 0.8 * minimum.count() / TRAFFIC / f64::from(step + minutes(burn.for_seconds) + 15);
    let courses = if first { timelines::of(burn, promise, minimum) } else { Vec::new() };
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

/// Returns the counter of the calls that miss the objective, or of those that meet it, for these numbers of misses.
fn promised(promise: &SiteObjective<'_>, broken: [f64; 3]) -> Signal {
    let with = |name: &str, value: String| own(promise).into_iter().chain([(name.to_owned(), value)]).collect();
    match promise.indicator {
        Indicator::Success => counter(&promise.metric, with(OUTCOME_LABEL, ERROR_OUTCOMES[0].to_owned()), broken),
        Indicator::Latency(seconds) => {
            counter(&promise.metric, with("le", seconds.to_string()), broken.map(|it| TRAFFIC - it))
        }
    }
}
