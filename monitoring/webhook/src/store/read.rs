//! Reads alerts for the API and for the pages.

use crate::payload::{Pairs, Status};
use crate::time::Time;
use measurand::timed_query;
use rusqlite::types::{Type, Value};
use rusqlite::{Connection, Error, OptionalExtension, Result, Row, params_from_iter};
use serde::{Deserialize, Serialize};

/// The state of an alert. Alertmanager sends no resolve for an alert that ended while inhibited, so a firing alert
/// without a repeat may have ended long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// The alert fires.
    Firing,
    /// The alert was firing when it was received last, and was not repeated in time.
    #[serde(alias = "unheard")]
    Stale,
    /// The alert has ended.
    Resolved,
}

impl State {
    /// The state as text, as in the API.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Stale => "stale",
            Self::Resolved => "resolved",
        }
    }
}

/// A stored alert.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AlertRow {
    /// Its id in this database. Ids grow and are never reused.
    pub(crate) id: i64,
    /// The hash of its labels.
    pub(crate) fingerprint: String,
    /// Its state.
    pub(crate) status: State,
    /// The label `alertname`.
    pub(crate) name: String,
    /// The label `severity`.
    pub(crate) severity: String,
    /// All labels.
    pub(crate) labels: Pairs,
    /// All annotations, as received last.
    pub(crate) annotations: Pairs,
    /// The time at which it started to fire.
    pub(crate) starts_at: Time,
    /// The time at which it was resolved.
    pub(crate) ends_at: Option<Time>,
    /// The receiver's name in Alertmanager's configuration.
    pub(crate) receiver: String,
    /// The key of its group.
    pub(crate) group_key: String,
    /// The address of its query in Prometheus.
    pub(crate) generator_url: String,
    /// The address of Alertmanager.
    pub(crate) external_url: String,
    /// Number of times it was received.
    pub(crate) count: u64,
    /// The time at which it was received first.
    pub(crate) first_seen: Time,
    /// The time at which it was received last.
    pub(crate) last_seen: Time,
}

/// A change of an alert's status.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Change {
    /// The time at which the change was received.
    pub(crate) seen_at: Time,
    /// The new status.
    pub(crate) status: Status,
    /// The time at which it was resolved, by the sender's clock.
    pub(crate) ends_at: Option<Time>,
}

/// A filter of alerts. `None` selects all values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// The state.
    pub(crate) status: Option<State>,
    /// The label `severity`.
    pub(crate) severity: Option<String>,
    /// The label `alertname`.
    pub(crate) name: Option<String>,
    /// The fingerprint.
    pub(crate) fingerprint: Option<String>,
    /// Only alerts with a smaller id: the end of the previous page.
    pub(crate) before: Option<i64>,
}

/// A page of alerts, newest first.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct List {
    /// The alerts of this page.
    pub(crate) alerts: Vec<AlertRow>,
    /// The value of `before` for the next page; `None` on the last page.
    pub(crate) next: Option<i64>,
    /// Number of alerts on all pages.
    pub(crate) total: u64,
}

const COLUMNS: &str = "id, fingerprint, status, name, severity, labels, annotations, starts_at, ends_at, receiver, \
                       group_key, generator_url, external_url, count, first_seen, last_seen";

/// Reads a page of alerts. Firing alerts that were received last before `stale_before` are stale.
#[timed_query("select", table = "alerts")]
pub(crate) fn list(db: &Connection, filter: &Filter, limit: usize, stale_before: Time) -> Result<List> {
    let (condition, mut values) = filter.sql(None, stale_before);
    let total = db
        .prepare_cached(&format!("SELECT count(*) FROM alerts WHERE {condition}"))?
        .query_row(params_from_iter(&values), |row| row.get::<_, u64>(0))?;
    let (condition, before) = filter.sql(filter.before, stale_before);
    values = before;
    // One more row than the limit shows whether there is a next page.
    values.push(Value::Integer(i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX)));
    let sql = format!("SELECT {COLUMNS} FROM alerts WHERE {condition} ORDER BY id DESC LIMIT ?");
    let mut alerts: Vec<AlertRow> = db
        .prepare_cached(&sql)?
        .query_map(params_from_iter(&values), |it| row(it, stale_before))?
        .collect::<Result<_>>()?;
    let more = alerts.len() > limit;
    alerts.truncate(limit);
    let next = alerts.last().filter(|_| more).map(|it| it.id);
    Ok(List { alerts, next, total })
}

impl Filter {
    /// The SQL condition, and its values in the order of the question marks. User input is only in the values.
    fn sql(&self, before: Option<i64>, stale_before: Time) -> (String, Vec<Value>) {
        let text = |it: &Option<String>| it.clone().map(Value::Text);
        let status = self.status.map(|it| if it == State::Resolved { Status::Resolved } else { Status::Firing });
        let limit = |state| (self.status == Some(state)).then(|| Value::Integer(stale_before.nanoseconds()));
        let terms = [
            ("status = ?", status.map(|it| Value::Text(it.to_string()))),
            ("last_seen >= ?", limit(State::Firing)),
            ("last_seen < ?", limit(State::Stale)),
            ("severity = ?", text(&self.severity)),
            ("name = ?", text(&self.name)),
            ("fingerprint = ?", text(&self.fingerprint)),
            ("id < ?", before.map(Value::Integer)),
        ];
        let (terms, values): (Vec<&str>, Vec<Value>) =
            terms.into_iter().filter_map(|(term, value)| Some((term, value?))).unzip();
        (if terms.is_empty() { "true".to_owned() } else { terms.join(" AND ") }, values)
    }
}

/// Reads an alert and its history; see [`list`] for `stale_before`.
#[timed_query("select", table = "alerts")]
pub(crate) fn alert(db: &Connection, id: i64, stale_before: Time) -> Result<Option<(AlertRow, Vec<Change>)>> {
    let sql = format!("SELECT {COLUMNS} FROM alerts WHERE id = ?1");
    let Some(alert) = db.prepare_cached(&sql)?.query_row([id], |it| row(it, stale_before)).optional()? else {
        return Ok(None);
    };
    let mut changes =
        db.prepare_cached("SELECT seen_at, status, ends_at FROM changes WHERE alert = ?1 ORDER BY rowid")?;
    let changes = changes.query_map([id], |row| {
        Ok(Change { seen_at: time(row, 0)?, status: status(row, 1)?, ends_at: time_or_none(row, 2)? })
    })?;
    Ok(Some((alert, changes.collect::<Result<_>>()?)))
}

/// Reads the severities of all alerts, at most 20.
#[timed_query("select", table = "alerts")]
pub(crate) fn severities(db: &Connection) -> Result<Vec<String>> {
    let mut query = db.prepare_cached("SELECT DISTINCT severity FROM alerts ORDER BY severity LIMIT 20")?;
    query.query_map([], |row| row.get(0))?.collect()
}

/// Reads when the Watchdog was received last, if it fires.
#[timed_query("select", table = "alerts")]
pub(crate) fn watchdog(db: &Connection) -> Result<Option<Time>> {
    let mut query =
        db.prepare_cached("SELECT max(last_seen) FROM alerts WHERE name = 'Watchdog' AND status = 'firing'")?;
    query.query_row([], |row| time_or_none(row, 0))
}

/// Numbers of alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Firing alerts that were repeated in time.
    pub(crate) firing: u64,
    /// Firing alerts that were not repeated in time.
    pub(crate) stale: u64,
    /// All alerts.
    pub(crate) kept: u64,
}

/// Counts alerts; see [`list`] for `stale_before`.
#[timed_query("select", table = "alerts")]
pub(crate) fn totals(db: &Connection, stale_before: Time) -> Result<Totals> {
    let mut query = db.prepare_cached(
        "SELECT count(*) FILTER (WHERE last_seen >= ?1), count(*) FILTER (WHERE last_seen < ?1),
             (SELECT count(*) FROM alerts)
         FROM alerts WHERE status = 'firing'",
    )?;
    let totals = |row: &Row<'_>| Ok(Totals { firing: row.get(0)?, stale: row.get(1)?, kept: row.get(2)? });
    query.query_row([stale_before.nanoseconds()], totals)
}

fn row(row: &Row<'_>, stale_before: Time) -> Result<AlertRow> {
    let last_seen = time(row, 15)?;
    Ok(AlertRow {
        id: row.get(0)?,
        fingerprint: row.get(1)?,
        status: match status(row, 2)? {
            Status::Firing if last_seen < stale_before => State::Stale,
            Status::Firing => State::Firing,
            Status::Resolved => State::Resolved,
        },
        name: row.get(3)?,
        severity: row.get(4)?,
        labels: pairs(row, 5)?,
        annotations: pairs(row, 6)?,
        starts_at: time(row, 7)?,
        ends_at: time_or_none(row, 8)?,
        receiver: row.get(9)?,
        group_key: row.get(10)?,
        generator_url: row.get(11)?,
        external_url: row.get(12)?,
        count: row.get(13)?,
        first_seen: time(row, 14)?,
        last_seen,
    })
}

fn time(row: &Row<'_>, column: usize) -> Result<Time> {
    row.get(column).map(Time::from_nanoseconds)
}

fn time_or_none(row: &Row<'_>, column: usize) -> Result<Option<Time>> {
    row.get::<_, Option<i64>>(column).map(|it| it.map(Time::from_nanoseconds))
}

fn status(row: &Row<'_>, column: usize) -> Result<Status> {
    let firing = row.get_ref(column)?.as_str()? == Status::Firing.as_str();
    Ok(if firing { Status::Firing } else { Status::Resolved })
}

fn pairs(row: &Row<'_>, column: usize) -> Result<Pairs> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text).map_err(|it| Error::FromSqlConversionFailure(column, Type::Text, it.into()))
}
