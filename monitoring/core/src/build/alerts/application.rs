//! Alerts about a single value of a family's label, which the conditions of families cannot express.

use super::condition::subject;
use super::draft::{Common, Context, Draft, QUARTER, QUARTER_SECONDS};
use super::facts::{Facts, Split};
use super::scenario::{TRAFFIC, buckets, counter, few, interpolated, labels, nearly, scenario};
use super::timeline::{self, BEGINS, CROWD, FEW, OVER};
use crate::build::used_family::{Form, UsedFamily};
use crate::model::{Format, Piece, Scenario, text};
use crate::query::promql::RULE_WINDOW_SECONDS;
use crate::query::{Combination, Query};
use measurand_catalog::family::{ERROR_OUTCOMES, OUTCOME_LABEL};
use measurand_catalog::{Family, Role, Severity, SiteRecord, families};

/// Share of requests that may be errors.
const HTTP_ERRORS: f64 = 0.05;
/// Share of extractions that may return an error.
const EXTRACTION_ERRORS: f64 = 0.01;
/// Limit for the duration of requests, which is a bucket bound.
const HTTP_SECONDS: f64 = 0.5;

/// The alert about extractions.
pub(super) const EXTRACTION: &str = "PatternExtractionErrors";
const OPERATION: (&str, &str) = ("operation_type", "extraction");
const STATUS: &str = "status";
const ROUTE: &str = "route";
const ERRORS: &str = "http_request_errors_total";

const QUIET: &str = "Silent without series or traffic. ServiceDown fires when the program is gone.";

pub(super) const ALERTS: &[Common] = &[
    Common {
        name: EXTRACTION,
        severity: Some(Severity::P2),
        for_seconds: 0,
        summary: "Pattern extraction fails.",
        impact: "No patterns are learned from recent work.",
        panel: "neural/errors",
        absent: QUIET,
        advice: &["Find the first error in the log.", "If a release came shortly before, roll it back."],
        query: |it| {
            let neural = used(it, &families::NEURAL)?;
            // The alert needs a function that extracts.
            let extracts = !extracting(it).is_empty();
            // Panics have an alert of their own, and cancellation is intended.
            let errors = neural.selector(Role::Errors)?.with(OPERATION.0, OPERATION.1);
            let errors = Query::Rate(errors.with(OUTCOME_LABEL, ERROR_OUTCOMES[0]), QUARTER).sum(&[]);
            let calls = neural.selector(Role::Calls)?.with(OPERATION.0, OPERATION.1);
            let ratio = errors.clone().part_of(Query::Rate(calls, QUARTER).sum(&[])).above(EXTRACTION_ERRORS);
            extracts.then(|| ratio.combine(Combination::And, it.minimum().is_in(errors, QUARTER_SECONDS)))
        },
        description: |_| {
            let after = " of the extractions returned an error within 15 minutes; the limit is 1%.";
            vec![Piece::Value(Format::Share), text(after)]
        },
        scenario: |it| {
            let error = |operation, phases| {
                let own = labels(&[(OPERATION.0, operation), (OUTCOME_LABEL, ERROR_OUTCOMES[0])]);
                counter("neural_operation_errors_total", own, phases)
            };
            let bad = 2.0 * EXTRACTION_ERRORS * TRAFFIC;
            let all = counter("neural_operations_total", labels(&[OPERATION]), [TRAFFIC; 3]);
            let failed = error(OPERATION.1, [bad, 0.45 * bad, 0.0]);
            let [few, enough] = it.minimum().a_minute(QUARTER_SECONDS);
            let courses = vec![
                timeline::pair(OVER, (&all, &[(37, TRAFFIC)]), (&failed, &[(3, CROWD * bad), (34, 0.0)])),
                timeline::pair(
                    FEW,
                    (&all, &[(3, CROWD * TRAFFIC), (70, 1.0)]),
                    (&failed, &[(3, CROWD * bad), (35, few), (35, enough)]),
                ),
                timeline::pair(BEGINS, (&all, &[(32, CROWD * TRAFFIC), (20, TRAFFIC)]), (&failed, &[(52, bad)])),
            ];
            let signals = vec![all, failed, error("learning", [0.0, TRAFFIC, 0.0])];
            let plain = scenario(signals, Vec::new(), 2.0 * EXTRACTION_ERRORS);
            Scenario { recovery: 20, quiet: Some(few / bad), courses, ..plain }
        },
    },
    Common {
        name: "HttpErrorRateHigh",
        severity: Some(Severity::P1),
        for_seconds: 300,
        summary: "Requests fail with server errors.",
        impact: "Users of the route see errors.",
        panel: "overview/http_errors",
        absent: QUIET,
        advice: &[
            "The label `route` names the route. Find its errors in the log.",
            "If all routes fail, check what they share: the database, a cache, a full disk.",
            "If a release came shortly before, roll it back.",
        ],
        query: |it| {
            let http = used(it, &families::HTTP)?;
            let by = [ROUTE.to_owned()];
            let failed = http.rate(Role::Errors, &by, Form::Plain)?;
            let ratio = failed.clone().part_of(http.calls(&by, Form::Plain)?);
            let enough = it.minimum().is_in(failed, RULE_WINDOW_SECONDS);
            Some(ratio.above(HTTP_ERRORS).combine(Combination::And, enough))
        },
        description: |_| {
            let mut pieces = subject(&[ROUTE.to_owned()]);
            let after = " of the requests failed within five minutes; the limit is 5%.";
            pieces.extend([Piece::Value(Format::Share), text(after)]);
            pieces
        },
        scenario: |it| {
            let with = |status| labels(&[("method", "GET"), (ROUTE, "/"), (STATUS, status)]);
            let failed = [2.0 * HTTP_ERRORS, 0.9 * HTTP_ERRORS, 0.0].map(|it| it * TRAFFIC);
            let all = counter("http_requests_total", with("200"), [TRAFFIC; 3]);
            // A failed gRPC call has the HTTP status 200.
            let outcome = (OUTCOME_LABEL.to_owned(), ERROR_OUTCOMES[0].to_owned());
            let broken = counter(ERRORS, with("200").into_iter().chain([outcome]).collect(), failed);
            let courses = vec![
                // The remaining errors are enough to be judged, but too small a share.
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
            few(it.minimum(), failed[0], Scenario { courses, ..plain })
        },
    },
    Common {
        name: "HttpLatencyHigh",
        severity: Some(Severity::P2),
        for_seconds: 600,
        summary: "Requests are slow.",
        impact: "Users of the route wait longer.",
        panel: "overview/http_duration",
        absent: QUIET,
        advice: &[
            "The label `route` names the route. Check what it waits for: the database, a cache, another service.",
            "If all routes are slow, check CPU, memory and Tokio lag.",
        ],
        query: |it| {
            let duration = used(it, &families::HTTP)?.metric(Role::Duration)?;
            Some(it.slow(&duration.name, &[ROUTE.to_owned()], 0.95, HTTP_SECONDS))
        },
        description: |_| {
            let mut pieces = subject(&[ROUTE.to_owned()]);
            let after = text("; the limit is 500ms.");
            pieces.extend([text("5% of the requests take longer than "), Piece::Value(Format::Seconds), after]);
            pieces
        },
        scenario: |it| {
            let own = labels(&[("method", "GET"), (ROUTE, "/"), (STATUS, "200")]);
            let bounds = [0.25, HTTP_SECONDS, 1.0];
            let (phases, near) = ([1.0, HTTP_SECONDS, 0.25], (HTTP_SECONDS, nearly(0.95)));
            let signals = buckets("http_request_duration_seconds", &own, &bounds, phases, near);
            let courses = timeline::histogram(&signals, 600);
            let plain = scenario(signals, labels(&[(ROUTE, "/")]), interpolated(0.95, HTTP_SECONDS, 1.0));
            few(it.minimum(), TRAFFIC, Scenario { courses, ..plain })
        },
    },
];

/// Returns the functions that can record extractions.
fn extracting<'a>(context: &Context<'a>) -> Vec<&'a SiteRecord> {
    let sites = used(context, &families::NEURAL).map(UsedFamily::sites).unwrap_or_default();
    sites.into_iter().filter(|it| it.labels.get(OPERATION.0).is_none_or(|it| it == OPERATION.1)).collect()
}

/// Returns the alert about extractions. All extracting functions share a series, so the most urgent one decides.
pub(super) fn extraction<'a>(row: &'a Common, context: &Context<'a>, split: Split) -> Option<Draft<'a>> {
    let draft = row.draft(context, &[])?;
    let (sites, own) = (extracting(context), draft.severity?);
    let facts = sites.iter().map(|it| Facts::of(it, own, split)).min()?;
    Some(Draft { severity: Some(facts.severity), team: facts.owner(), runbook: facts.runbook(), sites, ..draft })
}

fn used<'a>(context: &Context<'a>, family: &Family) -> Option<&'a UsedFamily<'a>> {
    context.families.iter().find(|it| it.family.name == family.name)
}
