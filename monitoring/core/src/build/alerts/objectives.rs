//! Alerts about objectives. Each one has a long window, so that it fires only if the burn matters, and a short window,
//! so that it resolves soon after the burn stops.
//!
//! One rule is about all objectives with the same owner, severity and runbook. So the number of rules does
//! not grow with the number of functions.

mod timelines;

use super::draft::Draft;
use super::facts::{Facts, Split};
use super::minimum_sample::MinimumSample;
use super::scenario::{TRAFFIC, counter, scenario};
use crate::build::objectives::{INDICATOR_LABEL, Indicator, OBJECTIVE_LABEL, SiteObjective, together};
use crate::model::burn_rate::{BurnRateAlert, NAMES};
use crate::model::options::Options;
use crate::model::{Format, Piece, Scenario, Sentence, Signal, Timeline, label, text as piece};
use crate::query::{Combination, Match, Matcher, Query, narrowed};
use measurand_catalog::family::{ERROR_OUTCOMES, OUTCOME_LABEL};
use std::collections::{BTreeMap, BTreeSet};

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

/// Objectives with the same rule.
struct Shared<'a> {
    objectives: Vec<SiteObjective<'a>>,
    facts: Facts<'a>,
    /// Whether other objectives have another rule.
    is_part: bool,
}

/// Returns the alerts about all objectives, the most urgent first.
pub(super) fn drafts<'a>(all: &[SiteObjective<'a>], options: &Options, split: Split) -> Vec<Draft<'a>> {
    let minimum = MinimumSample(options.minimum_sample);
    let mut drafts = Vec::new();
    for (text, burn) in TEXTS.iter().zip(&options.burns) {
        let mut tested = Vec::new();
        drafts.extend(shared(all, burn, split).into_iter().map(|it| draft(text, burn, it, minimum, &mut tested)));
    }
    drafts
}

/// Returns the objectives by rule.
fn shared<'a>(all: &[SiteObjective<'a>], burn: &BurnRateAlert, split: Split) -> Vec<Shared<'a>> {
    let mut by_facts: BTreeMap<Facts<'a>, Vec<SiteObjective<'a>>> = BTreeMap::new();
    for it in all {
        let mut facts = Facts::of(it.site, burn.severity, split);
        // The three alerts keep different severities, but none is more urgent than the function allows.
        facts.severity = facts.severity.max(burn.severity);
        by_facts.entry(facts).or_default().push(it.clone());
    }
    let is_part = by_facts.len() > 1;
    by_facts.into_iter().map(|(facts, objectives)| Shared { objectives, facts, is_part }).collect()
}

/// Returns the names of the objectives, each once.
fn names(objectives: &[SiteObjective<'_>]) -> Vec<String> {
    let names: BTreeSet<&str> = objectives.iter().map(|it| it.name.as_str()).collect();
    names.into_iter().map(str::to_owned).collect()
}

/// Objectives with equal metrics have similar rules, so only the first of them, by `tested`, is tested in detail.
fn draft<'a>(
    text: &'static Text,
    burn: &BurnRateAlert,
    shared: Shared<'a>,
    minimum: MinimumSample,
    tested: &mut Vec<(String, String)>,
) -> Draft<'a> {
    let Shared { objectives, facts, is_part } = shared;
    let names = if is_part { names(&objectives) } else { Vec::new() };
    let (labels, matchers) = match names.as_slice() {
        [] => (Vec::new(), Vec::new()),
        [name] => (vec![(OBJECTIVE_LABEL.to_owned(), name.clone())], vec![Match::Equal(name.clone())]),
        _ => (Vec::new(), vec![Match::OneOf(names)]),
    };
    let matchers: Vec<Matcher> =
        matchers.into_iter().map(|is| Matcher { label: OBJECTIVE_LABEL.to_owned(), is }).collect();
    let read = |query: &dyn Fn(&SiteObjective<'_>) -> Query| narrowed(&together(&objectives, query), &matchers);
    let burns = |seconds: u32, factor: f64| {
        let burn = || read(&|it| it.burn(seconds));
        let above = burn().above(factor);
        // A budget of 10 % never burns 14.4 times too fast.
        if objectives.iter().any(|it| it.is_limited(factor)) {
            above.combine(Combination::Or, burn().exceeds(read(&|it| it.limit())))
        } else {
            above
        }
    };
    let pairs = burn.pairs.iter().map(|it| {
        let both = burns(it.long, it.factor).combine(Combination::And, burns(it.short, it.factor));
        // In the long window, the calls of an earlier fault would be enough.
        both.combine(Combination::And, read(&|objective| objective.count(it.short)).above(minimum.count()))
    });
    let query = pairs.reduce(|all, it| all.combine(Combination::Or, it)).unwrap_or(Query::Constant(0.0));
    let new = objectives.iter().filter(|it| {
        let metrics = (it.metric.clone(), it.calls.clone());
        let is_new = !tested.contains(&metrics);
        if is_new {
            tested.push(metrics);
        }
        is_new
    });
    let courses = new.flat_map(|it| timelines::of(burn, it, minimum)).collect();
    Draft {
        name: text.name,
        query,
        for_seconds: burn.for_seconds,
        severity: Some(facts.severity),
        summary: Sentence::Own(text.summary.to_owned()),
        description: vec![
            piece("The error budget of "),
            label(OBJECTIVE_LABEL),
            piece(" ("),
            label(INDICATOR_LABEL),
            piece(") burns "),
            Piece::Value(Format::Factor),
            piece(" times too fast."),
        ],
        impact: Sentence::Own(burn.impact()),
        panel: crate::build::panels::spec::BURN_PANEL.to_owned(),
        absent: ABSENT,
        advice: &[
            "See in the panel when it started, and in the row of the family what changed: errors or duration.",
            "If a release came shortly before, roll it back.",
            "If users noticed nothing, the objective may be too strict: agree on another `slo(..)` with them.",
        ],
        scenario: objectives.first().map_or_else(Scenario::default, |it| proof(burn, it, minimum, courses)),
        labels,
        team: facts.owner(),
        runbook: facts.runbook(),
        sites: objectives.iter().map(|it| it.site).collect(),
    }
}

fn proof(
    burn: &BurnRateAlert,
    promise: &SiteObjective<'_>,
    minimum: MinimumSample,
    courses: Vec<Timeline>,
) -> Scenario {
    let minutes = |seconds: u32| seconds.div_ceil(60);
    let longest = burn.pairs.iter().map(|it| it.short).max().unwrap_or_default();
    // A test file for alerts that take hours evaluates every ten minutes.
    let step = if minutes(longest) > 15 { 10 } else { 1 };
    let broken = [1.0, 0.9 * promise.threshold(burn.lowest()), 0.0].map(|it| it * TRAFFIC);
    let calls = counter(&promise.calls, own(promise), [TRAFFIC; 3]);
    let signals = vec![calls, promised(promise, broken)];
    // Slightly fewer failures than the limit, over the whole test.
    let quiet = 0.8 * minimum.count() / TRAFFIC / f64::from(step + minutes(burn.for_seconds) + 15);
    let recovery = minutes(longest) + step + 10;
    Scenario {
        lead: step,
        slow: step > 1,
        recovery,
        quiet: Some(quiet),
        courses,
        ..scenario(signals, promise.labels(), 1.0 / promise.budget())
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
