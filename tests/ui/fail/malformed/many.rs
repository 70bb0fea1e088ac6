//! All mistakes are reported at once, and each only once.

use measurand::{timed_query, verified};

#[timed_query("selct", tabel = "", owner = 5, colour = "red")]
const fn load() {}

#[verified(agent_id = 7, threshold = 1.5, threshold = 2, ok_if = |_| true)]
fn verify() {}

fn main() {
    load();
    verify();
}
