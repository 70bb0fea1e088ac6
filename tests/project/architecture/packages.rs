//! Dependencies between the crates. ARCHITECTURE.md has a graph of them; `UPDATE_EXPECT=1` updates it.

use measurand_tests::workspace;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;
use std::process::Command;

/// A crate of the workspace.
pub(super) struct Package {
    pub(super) name: String,
    pub(super) folder: PathBuf,
    /// Dependencies within the workspace, without dev-dependencies.
    dependencies: BTreeSet<String>,
}

/// Returns all crates of the workspace except those in `tests`.
pub(super) fn all() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(workspace())
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let package = |it: &Value| {
        let manifest = PathBuf::from(it["manifest_path"].as_str()?);
        let folder = manifest.parent()?.to_owned();
        let is_test = folder.starts_with(workspace().join("tests"));
        let ours = |it: &&Value| it["path"].is_string() && it["kind"].is_null();
        let dependencies = it["dependencies"].as_array()?.iter().filter(ours);
        let dependencies = dependencies.filter_map(|it| Some(it["name"].as_str()?.to_owned())).collect();
        (!is_test).then_some(Package { name: it["name"].as_str()?.to_owned(), folder, dependencies })
    };
    let packages = metadata["packages"].as_array().expect("packages");
    packages.iter().filter_map(package).collect()
}

/// The dependency graph in Mermaid's syntax, which GitHub and mdBook draw.
fn graph() -> String {
    let mut text = String::from("```mermaid\ngraph TD\n");
    let examples = workspace().join("examples");
    let mut packages: Vec<Package> = all().into_iter().filter(|it| !it.folder.starts_with(&examples)).collect();
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    for package in packages {
        for dependency in package.dependencies {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {} --> {dependency}", package.name);
        }
    }
    text + "```\n"
}

#[test]
fn the_graph_in_architecture_md_is_current() {
    const START: &str = "<!-- crates -->\n";
    const END: &str = "<!-- /crates -->\n";
    let path = workspace().join("ARCHITECTURE.md");
    let text = std::fs::read_to_string(&path).expect("ARCHITECTURE.md");
    let (before, rest) = text.split_once(START).expect("the start marker of the graph");
    let (found, after) = rest.split_once(END).expect("the end marker of the graph");
    let graph = graph();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, format!("{before}{START}{graph}{END}{after}")).expect("ARCHITECTURE.md is written");
        return;
    }
    assert_eq!(found, graph, "run `UPDATE_EXPECT=1 cargo test -p measurand-tests --test architecture`");
}

#[test]
fn dependencies_point_one_way() {
    let all: BTreeMap<String, BTreeSet<String>> = all().into_iter().map(|it| (it.name, it.dependencies)).collect();
    let reach = |from: &str| {
        let (mut reached, mut next) = (BTreeSet::new(), vec![from.to_owned()]);
        while let Some(it) = next.pop() {
            next.extend(all.get(&it).into_iter().flatten().filter(|it| reached.insert((*it).clone())).cloned());
        }
        reached
    };
    for name in all.keys() {
        assert!(!reach(name).contains(name), "`{name}` depends on itself");
    }
    // A user's program never contains the crates that check files or implement the command.
    for name in ["measurand", "measurand-exporter", "measurand-monitoring", "measurand-webhook"] {
        let reached = reach(name);
        let heavy = ["measurand-check", "cargo-measurand"].into_iter().find(|it| reached.contains(*it));
        assert_eq!(heavy, None, "`{name}` must not depend on it");
    }
    assert_eq!(reach("measurand-catalog"), BTreeSet::new());
}
