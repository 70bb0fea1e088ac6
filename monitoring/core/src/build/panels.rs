//! The rows of the dashboard and their order.

mod database;
pub(crate) mod explorer;
mod family;
mod fixed_rows;
pub(crate) mod keys;
mod lines;
mod neural;
mod objectives;
pub(crate) mod overview;
mod planning;
pub(crate) mod programs;
pub(crate) mod spec;
mod stack;
pub(crate) mod system;
mod verification;

use super::layout;
use super::used_family::UsedFamily;
use crate::model::Row;
use crate::model::burn_rate::BurnRateAlert;
use fixed_rows::{FIXED, has_own_row};
use spec::{Limits, row};

/// Returns the whole dashboard with positions and numbers. First come the rows that answer at a glance what users notice:
/// the overview, the objectives and the functions. The rows with details are collapsed.
pub(crate) fn rows(all: &[UsedFamily<'_>], limits: &Limits<'_>, burns: &[BurnRateAlert; 3]) -> Vec<Row> {
    let overview = row(overview::KEY, "System overview", overview::PANELS, all, limits);
    let mut rows = vec![Row { collapsed: false, ..overview }];
    rows.push(objectives::row(all, limits, burns));
    rows.push(explorer::row(all, limits));
    rows.push(explorer::details(all, limits));
    rows.extend(FIXED.iter().map(|it| row(it.key, it.title, it.panels, all, limits)));
    rows.extend(all.iter().filter(|it| has_own_row(&it.family.name)).map(|family| {
        let key = format!("family-{}", family.family.name);
        row(&key, &family.family.title, family::PANELS, std::slice::from_ref(family), limits)
    }));
    rows.push(row(system::KEY, "System resources", system::PANELS, all, limits));
    rows.push(row(stack::KEY, "Monitoring", stack::PANELS, all, limits));
    rows.retain(|it| !it.panels.is_empty());
    layout::place(&mut rows);
    rows
}
