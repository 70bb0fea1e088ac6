//! Boxed futures, written by hand or by `async_trait`: their duration includes the waiting, not only their creation.

use crate::{block_on, check_not_ok, check_ok, durations, suspend};
use measurand::{measured, verified};
use std::pin::Pin;
use std::time::Duration;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[measured]
fn by_hand(value: &str) -> Pin<Box<dyn Future<Output = Result<usize, String>> + Send + '_>> {
    Box::pin(async move {
        suspend().await;
        if value.is_empty() { Err("empty".to_owned()) } else { Ok(value.len()) }
    })
}

#[measured]
fn local() -> Pin<Box<dyn Future<Output = u32>>> {
    Box::pin(async { *std::rc::Rc::new(1) })
}

#[measured]
fn unnamed() -> Pin<Box<impl Future<Output = u32>>> {
    Box::pin(async {
        suspend().await;
        1
    })
}

#[measured]
fn alias(value: &u32) -> BoxFuture<'_, u32> {
    Box::pin(async move {
        suspend().await;
        *value
    })
}

/// It is not a future, despite its name.
struct FutureDynamics;

#[measured]
fn no_future() -> Pin<Box<FutureDynamics>> {
    Box::pin(FutureDynamics)
}

#[test]
fn functions() {
    check_ok("by_hand", || assert_eq!(block_on(by_hand("ab")), Ok(2)));
    check_not_ok("by_hand", "error", || assert!(block_on(by_hand("")).is_err()));
    check_ok("local", || assert_eq!(block_on(local()), 1));
    check_ok("unnamed", || assert_eq!(block_on(unnamed()), 1));
    check_ok("alias", || assert_eq!(block_on(alias(&1)), 1));
    assert_eq!(crate::record(|| drop(unnamed())), [""; 0]);
    assert_eq!(crate::record(|| drop(alias(&1))), [""; 0]);
    check_ok("no_future", || drop(no_future()));
}

#[async_trait::async_trait]
trait Agent: Send + Sync {
    #[measured]
    async fn provided(&self) -> u32 {
        suspend().await;
        1
    }

    async fn sleep(&mut self, scale: u32) -> Result<u32, String>;
    async fn review(&mut self) -> f64;
}

struct Coder {
    naps: u32,
}

impl Coder {
    fn undo(naps: u32) -> u32 {
        naps
    }
}

#[async_trait::async_trait]
impl Agent for Coder {
    #[measured]
    async fn sleep(&mut self, scale: u32) -> Result<u32, String> {
        self.naps += 1;
        tokio::time::sleep(Duration::from_millis(6) * scale).await;
        if scale == 0 {
            return Err("no sleep".to_owned());
        }
        Ok(self.naps)
    }

    #[verified("coder", rollback = Coder::undo(1))]
    async fn review(&mut self) -> f64 {
        suspend().await;
        f64::from(self.naps)
    }
}

#[test]
fn async_trait() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let mut coder = Coder { naps: 0 };
    let durations = durations(|| assert_eq!(runtime.block_on(coder.sleep(1)), Ok(1)));
    assert!(matches!(durations[..], [it] if it > 0.005), "{durations:?}");
    check_not_ok("<Coder as Agent>::sleep", "error", || assert!(runtime.block_on(coder.sleep(0)).is_err()));
    check_ok("Agent::provided", || assert_eq!(block_on(coder.provided()), 1));
    let lines = crate::record(|| assert!(block_on(coder.review()) > 1.0));
    assert!(lines.contains(&"verification_success_total{agent_id=coder} 1".to_owned()), "{lines:#?}");
}

#[measured]
#[tokio::test]
async fn above_another_attribute() {
    tokio::task::yield_now().await;
}

#[tokio::test]
#[measured]
async fn below_another_attribute() {
    tokio::task::yield_now().await;
}
