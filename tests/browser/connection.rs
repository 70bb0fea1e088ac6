//! The page shows when its data is out of date, and sends no requests while it is hidden.

use crate::chromium::browser;
use crate::page::Page;
use crate::program::{Program, SMALL, few};
use measurand_tests::free_port;
use std::thread::sleep;
use std::time::Duration;

const ASKED: &str =
    "performance.getEntriesByType('resource').filter((it) => it.name.endsWith('/live/functions')).length";

/// Chromium's errors for a request to a killed program, before the connection or during the response.
const CUT: [&str; 7] = [
    "net::ERR_CONNECTION_REFUSED",
    "net::ERR_CONNECTION_RESET",
    "net::ERR_CONNECTION_CLOSED",
    "net::ERR_EMPTY_RESPONSE",
    "net::ERR_INCOMPLETE_CHUNKED_ENCODING",
    "net::ERR_CONTENT_LENGTH_MISMATCH",
    "net::ERR_SOCKET_NOT_CONNECTED",
];

#[test]
fn page_reconnects_after_a_restart() {
    let port = free_port();
    let program = Program::start(SMALL, port);
    let mut browser = browser();
    let mut page = Page::live(&mut browser, &program.url);
    drop(program);
    page.until(
        "the banner",
        "document.querySelector('#banner').textContent.startsWith('No connection to the program')",
    );
    assert_eq!(page.text("document.querySelector('#connection').textContent"), "no connection");
    assert!(page.text("document.querySelector('#banner').textContent").contains("The data shown is from "));

    let _program = Program::start(SMALL, port);
    page.until_live();
    let notice = page.text("document.querySelector('#restart').textContent");
    assert!(notice.starts_with("The program was restarted at "), "{notice}");
    assert_eq!(page.text("document.querySelector('#banner').textContent"), "");
    page.click("#restart button");
    assert_eq!(page.text("document.querySelector('#restart').textContent"), "");
    // The browser reports each request that the killed program did not answer; other errors are not expected.
    let complaints = page.complaints();
    let cut =
        |complaint: &String| CUT.iter().any(|error| complaint.contains(&format!("Failed to load resource: {error}\"")));
    assert!(complaints.iter().all(cut), "{complaints:#?}");
    page.close();
}

#[test]
fn a_hidden_page_sends_no_requests() {
    let mut browser = browser();
    let mut page = Page::live(&mut browser, &few().url);
    let hide = |hidden: bool| {
        format!(
            "Object.defineProperty(document, 'hidden', {{ value: {hidden}, configurable: true }}); \
             document.dispatchEvent(new Event('visibilitychange'))"
        )
    };
    page.run(&hide(true));
    // Waits for responses to earlier requests.
    sleep(Duration::from_secs(1));
    let before = page.number(ASKED);
    sleep(Duration::from_secs(8));
    assert!((page.number(ASKED) - before).abs() < 0.5);
    page.run(&hide(false));
    page.until("a request as soon as the page is visible", &format!("{ASKED} > {before}"));
    page.close();
}
