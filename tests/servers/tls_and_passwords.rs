//! TLS and passwords: between the servers with the overlay `tls`, and in a real nginx with the overlay `proxy`.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

use measurand_monitoring::model::stack::{App, Places, Tls};
use measurand_monitoring::{File, Monitoring, Options, Receivers};
use measurand_tests::{HttpServer, Running, free_port, program, wait};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, http::StatusCode};

const PASSWORD: &str = "correct horse";
const TOKEN: &str = "0123456789abcdef";

/// Writes a certificate for these names and its key, and returns a client that trusts it.
fn certificate(folder: &Path, names: &[&str]) -> Agent {
    let names: Vec<String> = names.iter().map(|it| (*it).to_owned()).collect();
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
    fs::write(folder.join("tls_certificate"), cert.pem()).unwrap();
    fs::write(folder.join("tls_ca"), cert.pem()).unwrap();
    fs::write(folder.join("tls_key"), signing_key.serialize_pem()).unwrap();
    let trusted: Vec<Certificate<'static>> = parse_pem(cert.pem().as_bytes())
        .filter_map(|it| if let PemItem::Certificate(it) = it.unwrap() { Some(it.to_owned()) } else { None })
        .collect();
    Agent::config_builder()
        .tls_config(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&trusted)).build())
        .timeout_global(Some(Duration::from_secs(10)))
        .http_status_as_error(false)
        .max_redirects(0)
        .build()
        .into()
}

fn basic(user: &str) -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{PASSWORD}")))
}

/// Hashes the password with the documented command.
fn hash() -> String {
    let mut command = Command::new(program("measurand-webhook", "measurand-webhook", "dev"));
    let mut child = command.arg("--hash-password").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), PASSWORD.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap().trim().to_owned()
}

fn monitoring(secrets: &Path) -> Monitoring {
    let receivers = Receivers { secrets: secrets.display().to_string(), ..Receivers::default() };
    let options = Options { job: Some("shop".to_owned()), receivers, ..Options::default() };
    Monitoring::new(&measurand_catalog::parse(b"").unwrap(), &options)
}

fn file(files: Vec<File>, name: &str) -> String {
    files.into_iter().find(|it| it.name == name).unwrap_or_else(|| panic!("no {name}")).contents
}

/// Starts a program without output.
fn start(program: &str, arguments: &[String], package: &str) -> Running {
    Running::start(Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()), package)
}

#[test]
fn servers_authenticate_by_certificate_and_password() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let agent = certificate(folder, &["127.0.0.1", "localhost"]);
    let monitoring = monitoring(folder);
    let example = file(monitoring.compose_files(), "overlays/tls/web.config.example.yml");
    fs::write(folder.join("example.yml"), &example).unwrap();
    fs::write(folder.join("web_config"), example.replace("REPLACE_BY_A_BCRYPT_HASH", &hash())).unwrap();
    fs::write(folder.join("web_password"), PASSWORD).unwrap();
    fs::write(folder.join("webhook_token"), TOKEN).unwrap();
    let [prometheus, alertmanager, node, webhook, app_tls] = [0; 5].map(|_| format!("127.0.0.1:{}", free_port()));
    let app = HttpServer::start(|it| (200, format!("shop {}\n", it.path.len())));
    let places = Places {
        interval: "1s",
        apps: vec![App { address: app_tls.clone(), secure: true }],
        prometheus: prometheus.clone(),
        alertmanager: alertmanager.clone(),
        grafana: None,
        node: Some(node.clone()),
        webhook: webhook.clone(),
        webhook_token: folder.join("webhook_token").display().to_string(),
        folder: String::new(),
        own_rules: "rules/*.yml".to_owned(),
        tls: Some(Tls::containers(&folder.display().to_string())),
    };
    for it in [monitoring.files(), monitoring.stack_files_at(&places, false)].concat() {
        fs::write(folder.join(it.name), it.contents.replace("interval: 30s", "interval: 1s")).unwrap();
    }
    // The overlay's routes use an HTTPS address and name the certificate authority.
    let routes = file(monitoring.compose_files(), "overlays/tls/alertmanager.yml");
    assert!(routes.contains("https://alert-webhook:9095/webhook") && routes.contains("/tls_ca"), "{routes}");
    let kept = fs::read_to_string(folder.join("alertmanager.yml")).unwrap();
    let tls = format!("http_config:\n      tls_config:\n        ca_file: {}\n", folder.join("tls_ca").display());
    let kept = kept.replace("http_config:\n", &tls).replace("http://alert-webhook:9095", &format!("https://{webhook}"));
    fs::write(folder.join("alertmanager.yml"), kept).unwrap();

    let path = |name: &str| folder.join(name).display().to_string();
    let web = format!("--web.config.file={}", path("web_config"));
    let of = |config: &str, data: &str, listen: &str, web: &str| {
        let config = format!("--config.file={}", path(config));
        vec![config, format!("{data}={}", path(listen)), format!("--web.listen-address={listen}"), web.to_owned()]
    };
    let alone = "--cluster.listen-address=".to_owned();
    let receiver = program("measurand-webhook", "measurand-webhook", "dev").display().to_string();
    let keys = ["--token-file", "--tls-certificate", "--tls-key", "--database"];
    let keys = keys.into_iter().zip(["webhook_token", "tls_certificate", "tls_key", "alerts.db"]);
    let keys = keys.flat_map(|(option, name)| [option.to_owned(), path(name)]);
    let keys: Vec<String> = keys.chain(["--listen".to_owned(), webhook.clone()]).collect();
    let routes = [of("alertmanager.yml", "--storage.path", &alertmanager, &web), vec![alone]].concat();
    let rules = of("prometheus.yml", "--storage.tsdb.path", &prometheus, &web);
    let rules = [rules, vec!["--rules.alert.resend-delay=1s".to_owned()]].concat();
    let _servers = [
        start(&receiver, &keys, "cargo"),
        start("prometheus-alertmanager", &routes, "prometheus-alertmanager"),
        start(
            "prometheus-node-exporter",
            &[format!("--web.listen-address={node}"), web.clone()],
            "prometheus-node-exporter",
        ),
        start("prometheus", &rules, "prometheus"),
    ];

    // The nginx in front of the program.
    fs::write(folder.join("web_users"), format!("{}:{{PLAIN}}{PASSWORD}\n", Tls::USER)).unwrap();
    let config = file(monitoring.compose_files(), "overlays/tls/nginx/app.conf")
        .replace("listen 3443", &format!("listen {app_tls}"))
        .replace("127.0.0.1:3000", &app.address);
    let _nginx = nginx(folder, &config);

    let ask = |url: &str, header: &str| agent.get(url).header("authorization", header).call();
    let secured = [(&prometheus, "/-/ready"), (&alertmanager, "/-/ready"), (&node, "/metrics"), (&app_tls, "/metrics")];
    for (address, ready) in secured {
        let url = format!("https://{address}{ready}");
        wait(&url, || ask(&url, &basic(Tls::USER)).ok().filter(|it| it.status() == StatusCode::OK));
        assert_eq!(agent.get(&url).call().unwrap().status(), StatusCode::UNAUTHORIZED, "{url} without a password");
        assert_eq!(ask(&url, &basic("admin")).unwrap().status(), StatusCode::UNAUTHORIZED, "{url} as another user");
        assert!(
            agent.get(format!("http://{address}{ready}")).call().unwrap().status() != StatusCode::OK,
            "{url} without TLS"
        );
    }
    let targets = wait("all targets to be up", || {
        let mut answer = ask(&format!("https://{prometheus}/api/v1/targets"), &basic(Tls::USER)).ok()?;
        let all: Value = serde_json::from_str(&answer.body_mut().read_to_string().ok()?).ok()?;
        let all = all["data"]["activeTargets"].as_array()?.clone();
        (all.len() == 5 && all.iter().all(|it| it["health"] == "up")).then_some(all)
    });
    assert_eq!(targets.iter().filter(|it| it["scrapeUrl"].as_str().unwrap().starts_with("https://")).count(), 5);
    assert_eq!(ask(&format!("https://{app_tls}/faults"), &basic(Tls::USER)).unwrap().status(), StatusCode::NOT_FOUND);
    // The Watchdog arrives through HTTPS connections.
    wait("the Watchdog on disk", || {
        let mut answer = ask(&format!("https://{webhook}/api/alerts"), &format!("Bearer {TOKEN}")).ok()?;
        answer.body_mut().read_to_string().ok().filter(|it| it.contains("Watchdog"))
    });

    // Servers refuse to start with the shipped example, which has no valid hash.
    let output =
        Command::new("promtool").args(["check", "web-config"]).arg(folder.join("web_config")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let web = format!("--web.config.file={}", path("example.yml"));
    let node = format!("--web.listen-address=127.0.0.1:{}", free_port());
    let output = Command::new("prometheus-node-exporter").args([node, web]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && error.contains("hashedSecret too short"), "{error}");
}

/// Starts nginx with these servers.
fn nginx(folder: &Path, servers: &str) -> Running {
    let path = folder.display();
    let paths =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|it| format!("{it}_temp_path {path}/{it};")).concat();
    let whole = format!(
        "daemon off; pid {path}/pid; error_log {path}/error.log; user {};\nevents {{}}\nhttp {{ {paths} access_log off;\n{servers}}}\n",
        whoami()
    );
    fs::write(folder.join("nginx.conf"), whole).unwrap();
    let nginx = if Path::new("/usr/sbin/nginx").exists() { "/usr/sbin/nginx" } else { "nginx" };
    let mut check = Command::new(nginx);
    let checked = check.args(["-t", "-c"]).arg(folder.join("nginx.conf")).arg("-p").arg(folder).output();
    let checked = checked.expect("nginx runs\nhelp: install it by `apt-get install nginx-light`");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let mut command = Command::new(nginx);
    command.arg("-c").arg(folder.join("nginx.conf")).arg("-p").arg(folder).args(["-g", "master_process off;"]);
    Running::start(command.stderr(Stdio::null()), "nginx-light")
}

#[test]
fn nginx_protects_all_servers() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // Not every resolver knows subdomains of `localhost`, so requests use the IP address and a `host` header.
    let agent = certificate(folder, &["127.0.0.1"]);
    let hashed = Command::new("openssl").args(["passwd", "-apr1", PASSWORD]).output();
    let hashed = hashed.expect("openssl runs\nhelp: install it by `apt-get install openssl`").stdout;
    fs::write(folder.join("proxy_users"), format!("ann:{}", String::from_utf8_lossy(&hashed))).unwrap();
    let behind = HttpServer::start(|it| (200, format!("{} {}", it.path, it.headers)));
    let (plain, secure) = (free_port(), free_port());
    let mut config = file(monitoring(folder).compose_files(), "overlays/proxy/nginx.conf.template")
        .replace("${DOMAIN}", "localhost")
        .replace("listen 8080", &format!("listen 127.0.0.1:{plain}"))
        .replace("listen 8443", &format!("listen 127.0.0.1:{secure}"));
    for upstream in ["grafana:3000", "prometheus:9090", "alert-webhook:9095"] {
        assert!(config.contains(upstream), "{upstream}");
        config = config.replace(upstream, &behind.address);
    }
    // A server whose name is unknown stops neither nginx nor the other servers.
    config = config.replace("alertmanager:9093", "alertmanager.invalid:9093").replace("127.0.0.11", "127.0.0.1:1");
    let _nginx = nginx(folder, &config);

    let get = |host: &str, path: &str, header: &str| {
        let url = format!("https://127.0.0.1:{secure}{path}");
        let mut answer = agent.get(&url).header("host", host).header("authorization", header).call().ok()?;
        Some((answer.status().as_u16(), answer.headers().clone(), answer.body_mut().read_to_string().ok()?))
    };
    wait("nginx", || get("grafana.localhost", "/", ""));
    for (name, asks, below) in [("grafana", true, true), ("prometheus", false, true), ("alerts", true, false)] {
        let host = format!("{name}.localhost");
        let mut places = vec![(host.as_str(), String::new())];
        if below {
            places.push(("localhost", format!("/{name}")));
        }
        for (host, prefix) in places {
            let (status, headers, body) = get(host, &format!("{prefix}/api/v1/query?query=up"), &basic("ann")).unwrap();
            assert_eq!(status, 200, "{host}{prefix}");
            assert!(headers.contains_key("strict-transport-security"), "{headers:?}");
            assert!(body.starts_with("/api/v1/query?query=up "), "the server gets no prefix: {body}");
            assert!(body.contains(&format!("Host: {host}\r")) || body.contains(&format!("Host: {host}\n")), "{body}");
            assert!(body.contains("X-Forwarded-Proto: https"), "{body}");
            // Only servers with their own authentication get the password.
            assert_eq!(body.to_lowercase().contains("authorization: basic"), asks, "{host}{prefix}: {body}");
            let refused = get(host, &format!("{prefix}/"), "").unwrap().0;
            assert_eq!(refused, if asks { 200 } else { 401 }, "{host}{prefix} without a password");
            for path in ["/-/reload", "/-/quit", "/api/v1/admin/tsdb/delete_series", "/debug/pprof/"] {
                assert_eq!(
                    get(host, &format!("{prefix}{path}"), &basic("ann")).unwrap().0,
                    403,
                    "{host}{prefix}{path}"
                );
            }
        }
    }
    assert_eq!(get("alertmanager.localhost", "/", &basic("ann")).unwrap().0, 502, "the server that is down");
    for (path, to) in [("/", "/grafana/"), ("/alerts/", "https://alerts.localhost/")] {
        let (status, headers, _) = get("localhost", path, "").unwrap();
        let location = headers["location"].to_str().unwrap();
        assert!(status == 302 && location.ends_with(to), "{path}: {status} {location}");
    }
    assert!(get("other.localhost", "/", "").is_none(), "an unknown host name is not served");
    let redirected =
        agent.get(format!("http://127.0.0.1:{plain}/graph")).header("host", "prometheus.localhost").call().unwrap();
    assert_eq!(redirected.status().as_u16(), 308);
    assert_eq!(redirected.headers()["location"], "https://prometheus.localhost/graph");
}

/// With both overlays nginx checks the certificates of the servers, and these ask for the password.
#[test]
fn nginx_reaches_servers_with_tls() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let agent = certificate(folder, &["127.0.0.1", "localhost", "prometheus"]);
    let monitoring = monitoring(folder);
    let example = file(monitoring.compose_files(), "overlays/tls/web.config.example.yml");
    fs::write(folder.join("web_config"), example.replace("REPLACE_BY_A_BCRYPT_HASH", &hash())).unwrap();
    fs::write(folder.join("prometheus.yml"), "{}").unwrap();
    let (secure, prometheus) = (free_port(), format!("127.0.0.1:{}", free_port()));
    let _prometheus = start(
        "prometheus",
        &[
            format!("--config.file={}", folder.join("prometheus.yml").display()),
            format!("--storage.tsdb.path={}", folder.join("tsdb").display()),
            format!("--web.listen-address={prometheus}"),
            format!("--web.config.file={}", folder.join("web_config").display()),
        ],
        "prometheus",
    );
    let config = file(monitoring.compose_files(), "overlays/tls-proxy/nginx.conf.template")
        .replace("${DOMAIN}", "localhost")
        .replace("listen 8080", &format!("listen 127.0.0.1:{}", free_port()))
        .replace("listen 8443", &format!("listen 127.0.0.1:{secure}"))
        // The certificate names `prometheus`, but not the others.
        .replace("grafana:3000", &prometheus)
        .replace("prometheus:9090", &prometheus);
    let _nginx = nginx(folder, &config);
    let get = |path: &str, header: &str| {
        let url = format!("https://127.0.0.1:{secure}{path}");
        let answer = agent.get(&url).header("host", "localhost").header("authorization", header).call();
        answer.ok().map(|it| it.status().as_u16())
    };
    wait("Prometheus behind nginx", || (get("/prometheus/-/ready", &basic(Tls::USER)) == Some(200)).then_some(()));
    assert_eq!(get("/prometheus/-/ready", ""), Some(401), "Prometheus asks for the password");
    assert_eq!(get("/grafana/", &basic(Tls::USER)), Some(502), "a certificate without the name is refused");
}

/// The current user. As root, nginx would otherwise switch to a user that cannot read the folder.
fn whoami() -> String {
    String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap().trim().to_owned()
}
