//! Places panels in the grid and numbers them.

use crate::model::options::hash;
use crate::model::{Panel, Row};
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
        y = flow(&mut row.panels, y + 1);
        for panel in &mut row.panels {
            panel.id = number(&panel.key, &mut taken);
        }
    }
}

/// Places panels from left to right; a line is as high as its highest panel. Returns the start of the next row.
fn flow(panels: &mut [Panel], top: u32) -> u32 {
    let (mut x, mut y, mut height) = (0, top, 0);
    for panel in panels {
        let place = &mut panel.place;
        if x + place.width > COLUMNS {
            (x, y, height) = (0, y + height, 0);
        }
        (place.x, place.y) = (x, y);
        x += place.width;
        height = height.max(place.height);
    }
    y + height
}

/// Returns a number that follows from the key, so that links to a panel stay valid when other panels change.
fn number(key: &str, taken: &mut BTreeSet<u32>) -> u32 {
    let mut number = 1 + hash(key) % 1_000_000;
    while !taken.insert(number) {
        number += 1;
    }
    number
}
