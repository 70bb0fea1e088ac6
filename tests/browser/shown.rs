//! The page shows the same numbers as `/metrics`.

use crate::chromium::browser;
use crate::page::Page;
use crate::program::{Program, SMALL, few};
use crate::{cell, id, json, report};
use measurand_tests::{Scrape, wait};
use std::time::Instant;

const CALLS: &str = r#"function_calls_total{function="load",module="browser_few"}"#;
const NAMES: &str = "[...document.querySelectorAll('.functions tbody a')].map((it) => it.textContent).sort()";
const ERRORS: &str = "function_errors_total";
const BUCKETS: &str = "function_duration_seconds_bucket{";

/// Computes a quantile from cumulative buckets like Prometheus does.
fn histogram_quantile(scrape: &Scrape, quantile: f64) -> f64 {
    let buckets = scrape.0.iter().filter(|(name, _)| name.starts_with(BUCKETS) && name.contains(r#"function="load""#));
    let bound = |name: &str| {
        let text = name.split("le=\"").nth(1).and_then(|it| it.split('"').next()).expect("a bound");
        if text == "+Inf" { f64::INFINITY } else { text.parse().expect("a number") }
    };
    let mut buckets: Vec<(f64, f64)> = buckets.map(|(name, value)| (bound(name), *value)).collect();
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    let rank = quantile * buckets.last().expect("buckets").1;
    let at = buckets.iter().position(|it| it.1 >= rank).expect("the last bucket counts all observations");
    let (lower, before) = if at == 0 { (0.0, 0.0) } else { buckets[at - 1] };
    let (upper, count) = buckets[at];
    if upper.is_infinite() { lower } else { lower + (upper - lower) * (rank - before) / (count - before) }
}

/// Parses a duration as the page writes it, and returns seconds.
fn seconds(text: &str) -> f64 {
    let (number, unit) = text.split_once(' ').unwrap_or_else(|| panic!("not a duration: {text}"));
    let factor = match unit {
        "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        _ => panic!("unknown unit: {text}"),
    };
    number.parse::<f64>().expect("a number") * factor
}

#[test]
fn counts_are_exact_and_quantiles_match_the_buckets() {
    let program = few();
    let mut browser = browser();
    let mut page = Page::live(&mut browser, &program.url);
    let before = Scrape::fetch(&program.url).0.get(CALLS).copied().unwrap_or_default();
    program.tell("work");
    let scrape = wait("the work", || {
        let scrape = Scrape::fetch(&program.url);
        (scrape.value(CALLS) > before + 39.5).then_some(scrape)
    });
    let calls = scrape.value(CALLS);
    page.until("all calls", &format!("{} === '{calls}'", cell("load", "All calls")));
    let errors: f64 =
        scrape.0.iter().filter(|(name, _)| name.starts_with(ERRORS) && name.contains("\"load\"")).map(|it| it.1).sum();
    assert_eq!(page.text(&cell("load", "Failed calls")), errors.to_string());

    let answer = &json(&format!("{}/live/functions", program.url))["functions"][id(&program.url, "load")];
    for (name, quantile, title) in [("p50", 0.5, "P50"), ("p95", 0.95, "P95"), ("p99", 0.99, "P99")] {
        let expected = histogram_quantile(&scrape, quantile);
        let answered = answer[name].as_f64().expect("a number");
        assert!((answered / expected - 1.0).abs() < 1e-9, "{name}: {answered}, from the buckets {expected}");
        let text = page.text(&cell("load", title));
        assert!((seconds(&text) / expected - 1.0).abs() < 0.01, "{name}: {text}, from the buckets {expected}");
    }
    page.close();
}

/// Uses a new process, in which the failing function is not the one with the most calls.
#[test]
fn failing_functions_and_missed_objectives_come_first() {
    let program = Program::start(SMALL, 0);
    for command in ["hostile", "hostile", "fail"] {
        program.tell(command);
    }
    let mut browser = browser();
    let mut page = Page::live(&mut browser, &program.url);
    page.until("the failure", &format!("{} === '100%'", cell("load", "Errors")));
    let sections = "[...document.querySelectorAll('main section')].map((it) => it.getAttribute('aria-labelledby'))";
    let expected = ["alerts", "requests", "objectives", "functions", "panels", "series", "downloads"];
    assert_eq!(page.run(sections), serde_json::json!(expected));
    let row = |section: &str| {
        format!("document.querySelector('[aria-labelledby={section}] tbody tr').innerText.replace(/\\s+/g, ' ').trim()")
    };
    // Of one call, one failed; one in a hundred may.
    for (section, start) in [
        ("requests", "browser_few::load 100% "),
        ("objectives", "browser_few::load storage 99% -9900% 100×"),
        ("functions", "browser_few::load app.rs:"),
    ] {
        let shown = page.text(&row(section));
        assert!(shown.starts_with(start), "{section}: {shown}");
    }
    assert_eq!(page.text("document.querySelector('#objectives').nextSibling.textContent"), "1 missed");
    page.close();
}

#[test]
fn all_functions_are_listed_called_or_not() {
    let program = few();
    let mut browser = browser();
    let mut page = Page::live(&mut browser, &program.url);
    assert_eq!(page.run(NAMES), serde_json::json!(["ask", "learn", "load", "other_twin", "tell", "twin"]));
    page.run("location.hash = 'search=learn'");
    page.until("the function that is never called", &format!("{} === '0'", cell("learn", "All calls")));
    let place = page.text("document.querySelector('.functions tbody .place').textContent");
    assert!(place.contains("app.rs:"), "{place}");
    assert!(page.text("document.querySelector('.functions tbody th').title").contains("tests/browser/app.rs:"));
    assert_eq!(page.text("document.querySelector('#program').textContent"), "measurand-tests");
    page.close();
}

#[test]
fn a_failure_and_a_slow_call_appear() {
    let program = few();
    let mut browser = browser();
    let address = format!("{}/#function={}", program.url, id(&program.url, "load"));
    let mut page = Page::open(&mut browser, &address);
    let rows = |title: &str| format!("document.querySelectorAll('[aria-label=\"{title}\"] tbody tr').length");
    page.until("the function", "document.querySelector('.tiles dd')?.textContent");
    let before = page.number(&rows("Last failures"));
    program.tell("fail");
    program.tell("slow");
    let start = Instant::now();
    page.until("the failure", &format!("{} > {before}", rows("Last failures")));
    report(&format!("a failed call is seen after {:.1} s", start.elapsed().as_secs_f64()));
    let slow = "[...document.querySelectorAll('[aria-label=\"Slowest calls\"] tbody td:nth-child(2)')].some((it) => /^1\\.\\d\\d s$/.test(it.textContent))";
    page.until("the slow call", slow);
    report(&format!("a slow call is seen after {:.1} s, of which it took 1 s", start.elapsed().as_secs_f64()));
    let outcome =
        page.text("document.querySelector('[aria-label=\"Last failures\"] tbody td:nth-child(3)').textContent");
    assert_eq!(outcome, "error");
    // Its trace id is shown as text and can be copied.
    let trace = "4bf92f3577b34da6<img/src=x/onerror=window.harmed=true>";
    let cell = "[aria-label=\"Last failures\"] tbody td:nth-child(5)";
    assert_eq!(page.text(&format!("document.querySelector('{cell} code').textContent")), trace);
    assert_eq!(page.run("window.harmed === true || document.querySelector('img') !== null"), false);
    page.grant_clipboard();
    page.click(&format!("{cell} button"));
    page.until("the trace that was copied", &format!("navigator.clipboard.readText().then((it) => it === {trace:?})"));
    page.until(
        "its count",
        "[...document.querySelectorAll('.tiles div')].some((it) => it.textContent.match(/^Failed calls[1-9]/))",
    );
    page.close();
}

/// Uses a new process, because the test needs a young one.
#[test]
fn rates_of_a_young_program_are_over_its_life() {
    let mut browser = browser();
    let program = Program::start(SMALL, 0);
    program.tell("work");
    let mut page = Page::live(&mut browser, &program.url);
    let windows = "document.querySelector('.tools .windows').textContent";
    page.until("two samples", &format!("/of the last ([6-9]|[1-5]\\d) s, budgets/.test({windows})"));
    program.tell("work");
    page.until("the calls", &format!("{} === '80'", cell("load", "All calls")));
    let shown = page.text(&cell("load", "Rate"));
    let answer = json(&format!("{}/live/functions", program.url));
    let recent = answer["windows"]["recent"].as_f64().expect("seconds");
    let rate: f64 = shown.strip_suffix("/s").and_then(|it| it.parse().ok()).expect("a rate");
    // The first forty calls may have been before the first sample, so they may be missing in the rate.
    assert!(rate * recent > 30.0, "{rate} calls a second in {recent} s, of 40 or 80 calls");
    let title = page.text(
        "[...document.querySelectorAll('.functions thead th')].find((it) => it.textContent === 'Budget left').title",
    );
    assert!(title.starts_with("Over the last ") && title.ends_with("; the dashboard uses 30 days"), "{title}");
    page.close();
}

#[test]
fn functions_with_the_same_labels_are_marked() {
    let program = few();
    program.tell("hostile");
    let mut browser = browser();
    let id = id(&program.url, "twin");
    let mut page = Page::open(&mut browser, &format!("{}/#function={id}", program.url));
    page.until("the function", "document.querySelector('.shares')");
    let text = page.text("document.querySelector('.shares').textContent");
    assert!(text.starts_with("Shares its series with other_twin: "), "{text}");
    page.click(".shares a");
    page.until("the other", "document.querySelector('.detail h2')?.textContent === 'other_twin'");
    page.run("location.hash = 'search=ask'");
    page.until("the function", "document.querySelector('.functions tbody a')?.textContent === 'ask'");
    page.click(".functions tbody a");
    page.until("the function", "document.querySelector('.detail h2')?.textContent === 'ask'");
    assert_eq!(page.run("document.querySelector('.shares')"), serde_json::Value::Null);
    page.close();
}

#[test]
fn numbers_are_formatted_like_in_grafana() {
    let mut browser = browser();
    let mut page = Page::live(&mut browser, &few().url);
    // The expected texts are the output of Grafana 12.4's formatter for 0.0123, 0.5, 1234 and 12345678.
    for (unit, texts) in [
        ("s", ["12.3 ms", "500 ms", "20.6 mins", "20.4 weeks"]),
        ("ops", ["0.0123 ops/s", "0.500 ops/s", "1.23K ops/s", "12.3M ops/s"]),
        ("reqps", ["0.0123 req/s", "0.500 req/s", "1.23K req/s", "12.3M req/s"]),
        ("percentunit", ["1.23%", "50%", "123400%", "1234567800%"]),
        ("percent", ["0.0123%", "0.500%", "1234%", "12345678%"]),
        ("bytes", ["0.0123 B", "0.500 B", "1.21 KiB", "11.8 MiB"]),
        ("short", ["0.0123", "0.500", "1.23 K", "12.3 Mil"]),
        ("none", ["0.0123", "0.500", "1234", "12345678"]),
    ] {
        let script = format!(
            "import('./live/format.js').then((it) => [0.0123, 0.5, 1234, 12345678].map((value) => it.number(value, '{unit}')))"
        );
        assert_eq!(page.run(&script), serde_json::json!(texts), "{unit}");
    }
    for (script, expected) in [
        ("number(null)", "–"),
        ("number(0, 's')", "0 s"),
        ("number(0.57, 'percentunit')", "57%"),
        ("number(-2.5, 's')", "-2.50 s"),
        ("number(3e-9, 's')", "3 ns"),
        ("number(1/0)", "+Inf"),
        ("number(2, 'furlongs')", "2 furlongs"),
        ("number(0.98765, 'percentunit', 1)", "98.8%"),
        ("count(1234567)", "1 234 567"),
        ("span(90061)", "1 d 1 h"),
        ("span(0)", "0 s"),
    ] {
        assert_eq!(page.text(&format!("import('./live/format.js').then((it) => it.{script})")), expected, "{script}");
    }
    page.close();
}
