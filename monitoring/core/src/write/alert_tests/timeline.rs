//! Writes timelines as tests. The expected minutes come from evaluating the alert's query, once as Prometheus 3 and once
//! as Prometheus 2.42. The tests skip instants at which the two differ, and with
//! native histograms those at which the result changes.

use super::{Case, Question, Sample, job, notation};
use crate::model::monitoring::Monitoring;
use crate::model::{self, Alert, Timeline};
use crate::query::Query;
use crate::query::evaluate::{self, AnswerRow, Labels, Memory, Phase, Scope, evaluate, is_present};
use crate::query::promql::{self, Histograms, Place, quoted};
use std::sync::Arc;

const MINUTE: i64 = 60_000;

/// A query and its expected result at each evaluation; `None` if the versions differ.
struct ExpectedAnswers {
    expr: String,
    answers: Vec<Option<Answer>>,
}

/// Numbers of series, by their labels.
type Answer = Vec<(&'static str, usize)>;

const PENDING: &str = r#"{alertstate="pending"}"#;
const FIRING: &str = r#"{alertstate="firing"}"#;

/// Returns the test of one timeline, which is evaluated every `step` minutes.
pub(super) fn case(alert: &Alert, course: &Timeline, step: u32, monitoring: &Monitoring) -> Case {
    let source = samples(alert, course, monitoring);
    let times: Vec<i64> = (0..=course.minutes).step_by(step as usize).map(|it| i64::from(it) * MINUTE).collect();
    let scopes = [Scope::rules(&monitoring.job), Scope::rules(&monitoring.job).prometheus_2()];
    let scopes = scopes.map(|it| it.every(step * 60_000));
    let both = |query: &Query, answer: &dyn Fn(&[AnswerRow]) -> Vec<Answer>| -> Vec<Option<Answer>> {
        let [three, two] = scopes.map(|it| answer(&evaluate(query, &it, &source, &times)));
        let same: Vec<_> = three.into_iter().zip(two).map(|(three, two)| (three == two).then_some(three)).collect();
        if monitoring.histograms == Histograms::Native { without_changes(&same) } else { same }
    };
    let hold = i64::from(alert.for_seconds) * 1000;
    let alone = |count: usize| vec![("{}", count)];
    let firing = |rows: &[AnswerRow]| {
        let all = evaluate::history(rows, &times, hold, 0);
        all.iter().map(|it| alone(it.iter().filter(|it| **it == Phase::Firing).count())).collect()
    };
    let states = |rows: &[AnswerRow]| {
        let count = |all: &[Phase], phase| all.iter().filter(|it| **it == phase).count();
        let all = evaluate::history(rows, &times, hold, 0);
        let by_state = |it: &Vec<Phase>| vec![(PENDING, count(it, Phase::Pending)), (FIRING, count(it, Phase::Firing))];
        all.iter().map(by_state).collect()
    };
    let present = |rows: &[AnswerRow]| {
        let at = |index: usize| rows.iter().filter(|it| it.values.get(index).is_some_and(|it| is_present(*it))).count();
        (0..times.len()).map(|it| alone(at(it))).collect()
    };
    let mut asked = Vec::new();
    if course.asked == model::ExtraQuery::Pending {
        let expr = format!("count by (alertstate) ({})", alerts(alert, None, monitoring));
        asked.push(ExpectedAnswers { expr, answers: both(&alert.query, &states) });
    } else {
        let expr = format!("count({})", alerts(alert, Some("firing"), monitoring));
        asked.push(ExpectedAnswers { expr, answers: both(&alert.query, &firing) });
    }
    if course.asked == model::ExtraQuery::Recorded {
        let mut recorded = Vec::new();
        shares(&alert.query, &mut recorded);
        asked.extend(recorded.into_iter().map(|it| {
            let expr = promql::print_as(it, Place::Rules { job: &monitoring.job }, monitoring.histograms);
            ExpectedAnswers { expr: format!("count({expr})"), answers: both(it, &present) }
        }));
    }
    let questions = asked.iter().flat_map(|it| it.questions(step)).collect();
    let series = notation::all(&course.tracks, job(&alert.scenario, monitoring), monitoring.histograms);
    Case { series, expectations: Vec::new(), questions }
}

impl ExpectedAnswers {
    /// Returns checks at the first and the last evaluation of each period with a constant result.
    fn questions(&self, step: u32) -> Vec<Question> {
        let at = |index: usize| self.answers.get(index).and_then(Option::as_ref);
        let is_edge = |index: usize| {
            let same = |other: Option<usize>| other.is_some_and(|it| at(it) == at(index));
            !same(index.checked_sub(1)) || !same(index.checked_add(1).filter(|it| *it < self.answers.len()))
        };
        let minute = (0..).step_by(step as usize);
        let ask = |((index, minute), answer): ((usize, u32), &Option<Answer>)| {
            let counts = answer.as_ref()?.iter().filter(|it| it.1 > 0);
            let sample = |(labels, count): &(&'static str, usize)| {
                Some(Sample { labels, value: u32::try_from(*count).ok().map(f64::from)? })
            };
            is_edge(index).then(|| Question {
                expr: self.expr.clone(),
                eval_time: format!("{minute}m"),
                exp_samples: counts.filter_map(sample).collect(),
            })
        };
        self.answers
            .iter()
            .enumerate()
            .zip(minute)
            .map(|((index, answer), minute)| ((index, minute), answer))
            .filter_map(ask)
            .collect()
    }
}

fn samples(alert: &Alert, course: &Timeline, monitoring: &Monitoring) -> Memory {
    let mut memory = Memory::default();
    for track in &course.tracks {
        let own = [("job", job(&alert.scenario, monitoring)), ("instance", "a")];
        let labels = own.into_iter().chain(track.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let times = (0..).map(|it| it * MINUTE);
        let series =
            evaluate::Series { labels: Arc::new(Labels::new(labels)), samples: times.zip(track.samples()).collect() };
        memory.push(&track.metric, series);
    }
    memory
}

/// Selects the `ALERTS` series of this alert, and of no other alert with the same name.
fn alerts(alert: &Alert, state: Option<&str>, monitoring: &Monitoring) -> String {
    let mut matchers = vec![format!("alertname={}", quoted(&alert.name))];
    matchers.extend(state.map(|it| format!("alertstate={}", quoted(it))));
    matchers.extend(alert.labels.iter().map(|(name, value)| format!("{name}={}", quoted(value))));
    let namesakes = monitoring.alerts.iter().flat_map(|it| &it.rules).filter(|it| it.name == alert.name);
    let severity = alert.severity.filter(|own| namesakes.clone().any(|it| it.severity != Some(*own)));
    matchers.extend(severity.map(|it| format!("severity=\"{}\"", it.as_str())));
    if namesakes.clone().any(|it| it.team != alert.team) {
        matchers.push(format!("team={}", quoted(&alert.team)));
    }
    format!("ALERTS{{{}}}", matchers.join(","))
}

/// Leaves out the evaluations before and after each change. Rates of native histograms are extrapolated differently at
/// the edges of a window, so they change one evaluation earlier or later.
fn without_changes(all: &[Option<Answer>]) -> Vec<Option<Answer>> {
    let changes = |index: usize| index.checked_sub(1).is_some_and(|it| all.get(it) != all.get(index));
    let keeps = |index: usize| !changes(index) && (index + 1 == all.len() || !changes(index + 1));
    (0..all.len()).map(|it| all.get(it).filter(|_| keeps(it)).cloned().flatten()).collect()
}

/// Collects the recorded queries that the query reads.
fn shares<'a>(query: &'a Query, all: &mut Vec<&'a Query>) {
    match query {
        Query::Recorded { .. } => all.push(query),
        _ => query.children().into_iter().for_each(|it| shares(it, all)),
    }
}
