use measurand::verified;

#[verified("coder", threshold = 1.5)]
fn high() -> f64 {
    1.0
}

#[verified("coder", threshold = -0.5)]
fn low() -> f64 {
    1.0
}

#[verified("coder", threshold = 95)]
fn percent() -> f64 {
    1.0
}

#[verified("coder", threshold = 1e999)]
fn infinite() -> f64 {
    1.0
}

fn main() {
    high();
    low();
    percent();
    infinite();
}
