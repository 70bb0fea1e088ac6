//! Requests to other services. Default of `operation`: the function's name.

use crate::block_on;
use measurand::outgoing;
use measurand::testing::capture;

#[outgoing("payments")]
fn charge(result: Result<u32, u32>) -> Result<u32, u32> {
    result
}

#[outgoing(service, operation = "refund")]
async fn call(service: &str, result: Result<u32, u32>) -> Result<u32, u32> {
    result
}

/// A client that returns the status of a response.
#[outgoing("payments", "status", error_if = |status| *status >= 500)]
fn status(status: u16) -> u16 {
    status
}

struct Client(u32);

#[outgoing("payments")]
impl Client {
    fn balance(&self) -> u32 {
        self.0
    }
}

#[test]
fn requests_by_peer_and_operation() {
    let captured = capture();
    assert_eq!((charge(Ok(1)), charge(Err(2))), (Ok(1), Err(2)));
    assert_eq!(block_on(call("refunds", Ok(3))), Ok(3));
    assert_eq!((status(404), status(503)), (404, 503));
    assert_eq!(Client(5).balance(), 5);
    for (peer, operation, ok, errors) in [
        ("payments", "charge", 1, 1),
        ("refunds", "refund", 1, 0),
        ("payments", "status", 1, 1),
        ("payments", "Client::balance", 1, 0),
    ] {
        captured.family("outgoing", &[("peer", peer), ("operation", operation)]).ok(ok).errors(errors);
    }
}
