//! Catalogs for the tests, with any functions of any built-in family.

use measurand_catalog::{
    AlertRecord, Catalog, Family, FamilyRecord, LabelRecord, Latency, MetricRecord, Objective, Role, SiteRecord,
    families,
};
use measurand_monitoring::{File, Monitoring, Options};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

/// Returns an annotated function. `labels` and `facts` are `key=value`.
pub(crate) fn site(attribute: &str, family: &str, function: &str, labels: &[&str], facts: &[&str]) -> SiteRecord {
    let map = |texts: &[&str]| -> BTreeMap<String, String> {
        let pair = |it: &&str| it.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
        texts.iter().map(|it| pair(it).expect("`key=value`")).collect()
    };
    SiteRecord {
        krate: "shop".to_owned(),
        version: "1.2.3".to_owned(),
        module: "shop::work".to_owned(),
        function: function.to_owned(),
        file: "src/work.rs".to_owned(),
        line: 10 + u32::try_from(function.len()).expect("a short name"),
        attribute: attribute.to_owned(),
        family: family.to_owned(),
        labels: map(labels),
        facts: map(facts),
        ..SiteRecord::default()
    }
}

/// Returns a function of the family `function`.
pub(crate) fn measured(function: &str, facts: &[&str]) -> SiteRecord {
    let labels = [format!("function={function}"), "module=shop::work".to_owned()];
    site("measured", "function", function, &labels.each_ref().map(String::as_str), facts)
}

/// Returns a function of the family `database`.
pub(crate) fn query(query_type: &str, table: &str, facts: &[&str]) -> SiteRecord {
    let labels = [format!("query_type={query_type}"), format!("table={table}")];
    let function = format!("{query_type}_{table}");
    site("timed_query", "database", &function, &labels.each_ref().map(String::as_str), facts)
}

/// Returns a function of the family `verification`.
pub(crate) fn verified(agent: &str, facts: &[&str]) -> SiteRecord {
    site("verified", "verification", &format!("verify_{agent}"), &[&format!("agent_id={agent}")], facts)
}

/// Returns some functions of four families.
pub(crate) fn everything() -> Vec<SiteRecord> {
    vec![
        measured("checkout", &["summary=Sells what is in the cart."]),
        measured("search", &["owner=search"]),
        site("neural_op", "neural", "learn", &["operation_type=learning"], &[]),
        query("select", "patterns", &["owner=storage", "runbook=https://example.org/db"]),
        query("insert", "patterns", &["owner=storage", "runbook=https://example.org/db"]),
        verified("coder", &[]),
        verified("reviewer", &[]),
    ]
}

/// Returns one function of each built-in family, including families that are added later.
pub(crate) fn every_family() -> Vec<SiteRecord> {
    let one = |family: &&Family| {
        let label = |it: &measurand_catalog::Label| format!("{}={}", it.name, it.values.first().unwrap_or(&"x"));
        let labels: Vec<String> = family.labels.iter().map(label).collect();
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        site("measured", family.name, &format!("one_{}", family.name), &labels, &[])
    };
    families::ALL.iter().map(one).collect()
}

/// Returns the functions of the monitored system: one of each family, and a neural operation of each type.
pub(crate) fn system() -> Vec<SiteRecord> {
    let mut sites = every_family();
    let latency = |seconds, share| Some(Latency { seconds, share });
    for site in &mut sites {
        site.objective = match site.family.as_str() {
            "neural" => Some(Objective { success: Some(0.999), latency: None }),
            "database" => Some(Objective { success: None, latency: latency(0.01, 0.99) }),
            _ => None,
        };
    }
    let operations = ["retrieval", "extraction"];
    sites.extend(operations.map(|it| site("neural_op", "neural", it, &[&format!("operation_type={it}")], &[])));
    sites
}

/// Returns a function of every family. All label values are expressions, so the rules hold for the whole family.
pub(crate) fn shipped_sites() -> Vec<SiteRecord> {
    let objective = |family: &str| {
        let latency = |seconds, share| Some(Latency { seconds, share });
        match family {
            "neural" => Some(Objective { success: Some(0.999), latency: None }),
            "database" => Some(Objective { success: Some(0.999), latency: latency(0.01, 0.95) }),
            "pattern_retrieval" => Some(Objective { success: None, latency: latency(0.01, 0.95) }),
            _ => None,
        }
    };
    let one = |family: &&Family| SiteRecord {
        krate: "claude_code_app".to_owned(),
        module: "claude_code_app".to_owned(),
        expressions: family.labels.iter().map(|it| (it.name.to_owned(), it.name.to_owned())).collect(),
        objective: objective(family.name),
        ..site("measured", family.name, family.name, &[], &[])
    };
    families::ALL.iter().map(one).collect()
}

/// Returns the catalog of these functions, as if it was read from a program.
pub(crate) fn catalog(sites: &[SiteRecord]) -> Catalog {
    let used = families::ALL.iter().filter(|family| sites.iter().any(|it| it.family == family.name));
    let raw = Catalog { format: Catalog::FORMAT, families: used.map(|it| record(it)).collect(), sites: sites.to_vec() };
    Catalog::from_json(raw.to_json().as_bytes()).expect("the catalog is correct")
}

pub(crate) fn record(family: &Family) -> FamilyRecord {
    let labels = family.labels.iter().map(|it| LabelRecord {
        name: it.name.to_owned(),
        values: it.values.iter().map(|it| (*it).to_owned()).collect(),
        from_result: it.from_result,
    });
    let metrics = family.metrics.iter().map(|it| MetricRecord {
        name: it.name.to_owned(),
        role: it.role,
        kind: it.role.kind(),
        unit: it.unit(),
        help: it.help.to_owned(),
        labels: family
            .labels
            .iter()
            .filter(|label| it.role != Role::InFlight || !label.from_result)
            .map(|it| it.name)
            .chain(it.role.extra_label().map(|it| it.name))
            .map(str::to_owned)
            .collect(),
        buckets: it.buckets.to_vec(),
    });
    let alerts = family.alerts.iter().map(|it| AlertRecord {
        name: it.name.to_owned(),
        severity: it.severity,
        condition: it.condition,
        for_seconds: it.for_seconds,
        summary: it.summary.to_owned(),
        impact: it.impact.to_owned(),
    });
    FamilyRecord {
        name: family.name.to_owned(),
        title: family.title.to_owned(),
        help: family.help.to_owned(),
        labels: labels.collect(),
        metrics: metrics.collect(),
        alerts: alerts.collect(),
    }
}

pub(crate) fn monitoring(sites: &[SiteRecord]) -> Monitoring {
    Monitoring::new(&catalog(sites), &Options::default())
}

pub(crate) fn file(monitoring: &Monitoring, name: &str) -> String {
    all_files(monitoring).into_iter().find(|it| it.name == name).expect("one of the files").contents
}

/// Runs `promtool` in a folder with the generated files. Panics with its output if it fails.
#[track_caller]
pub(crate) fn promtool(folder: &Path, arguments: &[&str]) {
    tool("promtool", "prometheus", folder, arguments);
}

/// Runs `amtool` in the same way, and returns its output.
#[track_caller]
pub(crate) fn amtool(folder: &Path, arguments: &[&str]) -> String {
    tool("amtool", "prometheus-alertmanager", folder, arguments)
}

#[track_caller]
fn tool(name: &str, package: &str, folder: &Path, arguments: &[&str]) -> String {
    // These tools need little memory, and frequent garbage collection takes a fifth of their time.
    let output = Command::new(name).args(arguments).current_dir(folder).env("GOGC", "400").output();
    let output = output.unwrap_or_else(|it| panic!("{name}: {it}; install it with `apt-get install {package}`"));
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{name} {arguments:?}:\n{stdout}{stderr}");
    stdout.into_owned()
}

/// Runs the unit tests of rules in these files in parallel, one process per processor.
#[track_caller]
pub(crate) fn promtool_tests(folder: &Path, files: &[&str]) {
    let files = Mutex::new(files.iter());
    let next = || files.lock().expect("no thread panicked").next();
    std::thread::scope(|scope| {
        let work = || {
            while let Some(file) = next() {
                promtool(folder, &["test", "rules", file]);
            }
        };
        for _ in 0..std::thread::available_parallelism().map_or(2, std::num::NonZero::get) {
            scope.spawn(work);
        }
    });
}

/// Returns all files, generated once per program, since evaluating the timelines of all alerts takes long.
pub(crate) fn all_files(monitoring: &Monitoring) -> Vec<File> {
    static MADE: Mutex<Vec<(Monitoring, Vec<File>)>> = Mutex::new(Vec::new());
    let made = || MADE.lock().expect("no thread panicked");
    let known = made().iter().find(|it| it.0 == *monitoring).map(|it| it.1.clone());
    known.unwrap_or_else(|| {
        let files = make_files(monitoring);
        made().push((monitoring.clone(), files.clone()));
        files
    })
}

fn make_files(monitoring: &Monitoring) -> Vec<File> {
    [
        monitoring.files(),
        monitoring.stack_files(),
        monitoring.test_files(),
        monitoring.kubernetes_files(),
        monitoring.compose_files(),
    ]
    .concat()
}

/// Returns a folder with the generated files.
pub(crate) fn folder(monitoring: &Monitoring) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for file in all_files(monitoring) {
        let path = folder.path().join(file.name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        std::fs::write(path, file.contents).expect("a file in it");
    }
    folder
}
