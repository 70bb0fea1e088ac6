//! The alerts that look at one value of a family's label, which no condition of a family does.

use super::condition::{FAILURES_PER_SECOND, subject};
use super::draft::{Common, Context, Draft};
use super::facts::{Facts, Split};
use super::scenario::{TRAFFIC, buckets, counter, few, interpolated, labels, scenario};
use super::timeline::{self, BEGINS, CROWD, FEW, OVER};
use crate::build::used_family::{Form, UsedFamily};
use crate::model::{Format, Piece, Scenario, text};
use crate::query::{Combination, Query, Window};
use measurand_catalog::family::{ERROR_OUTCOMES, OUTCOME_LABEL};
use measurand_catalog::{Family, Role, Severity, SiteRecord, families};

/// The share of requests that are errors.
const HTTP_ERRORS: f64 = 0.05;
/// One of the buckets of the duration of requests.
const HTTP_SECONDS: f64 = 0.5;

const QUARTER: Window = Window::Seconds(900);
/// The alert about extractions.
pub(super) const EXTRACTION: &str = "PatternExtractionErrors";
const OPERATION: (&str, &str) = ("operation_type", "extraction");
const STATUS: &str = "status";
const ROUTE: &str = "route";
const ERRORS: &str = "http_request_errors_total";

const QUIET: &str = "Silent without series and without traffic: a program that is gone is the business of ServiceDown.";

pub(super) const ALERTS: &[Common] = &[
    Common {
        name: EXTRACTION,
        severity: Some(Severity::P2),
        for_seconds: 60,
        summary: "Patterns are not extracted.",
        impact: "What could be learned from recent work is lost.",
        panel: "neural/errors",
        absent: QUIET,
        advice: &["The log has the first error.", "If a release came just before, take it back."],
        query: |it| {
            let neural = used(it, &families::NEURAL)?;
            // Where no function extracts, there is nothing to watch.
            let extracts = !extracting(it).is_empty();
            // Panics have an alert of their own, and who cancels knows it.
            let errors = neural.selector(Role::Errors)?.with(OPERATION.0, OPERATION.1);
            let errors = errors.with(OUTCOME_LABEL, ERROR_OUTCOMES[0]);
            extracts.then(|| Query::Increase(errors, QUARTER).sum(&[]).above(0.0))
        },
        description: |_| {
            vec![Piece::Value(Format::Count), text(" extractions ended in an error within a quarter of an hour.")]
        },
        scenario: |_| {
            let with = |operation, outcome| labels(&[(OPERATION.0, operation), (OUTCOME_LABEL, outcome)]);
            let name = "neural_operation_errors_total";
            let signals = vec![
                counter(name, with(OPERATION.1, ERROR_OUTCOMES[0]), [1.0, 0.0, 0.0]),
                counter(name, with("learning", ERROR_OUTCOMES[0]), [0.0, 1.0, 0.0]),
            ];
            let courses = signals.first().map(|it| timeline::burst(it, 15, 60)).into_iter().collect();
            Scenario { recovery: 20, courses, ..scenario(signals, Vec::new(), 3.0) }
        },
    },
    Common {
        name: "HttpErrorRateHigh",
        severity: Some(Severity::P1),
        for_seconds: 300,
        summary: "Requests fail on the side of the server.",
        impact: "Whoever uses the route sees errors.",
        panel: "system/http_errors",
        absent: QUIET,
        advice: &[
            "The label tells the route; the log has the error.",
            "If all routes fail, look at what they share: the database, a cache, a full disk.",
            "If a release came just before, take it back.",
        ],
        query: |it| {
            let http = used(it, &families::HTTP)?;
            let by = [ROUTE.to_owned()];
            let failed = http.rate(Role::Errors, &by, Form::Plain)?;
            let ratio = failed.clone().part_of(http.calls(&by, Form::Plain)?);
            Some(ratio.above(HTTP_ERRORS).combine(Combination::And, failed.above(FAILURES_PER_SECOND)))
        },
        description: |_| {
            let mut pieces = subject(&[ROUTE.to_owned()]);
            let after = " of the requests failed within five minutes; the limit is 5%.";
            pieces.extend([Piece::Value(Format::Share), text(after)]);
            pieces
        },
        scenario: |_| {
            let with = |status| labels(&[("method", "GET"), (ROUTE, "/"), (STATUS, status)]);
            let failed = [2.0 * HTTP_ERRORS, 0.9 * HTTP_ERRORS, 0.0].map(|it| it * TRAFFIC);
            let all = counter("http_requests_total", with("200"), [TRAFFIC; 3]);
            // The status of HTTP says nothing where gRPC fails.
            let outcome = (OUTCOME_LABEL.to_owned(), ERROR_OUTCOMES[0].to_owned());
            let broken = counter(ERRORS, with("200").into_iter().chain([outcome]).collect(), failed);
            let courses = vec![
                // What is left is enough to be judged, and too small a share.
                timeline::course(
                    OVER,
                    vec![
                        all.along(&[(13, CROWD * TRAFFIC), (14, TRAFFIC)]),
                        broken.along(&[(13, CROWD * TRAFFIC), (14, 0.2 * HTTP_ERRORS * TRAFFIC)]),
                    ],
                ),
                timeline::course(FEW, [&all, &broken].map(|it| it.along(&[(13, TRAFFIC), (14, 0.2)])).into()),
                timeline::course(
                    BEGINS,
                    vec![
                        all.along(&[(12, CROWD * TRAFFIC), (13, TRAFFIC)]),
                        broken.along(&[(25, 3.0 * HTTP_ERRORS * TRAFFIC)]),
                    ],
                ),
            ];
            let plain = scenario(vec![all, broken], labels(&[(ROUTE, "/")]), 2.0 * HTTP_ERRORS);
            few(failed[0], Scenario { courses, ..plain })
        },
    },
    Common {
        name: "HttpLatencyHigh",
        severity: Some(Severity::P2),
        for_seconds: 600,
        summary: "Requests take long.",
        impact: "Whoever uses the route waits.",
        panel: "system/http_duration",
        absent: QUIET,
        advice: &[
            "The label tells the route; see what it waits for: the database, a cache, another service.",
            "If all routes are slow, look at CPU, memory and Tokio lag.",
        ],
        query: |it| {
            let duration = used(it, &families::HTTP)?.selector(Role::Duration)?;
            let buckets = Query::Buckets(vec![ROUTE.to_owned()], duration, Window::Recent);
            Some(buckets.quantile(0.95).above(HTTP_SECONDS))
        },
        description: |_| {
            let mut pieces = subject(&[ROUTE.to_owned()]);
            let after = text("; the limit is 500ms.");
            pieces.extend([text("5% of the requests take longer than "), Piece::Value(Format::Seconds), after]);
            pieces
        },
        scenario: |_| {
            let own = labels(&[("method", "GET"), (ROUTE, "/"), (STATUS, "200")]);
            let bounds = [0.25, HTTP_SECONDS, 1.0];
            let signals = buckets("http_request_duration_seconds", &own, &bounds, [1.0, HTTP_SECONDS, 0.25]);
            let courses = vec![timeline::histogram(&signals, 600)];
            let plain = scenario(signals, labels(&[(ROUTE, "/")]), interpolated(0.95, HTTP_SECONDS, 1.0));
            Scenario { courses, ..plain }
        },
    },
];

/// The functions that can record extractions.
fn extracting<'a>(context: &Context<'a>) -> Vec<&'a SiteRecord> {
    let sites = used(context, &families::NEURAL).map(UsedFamily::sites).unwrap_or_default();
    sites.into_iter().filter(|it| it.labels.get(OPERATION.0).is_none_or(|it| it == OPERATION.1)).collect()
}

/// The alert about extractions: they share a series, and so the most urgent of their functions decides.
pub(super) fn extraction<'a>(row: &'a Common, context: &Context<'a>, split: Split) -> Option<Draft<'a>> {
    let draft = row.draft(context, &[])?;
    let (sites, own) = (extracting(context), draft.severity?);
    let facts = sites.iter().map(|it| Facts::of(it, own, split)).min()?;
    Some(Draft { severity: Some(facts.severity), team: facts.owner(), runbook: facts.runbook(), sites, ..draft })
}

fn used<'a>(context: &Context<'a>, family: &Family) -> Option<&'a UsedFamily<'a>> {
    context.families.iter().find(|it| it.family.name == family.name)
}
