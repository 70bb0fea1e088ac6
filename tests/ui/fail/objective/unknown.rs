//! Unknown parts of an objective, and parts given twice.

use measurand::measured;

#[measured(slo(sucess = 99.9))]
fn misspelt() {}

#[measured(slo(availability = 99.9))]
fn other() {}

#[measured(slo(Latency = "10ms" @ 99))]
fn capital() {}

#[measured(slo(success = 99, success = 98))]
fn twice() {}

#[measured(slo(success = 99), slo(latency = "1s" @ 99))]
fn two_of_them() {}

#[measured(sla(success = 99.9))]
fn three_letters() {}

#[measured(objective(success = 99.9))]
fn long_name() {}

fn main() {
    misspelt();
    other();
    capital();
    twice();
    two_of_them();
    three_letters();
    long_name();
}
