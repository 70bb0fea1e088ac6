//! The rows of the table: functions with their numbers, sorted, as text.

use super::answers::{Answer, Model, Numbers, Site, Windows};
use crate::cli::Column;
use crate::output::{painted, table};
use measurand_catalog::visible;
use serde::Serialize;
use std::cmp::Ordering;

/// The functions and their current numbers.
#[derive(Debug)]
pub(super) struct View {
    model: Model,
    answer: Answer,
}

/// The column to sort by, and whether the order is reversed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order {
    column: Column,
    turned: bool,
}

/// The whole table, as JSON for scripts.
#[derive(Debug, Serialize)]
pub(super) struct TopReport<'a> {
    program: &'a str,
    version: &'a str,
    windows: Windows,
    /// The alerts whose conditions are true now.
    firing: Vec<&'a str>,
    functions: Vec<Line<'a>>,
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    id: &'a str,
    function: String,
    place: String,
    #[serde(flatten)]
    numbers: Numbers,
}

const HEAD: [&str; 10] = ["FUNCTION", "CALLS", "RATE/s", "ERRORS", "SHARE", "P50", "P95", "P99", "IN FLIGHT", "BUDGET"];

impl Order {
    pub(super) fn new(column: Column) -> Self {
        Self { column, turned: false }
    }

    /// The order that a key selects.
    pub(super) fn key(self, key: char) -> Option<Self> {
        let column = match key {
            'n' => Column::Name,
            'c' => Column::Calls,
            'r' => Column::Rate,
            'e' => Column::Errors,
            '5' => Column::P50,
            '9' => Column::P95,
            'p' => Column::P99,
            'i' => Column::InFlight,
            'b' => Column::Budget,
            _ => return None,
        };
        Some(Self { column, turned: column == self.column && !self.turned })
    }

    /// Compares two rows: the highest number first (for the budget the lowest), names from A to Z, rows without a
    /// number last.
    fn compare(self, a: &Line<'_>, b: &Line<'_>) -> Ordering {
        let number = |Line { numbers, .. }: &Line<'_>| match self.column {
            Column::Name => None,
            Column::Calls => Some(numbers.calls),
            Column::Rate => Some(numbers.rate),
            Column::Errors => numbers.error_rate,
            Column::P50 => numbers.p50,
            Column::P95 => numbers.p95,
            Column::P99 => numbers.p99,
            Column::InFlight => numbers.in_flight,
            Column::Budget => numbers.budget_left.map(|it| -it),
        };
        let turn = |it: Ordering| if self.turned { it.reverse() } else { it };
        let by_number = match (number(a), number(b)) {
            (Some(a), Some(b)) => turn(b.total_cmp(&a)),
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
        by_number.then_with(|| {
            let by_name = a.function.cmp(&b.function);
            if self.column == Column::Name { turn(by_name) } else { by_name }
        })
    }
}

impl View {
    pub(super) fn new(model: Model, answer: Answer) -> Self {
        Self { model, answer }
    }

    /// Replaces the numbers. Returns whether they come from the same process, which means that the functions are the
    /// same.
    pub(super) fn renew(&mut self, answer: Answer) -> bool {
        let same = self.answer.epoch == answer.epoch;
        self.answer = answer;
        same
    }

    pub(super) fn report(&self, order: Order) -> TopReport<'_> {
        TopReport {
            program: &self.model.program.name,
            version: &self.model.program.version,
            windows: self.answer.windows,
            firing: self.answer.alerts.iter().map(|it| it.name.as_str()).collect(),
            functions: self.lines(order),
        }
    }

    fn lines(&self, order: Order) -> Vec<Line<'_>> {
        let known = self.model.functions.iter().filter_map(|it| Some((it, self.answer.functions.get(&it.id)?)));
        let mut lines: Vec<Line<'_>> = known.map(|(it, numbers)| line(it, *numbers)).collect();
        lines.sort_by(|a, b| order.compare(a, b));
        lines
    }

    /// A line about the program, and below it the table.
    pub(super) fn text(&self, order: Order) -> String {
        let rows: Vec<Vec<String>> = self.lines(order).iter().map(cells).collect();
        format!("{}\n{}", self.head(), table(&HEAD, &rows))
    }

    fn head(&self) -> String {
        let program = &self.model.program;
        let firing: Vec<&str> = self.answer.alerts.iter().map(|it| it.name.as_str()).collect();
        let alerts = match firing.len() {
            0 => "no alert would fire".to_owned(),
            _ => painted(&format!("would fire: {}", visible(&firing.join(", "))), "1;31"),
        };
        let Windows { recent, budget } = self.answer.windows;
        format!(
            "{} {}: {} functions, {alerts}; rates and quantiles of the last {}, budgets of the last {}",
            visible(&program.name),
            visible(&program.version),
            self.model.functions.len(),
            span(recent),
            span(budget),
        )
    }
}

fn line(it: &Site, numbers: Numbers) -> Line<'_> {
    Line {
        id: &it.id,
        function: format!("{}::{}", it.module, it.function),
        place: format!("{}:{}", it.file, it.line),
        numbers,
    }
}

fn cells(it: &Line<'_>) -> Vec<String> {
    let share = |it: f64| format!("{:.2}%", it * 100.0);
    let or_nothing = |it: Option<f64>, text: &dyn Fn(f64) -> String| it.map_or_else(|| "-".to_owned(), text);
    let Line { function, numbers: it, .. } = it;
    vec![
        visible(function),
        format!("{:.0}", it.calls),
        format!("{:.2}", it.rate),
        format!("{:.0}", it.errors),
        or_nothing(it.error_rate, &share),
        or_nothing(it.p50, &duration),
        or_nothing(it.p95, &duration),
        or_nothing(it.p99, &duration),
        or_nothing(it.in_flight, &|it| format!("{it:.0}")),
        or_nothing(it.budget_left, &share),
    ]
}

/// A time range as text, in whole minutes from one minute up.
fn span(seconds: u32) -> String {
    if seconds < 60 { format!("{seconds} s") } else { format!("{} min", seconds / 60) }
}

fn duration(seconds: f64) -> String {
    let (factor, unit) = match seconds {
        it if it >= 1.0 => (1.0, "s"),
        it if it >= 1e-3 => (1e3, "ms"),
        _ => (1e6, "us"),
    };
    format!("{:.2}{unit}", seconds * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> View {
        let model = r#"{"program": {"name": "shop", "version": "1"}, "functions": [
            {"id": "a", "function": "a", "module": "m", "file": "a.rs", "line": 1},
            {"id": "b", "function": "b\u001b[2J", "module": "m", "file": "a.rs", "line": 2},
            {"id": "c", "function": "c", "module": "m", "file": "a.rs", "line": 3}]}"#;
        let answer = r#"{"epoch": 1, "windows": {"recent": 300, "budget": 59}, "functions": {
            "a": {"calls": 5, "rate": 1.5, "errors": 1, "error_rate": 0.2, "p95": 0.0042, "budget_left": 0.5},
            "b": {"calls": 9, "rate": 0.0, "errors": 0, "budget_left": -2},
            "c": {"calls": 7, "rate": 3.0, "errors": 0, "error_rate": 0.0, "p95": 1.5, "in_flight": 2}}}"#;
        View::new(serde_json::from_str(model).unwrap(), serde_json::from_str(answer).unwrap())
    }

    #[test]
    fn each_column_sorts_the_worst_first() {
        let view = view();
        let check = |keys: &str, expected: &str| {
            let order = keys.chars().fold(Order::new(Column::Rate), |order, it| order.key(it).unwrap());
            let ids: String = view.lines(order).iter().map(|it| it.id).collect();
            assert_eq!(ids, expected, "{keys}");
        };
        check("", "cab");
        check("r", "bac");
        check("rr", "cab");
        check("n", "abc");
        check("nn", "cba");
        check("c", "bca");
        check("e", "acb");
        check("9", "cab");
        check("99", "acb");
        check("b", "bac");
        check("i", "cab");
        assert_eq!(Order::new(Column::Rate).key('x'), None);
    }

    #[test]
    fn texts_of_a_program_cannot_control_the_terminal() {
        let text = view().text(Order::new(Column::Name));
        assert!(!text.contains("\u{1b}[2J") && text.contains("m::b\\u{1b}[2J"), "{text}");
        assert!(text.contains("shop 1: 3 functions, no alert would fire; "), "{text}");
        assert!(text.contains("of the last 5 min, budgets of the last 59 s\n"), "{text}");
        let row = text.lines().find(|it| it.starts_with("m::a")).unwrap();
        let cells: Vec<&str> = row.split_whitespace().collect();
        assert_eq!(cells, ["m::a", "5", "1.50", "1", "20.00%", "-", "4.20ms", "-", "-", "50.00%"]);
    }
}
