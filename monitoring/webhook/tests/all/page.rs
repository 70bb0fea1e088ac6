//! Tests of the pages: their contents, and that markup in alerts stays text.

use crate::support::{Webhook, firing, payload, resolved};
use serde_json::json;

const IMAGE: &str = "<img src=x onerror=alert(1)>";

/// An alert with markup in all texts.
fn malicious() -> serde_json::Value {
    let mut alert = firing(66);
    alert["labels"] =
        json!({"alertname": IMAGE, "severity": format!("\"{IMAGE}"), IMAGE: IMAGE, "b": "</textarea><script>"});
    alert["annotations"] = json!({
        "summary": IMAGE,
        IMAGE: "'\"><svg onload=alert(1)>",
        "description": IMAGE,
        "runbook_url": "javascript:alert(1)",
        "dashboard_url": format!("https://grafana/\"{IMAGE}"),
    });
    alert["generatorURL"] = "javascript://x/%0aalert(1)".into();
    alert
}

#[test]
fn markup_in_an_alert_is_text() {
    let webhook = Webhook::start(&[]);
    let mut body = payload(&[malicious(), resolved(67)]);
    body["receiver"] = IMAGE.into();
    body["externalURL"] = "data:text/html,x".into();
    assert_eq!(webhook.post(&body).status, 200);
    for path in ["/", "/alerts/1", "/?severity=%22%3Cimg%20src=x%20onerror=alert(1)%3E"] {
        let page = webhook.get(path);
        assert_eq!(page.status, 200, "{path}");
        let html = &page.body;
        assert!(html.contains("&#60;img src=x onerror=alert(1)&#62;"), "{path}: {html}");
        for active in
            ["<img", "<svg", "<script>", "</textarea", "href=\"javascript", "href=\"data", "style=", " onerror=\""]
        {
            assert!(!html.contains(active), "{path}: {active}: {html}");
        }
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("cache-control"), "no-store");
    }
    let failure = webhook.get("/?status=%3Cimg%3E");
    assert_eq!(failure.status, 400);
    assert!(!failure.body.contains("<img"), "{failure:?}");
}

#[test]
fn scripts_and_styles_are_files() {
    let webhook = Webhook::start(&[]);
    let page = webhook.get("/").body;
    assert!(
        page.contains("<script src=\"/page.js\" defer></script>") && page.matches("<script").count() == 1,
        "{page}"
    );
    assert!(page.contains("<link rel=\"stylesheet\" href=\"/style.css\">") && !page.contains("<style"), "{page}");
    let style = webhook.get("/style.css");
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    assert!(style.body.contains("@media (prefers-color-scheme: dark)"));
    assert_eq!(webhook.get("/page.js").header("content-type"), "text/javascript; charset=utf-8");
}

#[test]
fn current_and_past_alerts_are_filtered_by_state_and_severity() {
    let webhook = Webhook::start(&[]);
    let with = |mut alert: serde_json::Value, name: &str, severity: &str| {
        alert["labels"] = json!({"alertname": name, "severity": severity});
        alert
    };
    let alerts = [
        with(firing(1), "Warm", "P2"),
        with(firing(2), "Burning", "P0"),
        with(resolved(3), "Flooded", "P0"),
        with(resolved(4), "Damp", "P2"),
    ];
    webhook.post(&payload(&alerts));
    let check = |path: &str, shown: &[&str]| {
        let page = webhook.get(path).body;
        let mut found: Vec<_> = ["Warm", "Burning", "Flooded", "Damp"]
            .into_iter()
            .filter_map(|it| Some((page.find(&format!(">{it}</a>"))?, it)))
            .collect();
        found.sort_unstable();
        let found: Vec<_> = found.into_iter().map(|(_, it)| it).collect();
        assert_eq!(found, shown, "{path}");
    };
    check("/", &["Burning", "Warm", "Damp", "Flooded"]);
    check("/?status=firing", &["Burning", "Warm"]);
    check("/?status=resolved", &["Damp", "Flooded"]);
    check("/?severity=P0", &["Burning", "Flooded"]);
    check("/?status=firing&severity=P2", &["Warm"]);
    check("/?severity=P9", &[]);
    let page = webhook.get("/?status=firing&severity=P0").body;
    assert!(
        page.contains("<option value=\"firing\" selected>") && page.contains("<option value=\"P0\" selected>"),
        "{page}"
    );
    assert!(page.contains("<title>(1) Alerts</title>"), "{page}");
    assert!(webhook.get("/?severity=P9").body.contains("No firing alerts."));
}

#[test]
fn past_alerts_have_pages() {
    let webhook = Webhook::start(&[]);
    let alerts: Vec<_> = (0..120).map(resolved).collect();
    webhook.post(&payload(&alerts));
    let (mut path, mut seen, mut pages) = ("/?severity=P1".to_owned(), 0, 0);
    loop {
        let page = webhook.get(&path).body;
        seen += page.matches("href=\"/alerts/").count();
        pages += 1;
        assert_eq!(page.contains("/page.js"), pages == 1, "only the newest page refreshes itself");
        let Some(end) = page.find("\">Older</a>") else { break };
        let start = page[..end].rfind("href=\"").unwrap() + 6;
        path = page[start..end].replace("&amp;", "&");
    }
    assert_eq!((seen, pages), (120, 3));
}

#[test]
fn an_alert_has_a_page_with_its_history() {
    let webhook = Webhook::start(&[]);
    let mut alert = firing(1);
    alert["annotations"] = json!({
        "summary": "host 1 is slow", "description": "P95 is 2 s.", "runbook_url": "https://runbooks/slow",
        "dashboard_url": "https://grafana/d/x",
    });
    webhook.post(&payload(std::slice::from_ref(&alert)));
    let list = webhook.get("/").body;
    for text in
        ["P95 is 2 s.", "https://runbooks/slow\"", ">Panel</a>", ">Runbook</a>", ">Query</a>", "for ", " d</td>"]
    {
        assert!(list.contains(text), "{text}: {list}");
    }
    let mut ended = resolved(1);
    ended["annotations"] = alert["annotations"].clone();
    webhook.post(&payload(&[ended]));
    webhook.post(&payload(&[firing(2)]));
    let page = webhook.get("/alerts/1").body;
    for text in [
        "<h1>Slow</h1>",
        "Resolved",
        "2026-01-01 12:00:00 UTC",
        "2026-01-01 12:30:00 UTC",
        "host-1",
        "2 times",
        "<dd>29 min</dd>",
        "<p>P95 is 2 s.</p>",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    for link in ["http://prometheus:9090/graph?g0.expr=x", "https://runbooks/slow", "https://grafana/d/x"] {
        assert!(page.contains(&format!("href=\"{link}\"")), "{link}: {page}");
    }
    let firing = webhook.get("/alerts/2").body;
    assert!(
        firing.contains("<span class=\"state firing\">Firing</span>") && firing.contains("1 time in total"),
        "{firing}"
    );
    assert_eq!(webhook.get("/alerts/99").status, 404);
    assert_eq!(webhook.get("/alerts/x").status, 404);
}

/// The runbook is read for each request, since `generate` replaces the file.
#[test]
fn the_runbook_is_a_page_with_anchors() {
    let webhook = Webhook::start(&["--runbook", "RUNBOOK.md"]);
    let missing = webhook.get("/runbook");
    assert!(missing.status == 404 && missing.body.contains("RUNBOOK.md"), "{missing:?}");
    let runbook = format!("# Runbook\n\n## ServiceDown\n\nAsk. {IMAGE} [x](javascript:alert(1))\n");
    std::fs::write(webhook.directory.path().join("RUNBOOK.md"), runbook).unwrap();
    let page = webhook.get("/runbook");
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.body.contains("<h2 id=\"servicedown\">ServiceDown</h2>"), "{}", page.body);
    assert!(!page.body.contains("<img") && !page.body.contains("javascript:"), "{}", page.body);
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src ") && !policy.contains("script"), "{policy}");
    let without = Webhook::start(&[]).get("/runbook");
    assert!(without.status == 404 && without.body.contains("--runbook"), "{without:?}");
}
