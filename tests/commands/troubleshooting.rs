//! The book's page about troubleshooting: each fault is created, and the page quotes what the tools really print.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

use measurand::timed_query;
use measurand_catalog::{Catalog, SiteRecord};
use measurand_tests::{Prometheus, Running, free_port, get, program, wait, workspace};
use serde_json::Value;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

const PAGE: &str = "docs/troubleshooting.md";

fn page() -> String {
    std::fs::read_to_string(workspace().join(PAGE)).unwrap()
}

/// One blank between two words, as tables of different widths differ in nothing else.
fn squeezed(text: &str) -> String {
    text.lines().map(|it| it.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("\n")
}

/// Holds the quoted block of the page that has this text to what was really printed, with `real` shown as on the page.
#[track_caller]
fn check(quoted: &str, output: &str, shown: &[(&str, &str)]) {
    let page = page();
    let mut blocks = page.split("```text\n").skip(1).map(|it| it.split("```").next().unwrap());
    let block = blocks.find(|it| it.contains(quoted)).unwrap_or_else(|| panic!("{PAGE} quotes no `{quoted}`"));
    let output = shown.iter().fold(output.to_owned(), |text, (real, shown)| text.replace(real, shown));
    let output = squeezed(&output);
    for line in squeezed(block).lines().filter(|it| !it.starts_with("$ ")) {
        let found = output.lines().any(|real| {
            // The parts between `…`, in this order.
            let mut rest = real;
            line.split('…').map(str::trim).all(|part| {
                let Some(at) = rest.find(part) else { return false };
                rest = &rest[at + part.len()..];
                true
            })
        });
        assert!(found, "{PAGE} quotes `{line}`, and this was printed:\n{output}");
    }
}

fn measurand(folder: &Path, arguments: &[&str]) -> Output {
    let command = program("cargo-measurand", "cargo-measurand", "dev");
    Command::new(command).args(arguments).current_dir(folder).output().unwrap()
}

/// Both outputs of the command.
fn printed(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = measurand(folder, arguments);
    let text = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap()).concat();
    assert_eq!(output.status.code(), Some(code), "{text}");
    text
}

fn quickstart() -> PathBuf {
    program("quickstart", "quickstart", "dev")
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// Stops the servers of a folder, also when the test panics.
struct Stack<'a>(&'a Path);

impl Drop for Stack<'_> {
    fn drop(&mut self) {
        measurand(self.0, &["down"]);
    }
}

/// A server of others with its log in the folder, and its address.
fn server(name: &str, folder: &Path, listen: &str, arguments: &[String]) -> (Running, String) {
    let address = format!("127.0.0.1:{}", free_port());
    let mut command = Command::new(name);
    command.arg(format!("{listen}={address}")).args(arguments);
    command.stdout(Stdio::null()).stderr(File::create(folder.join(format!("{name}.log"))).unwrap());
    let running = Running::start(&mut command, name);
    wait(name, || ureq::get(format!("http://{address}/-/ready")).call().ok());
    (running, format!("http://{address}"))
}

#[test]
fn each_case_has_a_test() {
    let page = page();
    let marks: Vec<&str> = page.split("<!-- test: ").skip(1).map(|it| it.split(" -->").next().unwrap()).collect();
    for mark in &marks {
        let (file, name) = mark.split_once("::").unwrap();
        let source = std::fs::read_to_string(workspace().join(file)).unwrap();
        assert!(source.contains(&format!("fn {name}(")), "{file} has no test `{name}`");
    }
    for case in page.split("\n## ").skip(1) {
        assert!(case.contains("<!-- test: "), "no test: {}", case.lines().next().unwrap());
    }
}

#[test]
fn a_name_is_not_known() {
    let quickstart = quickstart();
    let output = printed(folder().path(), &["explain", quickstart.to_str().unwrap(), "bst"], 2);
    check("function or metric `bst`", &output, &[]);
}

#[test]
fn a_program_without_annotations() {
    let output = printed(folder().path(), &["explain", "/bin/true"], 2);
    check("no section `.msrnd`", &output, &[("/bin/true", "target/release/app")]);
}

#[test]
fn the_program_says_that_no_recorder_is_installed() {
    // Its test runs a program of its own; here is the sentence.
    let source = std::fs::read_to_string(workspace().join("runtime/src/missing.rs")).unwrap();
    let (_, rest) = source.split_once("\"measurand: ").unwrap();
    let (sentence, _) = rest.split_once("\"\n").unwrap();
    let sentence = sentence.replace("\\\n", "").replace("{VARIABLE}", "MEASURAND_MISSING_RECORDER");
    check("no recorder is installed", &format!("measurand: {}", squeezed(&sentence)), &[]);
}

#[test]
fn a_target_is_down() {
    let folder = folder();
    let folder = folder.path();
    // `up` finds it beside itself.
    let _receiver = program("measurand-webhook", "measurand-webhook", "dev");
    let target = format!("http://127.0.0.1:{}", free_port());
    let quickstart = quickstart();
    let _stack = Stack(folder);
    printed(folder, &["up", quickstart.to_str().unwrap(), "--target", &target, "--wait", "1"], 1);
    let status = wait("the reason", || {
        let text = printed(folder, &["status"], 1);
        text.contains("connection refused").then_some(text)
    });
    check("connection refused", &status, &[(&target[7..], "127.0.0.1:3000")]);
}

#[test]
fn an_alert_is_in_no_file() {
    let (folder, quickstart) = (folder(), quickstart());
    let quickstart = quickstart.to_str().unwrap();
    printed(folder.path(), &["generate", quickstart, "--out", "monitoring"], 0);
    std::fs::write(folder.path().join("monitoring/alerts.yml"), "groups: []\n").unwrap();
    check("alert-missing", &printed(folder.path(), &["check", quickstart, "monitoring"], 1), &[]);
}

#[test]
fn an_alert_is_pending() {
    let mut command = Command::new(quickstart());
    let (_running, url) = Running::serving(command.arg("--fail-queries").env("MEASURAND_LISTEN", "127.0.0.1:0"));
    let answer = wait("a pending alert", || {
        let text = get(&format!("{url}/live/alerts"));
        text.contains(r#""state":"pending""#).then_some(text)
    });
    let json: Value = serde_json::from_str(&answer).unwrap();
    let is_pending = |it: &&Value| it["name"] == "NeuralOperationErrors" && it["state"] == "pending";
    let alert = json["alerts"].as_array().unwrap().iter().find(is_pending).expect("it is pending");
    check("pending", &alert.to_string(), &[]);
}

#[test]
fn a_notification_does_not_arrive() {
    let folder = folder();
    let folder = folder.path();
    std::fs::write(folder.join("token"), "0123456789abcdef0123").unwrap();
    let mut command = Command::new(program("measurand-webhook", "measurand-webhook", "dev"));
    command.args(["--listen", "127.0.0.1:0", "--token-file", "token"]).current_dir(folder);
    let (_webhook, webhook) = Running::serving(&mut command);
    let config = format!(
        "route: {{receiver: webhook, group_wait: 0s}}\n\
         receivers: [{{name: webhook, webhook_configs: [{{url: '{webhook}/webhook'}}]}}]\n"
    );
    std::fs::write(folder.join("alertmanager.yml"), config).unwrap();
    let arguments = [
        format!("--config.file={}", folder.join("alertmanager.yml").display()),
        format!("--storage.path={}", folder.join("data").display()),
        "--cluster.listen-address=".to_owned(),
    ];
    let (_alertmanager, alertmanager) = server("prometheus-alertmanager", folder, "--web.listen-address", &arguments);
    let amtool = Command::new("amtool")
        .args(["alert", "add", "alertname=ServiceDown", "severity=P0", "--alertmanager.url", &alertmanager])
        .status();
    assert!(amtool.unwrap().success());
    let failed = "alertmanager_notifications_failed_total{integration=\"webhook\"";
    wait("a failed notification", || {
        let text = get(&format!("{alertmanager}/metrics"));
        text.lines().any(|it| it.starts_with(failed) && it.ends_with(" 1")).then_some(())
    });
    let log = std::fs::read_to_string(folder.join("prometheus-alertmanager.log")).unwrap();
    check("Notify for alerts failed", &log, &[(&webhook[7..], "127.0.0.1:9095")]);
    let mut own =
        ureq::get(format!("{webhook}/metrics")).header("authorization", "Bearer 0123456789abcdef0123").call().unwrap();
    check("webhook_requests_refused_total", &own.body_mut().read_to_string().unwrap(), &[]);
}

#[test]
fn the_job_has_another_name() {
    let folder = folder();
    let folder = folder.path();
    let mut command = Command::new(quickstart());
    let (_running, url) = Running::serving(command.env("MEASURAND_LISTEN", "127.0.0.1:0"));
    let config = folder.join("prometheus.yml");
    let text = format!(
        "global: {{scrape_interval: 1s}}\n\
         scrape_configs: [{{job_name: shop, static_configs: [{{targets: ['{}']}}]}}]\n",
        &url[7..]
    );
    std::fs::write(&config, text).unwrap();
    let arguments = [
        format!("--config.file={}", config.display()),
        format!("--storage.tsdb.path={}", folder.join("tsdb").display()),
    ];
    let (_prometheus, prometheus) = server("prometheus", folder, "--web.listen-address", &arguments);
    let ask = Prometheus::at(&prometheus);
    wait("a scrape", || ask.number("sum(up)"));
    let output = Command::new("promtool").args(["query", "instant", &prometheus, "count by (job) (up)"]).output();
    check("promtool query instant", &String::from_utf8(output.unwrap().stdout).unwrap(), &[]);
    // The dashboard of the program selects its own job.
    let dashboard = get(&format!("{url}/monitoring/grafana-dashboard.json"));
    let dashboard: Value = serde_json::from_str(&dashboard).unwrap();
    assert_eq!(dashboard["uid"], "measurand-quickstart");
    assert!(ask.query(r#"up{job="quickstart"}"#).is_empty());
}

#[timed_query("select", table = table)]
fn load(table: &str) -> usize {
    table.len()
}

/// This program's own endpoint, whose families have at most three series with text.
fn endpoint() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| measurand::exporter::builder().listen("127.0.0.1:0").series_limit(3).install().unwrap().url())
}

#[test]
fn a_label_has_too_many_values() {
    let url = endpoint();
    for table in ["carts", "orders", "users", "visits", "visitors"] {
        load(table);
    }
    check("table=\"_other\"", &get(&format!("{}/metrics", url.trim_end_matches("/metrics"))), &[]);
}

#[test]
fn two_functions_share_a_series() {
    let folder = folder();
    // The program of this test has the family, too.
    let own = measurand::catalog();
    let site = |function: &str, line| SiteRecord {
        krate: "shop".to_owned(),
        version: "1.0.0".to_owned(),
        module: "shop".to_owned(),
        function: function.to_owned(),
        file: "src/shop.rs".to_owned(),
        line,
        attribute: "timed_query".to_owned(),
        family: "database".to_owned(),
        labels: [("query_type", "select"), ("table", "carts")].map(|(a, b)| (a.to_owned(), b.to_owned())).into(),
        ..SiteRecord::default()
    };
    let catalog = Catalog { sites: vec![site("cart", 10), site("order", 20)], ..own };
    std::fs::write(folder.path().join("catalog.json"), catalog.to_json()).unwrap();
    check("record the same series", &printed(folder.path(), &["explain", "catalog.json"], 0), &[]);
}

#[test]
fn the_page_answers_to_its_own_hosts() {
    let url = endpoint();
    let address = url.trim_start_matches("http://").split('/').next().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: shop.example:3000\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 421 "), "{answer}");
    check("unknown host; use", &answer, &[]);
}
