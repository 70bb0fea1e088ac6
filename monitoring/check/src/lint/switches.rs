//! Disables rules for parts of files: pint's comments in rule files, and dashboard-linter's `.lint` beside dashboards.

use crate::finding::{Finding, Findings, LEFT_OUT, LIST_RULES, RULES};
use crate::read::folder::{Read, shown};
use crate::read::{Content, IGNORE, Node, Rule, parse};
use crate::settings::SETTINGS_BYTES_MAX;
use crate::suggest::did_you_mean;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use measurand_catalog::read_text;
use std::ops::RangeInclusive;
use std::path::Path;

/// Comments that only pint uses.
const OF_PINT: &[&str] = &["rule/set", "rule/owner", "file/owner"];

/// A rule that is disabled for a file or for some of its lines.
#[derive(Debug)]
struct Switch {
    rule: String,
    /// `None` for the whole file.
    lines: Option<RangeInclusive<u32>>,
    is_warning: bool,
}

impl Switch {
    fn is_for(&self, it: &Finding) -> bool {
        // dashboard-linter has another name for this rule.
        let alias = self.rule == "target-promql-rule" && it.rule == "promql/syntax";
        (it.rule == self.rule || alias) && self.lines.as_ref().is_none_or(|lines| lines.contains(&it.line))
    }
}

/// Removes or downgrades the findings that the file's comments and the `.lint` beside it disable. Adds findings for
/// mistakes in them.
///
/// # Errors
/// If there is a `.lint` that cannot be read.
pub(super) fn apply(read: &Read, beside: Option<&Path>, found: Vec<Finding>) -> Result<Vec<Finding>, String> {
    let mut mistakes = Findings::of(&read.name);
    let mut switches = of_comments(read, &mut mistakes);
    let mut all = mistakes.into_all();
    let dashboards =
        read.documents.iter().filter(|it| matches!(it.content, Content::Dashboard(_) | Content::Unread(_)));
    let dashboards: Vec<&Node> = dashboards.map(|it| &it.node).collect();
    if let Some(path) = beside.filter(|_| !dashboards.is_empty()) {
        let name = shown(path);
        let mut mistakes = Findings::of(&name);
        match read_text(path, SETTINGS_BYTES_MAX) {
            Ok(text) => of_file(&text, &dashboards, &mut switches, &mut mistakes),
            Err(error) if error.is_missing() => {}
            Err(error) => return Err(error.to_string()),
        }
        all.extend(mistakes.into_all());
    }
    for mut it in found {
        match switches.iter().filter(|switch| switch.is_for(&it)).map(|switch| switch.is_warning).min() {
            // An exclusion takes precedence over a warning.
            Some(false) => {}
            is_warning => {
                it.is_warning = is_warning.is_some();
                all.push(it);
            }
        }
    }
    Ok(all)
}

fn of_comments(read: &Read, findings: &mut Findings<'_>) -> Vec<Switch> {
    let groups = read.documents.iter().filter_map(|document| match &document.content {
        Content::Rules(groups) => Some(groups),
        _ => None,
    });
    let rules: Vec<&Rule> = groups.flatten().flat_map(|it| &it.rules).collect();
    let mut all = Vec::new();
    for comment in &read.comments {
        let mut add = |message: String, help: &str| findings.add(comment.line, "pint/comment", message, help);
        let mut words = comment.text.split_whitespace();
        let word = words.next().unwrap_or_default();
        if IGNORE.contains(&word) || OF_PINT.contains(&word) {
            continue;
        }
        let (scope, verb) = word.rsplit_once('/').unwrap_or(("", word));
        if !["", "file"].contains(&scope) || !["disable", "snooze"].contains(&verb) {
            let known = ["disable", "snooze", "file/disable", "file/snooze"].into_iter().chain(IGNORE);
            let help = did_you_mean(word, known, "write it like `# pint disable promql/rate`");
            add(format!("pint has no comment `{word}`"), &help);
            continue;
        }
        if verb == "snooze" {
            let until = words.next().unwrap_or_default();
            match moment(until) {
                None => {
                    add(format!("`{until}` is not a date"), "write it like `2030-01-31` or `2030-01-31T12:00:00Z`");
                    continue;
                }
                // The date has passed.
                Some(until) if until <= Timestamp::now() => continue,
                Some(_) => {}
            }
        }
        // The parentheses may contain a server or series, which are not needed here.
        let rule = words.next().unwrap_or_default().split('(').next().unwrap_or_default();
        if let Err(help) = knows(rule) {
            add(format!("pint has no check `{rule}`"), &help);
            continue;
        }
        let lines = if scope == "file" { None } else { rule_at(comment.line, &rules, &read.empty_lines) };
        if scope.is_empty() && lines.is_none() {
            add(
                "the comment belongs to no rule".to_owned(),
                "put it into a rule or directly above one, or use `file/disable`",
            );
            continue;
        }
        all.push(Switch { rule: rule.to_owned(), lines, is_warning: false });
    }
    all
}

/// Checks that there is a rule with this name, here, in pint or in dashboard-linter. The error is the help for the
/// user.
fn knows(name: &str) -> Result<(), String> {
    let names = || RULES.iter().map(|it| it.name).chain(LEFT_OUT.iter().map(|(name, _)| *name));
    if names().any(|it| it == name) {
        return Ok(());
    }
    Err(did_you_mean(name, names(), LIST_RULES))
}

/// Parses a time, or a date, which stands for its midnight in UTC.
fn moment(text: &str) -> Option<Timestamp> {
    let day = || TimeZone::UTC.to_timestamp(text.parse::<Date>().ok()?.at(0, 0, 0, 0)).ok();
    text.parse().ok().or_else(day)
}

/// The lines of the rule that contains a comment, or that follows it with only comments between.
fn rule_at(line: u32, rules: &[&Rule], empty: &[u32]) -> Option<RangeInclusive<u32>> {
    let is_unbroken = |from: u32, to: u32| !empty.iter().any(|it| (from..=to).contains(it));
    let next = rules.iter().map(|it| &it.lines).filter(|it| *it.start() > line).min_by_key(|it| *it.start());
    let inside = rules.iter().map(|it| &it.lines).filter(|it| *it.start() <= line).max_by_key(|it| *it.start());
    // The last value of a rule may have several lines.
    let inside = inside.filter(|it| line <= *it.end() || is_unbroken(*it.end(), line));
    let above = next.filter(|it| is_unbroken(line, *it.start()) && it.start() - line <= COMMENTS_MAX);
    let is_within = inside.is_some_and(|it| line <= *it.end());
    if is_within { inside.cloned() } else { above.or(inside).cloned() }
}

/// Maximum number of comment lines above a rule.
const COMMENTS_MAX: u32 = 20;

fn of_file(text: &str, dashboards: &[&Node], switches: &mut Vec<Switch>, findings: &mut Findings<'_>) {
    const RULE: &str = "lint-file";
    let document = match parse(text, false) {
        Ok(documents) => documents.into_iter().next(),
        Err((line, reason)) => {
            return findings.add(
                line,
                "syntax",
                format!("the file cannot be read: {reason}"),
                "fix the syntax of the file",
            );
        }
    };
    for (key, list) in document.as_ref().map(Node::entries).unwrap_or_default() {
        if key != "exclusions" && key != "warnings" {
            let help = did_you_mean(key, ["exclusions", "warnings"].into_iter(), "write `exclusions` or `warnings`");
            findings.add(list.line, RULE, format!("there is no key `{}`", key.escape_debug()), help);
            continue;
        }
        for (rule, node) in list.entries() {
            if let Err(help) = knows(rule) {
                findings.add(node.line, RULE, format!("there is no rule `{}`", rule.escape_debug()), help);
                continue;
            }
            let is_warning = key == "warnings";
            let entries = node.get("entries").map(Node::items).unwrap_or_default();
            let mut switch = |lines| switches.push(Switch { rule: rule.clone(), lines, is_warning });
            if entries.is_empty() {
                switch(None);
            }
            for entry in entries {
                let wanted = entry.text_of("dashboard");
                for dashboard in
                    dashboards.iter().filter(|it| wanted.is_none_or(|title| it.text_of("title") == Some(title)))
                {
                    for lines in places(entry, dashboard) {
                        switch(Some(lines));
                    }
                }
            }
        }
    }
}

/// The lines that an entry names in a dashboard: those of the dashboard, of some panels, or of one of their targets.
fn places(entry: &Node, dashboard: &Node) -> Vec<RangeInclusive<u32>> {
    let Some(title) = entry.text_of("panel") else { return vec![dashboard.lines()] };
    let index: Option<usize> = entry.text_of("targetIdx").and_then(|it| it.parse().ok());
    let rows = dashboard.get("panels").map(Node::items).unwrap_or_default();
    let panels =
        rows.iter().flat_map(|it| [it].into_iter().chain(it.get("panels").map(Node::items).unwrap_or_default()));
    let panels = panels.filter(|it| it.text_of("title") == Some(title));
    let part = |panel: &Node| match index {
        None => Some(panel.lines()),
        Some(index) => panel.get("targets")?.items().get(index).map(Node::lines),
    };
    panels.filter_map(part).collect()
}
