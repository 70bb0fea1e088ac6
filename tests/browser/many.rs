//! The page with a thousand functions and more than ten thousand series. It draws few rows and few lines. The test
//! prints the times that the browser measures; they depend on the machine's load.

use crate::chromium::browser;
use crate::json;
use crate::page::Page;
use crate::program::{LARGE, Program};
use crate::report;
use measurand_tests::Scrape;

const REFRESHES: f64 = 2.0;
/// Seconds to wait for [`REFRESHES`] refreshes of an unoptimized program on a busy machine.
const PATIENCE: u64 = 150;
const ASKED: &str = "performance.getEntriesByType('resource').filter((it) => it.name.endsWith('/live/functions') && it.responseEnd > 0).length";
const ROWS: &str = "document.querySelectorAll('.functions tbody tr:not([aria-hidden])').length";

#[test]
fn a_thousand_functions() {
    let program = Program::start(LARGE, 0);
    let functions = json(&format!("{}/live/model.json", program.url))["functions"].as_array().expect("functions").len();
    let series = Scrape::fetch(&program.url).0.len();
    assert!(functions >= 1000 && series >= 10_000, "{functions} functions, {series} series");

    let mut browser = browser();
    let mut page = Page::live(&mut browser, &program.url);
    let paint = page.number("performance.getEntriesByName('first-contentful-paint')[0].startTime");
    let filled = page.number("performance.now()");
    let load = page.spent("ScriptDuration") * 1e3;
    report(&format!(
        "{functions} functions, {series} series: first paint {paint:.0} ms, table filled before {filled:.0} ms, script of the load {load:.0} ms"
    ));
    let rows = page.number(ROWS);
    assert!(rows > 5.0 && rows < 100.0, "{rows} rows exist");
    assert_eq!(page.text("document.querySelector('.functions').ariaRowCount"), (functions + 1).to_string());
    page.run("location.hash = 'sort=name'");
    page.until("the order", "document.querySelector('.functions tbody a').textContent === 'f0'");
    page.run("document.querySelector('.functions tbody a').focus()");
    page.call(
        "Input.dispatchKeyEvent",
        serde_json::json!({"type": "rawKeyDown", "key": "End", "windowsVirtualKeyCode": 35}),
    );
    page.until("the last row", "document.activeElement.textContent === 'f9'");
    assert!(page.number(ROWS) < 100.0);

    report(&format!("a refresh of the table: {}", refresh(&mut page)));
    // Panels with a line per function draw only the largest lines, so they are fast too. Content above them has its
    // final height only after it was in view.
    let charts = "[...document.querySelectorAll('.panel.timeseries')].filter((it) => \
                  ['Calls per second', 'Error ratio', 'Duration: P50, P95, P99', 'Calls in flight'].includes(it.ariaLabel))";
    let seen = format!(
        "(() => {{ const all = {charts}; all[0].scrollIntoView({{ behavior: 'instant' }}); return all.filter((it) => \
         it.querySelector('canvas') && it.getBoundingClientRect().top < innerHeight).length >= 4; }})()"
    );
    page.resize(1280, 1200);
    page.run("location.hash = 'range=300'");
    page.within(PATIENCE, "four charts of many lines in view", &seen);
    let note = "[...document.querySelectorAll('.panel > .body > .note')].filter((it) => it.textContent.includes('Only the 40 largest')).length";
    assert!(page.number(note) >= 3.0);
    report(&format!("a refresh with four charts of a line for each function: {}", refresh(&mut page)));
    page.close();
}

/// Describes the average time of a refresh.
fn refresh(page: &mut Page<'_>) -> String {
    let names = ["ScriptDuration", "LayoutDuration", "RecalcStyleDuration", "TaskDuration"];
    let before = page.number(ASKED);
    let spent = names.map(|it| page.spent(it));
    page.within(PATIENCE, "some refreshes", &format!("{ASKED} >= {}", before + REFRESHES));
    let refreshes = page.number(ASKED) - before;
    let [script, layout, style, task] = std::array::from_fn(|it| (page.spent(names[it]) - spent[it]) * 1e3 / refreshes);
    format!("script {script:.1} ms, layout {layout:.1} ms, styles {style:.1} ms, all tasks {task:.1} ms")
}
