//! Derives the dimension of an expression from its metric names, and compares it with the unit of a panel.

use promql_parser::parser::Expr;

/// The dimension of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dimension {
    Seconds,
    Bytes,
    /// From 0 to 1.
    Share,
    /// A number of events per second.
    PerSecond,
}

impl Dimension {
    /// The units for a number of this dimension.
    pub(super) fn units(self) -> &'static [&'static str] {
        match self {
            Dimension::Seconds => &["s", "dtdurations", "dthms", "clocks"],
            Dimension::Bytes => &["bytes", "decbytes"],
            Dimension::Share => &["percentunit"],
            Dimension::PerSecond => {
                &["ops", "reqps", "cps", "rps", "wps", "iops", "eps", "mps", "recps", "rowsps", "hertz"]
            }
        }
    }

    /// Whether a unit is certainly wrong: it has another scale or another dimension.
    pub(super) fn is_contradicted_by(self, unit: &str) -> bool {
        const TIMES: &[&str] =
            &["s", "ms", "µs", "ns", "m", "h", "d", "dtdurations", "dtdurationms", "dthms", "clocks", "clockms"];
        const SIZES: &[&str] = &[
            "bytes",
            "decbytes",
            "bits",
            "decbits",
            "kbytes",
            "mbytes",
            "gbytes",
            "deckbytes",
            "decmbytes",
            "decgbytes",
        ];
        const SHARES: &[&str] = &["percent", "percentunit"];
        const RATES: &[&str] =
            &["ops", "reqps", "cps", "rps", "wps", "iops", "opm", "rpm", "wpm", "cpm", "Bps", "binBps", "bps"];
        let known = [TIMES, SIZES, SHARES, RATES].concat();
        known.contains(&unit) && !self.units().contains(&unit)
    }
}

/// The dimension of an expression. Returns `None` if it is uncertain.
pub(super) fn dimension(tree: &Expr) -> Option<Dimension> {
    match tree {
        Expr::Paren(it) => dimension(&it.expr),
        Expr::VectorSelector(it) => it.name.as_deref().and_then(of_name),
        Expr::Aggregate(it) => match it.op.to_string().as_str() {
            "sum" | "avg" | "min" | "max" | "topk" | "bottomk" | "quantile" => dimension(&it.expr),
            _ => None,
        },
        Expr::Call(it) => {
            let argument = |index: usize| it.args.args.get(index).map(|it| &**it);
            match it.func.name {
                "rate" | "irate" => match argument(0) {
                    Some(Expr::MatrixSelector(range)) => rate_of(range.vs.name.as_deref()?),
                    _ => None,
                },
                "histogram_quantile" => quantile_of(argument(1)?),
                "max_over_time" | "min_over_time" | "avg_over_time" | "last_over_time" => match argument(0) {
                    Some(Expr::MatrixSelector(range)) => range.vs.name.as_deref().and_then(of_name),
                    _ => None,
                },
                _ => None,
            }
        }
        Expr::Binary(it) => match it.op.to_string().as_str() {
            "or" | "and" | "unless" | ">" | "<" | ">=" | "<=" | "==" | "!=" => dimension(&it.lhs),
            "+" | "-" => dimension(&it.lhs).filter(|left| dimension(&it.rhs) == Some(*left)),
            _ => None,
        },
        _ => None,
    }
}

fn of_name(name: &str) -> Option<Dimension> {
    // A timestamp is not a duration, and the suffix of a recorded series names an operation instead of a unit.
    if name.ends_with("_start_time_seconds") || name.ends_with("_timestamp_seconds") || name.contains(':') {
        None
    } else if name.ends_with("_seconds") {
        Some(Dimension::Seconds)
    } else if name.ends_with("_bytes") {
        Some(Dimension::Bytes)
    } else if name.ends_with("_ratio") {
        Some(Dimension::Share)
    } else {
        None
    }
}

fn rate_of(name: &str) -> Option<Dimension> {
    let is_amount = ["_seconds_total", "_bytes_total", "_sum"].iter().any(|it| name.ends_with(it));
    let is_count = name.ends_with("_total") || name.ends_with("_count");
    (is_count && !is_amount && !name.contains(':')).then_some(Dimension::PerSecond)
}

/// The dimension of a quantile, which is that of the histogram inside.
fn quantile_of(tree: &Expr) -> Option<Dimension> {
    let all = crate::read::selections(tree);
    let mut names = all.iter().filter_map(|it| it.name());
    let name = names.next()?;
    names.all(|it| it == name).then(|| of_name(name.strip_suffix("_bucket").unwrap_or(name)))?
}

#[cfg(test)]
mod tests {
    use super::{Dimension, dimension};

    #[track_caller]
    fn check(text: &str, expected: Option<Dimension>) {
        let expression = crate::read::Expression::parse(text).unwrap();
        assert_eq!(dimension(&expression.tree), expected, "{text}");
    }

    #[test]
    fn expressions_have_a_dimension() {
        check("histogram_quantile(0.95, sum by (le) (rate(a_seconds_bucket[5m])))", Some(Dimension::Seconds));
        check("sum(rate(a_total[5m]))", Some(Dimension::PerSecond));
        check("sum(rate(a_seconds_total[5m]))", None);
        check("max by (job) (process_resident_memory_bytes)", Some(Dimension::Bytes));
        check("time() - process_start_time_seconds", None);
        check("sum(rate(a_total[5m])) / sum(rate(b_total[5m]))", None);
        assert!(Dimension::Seconds.is_contradicted_by("ms") && !Dimension::Seconds.is_contradicted_by("short"));
    }
}
