use measurand::verified;

struct Review;

#[verified("coder")]
fn sync() -> u32 {
    1
}

#[verified("coder")]
async fn later() -> Result<Review, String> {
    Ok(Review)
}

#[verified("coder")]
fn future() -> impl Future<Output = bool> {
    async { true }
}

#[verified("coder", rollback = undo())]
fn with_rollback() -> Option<String> {
    None
}

fn undo() {}

fn main() {
    sync();
    let _ = later();
    let _ = future();
    with_rollback();
}
