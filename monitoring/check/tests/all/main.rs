//! Tests of `lint`, `check`, `diff`, `explain` and the settings.

mod check;
mod current;
mod dashboard_formats;
mod diff;
mod explain;
mod lint;
mod lint_dashboards;
mod settings;
#[path = "../../../core/tests/all/support.rs"]
#[allow(dead_code, unused_imports, reason = "other tests need more of it")]
mod support;
mod switches;
