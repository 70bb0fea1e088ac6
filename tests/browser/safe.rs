//! What comes from the program stays text, and only the program's own files run.

use crate::chromium::browser;
use crate::page::Page;
use crate::program::few;
use measurand_tests::workspace;
use std::process::Command;

const HARMED: &str = "window.harmed === true || document.querySelector('img, iframe, object') !== null";

#[test]
fn a_label_that_looks_like_markup_is_text() {
    let program = few();
    program.tell("hostile");
    let mut browser = browser();
    let mut page = Page::live(&mut browser, &program.url);
    let text = "'table=<img src=x onerror=\"window.harmed = true\">'";
    page.run("location.hash = 'search=ask'");
    page.until("the label", &format!("document.querySelector('.functions .place')?.textContent.includes({text})"));
    page.click(".functions tbody a");
    page.until(
        "the label",
        &format!(
            "document.querySelector('.detail dl:not(.tiles)')?.textContent.includes({})",
            text.replacen("table=", "", 1)
        ),
    );
    assert_eq!(page.run(HARMED), false);
    page.run("location.hash = ''");
    let legend = "[...document.querySelectorAll('.legend .name')].find((it) => it.textContent.includes('<img src=x'))";
    page.run("[...document.querySelectorAll('.row h3')].find((it) => /Database/.test(it.textContent)).scrollIntoView({ behavior: 'instant' })");
    page.until("the legend", &format!("{legend} !== undefined"));
    assert_eq!(page.run(HARMED), false);
    page.close();
}

#[test]
fn the_policy_lets_in_what_is_ours_and_nothing_else() {
    let url = &few().url;
    for path in ["/", "/live", "/live/", "/live/app.js"] {
        let response = ureq::get(format!("{url}{path}")).call().unwrap();
        let header = |name: &str| response.headers().get(name).and_then(|it| it.to_str().ok()).unwrap_or_default();
        let policy = header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!((header("x-content-type-options"), header("referrer-policy")), ("nosniff", "no-referrer"), "{path}");
    }
    let mut browser = browser();
    for path in ["/live", "/live/"] {
        let mut page = Page::open(&mut browser, &format!("{url}{path}"));
        page.until_live();
        page.close();
    }
    // The browser enforces it: a script in the page itself does not run.
    let mut page = Page::live(&mut browser, url);
    page.run("(() => { const it = document.createElement('script'); it.textContent = 'window.harmed = true'; document.body.append(it); })()");
    assert_eq!(page.run("window.harmed === true"), false);
    let complaints = page.complaints();
    assert!(complaints.iter().any(|it| it.contains("Content Security Policy")), "{complaints:?}");
    page.close();
}

#[test]
fn the_scripts_of_others_are_those_that_were_published() {
    let checked = Command::new(workspace().join("tests/browser/update-vendor")).arg("--check").output().unwrap();
    assert!(checked.status.success(), "tests/browser/update-vendor --check: {}", String::from_utf8_lossy(&checked.stderr));
}
