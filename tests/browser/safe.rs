//! The page shows values from the program as text and runs only its own scripts.

use crate::chromium::browser;
use crate::page::Page;
use crate::program::few;
use measurand_tests::workspace;
use std::process::Command;

const HARMED: &str = "window.harmed === true || document.querySelector('img, iframe, object') !== null";

#[test]
fn markup_in_a_label_is_shown_as_text() {
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
fn the_policy_allows_only_our_own_files() {
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
    // The browser enforces the policy: an inline script does not run.
    let mut page = Page::live(&mut browser, url);
    page.run("(() => { const it = document.createElement('script'); it.textContent = 'window.harmed = true'; document.body.append(it); })()");
    assert_eq!(page.run("window.harmed === true"), false);
    let complaints = page.complaints();
    assert!(complaints.iter().any(|it| it.contains("Content Security Policy")), "{complaints:?}");
    page.close();
}

#[test]
fn third_party_scripts_are_unmodified() {
    let checked = Command::new(workspace().join("tests/browser/update-vendor")).arg("--check").output().unwrap();
    assert!(
        checked.status.success(),
        "tests/browser/update-vendor --check: {}",
        String::from_utf8_lossy(&checked.stderr)
    );
}
