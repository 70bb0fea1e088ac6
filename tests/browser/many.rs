//! A thousand functions and more than ten thousand series. Times are those that the browser took itself; they are printed,
//! and only bounded where no machine is that slow.

use crate::chromium::browser;
use crate::json;
use crate::page::Page;
use crate::program::{LARGE, Program};
use crate::report;
use measurand_tests::Scrape;

const REFRESHES: f64 = 3.0;
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
    assert!(paint < 10_000.0);

    let rows = page.number(ROWS);
    assert!(rows > 5.0 && rows < 100.0, "{rows} rows are there");
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
    // A panel with a line for each function is drawn with the largest, and still in no time.
    let before = page.spent("ScriptDuration");
    page.run("[...document.querySelectorAll('.panel.timeseries h4')].find((it) => /by function/i.test(it.textContent)).scrollIntoView({ behavior: 'instant' })");
    let note = "[...document.querySelectorAll('.panel > .body > .note')].find((it) => it.textContent.includes('Only the 40 largest'))";
    page.until("a chart of many lines", &format!("{note} !== undefined"));
    let script = (page.spent("ScriptDuration") - before) * 1e3;
    report(&format!("charts of a line for each function come into view: script {script:.1} ms"));
    page.close();
}

/// What one refresh costs, of a few.
fn refresh(page: &mut Page<'_>) -> String {
    let names = ["ScriptDuration", "LayoutDuration", "RecalcStyleDuration", "TaskDuration"];
    let before = page.number(ASKED);
    let spent = names.map(|it| page.spent(it));
    page.until("some refreshes", &format!("{ASKED} >= {}", before + REFRESHES));
    let refreshes = page.number(ASKED) - before;
    let [script, layout, style, task] = std::array::from_fn(|it| (page.spent(names[it]) - spent[it]) * 1e3 / refreshes);
    assert!(script < 1_000.0, "{script} ms");
    format!("script {script:.1} ms, layout {layout:.1} ms, styles {style:.1} ms, all tasks {task:.1} ms")
}
