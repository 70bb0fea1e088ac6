use measurand::verified;

#[verified("coder")]
fn nothing() {}

#[verified("coder")]
async fn nothing_later() {}

#[verified("coder")]
fn never() -> ! {
    loop {}
}

fn main() {
    nothing();
    let _ = nothing_later();
    never();
}
