//! A running program and its file have the same catalog, although the linker removes unused functions.

use measurand_catalog::Catalog;
use measurand_tests::{Running, get, program};
use std::process::{Command, Stdio};

/// Built with fat LTO, one codegen unit and stripped symbols; most functions are uncalled, generic or inlined.
#[test]
fn file_and_program_agree() {
    let path = program("measurand-linkage", "measurand-linkage", "stripped");
    let from_file = measurand_catalog::read_file(&path).unwrap();
    let (_running, url) = Running::serving(&mut Command::new(&path));
    let json = get(&format!("{url}/catalog.json"));
    assert_eq!(from_file.to_json(), json);
    assert_eq!(measurand_catalog::read_url(&url).unwrap(), from_file);
    assert_eq!(Catalog::from_json(json.as_bytes()).unwrap(), from_file);

    let sites: Vec<_> =
        from_file.sites.iter().map(|it| format!("{} {}::{}", it.attribute, it.module, it.function)).collect();
    let expected = [
        "measured measurand_linkage::own",
        "measured measurand_linkage_plugin::answer",
        "neural_op measurand_linkage_plugin::extract",
        "timed_query measurand_linkage_plugin::forget",
        "verified measurand_linkage_plugin::Agent::review",
        "measured measurand_linkage_plugin::never::private",
    ];
    assert_eq!(sites, expected);
    let families: Vec<_> = from_file.families.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(families, ["database", "function", "neural", "verification"]);

    let review = &from_file.sites[4];
    assert_eq!((review.krate.as_str(), review.version.as_str()), ("measurand-linkage-plugin", "0.3.0"));
    assert_eq!(review.file, "tests/programs/linkage/plugin/src/lib.rs");
    assert_eq!(review.labels["agent_id"], "reviewer \"quoted\" \\ {{ $value }} – ü");
    assert_eq!(review.facts["threshold"], "0.8");
    assert_eq!(review.facts["summary"], "Inlined, and never called.");
    let answer = &from_file.sites[1];
    assert_eq!((answer.facts["owner"].as_str(), answer.facts["severity"].as_str()), ("plugins", "P2"));

    // The program reports its own name, although most annotated functions are in a library.
    let metrics = get(&format!("{url}/metrics"));
    assert!(
        metrics.contains(r#"build_info{commit="unknown",name="measurand-linkage",version="1.2.3"} 1"#),
        "{metrics}"
    );
    assert!(
        metrics.contains(r#"verification_failures_total{agent_id="reviewer \"quoted\" \\ {{ $value }} – ü"} 0"#),
        "{metrics}"
    );
}

/// The program is built with the feature `exporter` only.
#[test]
fn a_program_without_tls_refuses_a_web_configuration() {
    let path = program("measurand-linkage", "measurand-linkage", "stripped");
    let output = Command::new(path).env("MEASURAND_WEB_CONFIG_FILE", "web.yml").stdin(Stdio::null()).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains("build it with the feature `tls` of `measurand`"), "{error}");
}
