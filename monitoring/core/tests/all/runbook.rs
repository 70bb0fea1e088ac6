//! The runbook: each alert has a section that its link finds, and texts of functions stay unchanged.

use crate::shipped::shipped;
use crate::support::{file, measured, monitoring, query, system};
use measurand_monitoring::model::{Piece, Sentence};
use std::collections::BTreeSet;

/// Returns the anchors that GitHub and GitLab give to headings.
fn anchors(markdown: &str) -> Vec<String> {
    let mut fenced = false;
    let headings = markdown.lines().filter(|it| {
        fenced ^= it.starts_with("```");
        !fenced && it.starts_with('#')
    });
    headings.map(|it| it.trim_start_matches('#').trim().to_lowercase().replace(' ', "-")).collect()
}

#[test]
fn each_link_finds_its_section() {
    let monitoring = monitoring(&system());
    let anchors = anchors(&file(&monitoring, "RUNBOOK.md"));
    let unique: BTreeSet<&String> = anchors.iter().collect();
    assert_eq!(unique.len(), anchors.len(), "{anchors:?}");
    for alert in monitoring.alerts.iter().chain(&monitoring.stack).flat_map(|it| &it.rules) {
        let (page, anchor) = alert.runbook_url.split_once('#').unwrap();
        assert_eq!(page, "http://localhost:9095/runbook");
        assert!(anchors.iter().any(|it| it == anchor), "{}", alert.name);
    }
}

#[test]
fn a_section_has_all_parts() {
    let steps = "steps=1. Look at `pg_stat_activity`.\n2. Kill what blocks.";
    let monitoring = monitoring(&[query("select", "patterns", &[steps, "owner=storage"])]);
    let text = file(&monitoring, "RUNBOOK.md");
    let section = text.split("\n## ").find(|it| it.starts_with("DatabaseQueryErrors\n")).unwrap();
    for expected in [
        "Queries on a table fail.\n",
        "- Severity: P1; team: storage.\n",
        "query_type=*query_type*, table=*table*: *value* of the calls ",
        "the limit is 5%. It fires immediately.\n",
        "- Impact: ",
        "- Without data: Silent",
        "viewPanel=",
        "shop::work::select_patterns:\n\n> 1. Look at `pg_stat_activity`.\n> 2. Kill what blocks.\n",
        "```promql\njob_query_type_table:db_query_errors:ratio_rate5m{job=\"shop\"} > 0.05 and ",
    ] {
        assert!(section.contains(expected), "`{expected}` is not in:\n{section}");
    }
    // Alerts about the program are not about that function alone.
    let down = text.split("\n## ").find(|it| it.starts_with("ServiceDown\n")).unwrap();
    assert!(!down.contains("pg_stat_activity") && down.contains("\n1. Ask the program directly"), "{down}");
}

/// Our own texts appear as they are, and texts of a catalog cannot format.
#[test]
fn only_texts_of_a_catalog_are_escaped() {
    let system = monitoring(&system());
    for monitoring in [&system, &shipped()] {
        assert!(!file(monitoring, "RUNBOOK.md").contains("&#"));
    }
    let mut other = system;
    let alert =
        other.alerts.iter_mut().flat_map(|it| &mut it.rules).find(|it| it.name == "DatabaseQueryErrors").unwrap();
    assert!(matches!(alert.summary, Sentence::Foreign(_)) && matches!(alert.impact, Sentence::Foreign(_)));
    alert.summary = Sentence::Foreign("*a* `b` 5% c_d.".to_owned());
    alert.impact = Sentence::Own("A `b`.".to_owned());
    alert.description = vec![Piece::Text("`c` ".to_owned()), Piece::Foreign("[d](e)".to_owned())];
    let text = file(&other, "RUNBOOK.md");
    let section = text.split("\n## ").find(|it| it.starts_with("DatabaseQueryErrors\n")).unwrap();
    for expected in [
        "\n&#42;a&#42; &#96;b&#96; 5% c_d.\n",
        "\n- Impact: A `b`.\n",
        "\n- Meaning: `c` &#91;d&#93;(e) It fires immediately.\n",
    ] {
        assert!(section.contains(expected), "`{expected}` is not in:\n{section}");
    }
}

#[test]
fn steps_cannot_change_the_page() {
    let steps = "steps=# Fake\n## ServiceDown\n```\n</script>";
    let monitoring = monitoring(&[measured("f", &[steps, "owner=[x](javascript:1)"])]);
    let text = file(&monitoring, "RUNBOOK.md");
    let anchors = anchors(&text);
    assert_eq!(anchors.iter().filter(|it| *it == "servicedown").count(), 1, "{anchors:?}");
    assert!(!anchors.iter().any(|it| it == "fake"));
    assert!(text.contains("> # Fake\n> ## ServiceDown\n> ```\n> </script>\n> ```\n"), "{text}");
    assert!(!text.contains("[x]("));
}
