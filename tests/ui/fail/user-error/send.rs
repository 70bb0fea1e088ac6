use measurand::measured;
use std::pin::Pin;
use std::rc::Rc;

#[measured]
async fn not_send() {
    let shared = Rc::new(1);
    std::future::ready(()).await;
    drop(shared);
}

#[measured]
fn returned() -> impl Future<Output = ()> + Send {
    async {
        let shared = Rc::new(1);
        std::future::ready(()).await;
        drop(shared);
    }
}

#[measured]
fn boxed() -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async {
        let shared = Rc::new(1);
        std::future::ready(()).await;
        drop(shared);
    })
}

fn assert_send(_: impl Send) {}

fn main() {
    assert_send(not_send());
    assert_send(returned());
    assert_send(boxed());
}
