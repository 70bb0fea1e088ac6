//! Objectives of the wrong form.

use measurand::{measured, neural_op};

#[measured(slo)]
fn alone() {}

#[measured(slo = 99.9)]
fn assigned() {}

#[measured(slo())]
fn empty() {}

#[measured(slo[success = 99.9])]
fn brackets() {}

#[measured(slo(success))]
fn no_value() {}

#[measured(slo(success = ))]
fn nothing_behind() {}

#[measured(slo("99.9"))]
fn no_key() {}

#[measured(slo(success: 99.9))]
fn colon() {}

#[neural_op("learning", slo(latency = "10ms"))]
fn no_share() {}

#[measured(slo(latency = 10 @ 99))]
fn no_unit() {}

#[measured(slo(latency = "10ms" at 99))]
fn word() {}

#[measured(slo(success = 99.9 latency = "10ms" @ 99))]
fn no_comma() {}

fn main() {
    alone();
    assigned();
    empty();
    brackets();
    no_value();
    nothing_behind();
    no_key();
    colon();
    no_share();
    no_unit();
    word();
    no_comma();
}
