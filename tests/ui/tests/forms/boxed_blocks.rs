//! `#[async_trait]` and our attribute on the same block, in both orders.

use crate::{block_on, check_not_ok, check_ok, record, suspend};
use async_trait::async_trait;
use measurand::{measured, timed_query};

#[async_trait]
trait Agent: Send + Sync {
    async fn plan(&self, steps: u32) -> Result<u32, String>;
    async fn rest(&mut self) -> &mut u32;
    fn name(&self) -> String;
}

struct Above(u32);
struct Below(u32);

#[measured]
#[async_trait]
impl Agent for Above {
    async fn plan(&self, steps: u32) -> Result<u32, String> {
        suspend().await;
        steps.checked_sub(self.0).ok_or_else(|| "too few".to_owned())
    }

    async fn rest(&mut self) -> &mut u32 {
        suspend().await;
        &mut self.0
    }

    fn name(&self) -> String {
        "above".to_owned()
    }
}

#[async_trait]
#[measured]
impl Agent for Below {
    async fn plan(&self, steps: u32) -> Result<u32, String> {
        suspend().await;
        steps.checked_sub(self.0).ok_or_else(|| "too few".to_owned())
    }

    async fn rest(&mut self) -> &mut u32 {
        suspend().await;
        &mut self.0
    }

    #[measured(skip)]
    fn name(&self) -> String {
        "below".to_owned()
    }
}

#[test]
fn above_async_trait() {
    let mut agent = Above(1);
    check_ok("<Above as Agent>::plan", || assert_eq!(block_on(agent.plan(2)), Ok(1)));
    check_not_ok("<Above as Agent>::plan", "error", || assert!(block_on(agent.plan(0)).is_err()));
    check_ok("<Above as Agent>::rest", || *block_on(agent.rest()) += 1);
    assert_eq!(agent.0, 2);
    check_ok("<Above as Agent>::name", || assert_eq!(agent.name(), "above"));
    assert_eq!(record(|| drop(agent.plan(1))), [""; 0]);
}

#[test]
fn below_async_trait() {
    let mut agent = Below(1);
    check_ok("<Below as Agent>::plan", || assert_eq!(block_on(agent.plan(2)), Ok(1)));
    check_not_ok("<Below as Agent>::plan", "error", || assert!(block_on(agent.plan(0)).is_err()));
    check_ok("<Below as Agent>::rest", || *block_on(agent.rest()) += 1);
    assert_eq!(agent.0, 2);
    assert_eq!(record(|| assert_eq!(agent.name(), "below")), [""; 0]);
    assert_eq!(record(|| drop(agent.plan(1))), [""; 0]);
}

#[measured]
#[async_trait]
trait TraitAbove: Sync {
    async fn provided_above(&self) -> Option<u32> {
        suspend().await;
        Some(self.required().await)
    }

    async fn required(&self) -> u32;
}

#[async_trait]
#[measured]
trait TraitBelow: Sync {
    async fn provided_below(&self) -> Result<(), u8> {
        suspend().await;
        Err(1)
    }
}

#[async_trait]
impl TraitAbove for u32 {
    async fn required(&self) -> u32 {
        *self
    }
}

impl TraitBelow for u32 {}

#[test]
fn traits_under_async_trait() {
    check_ok("TraitAbove::provided_above", || assert_eq!(block_on(7.provided_above()), Some(7)));
    check_not_ok("TraitBelow::provided_below", "error", || assert_eq!(block_on(7.provided_below()), Err(1)));
}

#[async_trait]
trait Load {
    async fn load(&self, table: &str) -> Result<u32, String>;
    async fn count(&self, table: String) -> Result<u32, String>;
}

struct Store;

#[async_trait]
impl Load for Store {
    #[timed_query("select", table = table)]
    async fn load(&self, table: &str) -> Result<u32, String> {
        suspend().await;
        if table.is_empty() { Err("no table".to_owned()) } else { Ok(1) }
    }

    #[timed_query("select", table = |found| if found.is_ok() { "some" } else { "none" })]
    async fn count(&self, table: String) -> Result<u32, String> {
        suspend().await;
        if table.is_empty() { Err(table) } else { Ok(1) }
    }
}

#[test]
fn labels_under_async_trait() {
    let select = |table: &str| format!("db_query_duration_seconds{{query_type=select,table={table}}} 1");
    assert_eq!(record(|| assert_eq!(block_on(Store.load("rows")), Ok(1))), [select("rows")]);
    assert_eq!(record(|| assert_eq!(block_on(Store.count("rows".to_owned())), Ok(1))), [select("some")]);
    let error = "db_query_errors_total{query_type=select,table=none,outcome=error} 1";
    assert_eq!(record(|| assert!(block_on(Store.count(String::new())).is_err())), [select("none"), error.to_owned()]);
}
