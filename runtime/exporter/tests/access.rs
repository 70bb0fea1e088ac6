//! TLS, users and tokens from files that change while the endpoint serves.

#![expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "the figures of a run")]
#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

mod support;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use measurand_exporter::{Builder, Error, Exporter};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use support::{check_scrape, program};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::runtime::Runtime;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore};
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const CHILD: &str = "MEASURAND_TEST_CHILD";

/// Writes a new certificate and its key. Returns a client that trusts only this certificate.
fn certify(directory: &Path) -> Agent {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    fs::write(directory.join("server.key"), signing_key.serialize_pem()).unwrap();
    fs::write(directory.join("server.pem"), cert.pem()).unwrap();
    let roots = RootCerts::new_with_certs(&[Certificate::from_der(cert.der()).to_owned()]);
    let config = Agent::config_builder().timeout_global(Some(Duration::from_secs(30))).http_status_as_error(false);
    config.tls_config(TlsConfig::builder().root_certs(roots).build()).build().into()
}

/// Creates a folder with all files for an endpoint with these users.
fn files(users: &str) -> (TempDir, Agent) {
    let directory = tempfile::tempdir().unwrap();
    let agent = certify(directory.path());
    let tls = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n";
    let http = "http_server_config:\n  headers:\n    Strict-Transport-Security: max-age=31536000\n";
    fs::write(directory.path().join("web.yml"), format!("{tls}{http}basic_auth_users:\n{users}")).unwrap();
    fs::write(directory.path().join("tokens"), format!("# the only one\n{TOKEN}\n")).unwrap();
    (directory, agent)
}

fn basic(credentials: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(credentials))
}

/// Returns the status and the text of an answer, or `None` without a connection.
fn ask(agent: &Agent, exporter: &Exporter, path: &str, authorization: &str) -> Option<(u16, String)> {
    let request = agent.get(format!("{}{path}", exporter.url()));
    let request = if authorization.is_empty() { request } else { request.header("authorization", authorization) };
    let mut answer = request.call().ok()?;
    let challenge = answer.headers().get("www-authenticate").map(|it| it.to_str().unwrap().to_owned());
    assert_eq!(challenge.is_some(), answer.status() == 401);
    assert!(challenge.is_none_or(|it| it == "Basic realm=\"metrics\", charset=\"UTF-8\""));
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000");
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    Some((answer.status().as_u16(), answer.body_mut().read_to_string().unwrap()))
}

fn status(agent: &Agent, exporter: &Exporter, path: &str, authorization: &str) -> u16 {
    ask(agent, exporter, path, authorization).map_or(0, |it| it.0)
}

#[test]
fn only_who_may_comes_in() {
    let hash = bcrypt::hash("pass:word", 6).unwrap();
    let (directory, agent) = files(&format!("  ann: {hash}\n"));
    let path = |name: &str| directory.path().join(name);

    // An invalid file prevents the start.
    let good = fs::read_to_string(path("web.yml")).unwrap();
    fs::write(path("web.yml"), "basic_auth_users:\n  ann: secret\n").unwrap();
    let builder = || Builder::new(program()).web_config(path("web.yml")).bearer_tokens(path("tokens"));
    let error = builder().listen("127.0.0.1:0").install().unwrap_err();
    assert!(matches!(error, Error::Access(_)));
    let said = error.to_string();
    assert!(
        said.contains("web.yml:2: the password of `ann` is not a bcrypt hash") && !said.contains("secret"),
        "{said}"
    );
    fs::write(path("web.yml"), &good).unwrap();

    let exporter = builder().listen("127.0.0.1:0").install().unwrap();
    assert!(exporter.url().starts_with("https://127.0.0.1:"), "{}", exporter.url());
    let right = [basic("ann:pass:word"), format!("Bearer {TOKEN}"), format!("bearer {TOKEN}")];
    for authorization in &right {
        for asked in ["/metrics", "/", "/catalog.json", "/live/alerts"] {
            assert_eq!(status(&agent, &exporter, asked, authorization), 200, "{authorization} {asked}");
        }
    }
    for wrong in [
        "",
        "Bearer",
        "Bearer ",
        "Basic",
        "Basic %%%",
        "Digest x",
        &format!("Bearer {}", &TOKEN[1..]),
        &format!("Bearer {TOKEN}x"),
        &basic("ann:"),
        &basic("ann:pass"),
        &basic("eve:pass:word"),
        &basic("ann"),
        &basic(&format!("ann:{}", "x".repeat(5000))),
    ] {
        for asked in ["/metrics", "/", "/live/alerts", "/nowhere", "//healthz"] {
            assert_eq!(status(&agent, &exporter, asked, wrong), 401, "{wrong} {asked}");
        }
    }
    assert_eq!(status(&agent, &exporter, "/healthz", ""), 200);

    // Bytes that are not TLS get no answer and do no harm.
    for bytes in [b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n".as_slice(), b"\x16\x03\x01\xff\xff", &[0; 2000]] {
        let mut stream = TcpStream::connect(exporter.address()).unwrap();
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(!answer.starts_with(b"HTTP"), "{}", answer.escape_ascii());
    }

    guesses_do_not_delay_scrapes(&agent, &exporter, &right[0]);
    handshakes_do_not_delay_scrapes(&path("server.pem"), &agent, &exporter, &right[1]);

    // The certificate and the token are replaced. A client that keeps scraping notices only the new certificate.
    let new = certify(directory.path());
    fs::write(path("tokens"), "another-token-0123456789").unwrap();
    let begin = Instant::now();
    let (mut by_old, mut by_new) = (0, 0);
    while by_new < 10 {
        // Each request uses a new connection.
        let [old, new] = [&agent, &new].map(|it| {
            let fresh: Agent = it.config().clone().into();
            status(&fresh, &exporter, "/metrics", &right[0])
        });
        assert!(matches!((old, new), (0 | 200, 0 | 200)), "{old} {new}");
        (by_old, by_new) = (by_old + u32::from(old == 200), by_new + u32::from(new == 200));
        assert!(begin.elapsed() < Duration::from_secs(30), "the change is not seen");
    }
    let fresh: Agent = agent.config().clone().into();
    assert_eq!(status(&fresh, &exporter, "/metrics", &right[0]), 0, "the old certificate is gone");
    assert_eq!(status(&new, &exporter, "/metrics", &right[1]), 401, "and the old token");
    assert_eq!(status(&new, &exporter, "/metrics", "Bearer another-token-0123456789"), 200);

    // An empty file does not disable authentication.
    fs::write(path("web.yml"), "").unwrap();
    thread::sleep(Duration::from_millis(1500));
    assert_eq!(status(&new, &exporter, "/metrics", ""), 401);
    let text = ask(&new, &exporter, "/metrics", &right[0]).unwrap().1;
    let series = check_scrape(&text);
    assert!(series[r#"measurand_http_refused_total{reason="credentials"}"#] > 60.0);
    assert!(series[r#"measurand_http_refused_total{reason="tls"}"#] >= 3.0);
    exporter.shutdown();
}

/// Eight clients send wrong passwords, each a different one, as fast as they can, while a user with the right password
/// scrapes.
fn guesses_do_not_delay_scrapes(agent: &Agent, exporter: &Exporter, right: &str) {
    let (done, guesses, next) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let begin = Instant::now();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let agent: Agent = agent.config().clone().into();
                while !done.load(Ordering::Relaxed) {
                    let guess = basic(&format!("ann:{}", next.fetch_add(1, Ordering::Relaxed)));
                    let status = status(&agent, exporter, "/metrics", &guess);
                    assert!(matches!(status, 401 | 503), "{status}");
                    guesses.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let mut slowest = Duration::ZERO;
        for _ in 0..200 {
            let asked = Instant::now();
            assert_eq!(status(agent, exporter, "/metrics", right), 200);
            slowest = slowest.max(asked.elapsed());
        }
        done.store(true, Ordering::Relaxed);
        let rate = guesses.load(Ordering::Relaxed) as f64 / begin.elapsed().as_secs_f64();
        println!("200 scrapes during {rate:.0} wrong passwords a second, the slowest in {slowest:?}");
    });
    assert!(guesses.load(Ordering::Relaxed) > 8);
}

/// Connects a client from one of this machine's addresses and completes its handshake.
async fn shake(
    config: &Arc<ClientConfig>,
    from: [u8; 4],
    to: SocketAddr,
) -> std::io::Result<TlsStream<tokio::net::TcpStream>> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    let stream = socket.connect(to).await?;
    let name = ServerName::IpAddress(to.ip().into());
    TlsConnector::from(Arc::clone(config)).connect(name, stream).await
}

/// Hundreds of clients stop in the middle of the handshake, or after it, and reconnect when they are closed. Meanwhile
/// one client scrapes on a kept connection, and another one on a new connection each time.
fn handshakes_do_not_delay_scrapes(certificate: &Path, agent: &Agent, exporter: &Exporter, right: &str) {
    const STALLED: usize = 300;
    let (address, runtime) = (exporter.address(), Runtime::new().unwrap());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
    let config = Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth());
    let mut client = ClientConnection::new(Arc::clone(&config), ServerName::IpAddress(address.ip().into())).unwrap();
    let mut hello = Vec::new();
    client.write_tls(&mut hello).unwrap();
    let (hello, opened, done) = (Arc::new(hello), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    for index in 0..STALLED {
        let (hello, opened) = (Arc::clone(&hello), Arc::clone(&opened));
        runtime.spawn(async move {
            let said = if index % 2 == 0 { &hello[..] } else { &hello[..hello.len() / 2] };
            loop {
                let Ok(mut stream) = tokio::net::TcpStream::connect(address).await else { continue };
                let _ = stream.write_all(said).await;
                opened.fetch_add(1, Ordering::Relaxed);
                let _closed = stream.read_to_end(&mut Vec::new()).await;
            }
        });
    }
    for _ in 0..8 {
        let (config, done) = (Arc::clone(&config), Arc::clone(&done));
        runtime.spawn(async move {
            loop {
                let is_whole = shake(&config, [127, 0, 0, 1], address).await.is_ok();
                done.fetch_add(usize::from(is_whole), Ordering::Relaxed);
            }
        });
    }
    let (begin, mut kept, mut new) = (Instant::now(), Duration::ZERO, Duration::ZERO);
    // More clients than connections, so that some have to be closed.
    while opened.load(Ordering::Relaxed) <= STALLED {
        assert!(begin.elapsed() < Duration::from_secs(60), "the clients do not connect");
        thread::sleep(Duration::from_millis(10));
    }
    for _ in 0..40 {
        let asked = Instant::now();
        assert_eq!(status(agent, exporter, "/metrics", right), 200);
        kept = kept.max(asked.elapsed());
        let asked = Instant::now();
        let answer = runtime.block_on(async {
            let mut stream = shake(&config, [127, 0, 0, 2], address).await?;
            let request = format!(
                "GET /metrics HTTP/1.1\r\nhost: localhost\r\nauthorization: {right}\r\nconnection: close\r\n\r\n"
            );
            stream.write_all(request.as_bytes()).await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.map(|_| answer)
        });
        let answer = answer.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("measurand_http_refused_total"), "{answer}");
        new = new.max(asked.elapsed());
    }
    let ([opened, done], lasted) =
        ([&opened, &done].map(|it| it.load(Ordering::Relaxed)), begin.elapsed().as_secs_f64());
    println!(
        "80 scrapes during {:.0} started and {:.0} completed handshakes a second, the slowest in {kept:?} \
         on a kept connection and in {new:?} on a new one",
        opened as f64 / lasted,
        done as f64 / lasted
    );
    assert!(done > 8, "{done}");
    runtime.shutdown_background();
}

/// Runs a copy of this program, since a process must not change its own environment.
#[test]
fn the_environment_names_the_file() {
    if std::env::var_os(CHILD).is_some() {
        match Builder::new(program()).listen("0.0.0.0:0").install() {
            Ok(exporter) => println!("said={} {}", exporter.url(), support::get(exporter.address(), "/metrics").status),
            Err(error) => println!("said={error}"),
        }
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("web.yml");
    let run = |text: &str| {
        fs::write(&path, text).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "the_environment_names_the_file", "--nocapture"]).env(CHILD, "1");
        let output = child.env("MEASURAND_WEB_CONFIG_FILE", &path).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let line = said.lines().find_map(|it| it.split_once("said=")).unwrap().1.to_owned();
        (line, String::from_utf8(output.stderr).unwrap())
    };
    let (said, warned) = run(&format!("basic_auth_users:\n  ann: {}\n", bcrypt::hash("x", 4).unwrap()));
    assert!(said.starts_with("http://127.0.0.1:") && said.ends_with(" 401"), "{said}");
    assert_eq!(warned.matches("credentials travel to 0.0.0.0:").count(), 1, "{warned}");
    let (said, warned) = run("");
    assert!(said.ends_with(" 200") && warned.contains("open to other machines without authentication"), "{warned}");
    let (said, _) = run("basic_auth_user: {}\n");
    assert!(said.starts_with("cannot serve: ") && said.contains("web.yml:1: "), "{said}");
}
