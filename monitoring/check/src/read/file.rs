//! The contents of monitoring files: rules, dashboards and unit tests of rules, also inside Kubernetes objects.

use super::comments::without_ignored;
use super::dashboard_format::classic;
use super::node::{Node, Value, parse};
use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::path::Path;

/// One document of a file.
#[derive(Debug)]
pub(crate) struct Document {
    /// A dashboard of any format is in the classic model.
    pub(crate) node: Node,
    pub(crate) content: Content,
}

/// The contents of a document.
#[derive(Debug)]
pub(crate) enum Content {
    Rules(Vec<RuleGroup>),
    /// The queries of the rules in a provisioning file of Grafana.
    GrafanaRules(Vec<GrafanaQuery>),
    Dashboard(Dashboard),
    /// A dashboard in a format that is not read, and the reason.
    Unread(Located),
    Tests(Vec<Test>),
    /// A `prometheus.yml`.
    Configuration,
    /// A document of another kind, which is ignored.
    Other,
}

/// Text and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Located {
    pub(crate) line: u32,
    pub(crate) text: String,
}

#[derive(Debug)]
pub(crate) struct RuleGroup {
    pub(crate) name: Located,
    pub(crate) interval: Option<Located>,
    pub(crate) rules: Vec<Rule>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RuleKind {
    Alert,
    Recording,
}

#[derive(Debug)]
pub(crate) struct Rule {
    /// Its lines, up to the line on which its last value starts.
    pub(crate) lines: RangeInclusive<u32>,
    pub(crate) kind: RuleKind,
    pub(crate) name: Located,
    pub(crate) expression: Located,
    pub(crate) hold: Option<Located>,
    pub(crate) keep: Option<Located>,
    pub(crate) labels: Vec<(String, Located)>,
    pub(crate) annotations: Vec<(String, Located)>,
    /// Labels and annotations that YAML does not read as text.
    pub(crate) untyped: Vec<Located>,
}

/// A query of Prometheus in a rule of Grafana.
#[derive(Debug)]
pub(crate) struct GrafanaQuery {
    /// The title of the rule.
    pub(crate) rule: String,
    pub(crate) expression: Located,
}

#[derive(Debug)]
pub(crate) struct Dashboard {
    pub(crate) uid: Option<Located>,
    /// The names of its variables.
    pub(crate) variables: Vec<Located>,
    /// All panels, including those in collapsed rows.
    pub(crate) panels: Vec<Panel>,
    /// The queries of variables and annotations.
    pub(crate) others: Vec<Target>,
}

#[derive(Debug)]
pub(crate) struct Panel {
    pub(crate) id: Option<u32>,
    pub(crate) kind: String,
    pub(crate) title: Located,
    /// Its queries of Prometheus.
    pub(crate) targets: Vec<Target>,
    pub(crate) node: Node,
}

#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) expression: Located,
    pub(crate) legend: Option<Located>,
    pub(crate) node: Node,
}

/// One unit test of `promtool`.
#[derive(Debug)]
pub(crate) struct Test {
    pub(crate) series: Vec<Located>,
    pub(crate) alerts: Vec<Located>,
    pub(crate) expressions: Vec<Located>,
}

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Yaml,
}

/// The format of a file with this name. Returns `None` for other files.
pub(crate) fn format_of(path: &Path) -> Option<Format> {
    let extension = path.extension()?.to_string_lossy().to_lowercase();
    match extension.as_str() {
        "json" => Some(Format::Json),
        "yml" | "yaml" => Some(Format::Yaml),
        _ => None,
    }
}

/// Parses the documents of a file. The error is the line and the reason.
pub(crate) fn load(path: &Path, text: &str) -> Result<Vec<Document>, (u32, String)> {
    let is_json = format_of(path) == Some(Format::Json);
    let mut documents = Vec::new();
    let text = if is_json { Cow::Borrowed(text) } else { Cow::Owned(without_ignored(text)) };
    // If a file ends too early inside a block, the parser reports the line after the last one.
    let last = u32::try_from(text.lines().count().max(1)).unwrap_or(u32::MAX);
    for node in parse(&text, is_json)? {
        open(node, &mut documents).map_err(|(line, reason)| (line.min(last), reason))?;
    }
    Ok(documents)
}

/// Adds a document, or the documents inside a Kubernetes object.
fn open(node: Node, documents: &mut Vec<Document>) -> Result<(), (u32, String)> {
    match node.text_of("kind") {
        Some("List") => {
            let items = node.get("items").map(|it| it.items().to_vec()).unwrap_or_default();
            return items.into_iter().try_for_each(|it| open(it, documents));
        }
        Some("ConfigMap") => {
            for (name, value) in node.get("data").map(Node::entries).unwrap_or_default() {
                embedded(Path::new(name), value, documents)?;
            }
        }
        // An object of the Grafana operator.
        Some("GrafanaDashboard") => match node.at(&["spec", "json"]) {
            Some(json) => embedded(Path::new("spec.json"), json, documents)?,
            None => documents.push(document(node)),
        },
        _ => documents.push(document(node)),
    }
    Ok(())
}

/// Adds the documents of a file inside a Kubernetes object. They are not searched for further objects.
fn embedded(name: &Path, value: &Node, documents: &mut Vec<Document>) -> Result<(), (u32, String)> {
    let (Value::Scalar { text, .. }, Some(format)) = (&value.value, format_of(name)) else { return Ok(()) };
    // The parser reports the first line with text, which may follow empty lines of the block.
    let empty = u32::try_from(text.chars().take_while(|it| *it == '\n').count()).unwrap_or_default();
    let start = value.line.saturating_sub(1).saturating_sub(empty);
    let nodes = parse(text, format == Format::Json).map_err(|(line, it)| (line.saturating_add(start), it))?;
    documents.extend(nodes.into_iter().map(|it| document(it.moved(start))));
    Ok(())
}

fn document(node: Node) -> Document {
    match classic(&node) {
        Some(Ok(node)) => Document { content: Content::Dashboard(dashboard(&node)), node },
        Some(Err(reason)) => Document { content: Content::Unread(reason), node },
        None => Document { content: content(&node), node },
    }
}

fn content(node: &Node) -> Content {
    let groups = node.get("groups").or_else(|| node.at(&["spec", "groups"]).filter(|_| is_rule_object(node)));
    if let Some(groups) = groups.filter(|it| it.is_list()) {
        // Grafana's provisioning.
        if node.text_of("apiVersion") == Some("1") {
            let rules = groups.items().iter().flat_map(|it| it.get("rules").map(Node::items).unwrap_or_default());
            return Content::GrafanaRules(rules.flat_map(grafana_queries).collect());
        }
        return Content::Rules(groups.items().iter().map(group).collect());
    }
    if let Some(tests) = node.get("tests").filter(|it| it.is_list()) {
        return Content::Tests(tests.items().iter().map(test).collect());
    }
    if ["scrape_configs", "alerting"].iter().any(|it| node.get(it).is_some()) {
        return Content::Configuration;
    }
    Content::Other
}

fn is_rule_object(node: &Node) -> bool {
    node.text_of("kind") == Some("PrometheusRule")
}

fn located(node: &Node) -> Option<Located> {
    node.text().map(|it| Located { line: node.line, text: it.to_owned() })
}

fn under(node: &Node, key: &str) -> Option<Located> {
    node.get(key).and_then(located)
}

/// The text under a key, or an empty text with the node's own line.
fn or_empty(node: &Node, key: &str) -> Located {
    under(node, key).unwrap_or(Located { line: node.line, text: String::new() })
}

fn group(node: &Node) -> RuleGroup {
    let rules = node.get("rules").map(Node::items).unwrap_or_default();
    RuleGroup {
        name: or_empty(node, "name"),
        interval: under(node, "interval"),
        rules: rules.iter().map(rule).collect(),
    }
}

fn rule(node: &Node) -> Rule {
    let texts = |key: &str| {
        let entries = node.get(key).map(Node::entries).unwrap_or_default();
        entries.iter().filter_map(|(name, it)| Some((name.clone(), located(it)?))).collect()
    };
    let kind = if node.get("alert").is_some() { RuleKind::Alert } else { RuleKind::Recording };
    let texts_of = |key: &str| node.get(key).map(Node::entries).unwrap_or_default().iter().map(|(_, it)| it);
    let untyped = texts_of("labels").chain(texts_of("annotations")).filter(|it| !it.is_text());
    Rule {
        lines: node.lines(),
        untyped: untyped.filter_map(located).collect(),
        kind,
        name: or_empty(node, if kind == RuleKind::Alert { "alert" } else { "record" }),
        expression: or_empty(node, "expr"),
        hold: under(node, "for"),
        keep: under(node, "keep_firing_for"),
        labels: texts("labels"),
        annotations: texts("annotations"),
    }
}

fn grafana_queries(rule: &Node) -> impl Iterator<Item = GrafanaQuery> {
    let models = rule.get("data").map(Node::items).unwrap_or_default().iter().filter_map(|it| it.get("model"));
    let of_prometheus = |it: &&Node| it.at(&["datasource", "type"]).is_none_or(|it| it.text() == Some("prometheus"));
    let queries = models.filter(of_prometheus).filter_map(|it| under(it, "expr"));
    queries.map(|expression| GrafanaQuery { rule: or_empty(rule, "title").text, expression })
}

fn dashboard(node: &Node) -> Dashboard {
    let variables = node.at(&["templating", "list"]).map(Node::items).unwrap_or_default();
    let annotations = node.at(&["annotations", "list"]).map(Node::items).unwrap_or_default();
    let asked = variables.iter().filter_map(variable_query).chain(annotations.iter().filter_map(target));
    let of_loki = |it: &&Node| it.text_of("type") == Some("datasource") && it.text_of("query") == Some("loki");
    let of_loki: Vec<&str> = variables.iter().filter(of_loki).filter_map(|it| it.text_of("name")).collect();
    let mut panels = Vec::new();
    for item in node.get("panels").map(Node::items).unwrap_or_default() {
        panels.push(panel(item, &of_loki));
        let inner = item.get("panels").map(Node::items).unwrap_or_default();
        panels.extend(inner.iter().map(|it| panel(it, &of_loki)));
    }
    Dashboard {
        uid: under(node, "uid"),
        variables: variables.iter().filter_map(|it| under(it, "name")).collect(),
        panels,
        others: asked.collect(),
    }
}

/// The query of a variable: the series in `label_values(series, label)`, or the expression in `query_result(…)`.
fn variable_query(node: &Node) -> Option<Target> {
    let query = node.get("query")?;
    let text = query.text().or_else(|| query.text_of("query"))?;
    let inner = |function: &str| text.trim().strip_prefix(function)?.trim().strip_prefix('(')?.strip_suffix(')');
    let expression = match (inner("label_values"), inner("query_result")) {
        // Commas inside braces separate matchers; the last comma separates the label.
        (Some(arguments), _) => arguments.rsplit_once(',').filter(|(it, _)| balanced(it))?.0,
        (_, Some(expression)) => expression,
        _ => return None,
    };
    let expression = Located { line: query.line, text: expression.trim().to_owned() };
    Some(Target { expression, legend: None, node: node.clone() })
}

fn balanced(text: &str) -> bool {
    text.matches('{').count() == text.matches('}').count()
}

fn target(node: &Node) -> Option<Target> {
    let expression = under(node, "expr").filter(|it| !it.text.is_empty())?;
    Some(Target { expression, legend: under(node, "legendFormat"), node: node.clone() })
}

/// A panel. `of_loki` are the data source variables for Loki.
fn panel(node: &Node, of_loki: &[&str]) -> Panel {
    let targets = node.get("targets").map(Node::items).unwrap_or_default();
    let asks_loki = |target: &Node| {
        let Some(source) = target.get("datasource").or_else(|| node.get("datasource")) else { return false };
        let uid = source.text_of("uid").or_else(|| source.text()).unwrap_or_default();
        let name = uid.trim_start_matches(['$', '{']).trim_end_matches('}');
        source.text_of("type") == Some("loki") || uid.starts_with('$') && of_loki.contains(&name)
    };
    Panel {
        id: node.text_of("id").and_then(|it| it.parse().ok()),
        kind: node.text_of("type").unwrap_or_default().to_owned(),
        title: or_empty(node, "title"),
        // Queries of Loki are LogQL, which is not checked.
        targets: targets.iter().filter(|it| !asks_loki(it)).filter_map(target).collect(),
        node: node.clone(),
    }
}

fn test(node: &Node) -> Test {
    let each = |list: &str, key: &str| -> Vec<Located> {
        let items = node.get(list).map(Node::items).unwrap_or_default();
        items.iter().filter_map(|it| under(it, key)).collect()
    };
    Test {
        series: each("input_series", "series"),
        alerts: each("alert_rule_test", "alertname"),
        expressions: each("promql_expr_test", "expr"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Content, load};
    use std::path::Path;

    #[test]
    fn kubernetes_objects_are_opened() {
        let rules = "apiVersion: v1\nkind: PrometheusRule\nspec:\n  groups:\n  - name: a\n    rules:\n    - alert: X\n      expr: up\n";
        let documents = load(Path::new("a.yml"), rules).unwrap();
        let Content::Rules(groups) = &documents[0].content else { panic!("no rules") };
        assert_eq!((groups[0].rules[0].expression.line, groups[0].rules[0].name.text.as_str()), (8, "X"));
        let map = "kind: ConfigMap\ndata:\n  x.json: |\n    {\n    \"panels\": [\n      {\"id\": 1,\n       \"title\": \"T\"}]}\n";
        let documents = load(Path::new("a.yml"), map).unwrap();
        let Content::Dashboard(dashboard) = &documents[0].content else { panic!("no dashboard") };
        assert_eq!(dashboard.panels[0].title.line, 7);
        let spaced = map.replace("|\n", "|\n\n\n");
        let documents = load(Path::new("a.yml"), &spaced).unwrap();
        let Content::Dashboard(dashboard) = &documents[0].content else { panic!("no dashboard") };
        assert_eq!(dashboard.panels[0].title.line, 9);
        let cut = "kind: ConfigMap\ndata:\n  x.json: |\n    {\"panels\": []";
        assert_eq!(load(Path::new("a.yml"), cut).unwrap_err().0, 4, "the last line");
    }

    #[test]
    fn queries_of_variables_are_read() {
        let json = r#"{"panels": [], "templating": {"list": [
            {"name": "a", "query": "label_values(up{job=\"a\",b=\"c\"}, instance)"},
            {"name": "b", "query": {"query": "query_result(sum(x))"}},
            {"name": "c", "query": "label_values(instance)"},
            {"name": "d", "query": "prometheus"}]}}"#;
        let documents = load(Path::new("a.json"), json).unwrap();
        let Content::Dashboard(dashboard) = &documents[0].content else { panic!("no dashboard") };
        let asked: Vec<&str> = dashboard.others.iter().map(|it| it.expression.text.as_str()).collect();
        assert_eq!(asked, ["up{job=\"a\",b=\"c\"}", "sum(x)"]);
        assert_eq!(dashboard.variables.len(), 4);
    }
}
