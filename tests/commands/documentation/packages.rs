//! A project that has nothing of ours but the packed archives works as the README says.

use crate::commands;
use measurand_tests::{Running, Scrape, free_port, target_directory, wait, workspace};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs a command in a folder and returns its standard output.
fn run(command: &mut Command, folder: &Path) -> String {
    let output = command.current_dir(folder).output().unwrap_or_else(|it| panic!("{command:?}: {it}"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{out}{err}", output.status);
    out.into_owned()
}

fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.env("RUSTUP_TOOLCHAIN", commands::toolchain());
    cargo
}

/// The packages for the registry, with their versions.
fn published() -> Vec<(String, String)> {
    let text = run(cargo().args(["metadata", "--no-deps", "--format-version", "1", "--offline"]), &workspace());
    let all: Value = serde_json::from_str(&text).unwrap();
    let packages = all["packages"].as_array().unwrap().iter().filter(|it| it["publish"].is_null());
    let text = |it: &Value, key: &str| it[key].as_str().unwrap_or_default().to_owned();
    packages.map(|it| (text(it, "name"), text(it, "version"))).collect()
}

/// The first code block of the README in a language.
fn of_readme(language: &str) -> String {
    let readme = fs::read_to_string(workspace().join("README.md")).unwrap();
    let (_, rest) = readme.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

#[test]
fn a_new_project_needs_only_the_archives() {
    let folder = tempfile::tempdir().unwrap();
    let packages = published();
    assert_eq!(packages.len(), 9, "{packages:?}");
    let mut pack = cargo();
    pack.args(["package", "--no-verify", "--allow-dirty", "--offline", "--quiet", "--target-dir"]).arg(folder.path());
    run(pack.args(packages.iter().flat_map(|it| ["-p", &it.0])), &workspace());
    let mut patches = String::new();
    for (name, version) in &packages {
        let archive = format!("{name}-{version}");
        run(Command::new("tar").arg("-xzf").arg(format!("package/{archive}.crate")), folder.path());
        for file in ["README.md", "LICENSE-APACHE", "LICENSE-MIT"] {
            let text = fs::read_to_string(folder.path().join(&archive).join(file));
            assert!(text.is_ok_and(|it| !it.trim().is_empty()), "{archive} has no {file}");
        }
        let _ = writeln!(patches, "{name} = {{ path = \"{archive}\" }}");
    }

    // The library is not published, so the README depends on a path. The version takes its place.
    let dependency = of_readme("toml").replace(r#"path = "../measurand/runtime""#, r#"version = "0.1""#);
    assert!(dependency.contains(r#"version = "0.1""#), "{dependency}");
    let shop = folder.path().join("shop");
    run(cargo().args(["new", "--quiet", "--vcs", "none", "shop"]), folder.path());
    let manifest = fs::read_to_string(shop.join("Cargo.toml")).unwrap();
    fs::write(shop.join("Cargo.toml"), manifest.replace("[dependencies]\n", &dependency)).unwrap();
    fs::write(shop.join("src/main.rs"), of_readme("rust,no_run")).unwrap();
    // The same versions and profiles as in the workspace, so that Cargo reuses what other tests have built.
    fs::copy(workspace().join("Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
    let members = "[workspace]\nresolver = \"3\"\nmembers = [\"shop\", \"*-*/\"]\n";
    let root = format!("{members}\n[patch.crates-io]\n{patches}\n{}", commands::profiles());
    fs::write(folder.path().join("Cargo.toml"), root).unwrap();

    // Shares intermediate files with the workspace, and keeps the programs apart, which have the same names there.
    let mut build = cargo();
    build.env("CARGO_BUILD_BUILD_DIR", target_directory());
    build.args([
        "build",
        "--target-dir",
        "programs",
        "--quiet",
        "--offline",
        "-p",
        "shop",
        "-p",
        "cargo-measurand",
        "-p",
        "measurand-webhook",
    ]);
    run(&mut build, folder.path());
    let programs = folder.path().join("programs/debug");

    let url = format!("http://127.0.0.1:{}", free_port());
    let listen = url.trim_start_matches("http://");
    let _running = Running::start(Command::new(programs.join("shop")).env("MEASURAND_LISTEN", listen), "cargo");
    wait("calls of the function", || {
        let text = ureq::get(format!("{url}/metrics")).call().ok()?.body_mut().read_to_string().ok()?;
        let calls = |it: (String, f64)| it.0.starts_with("function_calls_total{") && it.1 > 0.0;
        Scrape::parse(&text).0.into_iter().any(calls).then_some(())
    });
    let command = || Command::new(programs.join("cargo-measurand"));
    run(command().args(["measurand", "generate", &url, "--out", "generated"]), folder.path());
    let dashboard = fs::read_to_string(folder.path().join("generated/grafana-dashboard.json")).unwrap();
    assert!(dashboard.contains("function_calls_total"));
    run(command().args(["measurand", "check", "programs/debug/shop", "generated"]), folder.path());
    run(Command::new(programs.join("measurand-webhook")).arg("--help"), folder.path());
}
