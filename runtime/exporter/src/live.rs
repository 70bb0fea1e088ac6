//! The data of the live page: the last hour of our own recorder, and the answers that are computed from it.
//!
//! This module knows no HTTP (see `routes`) and no HTML. A timer takes the samples. Everything else is computed on
//! request, on a separate thread (`answer_queue`), once for each sample and question.

mod answer_queue;
pub(crate) mod assets;
#[cfg(test)]
mod hour_tests;
pub(crate) mod routes;
pub(crate) mod source;

use crate::clock::now;
use crate::history::{History, INTERVAL, KEPT, Samples};
use crate::incidents::{self, Incident, Lists};
use crate::program::{Program, Service, executable};
use crate::recorder::Recorder;
use crate::render::gzip::Encoder;
use crate::render::syntax::type_name;
use crate::storage::metric::{Metric, PLATFORM, UNDESCRIBED};
use answer_queue::{Answer, AnswerQueue, Body, Failure, Responder, Validity};
use axum::body::Bytes;
use measurand_catalog::Catalog;
use measurand_monitoring::live::{Frame, Page, Windows};
use measurand_monitoring::query::evaluate::Source;
use measurand_monitoring::{Options, runbook_page};
use serde_json::{Value, json};
use source::{Scraped, Target};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// Maximum number of points of one panel.
const MOST_POINTS: u32 = 720;
/// Maximum number of values that one answer reads: series times points. More series get fewer points.
const MOST_READ: usize = 30_000_000;
/// Finding a series and its labels costs as much as reading this number of its points.
const SERIES_COST: usize = 5;
/// A panel with fewer points shows nothing.
const FEWEST_POINTS: usize = 10;
/// Maximum memory of the columns of one answer, in bytes; their JSON is about twice as long.
const MOST_BYTES: usize = 3 << 20;
/// Below this size compression costs more than it saves.
const SMALL: usize = 1024;
/// Number of bytes to compress before the next check that a client still waits.
const PIECE: usize = 64 * 1024;

/// The live page, which answers one request at a time.
#[derive(Debug)]
pub(crate) struct Live(AnswerQueue<PageAnswers>);

/// The data and the cached answers of the live page.
#[derive(Debug)]
struct PageAnswers {
    recorder: Recorder,
    history: Arc<History>,
    catalog: Catalog,
    service: Service,
    instance: String,
    started: i64,
    /// Derived from the catalog; created for the first request, since it takes a while.
    page: OnceLock<Page>,
    model: OnceLock<Bytes>,
    files: OnceLock<BTreeMap<&'static str, Bytes>>,
}

/// A question, and whether to compress its answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Request {
    question: Question,
    is_compressed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Question {
    Model,
    Panels(Wanted),
    Functions,
    Alerts,
    Series,
    /// The incidents of the function with this ID.
    Incidents(String),
    File(String),
    Rules(String),
    /// The runbook as a page.
    Runbook,
}

/// The panels to answer, and their time range.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Wanted {
    /// The IDs of the panels; `None` means all panels.
    ids: Option<Vec<u32>>,
    range: u32,
    /// The end of the time range in milliseconds since the epoch; `None` means the newest sample.
    to: Option<i64>,
    step: u32,
    /// Maximum number of series per line of a panel.
    most: usize,
}

impl Live {
    /// Returns the page of a program. At most `most` requests may wait.
    pub(crate) fn new(
        recorder: &Recorder,
        history: &Arc<History>,
        program: &Program,
        service: Service,
        instance: String,
        most: u32,
    ) -> Self {
        Self(AnswerQueue::new(PageAnswers::new(recorder, history, program, service, instance), most.max(1) as usize))
    }
}

impl Responder for PageAnswers {
    type Question = Request;

    fn answer(&self, request: &Request, is_abandoned: &AtomicBool) -> Answer {
        let bytes = self.bytes(&request.question, is_abandoned)?;
        if request.is_compressed && bytes.len() > SMALL {
            let bytes = squeezed(&bytes, is_abandoned).map_err(|it| Failure::broken(&it))?;
            return Ok(Body { bytes, is_compressed: true });
        }
        Ok(Body { bytes, is_compressed: false })
    }

    fn validity(&self, request: &Request) -> Validity {
        match &request.question {
            Question::Model | Question::File(_) | Question::Rules(_) | Question::Runbook => Validity::Program,
            Question::Panels(_) | Question::Functions | Question::Alerts => Validity::Sample(self.history.newest()),
            // These show the current state and cost little.
            Question::Series | Question::Incidents(_) => Validity::Moment,
        }
    }
}

impl Failure {
    fn broken(why: &impl Display) -> Self {
        Self::Broken(why.to_string())
    }
}

impl PageAnswers {
    fn new(recorder: &Recorder, history: &Arc<History>, program: &Program, service: Service, instance: String) -> Self {
        Self {
            recorder: recorder.clone(),
            history: Arc::clone(history),
            catalog: program.catalog.clone(),
            service,
            instance,
            started: now(),
            page: OnceLock::new(),
            model: OnceLock::new(),
            files: OnceLock::new(),
        }
    }

    fn bytes(&self, question: &Question, is_abandoned: &AtomicBool) -> Result<Bytes, Failure> {
        let page = self.page();
        match question {
            Question::Model => Ok(self.model(page)),
            Question::Panels(wanted) => self.panels(page, wanted, is_abandoned),
            Question::Functions => Ok(self.functions(page, is_abandoned)),
            Question::Alerts => Ok(self.alerts(page, is_abandoned)),
            Question::Series => Ok(self.series()),
            Question::Incidents(id) => self.incidents(page, id).ok_or(Failure::Missing),
            Question::File(name) => self.file(page, name).ok_or(Failure::Missing),
            Question::Runbook => self.runbook(page).ok_or(Failure::Missing),
            Question::Rules(id) => page.rules_of(id).map(Bytes::from).ok_or(Failure::Missing),
        }
    }

    fn page(&self) -> &Page {
        self.page.get_or_init(|| {
            let options = Options { program: Some(executable()), ..Options::default() };
            Page::new(self.catalog.clone(), &options)
        })
    }

    /// Returns the data that stays constant while the program runs.
    fn model(&self, page: &Page) -> Bytes {
        let make = || {
            let mut model = page.model();
            model["program"] =
                json!({"name": self.service.name, "version": self.service.version, "commit": self.service.commit});
            model["job"] = json!(page.job());
            model["started"] = json!(self.started / 1000);
            model["interval"] = json!(INTERVAL);
            model["kept"] = json!(KEPT);
            bytes(&model)
        };
        self.model.get_or_init(make).clone()
    }

    fn panels(&self, page: &Page, wanted: &Wanted, is_abandoned: &AtomicBool) -> Result<Bytes, Failure> {
        self.look(page, is_abandoned, |source, now| {
            let ids = wanted.ids.clone().unwrap_or_else(|| page.panel_ids().collect());
            let Some(points) = points_for(page.series_of(&ids, source)) else {
                return Err(Failure::TooLarge(format!(
                    "these panels read more than {} series; ask for fewer panels with `ids`",
                    MOST_READ / (FEWEST_POINTS + SERIES_COST)
                )));
            };
            let least = Frame::step(wanted.range, u32::try_from(points).unwrap_or(u32::MAX), INTERVAL);
            let end = wanted.to.map_or(now, |it| it.min(now));
            let frame = Frame::new(end, wanted.range, wanted.step.max(least));
            let frame = Frame { most: wanted.most, room: MOST_BYTES, ..frame };
            let panels = page.panels(&ids, &frame, source).map_err(|it| Failure::TooLarge(it.to_string()))?;
            let times: Vec<f64> = frame.times.iter().map(|it| seconds(*it)).collect();
            // Written directly: as a `Value` it would take ten times the memory.
            let written = |it: serde_json::Result<String>| it.map_err(|it| Failure::broken(&it));
            let times = written(serde_json::to_string(&times))?;
            let mut out = format!("{{\"now\":{now},\"epoch\":{},\"times\":{times},\"panels\":", self.started);
            out.push_str(&written(serde_json::to_string(&panels))?);
            out.push('}');
            Ok(out.into())
        })
    }

    fn functions(&self, page: &Page, is_abandoned: &AtomicBool) -> Bytes {
        self.look(page, is_abandoned, |source, now| {
            let numbers = page.numbers(source, now);
            let windows = Windows::at(source, now);
            let routes = page.routes(source, now);
            bytes(&json!({
                "now": now, "epoch": self.started, "windows": windows, "functions": numbers, "routes": routes,
            }))
        })
    }

    fn alerts(&self, page: &Page, is_abandoned: &AtomicBool) -> Bytes {
        self.look(page, is_abandoned, |source, now| {
            bytes(&json!({"now": now, "epoch": self.started, "alerts": page.alerts(source, now)}))
        })
    }

    /// Returns the last failures and the slowest calls of one function.
    fn incidents(&self, page: &Page, id: &str) -> Option<Bytes> {
        let function = page.functions().iter().find(|it| it.id == id)?;
        let line = function.line.to_string();
        let is_own = |it: &incidents::Origin| {
            if let Some(path) = it.function {
                return path == [function.module.as_str(), function.function.as_str(), line.as_str()];
            }
            // Functions whose labels have values from the call share their series.
            let has = |(name, value): &(String, String)| it.labels.iter().any(|it| it.0 == name && it.1 == *value);
            it.family == function.family && function.labels.iter().all(has)
        };
        let mut all = Lists::default();
        incidents::all().into_iter().filter(|it| is_own(&it.0)).for_each(|it| all.merge(it.1));
        let list = |it: &std::collections::VecDeque<Incident>| it.iter().rev().map(incident).collect::<Vec<_>>();
        let answer = json!({"epoch": self.started, "failures": list(&all.failures), "slowest": list(&all.slowest)});
        Some(bytes(&answer))
    }

    /// Returns the number of series of each metric, its limit, and the number of label sets over the limit.
    fn series(&self) -> Bytes {
        let store = &self.recorder.state().store;
        let limit = store.series_limit.load(Ordering::Relaxed);
        let metric = |metric: &Metric| {
            let is_bounded = metric.family == PLATFORM;
            json!({
                "name": metric.name,
                "kind": type_name(metric.kind()),
                "family": metric.family,
                "series": metric.len(),
                "limit": (!is_bounded).then_some(limit),
                "dropped": metric.overflows.get().map_or(0, |it| it.value()),
            })
        };
        let is_shown = |it: &&Arc<Metric>| it.len() > 0 || it.family == UNDESCRIBED;
        let metrics: Vec<Value> = store.all().iter().filter(is_shown).map(|it| metric(it)).collect();
        let samples = self.history.read();
        bytes(&json!({
            "metrics": metrics,
            "history": {"bytes": samples.size(), "left_out": samples.left_out, "seconds": samples.seconds()},
        }))
    }

    /// Returns a generated file of this program.
    fn file(&self, page: &Page, name: &str) -> Option<Bytes> {
        let make = || page.files().into_iter().map(|it| (it.name, it.contents.into())).collect();
        self.files.get_or_init(make).get(name).cloned()
    }

    /// Returns the runbook of this program as HTML.
    fn runbook(&self, page: &Page) -> Option<Bytes> {
        let markdown = self.file(page, "RUNBOOK.md")?;
        Some(runbook_page(str::from_utf8(&markdown).ok()?).into())
    }

    /// Calls `then` with the samples and the time of the newest one.
    fn look<T>(&self, page: &Page, is_abandoned: &AtomicBool, then: impl FnOnce(&dyn Source, i64) -> T) -> T {
        let target = Target { job: page.job().to_owned(), instance: self.instance.clone() };
        let samples = self.history.read();
        let samples: &Samples = &samples;
        let now = samples.newest().unwrap_or_else(now);
        then(&Scraped { samples, target: &target, is_abandoned }, now)
    }
}

/// Returns the number of points that an answer about this number of series may have; `None` if there are too many
/// series for any answer.
fn points_for(series: usize) -> Option<usize> {
    let points = (MOST_READ / series.max(1)).saturating_sub(SERIES_COST);
    (points >= FEWEST_POINTS).then_some(points)
}

/// Compresses the answer. Stops when no client waits for it.
fn squeezed(bytes: &[u8], is_abandoned: &AtomicBool) -> std::io::Result<Bytes> {
    let (mut encoder, mut out) = (Encoder::new(), Vec::new());
    for piece in bytes.chunks(PIECE).take_while(|_| !is_abandoned.load(Ordering::Relaxed)) {
        out.extend(encoder.push(piece)?);
    }
    out.extend(encoder.finish()?);
    Ok(out.into())
}

impl Wanted {
    /// Parses `ids=1,2&range=900&to=1796051220&points=300&most=40`; every parameter is optional.
    fn parse(query: &str) -> Result<Self, String> {
        let (mut ids, mut range, mut to, mut points, mut most) = (None, 900, None, 300, usize::MAX);
        for (name, value) in query.split('&').filter_map(|it| it.split_once('=')) {
            let number = |it: &str| {
                it.parse::<u32>()
                    .map_err(|_| format!("`{name}` is not a whole number; write for example `range=900` or `ids=1,2`"))
            };
            match name {
                "ids" => {
                    let all = value.split([',']).flat_map(|it| it.split("%2C")).filter(|it| !it.is_empty());
                    let mut all: Vec<u32> = all.map(number).collect::<Result<_, _>>()?;
                    // Sorted, so that equal requests share one answer.
                    all.sort_unstable();
                    all.dedup();
                    ids = Some(all);
                }
                "range" => range = number(value)?.clamp(INTERVAL, KEPT),
                "to" => to = Some(i64::from(number(value)?) * 1000),
                "most" => most = usize::try_from(number(value)?.max(1)).unwrap_or(usize::MAX),
                "points" => points = number(value)?.clamp(1, MOST_POINTS),
                _ => (),
            }
        }
        Ok(Self { ids, range, to, step: Frame::step(range, points, INTERVAL), most })
    }
}

#[expect(clippy::cast_precision_loss, reason = "a call does not take 104 days")]
fn incident(it: &Incident) -> Value {
    json!({
        "time": it.time,
        "duration": (it.ended.nanoseconds > 0).then_some(it.ended.nanoseconds as f64 / 1e9),
        "outcome": it.ended.outcome,
        "kind": it.ended.kind,
        "trace": it.trace,
    })
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds since the epoch stay below 2^53")]
fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}

/// JSON has no infinities and no NaN: they become `null`.
fn bytes(value: &Value) -> Bytes {
    value.to_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_series_have_fewer_points_and_too_many_have_none() {
        assert_eq!(points_for(0), Some(MOST_READ - SERIES_COST));
        assert_eq!(points_for(40_000), Some(745));
        assert_eq!(points_for(2_000_000), Some(FEWEST_POINTS));
        assert_eq!(points_for(2_000_001), None);
    }

    #[test]
    fn parameters_have_defaults_and_bounds() {
        let check = |query: &str, ids: Option<&[u32]>, range, step, most| {
            let to = query.contains("to=7").then_some(7000);
            let expected = Wanted { ids: ids.map(<[u32]>::to_vec), range, to, step, most };
            assert_eq!(Wanted::parse(query), Ok(expected), "{query}");
        };
        check("", None, 900, 5, usize::MAX);
        check("ids=2,1,2&range=60&to=7&points=10", Some(&[1, 2]), 60, 10, usize::MAX);
        check("ids=1%2C2&x=y&range=99999&points=99999&most=7", Some(&[1, 2]), 3600, 5, 7);
        check("ids=&range=0&points=0&most=0", Some(&[]), 5, 5, 1);
        assert!(Wanted::parse("ids=a").is_err_and(|it| it.contains("`ids` is not a whole number")));
        assert!(Wanted::parse("range=-1").is_err());
    }
}
