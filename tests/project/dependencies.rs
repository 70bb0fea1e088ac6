//! Checks the contents of a build: the lists of `deny.toml`, the number of packages in the book, `unsafe` code, the tests
//! named in SECURITY.md, and the place of the pinned images.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

use measurand_tests::workspace;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Cargo's name of its default registry.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";
/// The target to count packages for; on others one or two packages differ.
const TARGET: &str = "x86_64-unknown-linux-gnu";

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(workspace()).output().unwrap();
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn deny() -> toml::Table {
    std::fs::read_to_string(workspace().join("deny.toml")).unwrap().parse().unwrap()
}

/// The strings of a list, or the `crate` of each table in it; a table needs a reason.
fn list(deny: &toml::Table, section: &str, key: &str) -> Vec<String> {
    let items = deny[section][key].as_array().unwrap_or_else(|| panic!("deny.toml: `{section}.{key}` is not a list"));
    let name = |it: &toml::Value| {
        let Some(name) = it.as_str() else {
            assert!(it["reason"].as_str().is_some_and(|it| !it.is_empty()), "deny.toml: {it} has no reason");
            return it["crate"].as_str().expect("a name").to_owned();
        };
        name.to_owned()
    };
    items.iter().map(name).collect()
}

/// Whether the allowed licences satisfy an expression. `OR` and the older `/` are choices, `AND` requires both parts,
/// and parentheses group.
fn satisfied(expression: &str, allowed: &[String]) -> bool {
    let expression = expression.trim();
    for (word, any) in [(" OR ", true), ("/", true), (" AND ", false)] {
        let mut parts = split(expression, word);
        if parts.len() > 1 {
            return if any { parts.any(|it| satisfied(it, allowed)) } else { parts.all(|it| satisfied(it, allowed)) };
        }
    }
    match expression.strip_prefix('(').and_then(|it| it.strip_suffix(')')) {
        Some(inner) => satisfied(inner, allowed),
        None => allowed.iter().any(|it| it == expression),
    }
}

/// Splits an expression at a word outside parentheses.
fn split<'a>(expression: &'a str, word: &str) -> std::vec::IntoIter<&'a str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    for (place, _) in expression.match_indices(word) {
        let before = &expression[..place];
        if before.matches('(').count() == before.matches(')').count() {
            parts.push(&expression[start..place]);
            start = place + word.len();
        }
    }
    parts.push(&expression[start..]);
    parts.into_iter()
}

#[test]
fn licence_expressions_are_evaluated() {
    let allowed = ["MIT", "ISC"].map(str::to_owned);
    for good in ["MIT", "GPL-3.0 OR MIT", "GPL-3.0/MIT", "MIT AND ISC", "(GPL-3.0 OR MIT) AND ISC", "(MIT)"] {
        assert!(satisfied(good, &allowed), "{good}");
    }
    for bad in ["GPL-3.0", "MIT AND GPL-3.0", "(GPL-3.0 OR MIT) AND BSL-1.0", "(MIT OR ISC) AND (GPL-3.0)", ""] {
        assert!(!satisfied(bad, &allowed), "{bad}");
    }
}

#[test]
fn the_build_obeys_deny_toml() {
    let deny = deny();
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--format-version", "1", "--locked", "--all-features"])).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let (allowed, banned) = (list(&deny, "licenses", "allow"), list(&deny, "bans", "deny"));
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages.iter().filter(|it| !it["source"].is_null()) {
        let [name, version, source, license] =
            ["name", "version", "source", "license"].map(|it| package[it].as_str().unwrap_or_default());
        assert_eq!(source, REGISTRY, "source of `{name}`; deny.toml allows no other");
        assert!(
            satisfied(license, &allowed),
            "`{name} {version}` is under `{license}`, which `licenses.allow` of deny.toml does not cover"
        );
        assert!(!banned.iter().any(|it| it == name), "deny.toml bans `{name}`; see the reason there");
        versions.entry(name).or_default().push(version);
    }
    assert!(versions.len() > 100, "{} packages", versions.len());

    // `bans.skip` has exactly the older versions of packages that occur in several versions.
    let mut old = BTreeSet::new();
    for (name, versions) in &mut versions {
        versions.sort_by_key(|it| it.split(['.', '+', '-']).map(|it| it.parse().unwrap_or(0)).collect::<Vec<u64>>());
        old.extend(versions.iter().rev().skip(1).map(|version| format!("{name}@{version}")));
    }
    let skipped: BTreeSet<String> = list(&deny, "bans", "skip").into_iter().collect();
    assert_eq!(old, skipped, "older versions of duplicate packages, compared with `bans.skip` of deny.toml");
    for (section, key) in [
        ("bans", "multiple-versions"),
        ("bans", "wildcards"),
        ("sources", "unknown-registry"),
        ("sources", "unknown-git"),
    ] {
        assert_eq!(deny[section][key].as_str(), Some("deny"), "deny.toml: {section}.{key}");
    }
    for package in packages.iter().filter(|it| it["source"].is_null()) {
        for it in package["dependencies"].as_array().unwrap().iter().filter(|it| it["path"].is_null()) {
            assert_ne!(it["req"], "*", "`{}` of `{}` has no version requirement", it["name"], package["name"]);
        }
    }
}

/// Lists the packages that users get, by feature.
const PAGE: &str = "docs/reference/features.md";

/// The third-party packages in a build of `measurand` with these features.
fn packages(features: &str) -> BTreeSet<String> {
    let arguments =
        ["tree", "--locked", "-p", "measurand", "-e", "normal,build", "--prefix", "none", "--target", TARGET];
    let tree = cargo(&[&arguments[..], &["--no-default-features", "--features", features]].concat());
    let names = tree.lines().filter_map(|it| it.split(' ').next()).filter(|it| !it.starts_with("measurand"));
    names.map(str::to_owned).collect()
}

#[test]
fn users_get_as_few_packages_as_the_book_says() {
    let page = std::fs::read_to_string(workspace().join(PAGE)).unwrap();
    let section = page.split("\n## Third-party packages\n").nth(1).expect("a section of the page");
    let section = section.split("\n#").next().unwrap_or_default();
    let mut seen = Vec::new();
    for row in section.lines().filter(|it| it.starts_with("| ") && !it.starts_with("| Features")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [features, most] = cells[..] else { panic!("{row}") };
        let features =
            if features == "none" { "record".to_owned() } else { format!("record,{}", features.replace('`', "")) };
        let (found, most) = (packages(&features), most.parse::<usize>().expect("a number"));
        assert!(found.len() <= most, "{features}: {} packages, {PAGE} says {most}:\n{found:#?}", found.len());
        seen.push(features);
    }
    assert!(seen.len() >= 3 && seen[0] == "record", "{seen:?}");
    let sentence =
        section.lines().find(|it| it.starts_with("Without features ")).expect("a sentence with the package names");
    let named: BTreeSet<String> = sentence.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    assert_eq!(named, packages("record"), "the names in {PAGE}");
}

/// Attacks with reset streams or endless headers need HTTP/2, which is not in the program.
#[test]
fn http_2_is_not_compiled_in() {
    let found = packages("record,exporter,tls,push");
    assert!(found.contains("hyper") && found.contains("rustls"), "{found:#?}");
    assert!(!found.contains("h2"), "{found:#?}");
    let webhook = cargo(&["tree", "--locked", "-p", "measurand-webhook", "-e", "normal", "--prefix", "none"]);
    assert!(webhook.lines().any(|it| it.starts_with("hyper ")) && !webhook.lines().any(|it| it.starts_with("h2 ")));
}

/// Each test named in SECURITY.md exists and is a test, and each guarantee names one.
#[test]
fn tests_named_in_security_md_exist() {
    let text = std::fs::read_to_string(workspace().join("SECURITY.md")).unwrap();
    let names: BTreeSet<&str> = text.split('`').skip(1).step_by(2).filter(|it| it.contains(".rs::")).collect();
    assert!(names.len() > 30, "{names:#?}");
    for name in names {
        let (file, function) = name.split_once("::").unwrap();
        let source = std::fs::read_to_string(workspace().join(file)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let lines: Vec<&str> = source.lines().map(str::trim).collect();
        let place = lines.iter().position(|it| it.contains(&format!("fn {function}(")));
        let place = place.unwrap_or_else(|| panic!("SECURITY.md names `{name}`, which does not exist"));
        // The attribute `#[test]` is directly above the function.
        let above = lines[..place].iter().rev().take_while(|it| it.starts_with("#[") || it.starts_with("//"));
        assert!(above.into_iter().any(|it| it.contains("test")), "SECURITY.md names `{name}`, which is not a test");
    }
    let guarantees = text.split("\n## Guarantees").nth(1).and_then(|it| it.split("\n## ").next()).unwrap();
    for row in guarantees.lines().filter(|it| it.starts_with("| ") && !it.starts_with("| guarantee")) {
        assert!(row.contains(".rs::"), "a guarantee without a test: {row}");
    }
}

#[test]
fn no_crate_of_ours_allows_unsafe_code() {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--format-version", "1", "--locked", "--no-deps"])).unwrap();
    let workspace_lints = std::fs::read_to_string(workspace().join("Cargo.toml")).unwrap();
    assert!(workspace_lints.contains("unsafe_code = \"deny\""));
    let packages = metadata["packages"].as_array().unwrap();
    for package in packages {
        let manifest = package["manifest_path"].as_str().unwrap();
        let text: toml::Table = std::fs::read_to_string(manifest).unwrap().parse().unwrap();
        let inherits = text.get("lints").and_then(|it| it.get("workspace")).and_then(toml::Value::as_bool);
        let root = std::path::Path::new(manifest).with_file_name("src/lib.rs");
        let forbids = std::fs::read_to_string(root).is_ok_and(|it| it.contains("#![forbid(unsafe_code)]"));
        assert!(inherits == Some(true) || forbids, "{manifest} needs `lints.workspace = true`");
    }
    assert!(packages.len() > 10, "{} packages", packages.len());
}

/// A new version of a server changes one file; the generated files follow by `UPDATE_EXPECT=1 cargo test`.
#[test]
fn images_are_pinned_in_one_place() {
    const PLACE: &str = "monitoring/core/src/model/stack.rs";
    let image = regex::Regex::new(r"(prom|grafana|victoriametrics)/[a-z-]+:v?[0-9]|nginx:[0-9]").unwrap();
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(workspace()).output().unwrap();
    let mut found = BTreeMap::new();
    for name in String::from_utf8(output.stdout).unwrap().split_terminator('\0') {
        let Ok(text) = std::fs::read_to_string(workspace().join(name)) else { continue };
        let lines = text.lines().filter(|it| image.is_match(it)).count();
        // `the_files_of_the_system_are_current` compares the generated files.
        if lines > 0 && !(name.starts_with("monitoring/") && name.ends_with("docker-compose.yml")) {
            found.insert(name.to_owned(), lines);
        }
    }
    assert_eq!(found, BTreeMap::from([(PLACE.to_owned(), 6)]), "pin images in {PLACE} only");
}
