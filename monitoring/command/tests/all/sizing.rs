//! The estimates of `size`: the arithmetic, and the table in docs/concepts/scaling.md.

use measurand_monitoring::sizing::{Engine, Size, markdown};
use std::path::Path;
use std::process::Command;

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-6 * other.abs()
}

#[test]
fn the_arithmetic_holds() {
    let check = |instances, engine, shards, series: f64| {
        let it = Size::new(instances, 1000, 15);
        assert_eq!((it.engine, it.shards), (engine, shards), "{instances}");
        assert!(close(it.series, series), "{it:?}");
        assert!(close(it.samples_per_second, series / 15.0), "{it:?}");
        assert!(close(it.disk_per_day, series / 15.0 * 2.0 * 86_400.0), "{it:?}");
        assert!(close(it.disk, it.disk_per_day * 30.0) && close(it.memory, series * 4096.0), "{it:?}");
        assert!(close(it.store_year, series / 15.0 * 86_400.0 * 365.0), "{it:?}");
    };
    check(10, Engine::Prometheus, 1, 1e4);
    check(1_000, Engine::Prometheus, 1, 1e6);
    check(2_000, Engine::Prometheus, 1, 2e6);
    check(2_001, Engine::VictoriaMetrics, 2, 2.001e6);
    check(15_000, Engine::VictoriaMetrics, 8, 1.5e7);
    check(15_001, Engine::Cluster, 8, 1.5001e7);
    check(100_000, Engine::Cluster, 50, 1e8);
}

/// `UPDATE_EXPECT=1 cargo test` rewrites the table.
#[test]
fn the_page_shows_what_is_computed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/concepts/scaling.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once("<!-- size:begin -->\n").expect("the start of the table");
    let (_, after) = rest.split_once("<!-- size:end -->").expect("the end of the table");
    let table = markdown(&[10, 1_000, 100_000].map(|it| Size::new(it, 1000, 15)));
    let current = format!("{before}<!-- size:begin -->\n{table}<!-- size:end -->{after}");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &current).unwrap();
    } else {
        assert!(page == current, "docs/concepts/scaling.md is not current; run `UPDATE_EXPECT=1 cargo test`");
    }
}

/// An HTTP layer has only some routes and statuses, far fewer than the limit allows.
#[test]
fn a_label_with_arbitrary_values_counts_as_100_combinations() {
    let sites = [crate::support::site("records", "http", "HTTP", &[], &[])];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.json");
    std::fs::write(&path, crate::support::catalog(&sites).to_json()).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_cargo-measurand")).arg("size").arg(&path).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    // 100 combinations, each with a counter, its errors and a histogram of 12 bounds; and one gauge.
    assert!(
        text.starts_with(
            "1920 series per instance (a label with arbitrary values counts as 100 combinations; the maximum is 36"
        ),
        "{text}"
    );
}

#[test]
fn the_command_prints_the_estimates() {
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_cargo-measurand")).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, text, _) = run(&["size", "--series", "1000"]);
    assert_eq!(code, Some(0));
    for (_, value) in Size::new(100_000, 1000, 15).rows() {
        assert!(text.contains(&value), "{value} is not in {text}");
    }
    let (_, json, _) = run(&["size", "--series", "500", "--instances", "7", "--interval", "30", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json[0]["series"], &json[0]["engine"]),
        (&serde_json::json!(3500.0), &serde_json::json!("prometheus"))
    );
    let (code, _, error) = run(&["size"]);
    assert!(code == Some(2) && error.contains("BINARY|URL"), "{error}");
}
