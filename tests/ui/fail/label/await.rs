//! `.await` in the label of a function that is not an `async fn`.

use measurand::timed_query;

#[timed_query("select", table = name().await)]
fn not_async() {}

#[timed_query("select", table = |_| name().await)]
async fn closure_that_awaits() -> u32 {
    1
}

async fn name() -> String {
    String::new()
}

fn main() {
    not_async();
    let _ = closure_that_awaits();
}
