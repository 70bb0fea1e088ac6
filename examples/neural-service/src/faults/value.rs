//! Reads and writes the values of faults as text.

use serde_json::Value;

/// The unit of a fault's amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Switch,
    Seconds,
    /// From 0 to 1.
    Share,
    Count,
    Mebibytes,
}

impl Unit {
    /// Reads `true`, `0.2` or a text; `standard` is the value of `on`. The error says what is valid.
    pub(crate) fn read(self, standard: f64, value: &Value) -> Result<f64, String> {
        let number = match value {
            Value::Bool(on) => Some(if *on { standard } else { 0.0 }),
            Value::Number(it) => it.as_f64(),
            Value::String(text) => self.parse(standard, text.trim()),
            _ => None,
        };
        let (most, help) = match self {
            Unit::Switch => (1.0, "write `on` or `off`"),
            Unit::Seconds => (600.0, "write a duration up to ten minutes, for example `20ms` or `6s`, or `off`"),
            Unit::Share => (1.0, "write a share from 0 to 1, for example `0.2`, or `off`"),
            Unit::Count => (100_000.0, "write a number up to 100000, or `off`"),
            Unit::Mebibytes => (1024.0, "write mebibytes up to 1024, for example `20MiB`, or `off`"),
        };
        number.filter(|it| (0.0..=most).contains(it)).ok_or_else(|| help.to_owned())
    }

    fn parse(self, standard: f64, text: &str) -> Option<f64> {
        let scaled = |digits: &str, factor: f64| digits.trim().parse::<f64>().ok().map(|it| it * factor);
        match (text, self) {
            ("on", _) => Some(standard),
            ("off", _) => Some(0.0),
            (_, Unit::Seconds) if text.ends_with("ms") => scaled(text.strip_suffix("ms")?, 1e-3),
            (_, Unit::Seconds) if text.ends_with('s') => scaled(text.strip_suffix('s')?, 1.0),
            (_, Unit::Share) if text.ends_with('%') => scaled(text.strip_suffix('%')?, 1e-2),
            (_, Unit::Mebibytes) => scaled(text.strip_suffix("MiB").unwrap_or(text), 1.0),
            _ => scaled(text, 1.0),
        }
    }

    /// Writes a value in the form that `read` accepts.
    pub(crate) fn write(self, amount: f64) -> String {
        match self {
            _ if amount == 0.0 => "off".to_owned(),
            Unit::Switch => "on".to_owned(),
            Unit::Seconds if amount < 1.0 => format!("{}ms", (amount * 1e6).round() / 1e3),
            Unit::Seconds => format!("{amount}s"),
            Unit::Share | Unit::Count => amount.to_string(),
            Unit::Mebibytes => format!("{amount}MiB"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Unit;
    use serde_json::{Value, json};

    #[track_caller]
    fn check(unit: Unit, value: &Value, expected: Option<f64>) {
        let found = unit.read(0.5, value).ok();
        let equal = match (found, expected) {
            (Some(found), Some(expected)) => (found - expected).abs() < 1e-9,
            (found, expected) => found == expected,
        };
        assert!(equal, "{value}: {found:?} instead of {expected:?}");
        if let Some(amount) = found {
            let again = unit.read(0.5, &Value::from(unit.write(amount))).expect("`read` accepts the output of `write`");
            assert!(unit == Unit::Switch || (again - amount).abs() < 1e-9, "{value}: first {amount}, then {again}");
        }
    }

    #[test]
    fn values() {
        check(Unit::Seconds, &json!("20ms"), Some(0.02));
        check(Unit::Seconds, &json!("6s"), Some(6.0));
        check(Unit::Seconds, &json!(1.5), Some(1.5));
        check(Unit::Seconds, &json!("off"), Some(0.0));
        check(Unit::Seconds, &json!("1h"), None);
        check(Unit::Seconds, &json!("-1s"), None);
        check(Unit::Share, &json!("20%"), Some(0.2));
        check(Unit::Share, &json!(true), Some(0.5));
        check(Unit::Share, &json!(false), Some(0.0));
        check(Unit::Share, &json!(1.1), None);
        check(Unit::Share, &json!("NaN"), None);
        check(Unit::Switch, &json!("on"), Some(0.5));
        check(Unit::Switch, &json!(null), None);
        check(Unit::Count, &json!(1e9), None);
        check(Unit::Mebibytes, &json!("20MiB"), Some(20.0));
        check(Unit::Mebibytes, &json!("20 MiB"), Some(20.0));
    }
}
