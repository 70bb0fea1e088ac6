//! Mistakes in a body are reported on the user's own lines, with any labels, objectives and samples around it.

use measurand::{measured, neural_op, timed_query};

#[timed_query("select", table = table)]
fn given(table: &str) -> u32 {
    "text"
}

#[timed_query("select", table = |it| it.as_str())]
fn late() -> String {
    1
}

#[timed_query("select", table = table)]
async fn given_later(table: String) -> Result<u32, String> {
    let x = "1".parse::<u32>()?;
    Ok(x)
}

#[measured(caller, slo(success = 99.9, latency = "10ms" @ 99))]
fn promised(x: u32) -> bool {
    x
}

#[neural_op("learning", time = 1 in 16)]
fn sampled() {
    let x: String = 1;
}

#[measured]
mod inner {
    pub(super) fn function() -> u32 {
        "text"
    }
}

struct Thing;

#[measured(owner = "search")]
impl Thing {
    fn method(&self) -> Option<u32> {
        1
    }

    async fn later(&self) -> u32 {
        self.no_such_field
    }
}

fn main() {
    given("");
    late();
    let _ = given_later(String::new());
    promised(1);
    sampled();
    inner::function();
    Thing.method();
    let _ = Thing.later();
}
