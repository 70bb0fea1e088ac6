use measurand::{measured, verified};

#[measured(ok_if = |it| *it > 0, error_if = |it| *it == 0)]
fn compute() -> u32 {
    1
}

#[verified("coder", error_if = |it| *it < 0.5)]
fn verify() -> f64 {
    1.0
}

#[measured(ok_if = |_| true)]
fn never() -> ! {
    std::process::exit(0)
}

fn main() {
    compute();
    verify();
    never();
}
