//! A test program with a recorder of its own: the capture panics with an explanation.

use measurand::testing::capture;
use metrics_util::debugging::DebuggingRecorder;

#[test]
#[should_panic(
    expected = "the process has another recorder, so nothing can be captured; in a test program with captures"
)]
fn another_recorder() {
    DebuggingRecorder::new().install().expect("the first recorder");
    let _captured = capture();
}
