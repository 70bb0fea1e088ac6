//! Reads records. The bytes may come from a hostile file, so this module trusts no length and never panics.

use crate::catalog::{AlertRecord, Catalog, FamilyRecord, LabelRecord, Latency, MetricRecord, Objective, SiteRecord};
use crate::condition::{Condition, SIGNALS};
use crate::family::{Role, Severity};
use crate::kinds::{KINDS, UNKNOWN_KINDS};
use crate::record::{BEGIN, END, SEPARATOR};
use crate::text::shown;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;

/// The reason why bytes are not valid records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// The start of the record, in bytes from the start of the input.
    pub offset: usize,
    /// The problem, in one line without control characters.
    pub reason: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the record at byte {} {}", self.offset, self.reason)
    }
}

impl std::error::Error for ParseError {}

/// No program has as many. A section with more is not ours.
const RECORDS_MAX: usize = 1_000_000;

/// Each kind of error is a series, and a name in the code.
const KINDS_MAX: usize = 10_000;

/// The first bytes of a record of any version.
const MARK: &[u8] = b"\x02measurand\x1f";

/// Returns the catalog of all records in `bytes`. Records may have any order, and any padding between them.
///
/// Families without sites are left out. A repeated record counts once. Control characters are removed from prose; in a
/// name they are an error.
///
/// # Errors
/// If a record is not terminated or not UTF-8, has a missing, repeated or invalid field, or contradicts another record.
pub fn parse(bytes: &[u8]) -> Result<Catalog, ParseError> {
    read(bytes, &mut Err)
}

/// Returns the catalog of the valid records, and the error of each invalid one.
#[must_use]
pub fn parse_valid(bytes: &[u8]) -> (Catalog, Vec<ParseError>) {
    let mut errors = Vec::new();
    let read = read(bytes, &mut |error| -> Result<(), Infallible> {
        errors.push(error);
        Ok(())
    });
    let Ok(catalog) = read;
    (catalog, errors)
}

/// Reads all records. `fail` returns the error of a record, or leaves the record out.
fn read<E>(bytes: &[u8], fail: &mut dyn FnMut(ParseError) -> Result<(), E>) -> Result<Catalog, E> {
    let mut families: BTreeMap<String, FamilyRecord> = BTreeMap::new();
    let mut sites = Vec::new();
    let (mut at, mut count) = (0, 0);
    while let Some(offset) = find(bytes, at) {
        count += 1;
        if count > RECORDS_MAX {
            let reason = "is one of more than a million; this is not a section of an annotated program".to_owned();
            fail(ParseError { offset, reason })?;
            break;
        }
        let body = match body(&bytes[offset..]) {
            Ok(body) => body,
            Err(reason) => {
                fail(ParseError { offset, reason: reason.to_owned() })?;
                at = offset + MARK.len();
                continue;
            }
        };
        at = offset + BEGIN.len() + body.len() + END.len_utf8();
        if let Err(reason) = record(body, offset, &mut families, &mut sites) {
            fail(ParseError { offset, reason })?;
        }
    }
    Catalog::join(families, sites, &mut |(offset, reason)| fail(ParseError { offset, reason }))
}

/// Reads one record from the text between its marks.
fn record(
    body: &str,
    offset: usize,
    families: &mut BTreeMap<String, FamilyRecord>,
    sites: &mut Vec<(usize, SiteRecord)>,
) -> Result<(), String> {
    let mut fields = body.split(SEPARATOR);
    match fields.next() {
        Some("family") => {
            let family = family(fields)?;
            if families.get(&family.name).is_some_and(|it| *it != family) {
                let name = family.name;
                return Err(format!(
                    "defines the family `{name}` differently than an earlier record; rename one of the families"
                ));
            }
            families.insert(family.name.clone(), family);
        }
        Some("site") => sites.push((offset, site(fields)?)),
        // A newer version writes this kind of record.
        _ => {}
    }
    Ok(())
}

/// Returns the start of the next record. All calls together take linear time: each starts at the end of the last
/// record.
fn find(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += bytes.get(at..)?.iter().position(|it| *it == MARK[0])?;
        if bytes[at..].starts_with(MARK) {
            return Some(at);
        }
        at += 1;
    }
}

/// Returns the text between [`BEGIN`] and [`END`] of the record at the start of `bytes`.
fn body(bytes: &[u8]) -> Result<&str, &'static str> {
    const CUT: &str = "is not terminated: the section is cut off; build the program again";
    // Check the version first: the format of other versions is unknown.
    let prefix = &bytes[..bytes.len().min(BEGIN.len())];
    if !BEGIN.as_bytes().starts_with(prefix) {
        return Err("was written by another version of measurand; use the `cargo measurand` of the same version");
    }
    let rest = bytes.get(BEGIN.len()..).ok_or(CUT)?;
    // The end of the next record must not end a record that was cut off.
    let length = rest.iter().position(|it| *it == END as u8 || *it == MARK[0]).ok_or(CUT)?;
    if rest[length] == MARK[0] {
        return Err("is not terminated: another record starts inside it; build the program again");
    }
    std::str::from_utf8(&rest[..length]).map_err(|_| "is not UTF-8")
}

/// `key`, `value`, `key`, `value`, …
fn pairs<'a>(mut fields: impl Iterator<Item = &'a str>) -> impl Iterator<Item = Result<(&'a str, &'a str), String>> {
    std::iter::from_fn(move || {
        let key = fields.next()?;
        Some(
            fields
                .next()
                .map(|value| (key, value))
                .ok_or_else(|| format!("has the key `{}` without a value", shown(key))),
        )
    })
}

fn site<'a>(fields: impl Iterator<Item = &'a str>) -> Result<SiteRecord, String> {
    let mut facts: BTreeMap<String, String> = BTreeMap::new();
    let mut labels: BTreeMap<String, String> = BTreeMap::new();
    let mut expressions: BTreeMap<String, String> = BTreeMap::new();
    for pair in pairs(fields) {
        let (key, value) = pair?;
        let (map, name) = match (key.strip_prefix("label:"), key.strip_prefix("from:")) {
            (Some(label), _) => (&mut labels, label),
            (_, Some(label)) => (&mut expressions, label),
            _ => (&mut facts, key),
        };
        let earlier = map.insert(name.to_owned(), value.to_owned());
        if earlier.is_some() {
            return Err(format!("of a site has the field `{}` twice", shown(key)));
        }
    }
    let error_kinds: Vec<String> = facts.remove(KINDS).map_or_else(Vec::new, |it| lines(&it));
    if error_kinds.len() > KINDS_MAX {
        return Err(format!("of a site has {} kinds of errors, which is more than {KINDS_MAX}", error_kinds.len()));
    }
    let unknown_error_kinds = facts.remove(UNKNOWN_KINDS).is_some();
    let mut take = |key: &str| facts.remove(key).ok_or_else(|| format!("of a site lacks the field `{key}`"));
    let line = take("line")?;
    // `u32` alone would accept a sign.
    let digits = line.bytes().all(|it| it.is_ascii_digit());
    let number = line.parse().ok().filter(|_| digits);
    let mut site = SiteRecord {
        krate: take("crate")?,
        version: take("version")?,
        module: take("module")?,
        function: take("function")?,
        file: take("file")?,
        line: number.ok_or_else(|| format!("has the invalid line number `{}`", shown(&line)))?,
        attribute: take("attribute")?,
        family: take("family")?,
        objective: None,
        labels,
        expressions,
        error_kinds,
        unknown_error_kinds,
        facts,
    };
    site.objective = objective(&mut site.facts)?;
    site.check()?;
    Ok(site)
}

fn lines(text: &str) -> Vec<String> {
    text.lines().filter(|it| !it.is_empty()).map(str::to_owned).collect()
}

/// `slo:success` is a percentage; `slo:latency` is seconds and a percentage, `0.01@99`.
fn objective(facts: &mut BTreeMap<String, String>) -> Result<Option<Objective>, String> {
    let mut taken = |key: &str| facts.remove(key).map(|value| (value.clone(), value));
    let wrong = |value: &str| format!("has the invalid objective `{}`", shown(value));
    let success = taken("slo:success").map(|(value, it)| share(&it).ok_or_else(|| wrong(&value))).transpose()?;
    let latency = taken("slo:latency").map(|(value, it)| {
        let parts = it
            .split_once('@')
            .and_then(|(seconds, percent)| Some(Latency { seconds: seconds.parse().ok()?, share: share(percent)? }));
        parts.ok_or_else(|| wrong(&value))
    });
    let latency = latency.transpose()?;
    Ok((success.is_some() || latency.is_some()).then_some(Objective { success, latency }))
}

/// Converts a percentage to a share, exact to the last bit: 99.9 is 0.999.
fn share(percent: &str) -> Option<f64> {
    let percent: f64 = percent.parse().ok()?;
    Some((percent * 1e9).round() / 1e11)
}

/// A required field that must not be repeated.
type Once<T> = Option<T>;

#[derive(Default)]
struct MetricParts {
    name: String,
    role: Once<Role>,
    help: Once<String>,
    buckets: Vec<f64>,
}

#[derive(Default)]
struct AlertParts {
    name: String,
    severity: Once<Severity>,
    condition: Once<String>,
    numbers: Vec<f64>,
    for_seconds: Once<f64>,
    summary: Once<String>,
    impact: Once<String>,
}

/// A key belongs to the label, metric or alert above it. Labels come first, alerts last.
fn family<'a>(mut fields: impl Iterator<Item = &'a str>) -> Result<FamilyRecord, String> {
    let name = fields.next().ok_or("of a family lacks its name")?.to_owned();
    let (mut title, mut help) = (None, None);
    let mut labels: Vec<LabelRecord> = Vec::new();
    let mut metrics: Vec<MetricParts> = Vec::new();
    let mut alerts: Vec<AlertParts> = Vec::new();
    for pair in pairs(fields) {
        let (key, value) = pair?;
        let owned = || value.to_owned();
        match (key, alerts.last_mut(), metrics.last_mut(), labels.last_mut()) {
            ("alert", ..) => alerts.push(AlertParts { name: owned(), ..AlertParts::default() }),
            ("severity", Some(alert), ..) => once(&mut alert.severity, key, severity(value)?)?,
            ("condition", Some(alert), ..) => once(&mut alert.condition, key, owned())?,
            ("number", Some(alert), ..) => alert.numbers.push(number(value)?),
            ("for", Some(alert), ..) => once(&mut alert.for_seconds, key, number(value)?)?,
            ("summary", Some(alert), ..) => once(&mut alert.summary, key, owned())?,
            ("impact", Some(alert), ..) => once(&mut alert.impact, key, owned())?,
            ("metric", None, ..) => metrics.push(MetricParts { name: owned(), ..MetricParts::default() }),
            ("role", None, Some(metric), _) => once(&mut metric.role, key, role(value)?)?,
            ("help", None, Some(metric), _) => once(&mut metric.help, key, owned())?,
            ("bucket", None, Some(metric), _) => metric.buckets.push(number(value)?),
            ("label", None, None, _) => {
                labels.push(LabelRecord { name: owned(), values: Vec::new(), from_result: false });
            }
            ("value", None, None, Some(label)) => label.values.push(owned()),
            ("from_result", None, None, Some(label)) => label.from_result = true,
            ("title", None, None, None) => once(&mut title, key, owned())?,
            ("help", None, None, None) => once(&mut help, key, owned())?,
            (
                "title" | "help" | "label" | "value" | "from_result" | "metric" | "role" | "bucket" | "severity"
                | "condition" | "number" | "for" | "summary" | "impact",
                ..,
            ) => {
                return Err(format!("of a family has the field `{key}` out of place"));
            }
            // A newer version writes this key.
            _ => {}
        }
    }
    // Each metric copies the labels of the family. A million hostile metrics would need too much memory.
    if metrics.len() > Role::ALL.len() {
        return Err(format!("of a family has {} metrics, which is more than there are roles", metrics.len()));
    }
    let metrics = metrics.into_iter().map(|it| it.finish(&labels)).collect::<Result<_, _>>()?;
    let alerts = alerts.into_iter().map(AlertParts::finish).collect::<Result<_, _>>()?;
    let mut family =
        FamilyRecord { name, title: some(title, "title")?, help: some(help, "help")?, labels, metrics, alerts };
    family.check()?;
    Ok(family)
}

impl MetricParts {
    fn finish(self, labels: &[LabelRecord]) -> Result<MetricRecord, String> {
        let mut metric = MetricRecord::new(self.name, some(self.role, "role")?, labels);
        metric.help = some(self.help, "help")?;
        metric.buckets = self.buckets;
        Ok(metric)
    }
}

impl AlertParts {
    fn finish(self) -> Result<AlertRecord, String> {
        let Self { name, severity, condition, numbers, for_seconds, summary, impact } = self;
        let condition = some(condition, "condition")?;
        let condition = self::condition(&condition, &numbers).ok_or_else(|| {
            let (name, other, count) = (shown(&name), shown(&condition), numbers.len());
            let help = "use a newer `cargo measurand`";
            format!("has an alert `{name}` with the unknown condition `{other}` of {count} numbers; {help}")
        })?;
        let for_seconds = some(for_seconds, "for")?;
        if !(0.0..=f64::from(u32::MAX)).contains(&for_seconds) || for_seconds.fract() != 0.0 {
            return Err(format!("has an alert `{}` with `for` of {for_seconds} seconds", shown(&name)));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just above")]
        let for_seconds = for_seconds as u32;
        let (severity, summary, impact) =
            (some(severity, "severity")?, some(summary, "summary")?, some(impact, "impact")?);
        Ok(AlertRecord { name, severity, condition, for_seconds, summary, impact })
    }
}

/// Returns the condition with this key and these numbers.
fn condition(key: &str, numbers: &[f64]) -> Option<Condition> {
    let spec = SIGNALS.iter().find(|it| it.key == key)?;
    let (quantile, threshold) = match (spec.threshold.histogram, numbers) {
        (None, [threshold]) => (None, *threshold),
        (Some(_), [quantile, threshold]) => (Some(*quantile), *threshold),
        _ => return None,
    };
    Some(Condition { signal: spec.signal, quantile, threshold })
}

fn once<T>(place: &mut Once<T>, key: &str, value: T) -> Result<(), String> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("of a family has the field `{key}` twice in a row")),
    }
}

fn some<T>(place: Once<T>, key: &str) -> Result<T, String> {
    place.ok_or_else(|| format!("of a family lacks the field `{key}`"))
}

fn role(text: &str) -> Result<Role, String> {
    Role::named(text).ok_or_else(|| format!("has the unknown role `{}`; use a newer `cargo measurand`", shown(text)))
}

fn severity(text: &str) -> Result<Severity, String> {
    Severity::named(text).ok_or_else(|| format!("has the unknown severity `{}`", shown(text)))
}

fn number(hex: &str) -> Result<f64, String> {
    // Only the written form: `from_str_radix` would accept a sign.
    let written = hex.len() == 16 && hex.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
    let bits = u64::from_str_radix(hex, 16).ok().filter(|_| written);
    let number = bits.map(f64::from_bits).filter(|it| it.is_finite());
    number.ok_or_else(|| format!("has the invalid number `{}`", shown(hex)))
}
