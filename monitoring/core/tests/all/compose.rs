//! The compose file and its overlays: they match the schema, and their contents match the other files.

use crate::support::{catalog, everything, file, folder, monitoring, system};
use crate::tools::python_command;
use crate::yaml;
use measurand_monitoring::model::stack::{NativeHistograms, SERVICES, VICTORIA_METRICS};
use measurand_monitoring::query::promql::Histograms;
use measurand_monitoring::{Monitoring, Options};
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;

const COMPOSE: &str = "docker-compose.yml";
const OVERLAYS: [&str; 5] = [
    "overlays/tls/docker-compose.yml",
    "overlays/proxy/docker-compose.yml",
    "overlays/sharding/docker-compose.yml",
    "overlays/tls-proxy/docker-compose.yml",
    "overlays/pair/docker-compose.yml",
];

fn system_files() -> (Monitoring, Value) {
    let monitoring = monitoring(&system());
    let compose = yaml(&file(&monitoring, COMPOSE));
    (monitoring, compose)
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().map(|it| it.iter().map(|it| it.as_str().expect("text").to_owned()).collect()).unwrap_or_default()
}

/// Collects every text in a value.
fn all_texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|it| all_texts(it, found)),
        Value::Object(all) => all.values().for_each(|it| all_texts(it, found)),
        _ => {}
    }
}

#[test]
fn the_schema_accepts_all_of_them() {
    let monitoring = monitoring(&system());
    let folder = folder(&monitoring);
    let check = |files: &[&str]| {
        let mut command = python_command("check-jsonschema");
        command.args(["--builtin-schema", "vendor.compose-spec"]).args(files).current_dir(folder.path());
        let output = command.output().expect("check-jsonschema runs");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (fine, said) = check(&[&[COMPOSE], &OVERLAYS[..]].concat());
    assert!(fine, "{said}");
    let wrong = file(&monitoring, COMPOSE).replacen("read_only: true", "readonly: true", 1);
    std::fs::write(folder.path().join("wrong.yml"), wrong).unwrap();
    let (fine, said) = check(&["wrong.yml"]);
    assert!(!fine && said.contains("readonly"), "a misspelt key is found: {said}");
}

#[test]
fn every_server_has_its_image_and_its_port() {
    let (monitoring, compose) = system_files();
    for service in SERVICES {
        let container = &compose["services"][service.name];
        let ports = format!("${{BIND_ADDRESS:-127.0.0.1}}:{}:{}", service.published, service.port);
        assert_eq!(texts(&container["ports"]), [ports], "{}", service.name);
        if !service.image.is_empty() {
            assert_eq!(container["image"], service.image);
        }
        let health = texts(&container["healthcheck"]["test"]).join(" ");
        assert!(health.contains(&service.port.to_string()) && health.contains(service.ready), "{health}");
    }
    let store = yaml(&file(&monitoring, OVERLAYS[2]))["services"][VICTORIA_METRICS.name]["image"].clone();
    assert_eq!(store, VICTORIA_METRICS.image);
    let mut images = Vec::new();
    for name in [&[COMPOSE], &OVERLAYS[..]].concat() {
        let file = yaml(&file(&monitoring, name));
        images.extend(
            file["services"].as_object().unwrap().values().filter_map(|it| Some(it["image"].as_str()?.to_owned())),
        );
    }
    // `${APP_IMAGE}` is set by the user.
    for image in images.iter().filter(|it| !it.starts_with('$')) {
        let (_, version) = image.rsplit_once(':').unwrap_or_else(|| panic!("{image} has no version"));
        let exact = version.trim_start_matches('v').split(['.', '-']).take(3).all(|it| it.parse::<u32>().is_ok());
        assert!(exact && version.matches('.').count() == 2, "{image}");
    }
}

/// Each host and port in the configuration of Prometheus, Alertmanager, Grafana and the proxy is a service.
#[test]
fn every_address_is_a_service() {
    let (monitoring, compose) = system_files();
    let mut addresses: Vec<String> = Vec::new();
    for name in ["prometheus.yml", "overlays/tls/prometheus.yml", "overlays/sharding/prometheus-global.yml"] {
        let config = yaml(&file(&monitoring, name));
        let mut jobs = config["scrape_configs"].as_array().unwrap().clone();
        jobs.push(config["alerting"]["alertmanagers"][0].clone());
        addresses.extend(jobs.iter().flat_map(|it| texts(&it["static_configs"][0]["targets"])));
    }
    for name in ["grafana-provisioning/datasources/prometheus.yml", "overlays/tls/grafana-datasource.yml"] {
        let url = yaml(&file(&monitoring, name))["datasources"][0]["url"].as_str().unwrap().to_owned();
        addresses.push(url.split_once("//").unwrap().1.to_owned());
    }
    for name in ["alertmanager.yml", "overlays/tls/alertmanager.yml"] {
        let config = yaml(&file(&monitoring, name));
        let receivers = config["receivers"].as_array().unwrap();
        let webhook = receivers.iter().find(|it| it["name"] == "alert-webhook").unwrap();
        let url = webhook["webhook_configs"][0]["url"].as_str().unwrap();
        assert!(url.ends_with("/webhook"), "{url}");
        addresses.push(url.split_once("//").unwrap().1.trim_end_matches("/webhook").to_owned());
    }
    for name in ["overlays/proxy/nginx.conf.template", "overlays/tls-proxy/nginx.conf.template"] {
        let proxy = file(&monitoring, name);
        let found = proxy.lines().filter_map(|it| Some(it.trim().strip_prefix("set $upstream ")?.replace(';', "")));
        addresses.extend(found);
    }
    // The nginx of the program shares its network interface.
    let app = file(&monitoring, "overlays/tls/nginx/app.conf");
    assert!(app.contains("listen 3443 ssl;") && app.contains("proxy_pass http://127.0.0.1:3000;"), "{app}");
    addresses.retain(|it| it != "app:3443");
    assert!(addresses.len() > 20, "{addresses:?}");
    let shards = yaml(&file(&monitoring, OVERLAYS[2]));
    for address in addresses {
        let (host, port) = address.rsplit_once(':').unwrap();
        // Prometheus scrapes itself.
        let host = if host == "localhost" { "prometheus" } else { host };
        let container = &compose["services"][host];
        let is_shard = shards["services"][host]["healthcheck"].to_string().contains(&format!(":{port}/"));
        let listens = texts(&container["ports"]).iter().any(|it| it.ends_with(&format!(":{port}")));
        assert!(listens || is_shard, "nothing listens at {address}");
    }
}

#[test]
fn every_mounted_file_is_generated_and_every_path_is_mounted() {
    let (monitoring, _) = system_files();
    let folder = folder(&monitoring);
    let base = yaml(&file(&monitoring, COMPOSE));
    for name in [&[COMPOSE], &OVERLAYS[..]].concat() {
        let file = yaml(&file(&monitoring, name));
        for (service, container) in file["services"].as_object().unwrap() {
            let volumes = texts(&container["volumes"]);
            for volume in volumes.iter().filter(|it| it.starts_with("./")) {
                let parts: Vec<&str> = volume.split(':').collect();
                let source = folder.path().join(parts[0]);
                // `generate` replaces files by a rename, which the mount of a single file does not show. Grafana reads
                // its data source only at its start.
                let at_start = parts[0].ends_with("grafana-datasource.yml");
                assert!(source.is_dir() || (at_start && source.is_file()), "{name}: {service}: {volume}");
                assert_eq!(parts[2], "ro", "{volume}");
                if parts[0] == "./" {
                    let hides = texts(&container["tmpfs"]).contains(&format!("{}/secrets", parts[1]));
                    assert!(hides, "{name}: {service} sees all secrets");
                }
            }
            assert!(container["depends_on"].is_null(), "{name}: {service} waits for another server");
            for argument in texts(&container["command"]).iter().filter_map(|it| it.strip_prefix("--config.file=")) {
                let path = argument.strip_prefix("/etc/measurand/").unwrap();
                assert!(folder.path().join(path).is_file(), "{name}: {service}: {argument}");
                // An overlay may rely on mounts of the base file.
                let container = if container["image"].is_null() { &base["services"][service] } else { container };
                let mounted = texts(&container["volumes"]).contains(&"./:/etc/measurand:ro".to_owned());
                assert!(mounted, "{name}: {service}: {argument} is not mounted");
            }
        }
    }
    let provider = yaml(&file(&monitoring, "grafana-provisioning/dashboards/measurand.yml"));
    let providers = provider["providers"].as_array().unwrap();
    let dashboards: Vec<_> = providers.iter().map(|it| it["options"]["path"].as_str().unwrap()).collect();
    assert!(texts(&base["services"]["grafana"]["volumes"]).contains(&"./:/etc/measurand:ro".to_owned()));
    assert_eq!(dashboards, ["/etc/measurand/grafana-dashboard.json", "/etc/measurand/programs-dashboard.json"]);
}

/// Secrets are files. Each secret in a configuration is mounted in exactly the containers that read it.
#[test]
fn every_secret_is_a_file_that_its_reader_gets() {
    let (monitoring, compose) = system_files();
    let of = |name: &str, config: &str| {
        let mut found = Vec::new();
        all_texts(&yaml(&file(&monitoring, config)), &mut found);
        let named: BTreeSet<String> =
            found.iter().filter_map(|it| Some(it.strip_prefix("/run/secrets/")?.to_owned())).collect();
        let given: BTreeSet<String> = texts(&compose["services"][name]["secrets"]).into_iter().collect();
        assert_eq!(named, given, "{name}");
    };
    of("alertmanager", "alertmanager.yml");
    of("prometheus", "prometheus.yml");
    for (name, container) in compose["services"].as_object().unwrap() {
        let given: BTreeSet<String> = texts(&container["secrets"]).into_iter().collect();
        for it in &given {
            assert_eq!(compose["secrets"][it]["file"], format!("./secrets/{it}"));
        }
        for (variable, value) in container["environment"].as_object().into_iter().flatten() {
            let value = value.as_str().unwrap();
            if let Some(secret) = value.strip_prefix("/run/secrets/") {
                assert!(given.contains(secret), "{name}: {variable}");
            } else {
                let secretive = ["PASSWORD", "TOKEN", "SECRET"].iter().any(|it| variable.contains(it));
                assert!(!secretive, "{name}: {variable}={value}");
            }
        }
    }
    let text = file(&monitoring, COMPOSE) + &file(&monitoring, ".env.example");
    for it in ["changeme", "admin123", "password=", "PASSWORD="] {
        assert!(!text.to_lowercase().contains(&it.to_lowercase()), "{it}");
    }
}

#[test]
fn no_container_has_more_than_it_needs() {
    let (monitoring, _) = system_files();
    let mut seen = 0;
    for name in [&[COMPOSE], &OVERLAYS[..]].concat() {
        let file = yaml(&file(&monitoring, name));
        for (service, it) in file["services"].as_object().unwrap() {
            // An overlay of an existing container changes only some keys.
            if it["image"].is_null() {
                continue;
            }
            seen += 1;
            assert_eq!(it["read_only"], true, "{service}");
            assert_eq!(it["cap_drop"], serde_json::json!(["ALL"]), "{service}");
            assert_eq!(it["security_opt"], serde_json::json!(["no-new-privileges:true"]), "{service}");
            assert!(it["privileged"].is_null(), "{service}");
            let shares = it["network_mode"].as_str();
            assert_eq!(shares, (service == "app-tls").then_some("service:app"), "{service}");
            assert!(it["healthcheck"]["test"].is_array(), "{service}");
            for limit in ["cpus", "memory", "pids"] {
                assert!(!it["deploy"]["resources"]["limits"][limit].is_null(), "{service}: {limit}");
            }
        }
    }
    assert_eq!(seen, SERVICES.len() + 6);
}

/// Every variable of the compose files is in `.env.example`, and other files have no variables.
#[test]
fn variables_are_those_of_the_example() {
    let monitoring = monitoring(&system());
    let mut asked: BTreeSet<String> = BTreeSet::new();
    for name in [&[COMPOSE], &OVERLAYS[..]].concat() {
        let text = file(&monitoring, name);
        let names = text.split("${").skip(1).map(|it| it.split([':', '}']).next().unwrap().to_owned());
        asked.extend(names);
    }
    let example = file(&monitoring, ".env.example");
    let said: BTreeSet<String> = example
        .lines()
        .filter(|it| !it.starts_with('#'))
        .filter_map(|it| Some(it.split_once('=')?.0.to_owned()))
        .collect();
    assert_eq!(asked, said);
    for name in ["prometheus.yml", "alertmanager.yml", "overlays/tls/prometheus.yml", "overlays/tls/alertmanager.yml"] {
        assert!(!file(&monitoring, name).contains("${"), "{name}");
    }
}

/// The health check of our own containers, against a healthy and an unhealthy server.
#[test]
fn health_checks_need_no_http_client() {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    let (_, compose) = system_files();
    let test = texts(&compose["services"]["alert-webhook"]["healthcheck"]["test"]);
    assert_eq!(test[0], "CMD");
    for (status, healthy) in [("200 OK", true), ("503 Service Unavailable", false)] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let server = std::thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            // Bash sends line by line.
            while !request.ends_with(b"\r\n\r\n") {
                let mut chunk = [0; 512];
                let read = connection.read(&mut chunk).unwrap();
                request.extend_from_slice(&chunk[..read]);
            }
            connection.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").as_bytes()).unwrap();
            String::from_utf8_lossy(&request).into_owned()
        });
        let output = Command::new(&test[1]).arg(&test[2]).arg(test[3].replace("9095", &port)).output().unwrap();
        assert_eq!(output.status.success(), healthy, "{status}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(server.join().unwrap().starts_with("GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n"));
    }
}

#[test]
fn prometheus_and_alertmanager_accept_the_overlays() {
    let monitoring = monitoring(&system());
    let folder = folder(&monitoring);
    for it in [
        "tls/prometheus.yml",
        "sharding/prometheus-global.yml",
        "sharding/prometheus-shard-0.yml",
        "sharding/prometheus-shard-1.yml",
        "pair/prometheus-a.yml",
        "pair/prometheus-b.yml",
    ] {
        crate::support::promtool(folder.path(), &["check", "config", "--syntax-only", &format!("overlays/{it}")]);
        // The rule files are found from the folder of the overlay.
        for rules in texts(&yaml(&file(&monitoring, &format!("overlays/{it}")))["rule_files"]) {
            let here = folder.path().join("overlays").join(it).parent().unwrap().to_owned();
            assert!(rules.ends_with("/rules/*.yml") || here.join(&rules).is_file(), "{it}: {rules}");
        }
    }
    crate::support::amtool(folder.path(), &["check-config", "overlays/tls/alertmanager.yml"]);
}

/// A program with labels for its cluster, and a store with a password.
#[test]
fn a_store_with_a_password_gets_samples_of_every_server() {
    let mut options = Options::default();
    options.prometheus.external_labels.insert("cluster".to_owned(), "berlin".to_owned());
    options.prometheus.remote_write = Some(measurand_monitoring::RemoteStore {
        url: "https://metrics.example.org/api/v1/write".to_owned(),
        username: "ann".to_owned(),
        drop: vec!["go_.*".to_owned()],
    });
    let monitoring = Monitoring::new(&catalog(&system()), &options);
    let folder = folder(&monitoring);
    let pair = ["overlays/pair/prometheus-a.yml", "overlays/pair/prometheus-b.yml"];
    for name in ["prometheus.yml", "overlays/tls/prometheus.yml", "overlays/sharding/prometheus-shard-0.yml"]
        .into_iter()
        .chain(pair)
    {
        crate::support::promtool(folder.path(), &["check", "config", "--syntax-only", name]);
        let config = yaml(&file(&monitoring, name));
        assert_eq!(config["global"]["external_labels"]["cluster"], "berlin", "{name}");
        let all = config["remote_write"].as_array().unwrap();
        let store = all.iter().find(|it| it["url"] == "https://metrics.example.org/api/v1/write").unwrap();
        assert_eq!(store["basic_auth"]["username"], "ann", "{name}");
        assert_eq!(store["basic_auth"]["password_file"], "/run/secrets/remote_write_secret", "{name}");
        assert_eq!(store["write_relabel_configs"][0]["action"], "drop", "{name}");
    }
    for (name, replica) in pair.into_iter().zip(["a", "b"]) {
        let config = yaml(&file(&monitoring, name));
        assert_eq!(config["global"]["external_labels"]["replica"], replica);
        assert_eq!(config["alerting"]["alert_relabel_configs"][0]["regex"], "replica");
    }
    for (name, service) in [
        (COMPOSE, "prometheus"),
        ("overlays/pair/docker-compose.yml", "prometheus-b"),
        (OVERLAYS[2], "prometheus-shard-0"),
    ] {
        let secrets = texts(&yaml(&file(&monitoring, name))["services"][service]["secrets"]);
        assert!(secrets.contains(&"remote_write_secret".to_owned()), "{service}: {secrets:?}");
    }
    let compose = yaml(&file(&monitoring, COMPOSE));
    assert_eq!(compose["secrets"]["remote_write_secret"]["file"], "./secrets/remote_write_secret");
    options.prometheus.remote_write.as_mut().unwrap().username.clear();
    let monitoring = Monitoring::new(&catalog(&system()), &options);
    let config = yaml(&file(&monitoring, "prometheus.yml"));
    let secret = &config["remote_write"][0]["authorization"]["credentials_file"];
    assert_eq!(secret, "/run/secrets/remote_write_secret");
}

/// The image knows its commit, which `build_info` shows.
#[test]
fn the_image_gets_the_commit() {
    let (monitoring, compose) = system_files();
    let docker = file(&monitoring, "Dockerfile");
    assert!(docker.contains("ARG COMMIT=unknown\nENV MEASURAND_COMMIT=$COMMIT\n"), "{docker}");
    assert_eq!(compose["services"]["app"]["build"]["args"]["COMMIT"], "${COMMIT:-unknown}");
}

/// Prometheus 3.9 ignores the flag for native histograms, and versions before 3.8 refuse the setting.
#[test]
fn prometheus_scrapes_native_histograms_in_each_version() {
    for (printed, way) in [
        ("prometheus, version 2.42.0+ds (branch: debian/sid, revision: 2.42.0+ds-5)", NativeHistograms::Flag),
        ("prometheus, version 3.5.3+ds1 (branch: debian/sid)\n  go version: go1.24", NativeHistograms::Flag),
        ("prometheus, version 3.7.3", NativeHistograms::Flag),
        ("prometheus, version 3.8.0 (branch: HEAD)", NativeHistograms::Setting),
        ("prometheus, version 3.10.0-rc.1", NativeHistograms::Setting),
        ("prometheus, version 4.0.0", NativeHistograms::Setting),
        ("", NativeHistograms::Flag),
    ] {
        assert_eq!(NativeHistograms::of_version(printed), way, "{printed}");
    }
    for histograms in Histograms::ALL {
        for way in [NativeHistograms::Flag, NativeHistograms::Setting] {
            let options = Options { histograms, native: way, ..Options::default() };
            let monitoring = Monitoring::new(&catalog(&everything()), &options);
            let needs = |it| histograms == Histograms::Native && way == it;
            let of_compose = ["", "overlays/tls/", "overlays/sharding/"].map(|it| format!("{it}docker-compose.yml"));
            for name in of_compose {
                let has_flag = file(&monitoring, &name).contains(NativeHistograms::FLAG);
                assert_eq!(has_flag, needs(NativeHistograms::Flag), "{name}, {histograms:?}, {way:?}");
            }
            let config = file(&monitoring, "prometheus.yml");
            let has_setting = config.contains("\n  scrape_native_histograms: true\n");
            assert_eq!(has_setting, needs(NativeHistograms::Setting), "{histograms:?}, {way:?}: {config}");
        }
    }
}
