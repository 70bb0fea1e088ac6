//! Every bound with its default value, read from the code that enforces it.

use crate::{check, head, row};
use measurand_exporter::{Limits, ServerLimits};
use measurand_tests::workspace;
use std::time::Duration;

/// The unit of a bound.
#[derive(Clone, Copy)]
enum Of {
    Things,
    Bytes,
    Seconds,
}

/// A bound in the source: its file, its constant, what it counts, what it bounds, what happens beyond it, what shows that.
type Bound = (&'static str, &'static str, Of, &'static str, &'static str, &'static str);

const OVERFLOWS: &str = "`measurand_label_overflows_total`";

const RECORDING: [Bound; 7] = [
    (
        "runtime/catalog/src/family.rs",
        "SERIES_LIMIT",
        Of::Things,
        "combinations of free-text label values in a family; `series_limit(..)` or `measurand::set_series_limit`",
        "further values are counted under `_other`",
        OVERFLOWS,
    ),
    (
        "runtime/src/series_limit.rs",
        "LENGTH_MAX",
        Of::Bytes,
        "one label value of an annotated function",
        "the value becomes `_other`",
        OVERFLOWS,
    ),
    (
        "runtime/catalog/src/family.rs",
        "SERIES_LIMIT",
        Of::Things,
        "series of a metric recorded by hand through the `metrics` facade; `series_limit(..)`",
        "further label values become `_other`",
        OVERFLOWS,
    ),
    (
        "runtime/exporter/src/storage/facade_limit.rs",
        "LONGEST_LABELS",
        Of::Bytes,
        "all labels of one series recorded by hand",
        "the values become `_other`; a line on standard error",
        OVERFLOWS,
    ),
    (
        "runtime/exporter/src/storage/undescribed.rs",
        "MOST_NAMES",
        Of::Things,
        "metric names recorded by hand that no family describes",
        "further metrics are ignored; a line on standard error",
        OVERFLOWS,
    ),
    (
        "runtime/exporter/src/storage/undescribed.rs",
        "LONGEST_NAME",
        Of::Bytes,
        "the name of a metric recorded by hand",
        "the metric is ignored; a line on standard error",
        OVERFLOWS,
    ),
    (
        "runtime/src/lookup.rs",
        "SLOTS_MAX",
        Of::Things,
        "label combinations of a function that get an array slot each",
        "the function uses a hash map instead; counts are the same",
        "",
    ),
];

const PAGE: [Bound; 8] = [
    ("runtime/exporter/src/history.rs", "KEPT", Of::Seconds, "history", "older samples are dropped", "`/live/series`"),
    (
        "runtime/exporter/src/history.rs",
        "MOST_BYTES",
        Of::Bytes,
        "memory of all histories",
        "the history gets shorter, down to about five minutes",
        "`history.seconds` of `/live/series`",
    ),
    (
        "runtime/exporter/src/history.rs",
        "MOST_SERIES",
        Of::Things,
        "series with a history; a histogram counts as one",
        "further series have no history",
        "`history.left_out` of `/live/series`",
    ),
    (
        "runtime/exporter/src/incidents.rs",
        "MOST",
        Of::Things,
        "failures, and slowest calls, kept for each series",
        "the oldest failure and the fastest slow call are dropped",
        "",
    ),
    (
        "runtime/exporter/src/incidents.rs",
        "MOST_SERIES",
        Of::Things,
        "series with failures and slowest calls",
        "further series have none",
        "",
    ),
    (
        "runtime/exporter/src/live.rs",
        "MOST_POINTS",
        Of::Things,
        "points of one line in an answer",
        "the answer has fewer points",
        "",
    ),
    (
        "runtime/exporter/src/live.rs",
        "MOST_READ",
        Of::Things,
        "samples that one answer reads",
        "fewer points, then status 422",
        "`reason=\"size\"`",
    ),
    ("runtime/exporter/src/live.rs", "MOST_BYTES", Of::Bytes, "data of one answer", "status 422", "`reason=\"size\"`"),
];

const READERS: [Bound; 13] = [
    ("runtime/catalog/src/file.rs", "FILE_BYTES_MAX", Of::Bytes, "a program file", "exit code 2", ""),
    ("runtime/catalog/src/file.rs", "SECTION_BYTES_MAX", Of::Bytes, "the records in a program file", "exit code 2", ""),
    ("runtime/catalog/src/parse.rs", "RECORDS_MAX", Of::Things, "records of a catalog", "exit code 2", ""),
    ("runtime/catalog/src/parse.rs", "KINDS_MAX", Of::Things, "kinds of errors of a function", "exit code 2", ""),
    ("runtime/catalog/src/check.rs", "LABELS_MAX", Of::Things, "labels of a family", "exit code 2", ""),
    ("runtime/catalog/src/check.rs", "VALUES_MAX", Of::Things, "declared values of a label", "exit code 2", ""),
    (
        "monitoring/command/src/commands/source.rs",
        "CATALOG_BYTES_MAX",
        Of::Bytes,
        "a saved `catalog.json`",
        "exit code 2",
        "",
    ),
    ("monitoring/check/src/settings.rs", "SETTINGS_BYTES_MAX", Of::Bytes, "`monitoring.toml`", "exit code 2", ""),
    (
        "monitoring/check/src/read/folder.rs",
        "FILE_BYTES_MAX",
        Of::Bytes,
        "a rule file, dashboard or test",
        "exit code 2",
        "",
    ),
    (
        "monitoring/check/src/read/node.rs",
        "NODES_MAX",
        Of::Things,
        "values in a file, aliases expanded",
        "a finding of `syntax`",
        "",
    ),
    (
        "monitoring/check/src/read/expression.rs",
        "BYTES_MAX",
        Of::Bytes,
        "a PromQL expression",
        "a finding of `promql/syntax`",
        "",
    ),
    (
        "monitoring/check/src/read/expression.rs",
        "DEPTH_MAX",
        Of::Things,
        "nesting of a PromQL expression",
        "a finding of `promql/syntax`",
        "",
    ),
    (
        "monitoring/command/src/output.rs",
        "CELL_MAX",
        Of::Things,
        "characters of a cell in printed tables",
        "the text is cut",
        "",
    ),
];

const RECEIVER: [Bound; 5] = [
    (
        "monitoring/webhook/src/payload.rs",
        "ALERT_BYTES_MAX",
        Of::Bytes,
        "labels and annotations of one alert",
        "status 400",
        "`reason=\"malformed\"`",
    ),
    (
        "monitoring/webhook/src/routes/api.rs",
        "LIMIT",
        Of::Things,
        "alerts in one answer of `/api/alerts`, without `limit`",
        "the next page: `before`",
        "",
    ),
    ("monitoring/webhook/src/routes/api.rs", "LIMIT_MAX", Of::Things, "`limit` of `/api/alerts`", "status 400", ""),
    (
        "monitoring/webhook/src/writer.rs",
        "WAITING_MAX",
        Of::Things,
        "payloads that wait for the disk",
        "status 503",
        "`reason=\"busy\"`",
    ),
    (
        "monitoring/webhook/src/routes/runbook.rs",
        "RUNBOOK_BYTES_MAX",
        Of::Bytes,
        "the file of `--runbook`",
        "status 404",
        "",
    ),
];

/// The number that a constant of the source has.
fn constant(file: &str, name: &str) -> u64 {
    let source = std::fs::read_to_string(workspace().join(file)).unwrap();
    let number = |text: &str| text.trim().replace('_', "").parse::<u64>();
    let line = source.lines().find(|it| it.contains(&format!("const {name}: ")));
    let line = line.unwrap_or_else(|| panic!("{file} has no constant {name}"));
    let value = line.split(" = ").nth(1).and_then(|it| it.split(';').next()).unwrap();
    let read = |text: &str| number(text).unwrap_or_else(|_| panic!("{file}: `{line}` is not a number"));
    if let Some((one, other)) = value.split_once("<<") {
        read(one) << read(other)
    } else {
        value.split('*').map(read).product()
    }
}

fn shown(number: u64, of: Of) -> String {
    match of {
        Of::Bytes if number >= 1 << 30 => format!("{} GiB", number >> 30),
        Of::Bytes if number >= 1 << 20 => format!("{} MiB", number >> 20),
        Of::Bytes if number >= 1 << 12 => format!("{} KiB", number >> 10),
        Of::Bytes => format!("{number} bytes"),
        Of::Seconds if number.is_multiple_of(60) => format!("{} min", number / 60),
        Of::Seconds => format!("{number} s"),
        Of::Things => {
            let digits = number.to_string();
            let groups: Vec<&str> =
                digits.as_bytes().rchunks(3).rev().map(|it| std::str::from_utf8(it).unwrap()).collect();
            groups.join(",")
        }
    }
}

fn table(bounds: &[Bound]) -> String {
    let mut text = head(["Bound", "Default", "Beyond it", "Where you see it"]);
    for (file, name, of, what, beyond, seen) in bounds {
        text += &row([what, &shown(constant(file, name), *of), beyond, seen]);
    }
    text
}

#[test]
fn bounds_of_recording_and_of_files() {
    check("limits.md", "recording", &table(&RECORDING));
    check("limits.md", "page", &table(&PAGE));
    check("limits.md", "files", &table(&READERS));
    check("limits.md", "receiver", &table(&RECEIVER));
}

#[test]
fn bounds_of_the_endpoint() {
    // Without `..`, so that a new limit does not compile before it has a row.
    let Limits { server, scrapes, page, answer } = Limits::default();
    let ServerLimits { connections, header_bytes, headers, idle, write, connection, shutdown } = server;
    let seconds = |it: Duration| shown(it.as_secs(), Of::Seconds);
    let count = |it: u32| shown(it.into(), Of::Things);
    let rows = [
        ("`scrapes`", "scrapes that run or wait", count(scrapes), "status 503 with `retry-after`", "scrapes"),
        ("`page`", "questions to the live page that wait", count(page), "status 503 with `retry-after`", "page"),
        ("`answer`", "time to make an answer", seconds(answer), "status 503 with `retry-after`", "answer"),
        (
            "`server.connections`",
            "connections",
            count(connections),
            "the least active connection is closed",
            "connections",
        ),
        (
            "`server.header_bytes`",
            "request line and headers",
            shown(header_bytes.into(), Of::Bytes),
            "status 431",
            "malformed",
        ),
        (
            "`server.headers`",
            "time to send the headers, TLS handshake included",
            seconds(headers),
            "the connection is closed",
            "headers",
        ),
        ("`server.idle`", "time between two requests", seconds(idle), "the connection is closed", ""),
        ("`server.write`", "time in which a client reads nothing", seconds(write), "the connection is closed", "write"),
        (
            "`server.connection`",
            "life of a connection",
            seconds(connection),
            "it closes after the current request",
            "connection",
        ),
        (
            "`server.shutdown`",
            "time for open requests at `shutdown()`",
            seconds(shutdown),
            "the connection is closed",
            "",
        ),
    ];
    let mut text = head(["Field of `Limits`", "Bound", "Default", "Beyond it", "`reason`"]);
    for (field, what, default, beyond, reason) in &rows {
        let reason = if reason.is_empty() { String::new() } else { format!("`{reason}`") };
        text += &row([field, what, default, beyond, &reason]);
    }
    check("limits.md", "endpoint", &text);
}
