//! Faults that break the service on purpose. The settings are global to the process.
//!
//! This module knows no other part of the service; each part asks it whether to fail.

mod table;
mod value;

use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use table::{ROWS, Row};

/// One way to break the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    SlowQueries,
    FailingQueries,
    ConnectionErrors,
    LowTruth,
    ColdCache,
    StalledLoop,
    Panics,
    SlowPlanning,
    InefficientCoordination,
    FailingTasks,
    IdleWorkers,
    PatternGrowth,
    UnusedPatterns,
    LowConfidence,
    ExtractionErrors,
    Memory,
    OpenFiles,
    HttpErrors,
    SlowHttp,
    SlowScrapes,
    BlockedRuntime,
    ManyGoals,
    NeedlessSteps,
    StalledFeedback,
    LostLoad,
    UnreachablePeer,
    SlowPeer,
}

/// Number of faults.
const COUNT: usize = Fault::SlowPeer as usize + 1;

// The discriminant of a fault is the index of its row.
const _: () = {
    let mut i = 0;
    while i < COUNT {
        assert!(ROWS[i].fault as usize == i);
        i += 1;
    }
};

/// The current amounts, as the bits of an `f64`; 0 is off.
static VALUES: [AtomicU64; COUNT] = [const { AtomicU64::new(0) }; COUNT];
/// Number of calls of [`strikes`] with a share above 0.
static ASKED: [AtomicU64; COUNT] = [const { AtomicU64::new(0) }; COUNT];

/// The current amount of a fault: seconds, a share from 0 to 1, or a number. 0 is off.
pub(crate) fn amount(fault: Fault) -> f64 {
    f64::from_bits(VALUES[fault as usize].load(Ordering::Relaxed))
}

/// Whether the fault is on.
pub(crate) fn is_on(fault: Fault) -> bool {
    amount(fault) > 0.0
}

/// The amount of a fault in seconds, as a duration.
pub(crate) fn duration(fault: Fault) -> Duration {
    Duration::from_secs_f64(amount(fault))
}

/// Blocks the thread for the duration of the fault.
pub(crate) fn wait(fault: Fault) {
    if is_on(fault) {
        std::thread::sleep(duration(fault));
    }
}

/// The amount of a fault as a whole number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`set` admits only small positive values")]
pub(crate) fn count(fault: Fault) -> usize {
    amount(fault) as usize
}

/// Whether the fault happens this time. It happens in its share of the calls, evenly spread.
#[expect(clippy::cast_precision_loss, reason = "the number of calls stays far below 2^53")]
pub(crate) fn strikes(fault: Fault) -> bool {
    let share = amount(fault);
    if share <= 0.0 {
        return false;
    }
    let asked = ASKED[fault as usize].fetch_add(1, Ordering::Relaxed) as f64;
    ((asked + 1.0) * share).floor() > (asked * share).floor()
}

/// Sets faults by name: all of them, or none if there is an error.
///
/// # Errors
/// If a name is unknown or a value invalid; the message says which ones are valid.
pub(crate) fn set(changes: &BTreeMap<String, Value>) -> Result<(), String> {
    let read = |(name, value): (&String, &Value)| -> Result<(Fault, f64), String> {
        let row = named(name)?;
        let amount = row.unit.read(row.standard, value);
        amount.map(|it| (row.fault, it)).map_err(|help| format!("`{name}` cannot be `{value}`; {help}"))
    };
    let changes: Vec<(Fault, f64)> = changes.iter().map(read).collect::<Result<_, _>>()?;
    for (fault, amount) in changes {
        VALUES[fault as usize].store(amount.to_bits(), Ordering::Relaxed);
    }
    Ok(())
}

/// Reads `slow-queries=20ms` from the command line, or `slow-queries` for the default amount.
///
/// # Errors
/// The errors of [`set`].
pub(crate) fn parse(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').unwrap_or((text, "on"));
    let (row, value) = (named(name)?, Value::from(value));
    row.unit.read(row.standard, &value).map_err(|help| format!("`{name}` cannot be {value}; {help}"))?;
    Ok((name.to_owned(), value))
}

fn named(name: &str) -> Result<&'static Row, String> {
    let found = ROWS.iter().find(|it| it.name == name);
    found.ok_or_else(|| {
        let names: Vec<&str> = ROWS.iter().map(|it| it.name).collect();
        format!("there is no fault `{name}`; there are {}", names.join(", "))
    })
}

/// A fault as `GET /faults` lists it.
#[derive(Debug, Serialize)]
pub(crate) struct Described {
    name: &'static str,
    now: String,
    on: String,
    help: &'static str,
    alerts: &'static [&'static str],
}

/// All faults.
pub(crate) fn describe() -> Vec<Described> {
    let describe = |it: &Row| Described {
        name: it.name,
        now: it.unit.write(amount(it.fault)),
        on: it.unit.write(it.standard),
        help: it.help,
        alerts: it.alerts,
    };
    ROWS.iter().map(describe).collect()
}

/// All faults as text for `--help`.
pub(crate) fn help() -> String {
    let line = |it: &Row| format!("  {:<32} {}", format!("{}={}", it.name, it.unit.write(it.standard)), it.help);
    let lines: Vec<String> = ROWS.iter().map(line).collect();
    format!("Faults, each with its value for `on`:\n{}", lines.join("\n"))
}
