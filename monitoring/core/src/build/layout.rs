//! Places panels in the grid and numbers them.

use crate::model::options::hash;
use crate::model::{Panel, Rectangle, Row};
use std::collections::BTreeSet;

/// The width of Grafana's grid.
pub const COLUMNS: u32 = 24;

/// Sets the position and the number of every row and panel.
pub fn place(rows: &mut [Row]) {
    let mut y = 0;
    let mut taken = BTreeSet::new();
    for row in rows {
        row.y = y;
        row.id = number(&row.key, &mut taken);
        let end = flow(&mut row.panels, y + 1);
        y = if row.collapsed { y + 1 } else { end };
        for panel in &mut row.panels {
            panel.id = number(&panel.key, &mut taken);
        }
    }
}

/// Places panels from left to right. The panels of a line become as high as the highest one, and wider until they fill
/// the line. Returns the start of the next row.
fn flow(panels: &mut [Panel], top: u32) -> u32 {
    let (mut y, mut rest) = (top, panels);
    while !rest.is_empty() {
        let mut width = 0;
        let fits = |it: &&Panel| {
            width += it.place.width;
            width <= COLUMNS
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let (line, next) = rest.split_at_mut(count);
        let used: u32 = line.iter().map(|it| it.place.width).sum();
        let height = line.iter().map(|it| it.place.height).max().unwrap_or_default();
        let (mut x, mut before) = (0, 0);
        for panel in line {
            before += panel.place.width;
            let end = before * COLUMNS / used.max(1);
            panel.place = Rectangle { x, y, width: end - x, height };
            x = end;
        }
        y += height;
        rest = next;
    }
    y
}

/// Returns a number that follows from the key, so that links to a panel stay valid when other panels change.
fn number(key: &str, taken: &mut BTreeSet<u32>) -> u32 {
    let mut number = 1 + hash(key) % 1_000_000;
    while !taken.insert(number) {
        number += 1;
    }
    number
}
