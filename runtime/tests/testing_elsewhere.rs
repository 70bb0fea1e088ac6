//! A test program with a recorder of its own: the capture says so.

use measurand::testing::capture;
use metrics_util::debugging::DebuggingRecorder;

#[test]
#[should_panic(
    expected = "the process has another recorder, so nothing can be captured; install none in a test program"
)]
fn another_recorder() {
    DebuggingRecorder::new().install().expect("the first recorder");
    let _captured = capture();
}
