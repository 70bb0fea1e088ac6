//! Two Prometheus servers with the same work and one Alertmanager: each alert results in one notification. Samples
//! arrive in a `VictoriaMetrics` behind an nginx that asks for a password.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

use measurand_monitoring::model::stack::{App, Places};
use measurand_monitoring::{Monitoring, Options, Pair, PrometheusOptions, Receivers, RemoteStore};
use measurand_tests::{HttpServer, Prometheus, Running, free_port, wait};
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PASSWORD: &str = "correct horse";

fn start(program: &str, folder: &Path, log: &str, arguments: &[String]) -> Running {
    let log = File::create(folder.join(log)).unwrap();
    let mut command = Command::new(program);
    Running::start(command.args(arguments).current_dir(folder).stdout(Stdio::null()).stderr(log), program)
}

/// An nginx that asks for the password of `prometheus` in front of a store.
fn nginx(folder: &Path, listen: &str, store: &str) -> Running {
    let path = folder.display();
    let paths =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|it| format!("{it}_temp_path {path}/{it};")).concat();
    let user = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
    let config = format!(
        "daemon off; master_process off; pid {path}/pid; error_log {path}/nginx.log; user {};\nevents {{}}\nhttp {{ \
         {paths} access_log off; client_max_body_size 10m; server {{ listen {listen}; auth_basic store; \
         auth_basic_user_file {path}/users; location / {{ proxy_pass http://{store}; }} }} }}\n",
        user.trim()
    );
    fs::write(folder.join("users"), format!("prometheus:{{PLAIN}}{PASSWORD}\n")).unwrap();
    fs::write(folder.join("nginx.conf"), config).unwrap();
    let nginx = if Path::new("/usr/sbin/nginx").exists() { "/usr/sbin/nginx" } else { "nginx" };
    start(nginx, folder, "nginx.out", &["-p", ".", "-c", "nginx.conf"].map(str::to_owned))
}

#[test]
fn two_servers_send_one_notification_and_a_store_gets_their_samples() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let address = || format!("127.0.0.1:{}", free_port());
    let [first, second, alertmanager, store, guarded] = [address(), address(), address(), address(), address()];
    let notifications: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&notifications);
    let receiver = HttpServer::start(move |it| {
        seen.lock().unwrap().push(it.body.clone());
        (200, String::new())
    });
    let app = HttpServer::start(|_| (200, "shop 1\n".to_owned()));

    let prometheus = PrometheusOptions {
        external_labels: [("cluster".to_owned(), "berlin".to_owned())].into(),
        remote_write: Some(RemoteStore {
            url: format!("http://{guarded}/api/v1/write"),
            username: "prometheus".to_owned(),
            drop: vec!["go_.*".to_owned(), "scrape_.*".to_owned()],
        }),
    };
    let receivers = Receivers {
        secrets: folder.display().to_string(),
        webhook_url: format!("http://{}/webhook", receiver.address),
        ..Receivers::default()
    };
    let options = Options { job: Some("shop".to_owned()), receivers, prometheus, ..Options::default() };
    let monitoring = Monitoring::new(&measurand_catalog::parse(b"").unwrap(), &options);
    let places = Places {
        interval: "1s",
        apps: vec![App::plain(&app.address)],
        prometheus: first.clone(),
        alertmanager: alertmanager.clone(),
        grafana: None,
        node: None,
        webhook: "127.0.0.1:1".to_owned(),
        webhook_token: "webhook_token".to_owned(),
        folder: String::new(),
        own_rules: "rules/*.yml".to_owned(),
        tls: None,
    };
    let pair = Pair { places: places.clone(), servers: [first.clone(), second.clone()] };
    let files = [monitoring.files(), monitoring.stack_files_at(&places, false), monitoring.pair_files(&pair)];
    for it in files.concat() {
        let quick = it.contents.replace("interval: 30s", "interval: 1s").replace("deadline: 5s", "deadline: 1s");
        fs::write(folder.join(Path::new(it.name).file_name().unwrap()), quick).unwrap();
    }
    fs::write(folder.join("webhook_token"), "token").unwrap();
    fs::write(folder.join(RemoteStore::SECRET), PASSWORD).unwrap();
    fs::create_dir(folder.join("rules")).unwrap();
    let rule = "groups: [{name: own, interval: 1s, rules: [{alert: Own, expr: 'up{job=\"shop\"} == 1', \
                labels: {severity: P2, service: shop, team: a}}]}]";
    fs::write(folder.join("rules/own.yml"), rule).unwrap();

    let _store = start(
        "victoria-metrics",
        folder,
        "store.log",
        &[
            "-storageDataPath=store".to_owned(),
            format!("-httpListenAddr={store}"),
            "-search.latencyOffset=0s".to_owned(),
        ],
    );
    let _nginx = nginx(folder, &guarded, &store);
    let alertmanager = [
        "--config.file=alertmanager.yml".to_owned(),
        "--storage.path=alerts".to_owned(),
        "--cluster.listen-address=".to_owned(),
        format!("--web.listen-address={alertmanager}"),
    ];
    let _alertmanager = start("prometheus-alertmanager", folder, "alertmanager.log", &alertmanager);
    let servers = [(&first, "a"), (&second, "b")].map(|(listen, name)| {
        let arguments = [
            format!("--config.file=prometheus-{name}.yml"),
            format!("--storage.tsdb.path=tsdb-{name}"),
            format!("--web.listen-address={listen}"),
            "--rules.alert.resend-delay=1s".to_owned(),
        ];
        start("prometheus", folder, &format!("{name}.log"), &arguments)
    });

    for ready in
        [format!("http://{first}/-/ready"), format!("http://{second}/-/ready"), format!("http://{store}/health")]
    {
        wait(&ready, || ureq::get(&ready).call().ok());
    }
    let both = [&first, &second].map(|it| Prometheus::at(&format!("http://{it}")));
    for (server, name) in both.iter().zip(["a", "b"]) {
        wait(&format!("the alert in {name}"), || {
            let firing = server.number(r#"count(ALERTS{alertname="Own",alertstate="firing"})"#);
            let peers = server.number(r#"count(up{job="prometheus"} == 1)"#);
            (firing? > 0.5 && peers? > 1.5).then_some(())
        });
    }
    let of_own = || {
        let all = notifications.lock().unwrap();
        all.iter().filter(|it| it.contains("\"Own\"")).cloned().collect::<Vec<_>>()
    };
    wait("the notification", || (!of_own().is_empty()).then_some(()));
    // Longer than the group interval of ten seconds, after which a second alert would arrive.
    std::thread::sleep(Duration::from_secs(15));
    let sent = of_own();
    assert_eq!(sent.len(), 1, "{sent:#?}");
    let payload: serde_json::Value = serde_json::from_str(&sent[0]).unwrap();
    assert_eq!(payload["alerts"].as_array().unwrap().len(), 1, "{payload:#}");
    let labels = &payload["alerts"][0]["labels"];
    assert!(labels["cluster"] == "berlin" && labels["replica"].is_null(), "{labels}");

    // Without the password the store gets nothing; with it, both servers arrive.
    let refused = ureq::get(format!("http://{guarded}/api/v1/query?query=up")).call();
    assert!(matches!(refused, Err(ureq::Error::StatusCode(401))), "{refused:?}");
    let store = Prometheus::at(&format!("http://{store}"));
    let replicas = r#"count(count by (replica) (up{job="shop",cluster="berlin",replica=~"a|b"} == 1))"#;
    wait("the samples of both servers", || store.number(replicas).filter(|it| *it > 1.5));
    assert!(store.number("count(process_cpu_seconds_total)").is_some());
    assert!(store.number(r#"count({__name__=~"go_.*|scrape_.*"})"#).is_none(), "dropped series are not sent");

    // One server stops: the alert stays without another notification.
    let [gone, _stays] = servers;
    gone.stop();
    std::thread::sleep(Duration::from_secs(15));
    assert_eq!(of_own().len(), 1);
    assert!(both[1].number(r#"count(ALERTS{alertname="Own",alertstate="firing"})"#).is_some());
}
