//! The runbook as a page: HTML from `RUNBOOK.md`, without scripts and without anything that a browser loads.

use crate::markdown::steps::leads_to_a_page;
use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};
use std::fmt::Write;

/// The `Content-Security-Policy` of the page.
pub const RUNBOOK_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
                                  frame-ancestors 'none'";

const STYLE: &str = include_str!("page.css");

/// Returns the page of a `RUNBOOK.md`. Each alert has its name in lowercase as anchor. HTML in the text is shown, images
/// become their description, and only links to pages stay.
#[must_use]
pub fn runbook_page(markdown: &str) -> String {
    let mut events: Vec<Event<'_>> = Parser::new_ext(markdown, Options::ENABLE_TABLES).filter_map(safe).collect();
    let (mut title, mut alerts, mut quoted) = (String::new(), String::new(), 0_u32);
    for index in 0..events.len() {
        match &events[index] {
            Event::Start(Tag::BlockQuote(_)) => quoted += 1,
            Event::End(TagEnd::BlockQuote(_)) => quoted -= 1,
            // Headings in quoted steps are not those of alerts.
            Event::Start(Tag::Heading { level, .. }) if quoted == 0 => {
                let level = *level;
                let inside = events[index..].iter().take_while(|it| !matches!(it, Event::End(TagEnd::Heading(_))));
                let text: String = inside.filter_map(text).collect();
                if level == HeadingLevel::H1 {
                    title = escaped(&text);
                    continue;
                }
                let anchor = text.to_lowercase().replace(' ', "-");
                let (name, href) = (escaped(&text), escaped(&anchor));
                // Writing into a string cannot fail.
                let _ = writeln!(alerts, "<li><a href=\"#{href}\">{name}</a></li>");
                let id = Some(CowStr::from(anchor));
                events[index] = Event::Start(Tag::Heading { level, id, classes: Vec::new(), attrs: Vec::new() });
            }
            _ => {}
        }
    }
    let mut body = String::new();
    html::push_html(&mut body, events.into_iter());
    let (start, sections) = body.split_at(body.find("<h2").unwrap_or(body.len()));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n<main>\n{start}<nav aria-label=\"Sections\">\n<ul>\n{alerts}</ul>\n</nav>\n{sections}</main>\n</body>\n</html>\n"
    )
}

/// Returns the event without HTML, images and links to anything except pages. `RUNBOOK.md` has none, but another file
/// can.
fn safe(event: Event<'_>) -> Option<Event<'_>> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        Event::Start(Tag::Link { link_type, dest_url, title, id }) if !leads_to_a_page(&dest_url) => {
            Some(Event::Start(Tag::Link { link_type, dest_url: CowStr::from("#"), title, id }))
        }
        other => Some(other),
    }
}

fn text<'a>(event: &'a Event<'_>) -> Option<&'a str> {
    match event {
        Event::Text(text) | Event::Code(text) => Some(text),
        _ => None,
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    html::push_html(&mut out, [Event::Text(text.into())].into_iter());
    out.replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::runbook_page;

    #[test]
    fn alerts_have_anchors_and_quoted_headings_have_none() {
        let page = runbook_page("# Runbook for a&b\n\nx\n\n## ServiceDown\n\n> ## Fake\n\n## `A B` \"c\"\n");
        for expected in [
            "<title>Runbook for a&amp;b</title>",
            "<h2 id=\"servicedown\">ServiceDown</h2>",
            "<li><a href=\"#servicedown\">ServiceDown</a></li>",
            "<h2>Fake</h2>",
            "<li><a href=\"#a-b-&quot;c&quot;\">A B &quot;c&quot;</a></li>",
        ] {
            assert!(page.contains(expected), "`{expected}` is not in:\n{page}");
        }
        assert!(!page.contains("#fake"), "{page}");
    }

    #[test]
    fn text_never_becomes_markup() {
        let hostile = "# <script>1</script>\n\n## <b onclick=1>\n\n<script>2</script>\n\n![i](https://a.b/c.png) \
                       [x](javascript:1) [y](data:text/html,1) <img src=x> [z](https://a.b/\"onclick=\"1)\n\n```\n</code><script>\n```\n";
        let page = runbook_page(hostile);
        let body = page.split("</head>").nth(1).unwrap();
        for forbidden in ["<script", "<img", "<b ", "javascript:", "data:"] {
            assert!(!body.contains(forbidden), "`{forbidden}` is in:\n{body}");
        }
        assert!(body.contains("&lt;script&gt;2&lt;/script&gt;") && body.contains("href=\"https://a.b/"), "{body}");
        assert!(!body.contains("\"onclick"), "{body}");
    }
}
