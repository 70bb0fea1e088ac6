//! An objective of a function whose label may name several functions.

use measurand::measured;

#[measured(name, slo(success = 99.9))]
fn given(name: &str) {
    let _ = name;
}

#[measured(function = |it| *it, slo(latency = "10ms" @ 99))]
fn late() -> &'static str {
    "late"
}

fn main() {}
