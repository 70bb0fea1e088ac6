//! The settings of burn rate alerts: `[objectives.ErrorBudgetFastBurn]`, `[objectives.ErrorBudgetBurn]` and
//! `[objectives.ErrorBudgetSlowBurn]`.

use super::{NO_DURATION, NO_SEVERITY, seconds, severity};
use crate::suggest::did_you_mean;
use measurand_catalog::Catalog;
use measurand_monitoring::build::objectives;
use measurand_monitoring::build::used_family::used;
use measurand_monitoring::build::validate::valid;
use measurand_monitoring::model::burn_rate::{BurnRateAlert, BurnRateWindows, NAMES};
use serde::Deserialize;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBurnRate {
    r#for: Option<Spanned<String>>,
    severity: Option<Spanned<String>>,
    windows: Option<Spanned<Vec<RawPair>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPair {
    times: Spanned<f64>,
    long: Spanned<String>,
    short: Spanned<String>,
}

/// A burn rate in the file, with its place for messages.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Factor {
    place: String,
    alert: String,
    times: f64,
}

impl Factor {
    /// Refuses a burn rate that the smallest error budget cannot reach even if every call fails.
    pub(super) fn check(factors: &[Self], catalog: &Catalog) -> Result<(), String> {
        let valid = valid(catalog);
        let budgets = objectives::all(&used(&valid)).iter().map(objectives::SiteObjective::budget).reduce(f64::min);
        let Some(smallest) = budgets else { return Ok(()) };
        let Some(Self { place, alert, times }) = factors.iter().find(|it| it.times * smallest >= 1.0) else {
            return Ok(());
        };
        let (budget, bound) = (objectives::percent(smallest), 1.0 / smallest);
        Err(format!(
            "{place}: `{alert}` can never fire: {times} times {budget}, the smallest error budget of the program, is \
             more than all calls; help: write `times` below {bound}"
        ))
    }
}

impl RawBurnRate {
    /// Changes the alert with this name. Returns its burn rates. `place` returns the file and line of an offset.
    pub(super) fn apply(
        self,
        alert: &Spanned<String>,
        burns: &mut [BurnRateAlert; 3],
        place: &dyn Fn(usize) -> String,
    ) -> Result<Vec<Factor>, String> {
        let wrong = |value: &Spanned<String>, reason: &str| {
            format!("{}: `{}` {reason}", place(value.span().start), value.get_ref().escape_debug())
        };
        let Some((_, burn)) = NAMES.into_iter().zip(burns).find(|it| it.0 == alert.get_ref()) else {
            let otherwise = format!("write one of {}", NAMES.join(", "));
            let help = did_you_mean(alert.get_ref(), NAMES.into_iter(), &otherwise);
            return Err(wrong(alert, &format!("is not a burn rate alert; help: {help}")));
        };
        if let Some(it) = self.r#for {
            burn.for_seconds = seconds(it.get_ref()).ok_or_else(|| wrong(&it, NO_DURATION))?;
        }
        if let Some(it) = self.severity {
            burn.severity = severity(it.get_ref()).ok_or_else(|| wrong(&it, NO_SEVERITY))?;
        }
        let Some(windows) = self.windows else { return Ok(Vec::new()) };
        if windows.get_ref().is_empty() {
            let example = "`windows = [{ times = 6, long = \"6h\", short = \"30m\" }]`";
            return Err(format!(
                "{}: `{}` has no windows; help: write {example}",
                place(windows.span().start),
                alert.get_ref()
            ));
        }
        burn.pairs.clear();
        let mut factors = Vec::new();
        for window in windows.into_inner() {
            let read = |it: &Spanned<String>| seconds(it.get_ref()).ok_or_else(|| wrong(it, NO_DURATION));
            let pair = BurnRateWindows {
                factor: *window.times.get_ref(),
                long: read(&window.long)?,
                short: read(&window.short)?,
            };
            if let Some(mistake) = pair.mistake() {
                return Err(format!("{}: `{}`: {mistake}", place(window.times.span().start), alert.get_ref()));
            }
            if burn.pairs.contains(&pair) {
                return Err(format!(
                    "{}: `{}` has these windows twice; help: remove one",
                    place(window.times.span().start),
                    alert.get_ref()
                ));
            }
            burn.pairs.push(pair);
            let place = place(window.times.span().start);
            factors.push(Factor { place, alert: alert.get_ref().clone(), times: pair.factor });
        }
        Ok(factors)
    }
}
