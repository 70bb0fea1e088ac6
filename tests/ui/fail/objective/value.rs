//! Invalid shares and durations.

use measurand::measured;

#[measured(slo(success = 100))]
fn always() {}

#[measured(slo(success = 0))]
fn never() {}

#[measured(slo(success = -1))]
fn negative() {}

#[measured(slo(success = 99.9%))]
fn percent() {}

#[measured(slo(success = "99.9"))]
fn quoted() {}

#[measured(slo(latency = "10" @ 99))]
fn no_unit() {}

#[measured(slo(latency = "10 lightyears" @ 99))]
fn no_time() {}

#[measured(slo(latency = "0ms" @ 99))]
fn no_duration() {}

#[measured(slo(latency = "fast" @ 99))]
fn no_number() {}

#[measured(slo(latency = "10ms" @ 1000))]
fn beyond() {}

fn main() {
    always();
    never();
    negative();
    percent();
    quoted();
    no_unit();
    no_time();
    no_duration();
    no_number();
    beyond();
}
