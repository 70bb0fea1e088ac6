//! Every page of the book, so that `cargo test --doc -p measurand-book` compiles and runs its Rust examples.

#![allow(clippy::doc_markdown, reason = "the pages name products, which need no backquotes")]
#![allow(clippy::test_attr_in_doctest, reason = "a page shows how tests are written")]

/// One module for each page; its documentation is the page.
macro_rules! pages {
    ($($module:ident = $page:literal;)*) => {
        $(
            #[doc = include_str!(concat!("../../docs/", $page))]
            pub mod $module {}
        )*

        /// The pages whose examples are tested, as SUMMARY.md names them.
        pub const PAGES: &[&str] = &[$($page),*];
    };
}

pages! {
    introduction = "introduction.md";
    first_metric = "getting-started/first-metric.md";
    first_alert = "getting-started/first-alert.md";
    axum_service = "getting-started/axum-service.md";
    annotate_a_module = "guides/annotate-a-module.md";
    labels_and_families = "guides/labels-and-families.md";
    http_and_grpc = "guides/http-and-grpc.md";
    error_kinds = "guides/error-kinds.md";
    objectives = "guides/objectives.md";
    testing = "guides/testing.md";
    live_page = "guides/live-page.md";
    dashboards = "guides/dashboards.md";
    grafana_alerting = "guides/grafana-alerting.md";
    own_alerts = "guides/own-alerts.md";
    notifications = "guides/notifications.md";
    tls_and_proxies = "guides/tls-and-proxies.md";
    high_availability = "guides/high-availability.md";
    remote_storage = "guides/remote-storage.md";
    scaling_out = "guides/scaling-out.md";
    native_histograms = "guides/native-histograms.md";
    upgrading = "guides/upgrading.md";
    migrating = "guides/migrating.md";
    attributes = "reference/attributes.md";
    metrics = "reference/metrics.md";
    alerts = "reference/alerts.md";
    monitoring_toml = "reference/monitoring-toml.md";
    command = "reference/command.md";
    endpoint = "reference/endpoint.md";
    webhook = "reference/webhook.md";
    features = "reference/features.md";
    names = "reference/names.md";
    limits = "reference/limits.md";
    formats = "reference/formats.md";
    lint = "reference/lint.md";
    queries = "reference/queries.md";
    benchmarks = "reference/benchmarks.md";
    recording = "concepts/recording.md";
    exactness = "concepts/exactness.md";
    catalog = "concepts/catalog.md";
    alert_design = "concepts/alert-design.md";
    concepts_scaling = "concepts/scaling.md";
    security = "concepts/security.md";
    troubleshooting = "troubleshooting.md";
    glossary = "glossary.md";
    further_reading = "further-reading.md";
}

#[cfg(test)]
mod tests {
    use super::PAGES;
    use std::collections::BTreeSet;

    #[test]
    fn the_examples_of_every_page_are_tested() {
        let summary = include_str!("../../docs/SUMMARY.md");
        let links = summary.split("](").skip(1).filter_map(|it| it.split(')').next());
        let listed: BTreeSet<&str> = links.collect();
        let tested: BTreeSet<&str> = PAGES.iter().copied().collect();
        assert_eq!(listed, tested, "pages of docs/SUMMARY.md, and pages in tests/book/lib.rs");
    }
}
