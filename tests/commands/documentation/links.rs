//! Links lead somewhere, and the book has every page.

use crate::pages::{self, Page};
use measurand_tests::workspace;
use std::collections::BTreeMap;

/// Lines of a page; reference pages are tables and may be longer.
const LINES_MAX: usize = 200;

#[test]
fn every_link_and_anchor_leads_somewhere() {
    let pages = pages::all();
    let mut broken = Vec::new();
    for page in pages.values() {
        for (link, line) in &page.links {
            if let Some(why) = broken_because(&pages, page, link) {
                broken.push(format!("{}:{line}: `{link}` {why}", page.name));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

fn broken_because(pages: &BTreeMap<String, Page>, page: &Page, link: &str) -> Option<String> {
    if ["http:", "https:", "mailto:"].iter().any(|it| link.starts_with(it)) {
        return None;
    }
    let target = page.target(link);
    if !workspace().join(&target).exists() {
        return Some(format!("leads to `{target}`, which does not exist"));
    }
    // The built book holds the files of docs/ and nothing else.
    if page.is_in_book() && !target.starts_with("docs/") {
        return Some(format!("leads to `{target}`, which the built book lacks; write the path as code"));
    }
    let anchor = link.split_once('#').map(|(_, it)| it)?;
    let known = &pages.get(&target)?.anchors;
    (!known.iter().any(|it| it == anchor)).then(|| format!("names no heading of {target}, which has {known:?}"))
}

#[test]
fn the_summary_has_every_page() {
    let pages = pages::all();
    let summary = &pages["docs/SUMMARY.md"];
    let mut listed: Vec<String> = summary.links.iter().map(|(link, _)| summary.target(link)).collect();
    listed.sort();
    let book = pages.values().filter(|it| it.is_in_book() && it.name != summary.name);
    let exist: Vec<String> = book.map(|it| it.name.clone()).collect();
    assert_eq!(listed, exist, "pages of docs/SUMMARY.md, and files in docs/");
}

#[test]
fn no_page_is_long() {
    let pages = pages::all();
    let short = pages.values().filter(|it| it.is_in_book() && !it.name.starts_with("docs/reference/"));
    let long: Vec<String> =
        short.filter(|it| it.lines > LINES_MAX).map(|it| format!("{}: {} lines", it.name, it.lines)).collect();
    assert!(long.is_empty(), "pages of more than {LINES_MAX} lines; split them: {long:?}");
}
