//! Futures with bounds, borrows and recursion that are hard for the compiler; all of them are still `Send`.

use crate::{block_on, check_not_ok, check_ok, record, suspend};
use measurand::{measured, verified};
use std::error::Error;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

type Callback = Box<dyn for<'a> Fn(&'a str) -> &'a str + Send + Sync>;

#[measured]
async fn callbacks<'a>(text: &'a str, all: &mut [Callback]) -> Result<&'a str, Box<dyn Error + Send + Sync>> {
    let mut text = text;
    for callback in all {
        text = callback(text);
        suspend().await;
    }
    Ok(text)
}

#[measured]
async fn asynchronous_closure<F, T>(mut call: F) -> T
where
    F: AsyncFnMut(&str) -> T,
{
    call("a").await
}

#[measured(ok_if = Result::is_ok)]
async fn higher_order<'a, F, Fut, T>(text: &'a str, call: F) -> Result<T, Box<dyn Error + Send>>
where
    F: Fn(&'a str) -> Fut + Send,
    Fut: Future<Output = T> + Send + 'a,
    T: Send + 'a,
{
    Ok(call(text).await)
}

#[measured]
async fn many(all: impl IntoIterator<Item = impl Future<Output = u32> + Send, IntoIter: Send> + Send) -> u32 {
    let mut sum = 0;
    for future in all {
        sum += future.await;
    }
    sum
}

#[measured]
fn recursive(depth: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
    Box::pin(async move {
        suspend().await;
        if depth == 0 { 0 } else { recursive(depth - 1).await + 1 }
    })
}

trait Load: Sync {
    fn load(&self, id: u64) -> impl Future<Output = Result<String, String>> + Send;

    #[measured]
    fn load_twice(&self, id: u64) -> impl Future<Output = Result<String, String>> + Send {
        async move { Ok(self.load(id).await? + &self.load(id).await?) }
    }
}

struct Store;

impl Load for Store {
    #[measured]
    async fn load(&self, id: u64) -> Result<String, String> {
        suspend().await;
        Ok(id.to_string())
    }
}

#[verified("coder", rollback = undone.lock().unwrap_or_else(PoisonError::into_inner).push(1))]
async fn verify(undone: &Mutex<Vec<u32>>) -> Result<f64, Box<dyn Error + Send + Sync>> {
    suspend().await;
    Ok("0.5".parse()?)
}

/// A future inside another type is not awaited: the call ends when the function returns.
#[measured]
fn made(ok: bool) -> Result<Pin<Box<dyn Future<Output = u32> + Send>>, ()> {
    if ok { Ok(Box::pin(async { 1 })) } else { Err(()) }
}

/// The bounds of `tokio::spawn`.
fn spawn<F: Future<Output: Send> + Send + 'static>(future: F) -> F::Output {
    block_on(future)
}

#[test]
fn spawned() {
    check_ok("callbacks", || {
        spawn(async {
            let (text, mut all): (_, [Callback; 1]) = ("abc".to_owned(), [Box::new(|it| &it[1..])]);
            assert_eq!(callbacks(&text, &mut all).await.expect("never fails"), "bc");
        });
    });
    check_ok("higher_order", || {
        let length = spawn(higher_order("abc", |it| async move { it.len() }));
        assert_eq!(length.expect("never fails"), 3);
    });
    check_ok("asynchronous_closure", || assert_eq!(block_on(asynchronous_closure(async |it: &str| it.len())), 1));
    check_ok("many", || assert_eq!(spawn(many([suspended(1)])), 1));
    assert_eq!(record(|| assert_eq!(spawn(recursive(3)), 3)), crate::series("recursive", 4, None));
    assert_eq!(record(|| assert_eq!(spawn(async { Store.load_twice(1).await }), Ok("11".to_owned()))).len(), 4);
    spawn(async {
        let undone = Mutex::default();
        verify(&undone).await.expect("a score");
        assert_eq!(undone.lock().expect("not poisoned").len(), 1);
    });
}

async fn suspended(value: u32) -> u32 {
    suspend().await;
    value
}

#[test]
fn futures_inside() {
    check_ok("made", || drop(made(true)));
    check_not_ok("made", "error", || drop(made(false)));
}
