//! The shutdown of an endpoint: one more scrape, and a push of all metrics to a real Pushgateway and a real remote
//! write receiver.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

mod support;

use measurand_exporter::{Builder, Push};
use metrics::{counter, gauge};
use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use support::{get, program};
use tempfile::TempDir;

const LONG: Duration = Duration::from_secs(30);

/// A server that stops with the test.
struct Server {
    child: Child,
    address: SocketAddr,
    _directory: TempDir,
}

impl Server {
    fn start(name: &str, package: &str, arguments: impl FnOnce(SocketAddr, &str) -> Vec<String>) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new(name);
        command.args(arguments(address, directory.path().to_str().unwrap()));
        let child = command.current_dir(&directory).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = match child {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                panic!("{name} is missing; install it: apt-get install {package}")
            }
            child => child.unwrap(),
        };
        let server = Self { child, address, _directory: directory };
        let begin = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(begin.elapsed() < LONG, "{name} does not listen");
            thread::sleep(Duration::from_millis(50));
        }
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

fn text(address: SocketAddr, path: &str) -> String {
    ureq::get(format!("http://{address}{path}")).call().unwrap().body_mut().read_to_string().unwrap()
}

#[cfg(feature = "tls")]
const CHILD: &str = "MEASURAND_TEST_CHILD";

/// Runs a copy of this program that pushes to this address, trusts the certificates in the file, and exits. Returns its
/// stderr.
#[cfg(feature = "tls")]
fn pushes(url: &str, authorities: &std::path::Path) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "a_push_over_https_trusts_whom_it_is_told_to", "--nocapture"]);
    let output = child.env(CHILD, url).env("MEASURAND_TEST_CA", authorities).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stderr).unwrap().lines().filter(|it| it.starts_with("measurand: ")).collect()
}

#[cfg(feature = "tls")]
#[test]
fn a_push_over_https_trusts_whom_it_is_told_to() {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    use std::fs;
    use ureq::Agent;
    use ureq::tls::{Certificate, RootCerts, TlsConfig};

    if let Ok(url) = std::env::var(CHILD) {
        let push = Push::pushgateway(url, "night build").ca_file(std::env::var_os("MEASURAND_TEST_CA").unwrap());
        let builder = Builder::new(program()).listen("127.0.0.1:0").push_at_shutdown(push.timeout(LONG));
        let exporter = builder.install().unwrap();
        counter!("orders_total").increment(3);
        exporter.shutdown();
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let authority = |name: &str| {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        fs::write(path(name), authority.pem()).unwrap();
        authority
    };
    let (ours, _stranger) = (authority("ca.pem"), authority("stranger.pem"));
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &ours).unwrap();
    fs::write(path("server.key"), key.serialize_pem()).unwrap();
    fs::write(path("server.pem"), certificate.pem()).unwrap();
    fs::write(path("web.yml"), "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n").unwrap();
    let gateway = Server::start("prometheus-pushgateway", "prometheus-pushgateway", |address, _| {
        let config = path("web.yml");
        vec![format!("--web.listen-address={address}"), format!("--web.config.file={}", config.display())]
    });
    let url = format!("https://{}", gateway.address);
    let roots = RootCerts::new_with_certs(&[Certificate::from_pem(&fs::read(path("ca.pem")).unwrap()).unwrap()]);
    let config = Agent::config_builder().tls_config(TlsConfig::builder().root_certs(roots).build());
    let agent: Agent = config.build().into();
    let kept = || agent.get(format!("{url}/metrics")).call().unwrap().body_mut().read_to_string().unwrap();

    let refused = pushes(&url, &path("stranger.pem"));
    assert!(refused.contains(&format!("the last push to `{url}` failed")), "{refused}");
    assert!(refused.contains("certificate") && refused.contains(".ca_file(..)"), "{refused}");
    for (name, says) in [
        ("missing.pem", "cannot use the authorities of the receiver in"),
        ("server.key", "it contains none"),
        ("web.yml", "it contains none"),
    ] {
        let refused = pushes(&url, &path(name));
        assert!(refused.contains(says) && refused.contains(name) && refused.contains("PEM"), "{name}: {refused}");
    }
    let refused = pushes(&url, &path("a\u{1b}[2J\u{202e}b"));
    assert!(refused.contains(r"a\u{1b}[2J\u{202e}b") && !refused.contains(['\u{1b}', '\u{202e}']), "{refused:?}");
    assert!(!kept().contains("orders_total"), "nothing was sent to an untrusted server");

    assert_eq!(pushes(&url, &path("ca.pem")), "");
    assert!(kept().lines().any(|it| it == r#"orders_total{instance="",job="night build"} 3"#), "{}", kept());
}

#[test]
fn the_last_numbers_arrive() {
    let gateway = Server::start("prometheus-pushgateway", "prometheus-pushgateway", |address, _| {
        vec![format!("--web.listen-address={address}")]
    });
    let victoria = Server::start("victoria-metrics", "victoria-metrics", |address, directory| {
        vec![format!("-httpListenAddr={address}"), format!("-storageDataPath={directory}")]
    });

    // The endpoint waits for a scrape, stops after it, and pushes the metrics up to then.
    let to_gateway =
        Push::pushgateway(format!("http://{}", gateway.address), "night build").label("instance", "a/b").timeout(LONG);
    let builder = || Builder::new(program()).service("shop", "1.2.3", "c0ffee").listen("127.0.0.1:0");
    let exporter = builder().last_scrape(LONG * 10).push_at_shutdown(to_gateway).install().unwrap();
    counter!("orders_total").increment(3);
    let begin = Instant::now();
    let ending = thread::spawn({
        let exporter = exporter.clone();
        move || exporter.shutdown()
    });
    thread::sleep(Duration::from_millis(300));
    assert_eq!(get(exporter.address(), "/healthz").status, 200, "it still serves");
    assert!(!ending.is_finished());
    gauge!("load", "machine" => "x\"\\\ny").set(0.5);
    assert!(get(exporter.address(), "/metrics").text().contains("\norders_total 3\n"));
    ending.join().unwrap();
    assert!(begin.elapsed() < LONG * 5, "the wait ended with the scrape");
    assert!(TcpStream::connect(exporter.address()).is_err());
    let kept = text(gateway.address, "/metrics");
    for line in [
        r#"orders_total{instance="a/b",job="night build"} 3"#,
        r#"load{instance="a/b",job="night build",machine="x\"\\\ny"} 0.5"#,
        r#"build_info{commit="c0ffee",instance="a/b",job="night build",name="shop",version="1.2.3"} 1"#,
        r#"measurand_scrape_duration_seconds_count{instance="a/b",job="night build"} 1"#,
        r#"push_failure_time_seconds{instance="a/b",job="night build"} 0"#,
    ] {
        assert!(kept.lines().any(|it| it == line), "{line} is not in {kept}");
    }

    // No scrape arrives during the wait, and the receiver is another one.
    counter!("orders_total").increment(1);
    let to_victoria =
        Push::remote_write(format!("http://{}/api/v1/write", victoria.address), "till").label("instance", "i");
    let window = Duration::from_millis(500);
    let exporter = builder().last_scrape(window).push_at_shutdown(to_victoria.timeout(LONG)).install().unwrap();
    let begin = Instant::now();
    exporter.shutdown();
    assert!(begin.elapsed() >= window);
    let stored = |matcher: &str| {
        text(victoria.address, "/internal/force_flush");
        let begin = Instant::now();
        loop {
            let found = text(victoria.address, &format!("/api/v1/export?match%5B%5D={matcher}"));
            if !found.is_empty() {
                return found;
            }
            assert!(begin.elapsed() < LONG, "{matcher} is not stored");
            thread::sleep(Duration::from_millis(200));
        }
    };
    let orders = stored("orders_total");
    assert!(orders.contains(r#""job":"till""#) && orders.contains(r#""instance":"i""#), "{orders}");
    assert!(orders.contains(r#""values":[4]"#), "{orders}");
    assert!(stored("load").contains(r#""machine":"x\"\\\ny""#), "{}", stored("load"));
    assert!(stored("measurand_scrape_duration_seconds_bucket").contains(r#""le":""#));

    // If nothing receives the push, the shutdown takes no longer, and stderr reports the loss.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let push = Push::pushgateway(format!("http://{}", silent.local_addr().unwrap()), "till");
    let exporter = builder().push_at_shutdown(push.timeout(Duration::from_millis(300))).install().unwrap();
    let begin = Instant::now();
    exporter.shutdown();
    assert!(begin.elapsed() < LONG, "{:?}", begin.elapsed());
    std::io::stdout().flush().unwrap();
}
