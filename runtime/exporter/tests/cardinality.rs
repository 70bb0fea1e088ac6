//! With a million distinct label values, and as many names, memory stays bounded and the other series stay exact. This
//! test has its own process, because it measures the memory of the process.

mod support;

use measurand_exporter::Recorder;
use metrics::{counter, histogram, with_local_recorder};
use support::{check_scrape, program};

const VALUES: u32 = 250_000;
/// Maximum growth of memory for all of it.
const MOST_BYTES: usize = 16 << 20;

#[test]
fn a_million_values_leave_memory_bounded_and_the_rest_exact() {
    let recorder = Recorder::new(&program());
    let record = |number: u32| {
        counter!("function_calls_total", "function" => format!("user_{number}"), "module" => "m").increment(1);
        counter!("requests_total", "user" => format!("user_{number}")).increment(1);
        counter!(format!("requests_of_{number}_total")).increment(1);
        histogram!("wait_seconds", "user" => format!("user_{number}")).record(0.2);
        counter!("neural_operations_total", "operation_type" => "learning").increment(1);
    };
    with_local_recorder(&recorder, || {
        // The series within the limits exist in any case.
        (0..3000).for_each(record);
        let _text = recorder.render();
        let before = resident();
        (3000..VALUES).for_each(record);
        let text = recorder.render();
        let grown = resident().saturating_sub(before);
        assert!(grown < MOST_BYTES, "{grown} bytes more");

        let series = check_scrape(&text);
        let value = |name: &str| series[name].to_bits();
        let expect = |count: u32| f64::from(count).to_bits();
        assert_eq!(value(r#"neural_operations_total{operation_type="learning"}"#), expect(VALUES));
        assert_eq!(value(r#"function_calls_total{function="user_7",module="m"}"#), expect(1));
        assert_eq!(value(r#"function_calls_total{function="_other",module="_other"}"#), expect(VALUES - 2000));
        assert_eq!(value(r#"requests_total{user="_other"}"#), expect(VALUES - 2000));
        assert_eq!(value(r#"wait_seconds_count{user="_other"}"#), expect(VALUES - 2000));
    });
}

fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").expect("this test runs on Linux");
    pages.split(' ').nth(1).and_then(|it| it.parse::<usize>().ok()).expect("a number of pages") * 4096
}
