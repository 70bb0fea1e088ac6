//! The live page's numbers: the last hour of our own recorder, and the answers that are made from it on request.
//!
//! It knows no HTTP (that is `routes`) and no HTML. Samples are taken by a timer, whoever looks; everything else is
//! computed when somebody asks, once for each sample however many ask.

pub(crate) mod assets;
mod log;
mod ring;
pub(crate) mod routes;
mod source;

pub(crate) use ring::{INTERVAL, KEPT, Ring};

use crate::incidents::{self, Incident, Lists};
use crate::program::{Program, Service, executable};
use crate::recorder::Recorder;
use crate::tables::{PLATFORM, Table};
use axum::body::Bytes;
use measurand_catalog::Catalog;
use measurand_monitoring::Options;
use measurand_monitoring::evaluate::Source;
use measurand_monitoring::live::{Frame, Page, Windows};
use ring::Samples;
use serde_json::{Value, json};
use source::{Scraped, Target};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The most points of one panel.
const MOST_POINTS: u32 = 720;

/// What the live page asks.
#[derive(Debug)]
pub(crate) struct Live {
    recorder: Recorder,
    ring: Arc<Ring>,
    catalog: Catalog,
    service: Service,
    instance: String,
    started: i64,
    /// What follows from the catalog: made when somebody looks for the first time, since it takes a while.
    page: OnceLock<Page>,
    model: OnceLock<Bytes>,
    files: OnceLock<BTreeMap<&'static str, Bytes>>,
    functions: Cached,
    alerts: Cached,
}

/// An answer, and the time of the sample that it was made from.
#[derive(Debug, Default)]
struct Cached(Mutex<Option<(Option<i64>, Bytes)>>);

/// Which panels are asked for, and over which time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// All of them, unless some are named.
    ids: Option<Vec<u32>>,
    range: u32,
    points: u32,
    /// The most answers to one line of a panel.
    most: usize,
}

impl Live {
    pub(crate) fn new(
        recorder: &Recorder,
        ring: &Arc<Ring>,
        program: &Program,
        service: Service,
        instance: String,
    ) -> Self {
        Self {
            recorder: recorder.clone(),
            ring: Arc::clone(ring),
            catalog: program.catalog.clone(),
            service,
            instance,
            started: ring::now(),
            page: OnceLock::new(),
            model: OnceLock::new(),
            files: OnceLock::new(),
            functions: Cached::default(),
            alerts: Cached::default(),
        }
    }

    fn page(&self) -> &Page {
        self.page.get_or_init(|| {
            let options = Options { program: Some(executable()), ..Options::default() };
            Page::new(self.catalog.clone(), &options)
        })
    }

    /// What does not change while the program runs.
    fn model(&self) -> Bytes {
        let page = self.page();
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

    fn panels(&self, wanted: &Wanted) -> Bytes {
        let page = self.page();
        self.look(page, |source, now| {
            let frame = Frame { most: wanted.most, ..Frame::new(now, wanted.range, wanted.points, INTERVAL) };
            let all = || page.panel_ids().collect();
            let panels = page.panels(&wanted.ids.clone().unwrap_or_else(all), &frame, source);
            let times: Vec<f64> = frame.times.iter().map(|it| seconds(*it)).collect();
            bytes(&json!({"now": now, "epoch": self.started, "times": times, "panels": panels}))
        })
    }

    fn functions(&self) -> Bytes {
        let page = self.page();
        self.functions.get(self.newest(), || {
            self.look(page, |source, now| {
                let numbers = page.numbers(source, now);
                let windows = Windows::at(source, now);
                bytes(&json!({"now": now, "epoch": self.started, "windows": windows, "functions": numbers}))
            })
        })
    }

    fn alerts(&self) -> Bytes {
        let page = self.page();
        self.alerts.get(self.newest(), || {
            self.look(page, |source, now| {
                bytes(&json!({"now": now, "epoch": self.started, "alerts": page.alerts(source, now)}))
            })
        })
    }

    /// The last failures and the slowest calls of one function.
    fn incidents(&self, id: &str) -> Option<Bytes> {
        let function = self.page().functions().iter().find(|it| it.id == id)?;
        let line = function.line.to_string();
        let is_own = |it: &incidents::Origin| {
            if let Some(path) = it.function {
                return path == [function.module.as_str(), function.function.as_str(), line.as_str()];
            }
            // Functions whose labels come with the call share their series.
            let has = |(name, value): &(String, String)| it.labels.iter().any(|it| it.0 == name && it.1 == *value);
            it.family == function.family && function.labels.iter().all(has)
        };
        let mut all = Lists::default();
        incidents::all().into_iter().filter(|it| is_own(&it.0)).for_each(|it| all.merge(it.1));
        let list = |it: &std::collections::VecDeque<Incident>| it.iter().rev().map(incident).collect::<Vec<_>>();
        let answer = json!({"epoch": self.started, "failures": list(&all.failures), "slowest": list(&all.slowest)});
        Some(bytes(&answer))
    }

    /// How many series each metric has, how many it may have, and how many label sets found no room.
    fn series(&self) -> Bytes {
        let inner = self.recorder.inner();
        let limit = inner.series_limit.load(Ordering::Relaxed);
        let metric = |table: &Table| {
            let is_bounded = table.family == PLATFORM;
            json!({
                "name": table.name,
                "kind": crate::foreign::word(table.series.kind()),
                "family": table.family,
                "series": table.series.len(),
                "limit": (!is_bounded).then_some(limit),
                "dropped": table.overflows.get().map_or(0, |it| it.value()),
            })
        };
        let described = inner.tables.all.iter().filter(|it| it.series.len() > 0).map(metric);
        let foreign = inner.foreign.sorted();
        let metrics: Vec<Value> = described.chain(foreign.iter().map(|it| metric(it))).collect();
        let samples = self.ring.read();
        bytes(&json!({
            "metrics": metrics,
            "history": {"bytes": samples.size(), "left_out": samples.left_out, "seconds": samples.seconds()},
        }))
    }

    /// A generated file of this program.
    fn file(&self, name: &str) -> Option<Bytes> {
        let page = self.page();
        let make = || page.files().into_iter().map(|it| (it.name, it.contents.into())).collect();
        self.files.get_or_init(make).get(name).cloned()
    }

    fn rules_of(&self, id: &str) -> Option<Bytes> {
        self.page().rules_of(id).map(Bytes::from)
    }

    fn newest(&self) -> Option<i64> {
        self.ring.read().newest()
    }

    /// Reads the samples at the time of the newest.
    fn look<T>(&self, page: &Page, then: impl FnOnce(&dyn Source, i64) -> T) -> T {
        let target = Target { job: page.job().to_owned(), instance: self.instance.clone() };
        let samples = self.ring.read();
        let samples: &Samples = &samples;
        let now = samples.newest().unwrap_or_else(ring::now);
        then(&Scraped { samples, target: &target }, now)
    }
}

impl Cached {
    fn get(&self, newest: Option<i64>, make: impl FnOnce() -> Bytes) -> Bytes {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some((from, bytes)) if *from == newest => bytes.clone(),
            _ => kept.insert((newest, make())).1.clone(),
        }
    }
}

impl Wanted {
    /// `ids=1,2&range=900&points=300&most=40`, each of which may be missing.
    fn parse(query: &str) -> Result<Self, String> {
        let mut wanted = Self { ids: None, range: 900, points: 300, most: usize::MAX };
        for (name, value) in query.split('&').filter_map(|it| it.split_once('=')) {
            let number = |it: &str| it.parse::<u32>().map_err(|_| format!("`{name}` is no number: give whole numbers"));
            match name {
                "ids" => {
                    let ids = value.split([',']).flat_map(|it| it.split("%2C")).filter(|it| !it.is_empty());
                    wanted.ids = Some(ids.map(number).collect::<Result<_, _>>()?);
                }
                "range" => wanted.range = number(value)?.clamp(INTERVAL, KEPT),
                "most" => wanted.most = usize::try_from(number(value)?.max(1)).unwrap_or(usize::MAX),
                "points" => wanted.points = number(value)?.clamp(1, MOST_POINTS),
                _ => (),
            }
        }
        Ok(wanted)
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

/// Numbers that JSON does not know become `null`.
fn bytes(value: &Value) -> Bytes {
    value.to_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_has_defaults_and_bounds() {
        let check = |query: &str, ids: Option<&[u32]>, range, points, most| {
            let expected = Wanted { ids: ids.map(<[u32]>::to_vec), range, points, most };
            assert_eq!(Wanted::parse(query), Ok(expected), "{query}");
        };
        check("", None, 900, 300, usize::MAX);
        check("ids=1,2&range=60&points=10", Some(&[1, 2]), 60, 10, usize::MAX);
        check("ids=1%2C2&x=y&range=99999&points=99999&most=7", Some(&[1, 2]), 3600, 720, 7);
        check("ids=&range=0&points=0&most=0", Some(&[]), 5, 1, 1);
        assert!(Wanted::parse("ids=a").is_err_and(|it| it.contains("`ids` is no number")));
        assert!(Wanted::parse("range=-1").is_err());
    }
}
