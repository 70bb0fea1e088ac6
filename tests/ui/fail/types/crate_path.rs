use measurand::measured;

mod facade {}

#[measured(crate = crate::facade::measurand)]
fn wrong() {}

fn main() {
    wrong();
}
