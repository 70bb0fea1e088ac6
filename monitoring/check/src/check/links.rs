//! Checks links from alerts to dashboards and panels: the dashboard's uid and the panel's id must exist.

use crate::finding::{Finding, Findings};
use crate::read::folder::{Read, rules};
use crate::read::{Content, Dashboard};
use crate::suggest::nearest;

pub(super) fn check(read: &[Read]) -> Vec<Finding> {
    let documents = || read.iter().flat_map(|it| &it.documents);
    let dashboards: Vec<&Dashboard> = documents()
        .filter_map(|it| if let Content::Dashboard(dashboard) = &it.content { Some(dashboard) } else { None })
        .collect();
    let mut all = Vec::new();
    for file in read {
        let mut findings = Findings::of(&file.name);
        for rule in rules(std::slice::from_ref(file)) {
            for (_, value) in rule.annotations.iter().filter(|(_, it)| it.text.contains("/d/")) {
                link(&value.text, value.line, &dashboards, &rule.name.text, &mut findings);
            }
        }
        all.extend(findings.into_all());
    }
    all
}

fn link(url: &str, line: u32, dashboards: &[&Dashboard], alert: &str, findings: &mut Findings<'_>) {
    let Some((_, path)) = url.split_once("/d/") else { return };
    let uid = path.split(['/', '?', '#']).next().unwrap_or_default();
    if uid.contains("{{") || uid.is_empty() {
        return;
    }
    let uids = || dashboards.iter().filter_map(|it| it.uid.as_ref()).map(|it| it.text.as_str());
    let Some(dashboard) = dashboards.iter().find(|it| it.uid.as_ref().is_some_and(|it| it.text == uid)) else {
        let near = nearest(uid, uids());
        let help =
            near.map_or_else(|| "link to an existing dashboard".to_owned(), |it| format!("did you mean `{it}`?"));
        let message = format!("the alert `{alert}` links to the dashboard `{uid}`, which no file contains");
        return findings.add(line, "dashboard-unknown", message, help);
    };
    let panel = url.split(['?', '&']).find_map(|it| it.strip_prefix("viewPanel="));
    let number = panel.map(|it| it.trim_start_matches("panel-")).and_then(|it| it.parse::<u32>().ok());
    if let Some(number) = number.filter(|it| !dashboard.panels.iter().any(|panel| panel.id == Some(*it))) {
        let message = format!("the alert `{alert}` links to the panel {number}, which the dashboard `{uid}` lacks");
        findings.add(line, "panel-unknown", message, "link to an existing panel");
    }
}
