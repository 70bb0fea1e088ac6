//! Functions of several forms. Their names are not mangled, so both builds have the same symbols.
#![allow(unexpected_cfgs, reason = "the test sets `annotated` and `streams`")]

#[unsafe(no_mangle)]
#[cfg_attr(annotated, measurand::measured(slo(success = 99.9, latency = "10ms" @ 99), caller, owner = "me"))]
pub fn plain(x: u64) -> u64 {
    x.rotate_left(7) ^ 0x9e37
}

#[unsafe(no_mangle)]
#[cfg_attr(annotated, measurand::timed_query("select", table = name, time = 1 in 16))]
pub fn fallible(name: &str, x: u64) -> Result<u64, String> {
    if x.is_multiple_of(3) {
        return Err(format!("{name} {x}"));
    }
    Ok(x.checked_mul(5).ok_or("too large")?)
}

#[unsafe(no_mangle)]
#[cfg_attr(annotated, measurand::verified(agent_id = "coder", rollback = undo()))]
pub fn score(x: f64) -> f64 {
    x / 2.0
}

pub fn undo() {}

pub struct Store(pub Vec<u64>);

#[cfg_attr(annotated, measurand::neural_op("retrieval"))]
impl Store {
    #[unsafe(no_mangle)]
    pub fn first(&mut self) -> Option<&mut u64> {
        self.0.first_mut()
    }
}

#[cfg_attr(annotated, measurand::measured)]
async fn later(x: u64) -> u64 {
    std::future::ready(x).await + 1
}

#[unsafe(no_mangle)]
pub fn wait(x: u64) -> u64 {
    let mut future = std::pin::pin!(later(x));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(it) => it,
        std::task::Poll::Pending => 0,
    }
}

/// Attributes recognize streams by the name of the trait.
#[cfg(streams)]
pub mod streams {
    pub trait Stream {
        type Item;
    }

    impl Stream for Vec<u64> {
        type Item = u64;
    }

    #[measurand::measured]
    pub fn numbers() -> impl Stream<Item = u64> {
        vec![1]
    }
}
