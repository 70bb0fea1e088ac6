//! Actions of a user: search, sort, open, copy, download and change the theme, by mouse and keyboard.

use crate::chromium::browser;
use crate::page::Page;
use crate::program::few;
use crate::{id, json, report};
use measurand_tests::{get, wait};
use serde_json::json as value;
use std::collections::BTreeSet;

const NAMES: &str = "[...document.querySelectorAll('.functions tbody a')].map((it) => it.textContent)";

#[test]
fn search_and_sort_and_open_by_keyboard() {
    let program = few();
    let mut browser = browser();
    let mut page = Page::live(&mut browser, &program.url);
    page.press("/");
    page.type_text("insert TABLE");
    page.until("the search result", &format!("{NAMES}.length === 0"));
    page.run("document.activeElement.select()");
    page.type_text("app.rs storage");
    page.until("the search result", &format!("{NAMES}.join() === 'load'"));
    assert!(page.text("location.hash").contains("search=app.rs"));
    page.call("Page.reload", value!({}));
    page.until("the search in the URL", &format!("{NAMES}.join() === 'load'"));

    page.run("location.hash = ''");
    page.until("all functions again", &format!("{NAMES}.length === 6"));
    let name = "thead th:first-child";
    page.click(&format!(".functions {name} button"));
    page.until("names in order", &format!("document.querySelector('.functions {name}').ariaSort === 'ascending'"));
    assert_eq!(page.run(&format!("{NAMES}.slice(0, 2)")), value!(["ask", "learn"]));
    page.run("document.querySelector('.functions tbody a').focus()");
    page.press("ArrowDown");
    assert_eq!(page.text("document.activeElement.textContent"), "learn");
    page.press("Enter");
    page.until("the function", "document.querySelector('.detail h2')?.textContent === 'learn'");
    assert_eq!(page.text("document.activeElement.textContent"), "learn");
    page.run("history.back()");
    page.until(
        "the table, where it was left",
        "document.activeElement.closest('.functions') && document.activeElement.textContent === 'learn'",
    );
    page.close();
}

#[test]
fn promql_is_copied_and_files_are_downloaded() {
    let program = few();
    let mut browser = browser();
    let mut page = Page::live(&mut browser, &program.url);
    page.grant_clipboard();
    let id = id(&program.url, "load");
    page.run(&format!("location.hash = 'function={id}'"));
    page.until("its queries", "document.querySelector('[aria-label=\"Copy P95\"]')");
    let copied = "document.querySelector('[aria-label=\"Copy P95\"]').textContent === 'Copied'";
    page.click_until("[aria-label='Copy P95']", "a copy", copied);
    let model = json(&format!("{}/live/model.json", program.url));
    let functions = model["functions"].as_array().expect("functions");
    let promql = &functions.iter().find(|it| it["id"] == id.as_str()).expect("it")["promql"]["p95"];
    assert_eq!(&page.run("navigator.clipboard.readText()"), promql);
    assert!(promql.as_str().is_some_and(|it| it.starts_with("histogram_quantile(0.95")), "{promql}");

    let directory = page.downloads();
    page.click(".detail a[download]");
    let rules = wait("the rules", || std::fs::read_to_string(directory.path().join(format!("{id}.rules.yml"))).ok());
    assert_eq!(rules, get(&format!("{}/monitoring/functions/{id}/rules.yml", program.url)));
    assert!(rules.contains("alert: "), "{rules}");

    page.click(".back");
    page.until("the table", "!document.querySelector('.detail')");
    for file in ["grafana-dashboard.json", "alerts.yml", "recording-rules.yml", "RUNBOOK.md"] {
        page.click(&format!("a[download='{file}']"));
        let path = directory.path().join(file);
        let loaded = wait(file, || std::fs::read_to_string(&path).ok());
        assert_eq!(loaded, get(&format!("{}/monitoring/{file}", program.url)), "{file}");
    }
    let dashboard: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(directory.path().join("grafana-dashboard.json")).unwrap())
            .unwrap();
    assert!(dashboard["panels"].as_array().is_some_and(|it| it.len() > 10));
    page.close();
}

#[test]
fn panels_of_every_kind_are_drawn_when_they_come_into_view() {
    let program = few();
    program.tell("hostile");
    let mut browser = browser();
    let mut page = Page::live(&mut browser, &program.url);
    let model = json(&format!("{}/live/model.json", program.url));
    let rows = model["rows"].as_array().expect("rows").iter();
    let kinds: BTreeSet<&str> =
        rows.flat_map(|it| it["panels"].as_array().expect("panels")).filter_map(|it| it["kind"].as_str()).collect();
    let waiting = "[...document.querySelectorAll('.panel')].filter((it) => !it.querySelector(':scope > .note').textContent && \
         !it.querySelector('canvas, .stat li, .gauge b:not(:empty), .bars li, tbody tr')).map((it) => it.ariaLabel)";
    let before = page.number(&format!("{waiting}.length"));
    assert!(before > 10.0, "only {before} panels are not drawn, although most are out of view");
    // The window is tall enough for all panels.
    page.resize(1280, 20_000);
    page.until("all panels", &format!("{waiting}.length === 0"));
    for kind in ["timeseries", "stat", "table"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    // The accessible label of a chart describes its contents.
    let label = page.text(
        "[...document.querySelectorAll('.chart[role=img]')].map((it) => it.ariaLabel).find((it) => it.includes('now'))",
    );
    assert!(label.contains(": ") && label.contains("over time"), "{label}");
    page.close();
}

#[test]
fn both_themes_are_accessible_and_fit_a_phone() {
    let program = few();
    let mut browser = browser();
    let mut page = Page::live(&mut browser, &program.url);
    let overview = |page: &mut Page<'_>| {
        page.run("location.hash = ''");
        // Opens all collapsed parts.
        page.until("the table", "document.querySelector('.detail') === null");
        page.run("document.querySelectorAll('details').forEach((it) => (it.open = true))");
        page.until("the series", "document.querySelector('#series').closest('details').querySelector('tbody tr')");
        page.run("document.querySelectorAll('.others details, .about').forEach((it) => (it.open = true))");
        page.run("scrollTo(0, document.body.scrollHeight)");
    };
    let detail = format!("location.hash = 'function={}'", id(&program.url, "load"));
    let mut backs = Vec::new();
    for theme in ["dark", "light"] {
        page.run(&format!("(() => {{ const it = document.querySelector('#theme'); it.value = '{theme}'; it.dispatchEvent(new Event('change')); }})()"));
        backs.push(page.text("getComputedStyle(document.body).backgroundColor"));
        overview(&mut page);
        let mut found = page.violations();
        page.run(&detail);
        page.until("the function", "document.querySelector('.tiles dd')?.textContent");
        found.extend(page.violations());
        report(&format!("axe-core, {theme}: {} violations", found.len()));
        assert!(found.is_empty(), "{theme}:\n{}", found.join("\n"));
    }
    page.call("Page.reload", value!({}));
    page.until("the page", "document.querySelector('.tiles dd')?.textContent");
    assert_eq!(page.text("getComputedStyle(document.body).backgroundColor"), backs[1], "the theme after a reload");
    page.resize(360, 800);
    overview(&mut page);
    let right = "document.querySelector('.functions tbody tr').children[3].getBoundingClientRect().right - innerWidth";
    assert!(page.number(right) <= 0.0, "a phone shows the errors, the latency and the budget of a function");
    for open in [true, false] {
        if open {
            overview(&mut page);
        } else {
            page.run(&detail);
        }
        let wide = page.number("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        let widest = "[...document.querySelectorAll('main *')].filter((it) => !it.closest('.scroll')).sort((a, b) => \
            b.getBoundingClientRect().right - a.getBoundingClientRect().right).slice(0, 3).map((it) => it.outerHTML.slice(0, 150)).join('\\n')";
        assert!(wide < 1.0, "the page is {wide} pixels wider than a phone:\n{}", page.text(widest));
    }
    page.close();
    assert_ne!(backs[0], backs[1]);
}

#[test]
fn links_to_a_panel_and_a_time_range_are_permanent() {
    let program = few();
    let model = json(&format!("{}/live/model.json", program.url));
    let rows = model["rows"].as_array().expect("rows").iter();
    let charts = rows.flat_map(|it| it["panels"].as_array().expect("panels")).filter(|it| it["kind"] == "timeseries");
    let ids: Vec<u64> = charts.filter_map(|it| it["id"].as_u64()).collect();
    let to = json(&format!("{}/live/functions", program.url))["now"].as_f64().expect("a time") / 1000.0;
    let to = to.floor();
    let mut browser = browser();
    let hash = format!("#panel={}&range=300&to={to}", ids[5]);
    let mut page = Page::open(&mut browser, &format!("{}/{hash}", program.url));
    page.until("the panel", &format!("document.activeElement?.dataset.panel === '{}'", ids[5]));
    let asked = format!(
        "performance.getEntriesByType('resource').some((it) => it.name.includes('&range=300&to={to}&') && it.name.includes('{}'))",
        ids[5]
    );
    page.until("its numbers", &asked);
    assert_eq!(page.text("location.hash"), hash);
    assert!(page.text("document.querySelector('#pin').textContent").starts_with("Panels until "));
    page.click("#pin");
    assert_eq!(page.text("location.hash"), format!("#panel={}&range=300", ids[5]));
    page.run("location.hash = ''");
    page.click(&format!("[data-panel='{}'] h4 a", ids[6]));
    page.until("the other panel", &format!("document.activeElement?.dataset.panel === '{}'", ids[6]));
    assert_eq!(page.text("location.hash"), format!("#panel={}", ids[6]));
    page.close();
}

/// Changes answers of the program: a part of the monitoring is missing, and the program refuses all panels.
#[test]
fn missing_and_refused_parts_are_named() {
    let mut browser = browser();
    let mut page = Page::live(&mut browser, &few().url);
    let script = r"
        const ask = window.fetch;
        window.fetch = async (url, options) => {
            if (String(url).includes('/panels?')) return new Response('too many series', { status: 422 });
            const answer = await ask(url, options);
            if (!String(url).endsWith('model.json')) return answer;
            const problem = { file: 'a.rs', line: 7, message: '<img src=x>', fix: 'rename it' };
            return new Response(JSON.stringify({ ...(await answer.json()), problems: [problem] }));
        };";
    page.call("Page.addScriptToEvaluateOnNewDocument", value!({"source": script}));
    page.call("Page.reload", value!({}));
    page.until("the missing part", "document.querySelector('.problems h2')?.textContent === '1 not generated'");
    assert_eq!(page.text("document.querySelector('.problems li').textContent"), "a.rs:7 <img src=x>; rename it");
    page.run("document.querySelector('.row').scrollIntoView({ behavior: 'instant' })");
    let note = "document.querySelector('#panels').nextSibling.textContent";
    page.until(
        "the reason",
        &format!("{note} === 'The panels in view have no new numbers (panels: 422, too many series).'"),
    );
    page.until_live();
    page.close();
}

/// Changes the answer of the program: each objective and each slow query fires.
#[test]
fn equal_alerts_are_one_and_inhibited_ones_come_last() {
    let mut browser = browser();
    let mut page = Page::live(&mut browser, &few().url);
    let script = r"
        const ask = window.fetch;
        window.fetch = async (url, options) => {
            const answer = await ask(url, options);
            if (!String(url).endsWith('/live/alerts')) return answer;
            const all = await answer.json();
            const value = { labels: { objective: 'load', sli: 'success' }, value: 1, description: 'Half of the calls failed.' };
            const other = { ...value, labels: { objective: 'load', sli: 'latency' } };
            const firing = { state: 'firing', since: Date.now() / 1000 - 65, values: [value, other] };
            all.alerts.filter((it) => /^(ErrorBudget|DatabaseSlow)/.test(it.name)).forEach((it) => Object.assign(it, firing));
            return new Response(JSON.stringify(all));
        };";
    page.call("Page.addScriptToEvaluateOnNewDocument", value!({"source": script}));
    page.call("Page.reload", value!({}));
    page.until("the alerts", "document.querySelector('.alerts b')");
    let texts = |selector: &str| {
        format!("[...document.querySelectorAll('section > .alerts {selector}')].map((it) => it.textContent)")
    };
    let mut names: Vec<String> = serde_json::from_value(page.run(&texts("b"))).expect("names");
    names.sort_unstable();
    assert_eq!(names, ["DatabaseSlowQueries", "ErrorBudgetBurn", "ErrorBudgetFastBurn"]);
    assert_eq!(page.run(&texts(".state")), value!(["firing", "firing", "firing, inhibited"]));
    assert_eq!(page.text("document.querySelector('.folds summary').textContent"), "1 more firing or pending");
    let alert = "[...document.querySelectorAll('.alerts li')].find((it) => it.textContent.includes('FastBurn'))";
    let shown = page.text(&format!("{alert}.innerText"));
    // One alert is about the objectives of success and of latency.
    for text in ["storage · since ", ", for 1 min ", "Half of the calls failed (also latency).", "Next: "] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    let links = page.run(&format!("[...{alert}.querySelectorAll('.next a')].map((it) => it.hash)"));
    assert!(links[0].as_str().is_some_and(|it| it.starts_with("#panel=")), "{links}");
    assert_eq!(links[1], "#errorbudgetfastburn");
    page.close();
}
