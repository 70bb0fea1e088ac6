//! The page says when its numbers are not current, and asks nobody when nobody looks.

use crate::chromium::browser;
use crate::page::Page;
use crate::program::{Program, SMALL, few};
use measurand_tests::free_port;
use std::thread::sleep;
use std::time::Duration;

const ASKED: &str =
    "performance.getEntriesByType('resource').filter((it) => it.name.endsWith('/live/functions')).length";

/// How Chromium names a request to a program that was killed: before it was connected, or at any time of its answer.
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
fn a_server_that_goes_and_comes_back() {
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
    // The browser itself reports each request that the killed program left unanswered; nothing else may have gone wrong.
    let complaints = page.complaints();
    let cut =
        |complaint: &String| CUT.iter().any(|error| complaint.contains(&format!("Failed to load resource: {error}\"")));
    assert!(complaints.iter().all(cut), "{complaints:#?}");
    page.close();
}

#[test]
fn a_hidden_page_asks_for_nothing() {
    let mut browser = browser();
    let mut page = Page::live(&mut browser, &few().url);
    let hide = |hidden: bool| {
        format!(
            "Object.defineProperty(document, 'hidden', {{ value: {hidden}, configurable: true }}); \
             document.dispatchEvent(new Event('visibilitychange'))"
        )
    };
    page.run(&hide(true));
    // What was asked before is answered meanwhile.
    sleep(Duration::from_secs(1));
    let before = page.number(ASKED);
    sleep(Duration::from_secs(8));
    assert!((page.number(ASKED) - before).abs() < 0.5);
    page.run(&hide(false));
    page.until("a look as soon as it is seen", &format!("{ASKED} > {before}"));
    page.close();
}
