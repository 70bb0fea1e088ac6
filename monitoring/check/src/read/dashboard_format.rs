//! The formats of dashboards: the classic model, and schema V2, each alone or as a resource of Grafana's API.
//!
//! All become the classic model with the lines of the file, so each check exists once.

use super::file::Located;
use super::node::{Node, Value};

/// The help for a dashboard that cannot be read.
pub(crate) const EXPORT_IT: &str = "export it from Grafana 12 or newer, as classic or as V2 resource";
/// The group of Grafana's dashboards as resources.
const GROUP: &str = "dashboard.grafana.app/";
/// The versions of resources that are read.
const VERSIONS: [&str; 6] = ["v0alpha1", "v1alpha1", "v1beta1", "v1", "v2beta1", "v2"];

/// Returns the classic model of a dashboard. The error says why it cannot be read. Returns `None` for other documents.
pub(super) fn classic(node: &Node) -> Option<Result<Node, Located>> {
    // Grafana's HTTP API puts the dashboard into an object.
    let node = node.get("dashboard").unwrap_or(node);
    let is_resource = node.text_of("kind").is_some_and(|it| it.ends_with("Dashboard"));
    let body = node.get("spec").filter(|_| is_resource).unwrap_or(node);
    let is_v2 = body.at(&["layout", "kind"]).is_some() && body.get("elements").is_some();
    let is_classic = body.get("panels").is_some_and(Node::is_list) || body.get("schemaVersion").is_some();
    if !is_resource && !is_v2 && !is_classic {
        return None;
    }
    let uid = node.at(&["metadata", "name"]);
    let version = node.text_of("apiVersion").and_then(|it| it.strip_prefix(GROUP));
    let reason = match version.filter(|it| !VERSIONS.contains(it)) {
        Some(version) => format!("`{GROUP}{version}` is not one of the versions {}", VERSIONS.join(", ")),
        None if body.get("rows").is_some() && body.get("panels").is_none() => {
            "it has `rows` instead of `panels`, as before Grafana 5".to_owned()
        }
        None if is_v2 => return Some(Ok(from_v2(body, uid))),
        None if is_classic => {
            let uid = uid.map(|it| ("uid".to_owned(), it.clone()));
            let entries = uid.into_iter().chain(body.entries().iter().cloned()).collect();
            return Some(Ok(Node { line: body.line, value: Value::Map(entries) }));
        }
        None => "it has neither `panels` nor `elements` and a `layout`".to_owned(),
    };
    Some(Err(Located { line: node.line, text: format!("the dashboard is not checked: {reason}") }))
}

fn from_v2(spec: &Node, uid: Option<&Node>) -> Node {
    let converted = |key: &str, convert: fn(&Node) -> Node| {
        let items = spec.get(key).map(Node::items).unwrap_or_default();
        Some(map(spec.line, [("list", Some(list(spec.line, items.iter().map(convert))))]))
    };
    // The panels of a library are in Grafana.
    let elements = spec.get("elements").map(Node::entries).unwrap_or_default().iter().map(|(_, it)| it);
    let panels = elements.filter(|it| it.text_of("kind") == Some("Panel")).map(panel);
    map(
        spec.line,
        [
            ("uid", uid.cloned()),
            ("title", spec.get("title").cloned()),
            ("editable", spec.get("editable").cloned()),
            ("templating", converted("variables", variable)),
            ("annotations", converted("annotations", annotation)),
            ("panels", Some(list(spec.line, panels))),
        ],
    )
}

fn variable(node: &Node) -> Node {
    let of = |path: &[&str]| node.get("spec")?.at(path).cloned();
    let kind = node.text_of("kind").unwrap_or_default().trim_end_matches("Variable").to_lowercase();
    let query = of(&["query", "spec", "query"]).or_else(|| of(&["query", "spec", "__legacyStringValue"]));
    let on_time = of(&["refresh"]).filter(|it| it.text() == Some("onTimeRangeChanged"));
    map(
        node.line,
        [
            ("type", Some(text(node.line, kind))),
            ("query", query.or_else(|| of(&["pluginId"])).or_else(|| of(&["query"]))),
            ("datasource", of(&["query"]).map(|it| datasource(&it))),
            ("refresh", on_time.map(|it| text(it.line, "2".to_owned()))),
            ("name", of(&["name"])),
            ("label", of(&["label"])),
            ("multi", of(&["multi"])),
            ("allValue", of(&["allValue"])),
        ],
    )
}

fn annotation(node: &Node) -> Node {
    let of = |path: &[&str]| node.get("spec")?.at(path);
    let expression = of(&["query", "spec", "expr"]).or_else(|| of(&["legacyOptions", "expr"]));
    map(node.line, [("expr", expression.cloned()), ("name", of(&["name"]).cloned())])
}

fn panel(node: &Node) -> Node {
    let of = |path: &[&str]| node.get("spec")?.at(path);
    let items = |key: &str| of(&["data", "spec", key]).map(Node::items).unwrap_or_default().iter();
    map(
        node.line,
        [
            ("id", of(&["id"]).cloned()),
            ("type", of(&["vizConfig", "group"]).cloned()),
            ("title", of(&["title"]).cloned()),
            ("description", of(&["description"]).cloned()),
            ("options", of(&["vizConfig", "spec", "options"]).cloned()),
            ("fieldConfig", of(&["vizConfig", "spec", "fieldConfig"]).cloned()),
            ("targets", Some(list(node.line, items("queries").map(target)))),
            ("transformations", Some(list(node.line, items("transformations").map(transformation)))),
        ],
    )
}

fn target(node: &Node) -> Node {
    let of = |path: &[&str]| node.get("spec")?.at(path);
    let own = [("refId", of(&["refId"]).cloned()), ("datasource", of(&["query"]).map(datasource))];
    let mut target = map(node.line, own);
    if let Value::Map(entries) = &mut target.value {
        entries.extend(of(&["query", "spec"]).map(Node::entries).unwrap_or_default().iter().cloned());
    }
    target
}

fn transformation(node: &Node) -> Node {
    // Version `v2beta1` has the id in the specification.
    let id = node.at(&["spec", "id"]).or_else(|| node.get("group"));
    map(node.line, [("id", id.cloned()), ("options", node.at(&["spec", "options"]).cloned())])
}

fn datasource(query: &Node) -> Node {
    map(query.line, [("type", query.get("group").cloned()), ("uid", query.at(&["datasource", "name"]).cloned())])
}

fn text(line: u32, text: String) -> Node {
    Node { line, value: Value::Scalar { text, quoted: true } }
}

fn list(line: u32, items: impl Iterator<Item = Node>) -> Node {
    Node { line, value: Value::List(items.collect()) }
}

/// Returns a map of the entries that have a value.
fn map<const N: usize>(line: u32, entries: [(&str, Option<Node>); N]) -> Node {
    let entries = entries.into_iter().filter_map(|(key, it)| Some((key.to_owned(), it?)));
    Node { line, value: Value::Map(entries.collect()) }
}
