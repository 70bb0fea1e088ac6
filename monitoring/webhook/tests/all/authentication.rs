//! Tests of authentication and TLS: bearer tokens, users, certificates, web configuration.

use crate::support::{Answer, Webhook, agent, configured, file, firing, payload};
use measurand_tests::wait;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use std::io::Write;
use std::process::Stdio;
use tempfile::TempDir;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Error};

pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// Writes a certificate for this machine and its key. Returns both paths.
pub(crate) fn certificate(directory: &TempDir) -> (String, String) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let path = |name, text: &str| file(directory, name, text).to_str().unwrap().to_owned();
    (path("server.pem", &cert.pem()), path("server.key", &signing_key.serialize_pem()))
}

/// A client that trusts only the certificate in the file.
pub(crate) fn trusting(path: &str) -> Agent {
    let pem = std::fs::read(path).unwrap();
    let items = parse_pem(&pem).map(|item| match item.unwrap() {
        PemItem::Certificate(item) => item,
        _ => panic!("{path} contains more than certificates"),
    });
    let roots: Vec<Certificate<'static>> = items.collect();
    configured().tls_config(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&roots)).build()).build().into()
}

fn hash(password: &str) -> String {
    let mut command = crate::support::command();
    command.arg("--hash-password").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(format!("{password}\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn ask(url: &str, path: &str, authorization: &str) -> Answer {
    let request = agent().get(format!("{url}{path}"));
    let request = if authorization.is_empty() { request } else { request.header("authorization", authorization) };
    Answer::of(request.call())
}

fn basic(credentials: &str) -> String {
    use base64::Engine;
    format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(credentials))
}

#[test]
fn a_bearer_token_opens() {
    let directory = tempfile::tempdir().unwrap();
    let tokens =
        file(&directory, "tokens", &format!("# the old one and the new one\n{TOKEN}\n\nsecond-token-0123456\n"));
    let webhook = Webhook::start(&["--token-file", tokens.to_str().unwrap()]);
    let check = |authorization: &str, status: u16| {
        for path in ["/", "/api/alerts", "/metrics", "/catalog.json", "/nothing"] {
            let answer = ask(&webhook.url, path, authorization);
            let expected = if status == 200 && path == "/nothing" { 404 } else { status };
            assert_eq!(answer.status, expected, "{authorization} {path}");
            if status == 401 {
                assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"alerts\"");
                assert!(answer.error().contains("--token-file"));
            }
        }
    };
    check(&format!("Bearer {TOKEN}"), 200);
    check(&format!("bearer {TOKEN}"), 200);
    check("Bearer second-token-0123456", 200);
    for wrong in ["", "Bearer", "Bearer ", TOKEN, &format!("Bearer {TOKEN}x"), &format!("Bearer {}", &TOKEN[1..])] {
        check(wrong, 401);
    }
    check(&basic(&format!("user:{TOKEN}")), 401);
    check("Bearer # the old one and the new one", 401);
    assert_eq!(ask(&webhook.url, "/healthz", "").status, 200);
    assert_eq!(ask(&webhook.url, "/readyz", "").status, 200);
    assert_eq!(webhook.post(&payload(&[firing(1)])).status, 401);
    let list = ask(&webhook.url, "/api/alerts", &format!("Bearer {TOKEN}"));
    assert_eq!(list.json()["total"], 0, "nothing was stored");
}

#[test]
fn a_user_and_a_password_are_accepted() {
    let directory = tempfile::tempdir().unwrap();
    let cheap = bcrypt::hash("pass:word", 4).unwrap();
    let users = format!("ann:{cheap}\nbob:{}\n", hash("söme pässword"));
    let (users, tokens) = (file(&directory, "users", &users), file(&directory, "tokens", TOKEN));
    let both = ["--users-file", users.to_str().unwrap(), "--token-file", tokens.to_str().unwrap()];
    let webhook = Webhook::start(&both);
    let check = |authorization: &str, status: u16| {
        let answer = ask(&webhook.url, "/", authorization);
        assert_eq!(answer.status, status, "{authorization}");
        if status == 401 {
            assert_eq!(answer.header("www-authenticate"), "Basic realm=\"alerts\", charset=\"UTF-8\"");
        }
    };
    check(&basic("ann:pass:word"), 200);
    check(&basic("ann:pass:word"), 200);
    check(&basic("bob:söme pässword"), 200);
    check(&format!("Bearer {TOKEN}"), 200);
    for wrong in ["ann:", "ann:pass", "ann:pass:word ", ":pass:word", "ann", "", "eve:pass:word", "bob:pass:word"] {
        check(&basic(wrong), 401);
    }
    check("Basic %%%", 401);
    check("", 401);
}

#[test]
fn credential_files_are_checked_at_startup() {
    let directory = tempfile::tempdir().unwrap();
    let check = |option: &str, text: &str, says: &str| {
        let path = file(&directory, "credentials", text);
        let output = crate::support::command().args(["--listen", "127.0.0.1:0", option]).arg(&path).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{text}: {error}");
        assert!(error.starts_with("error: ") && error.contains(says) && error.lines().count() == 1, "{text}: {error}");
        assert!(!text.contains("secret") || !error.contains("secret"), "{error}");
    };
    check("--token-file", "", "there are no tokens in");
    check("--token-file", "# none\n", "there are no tokens in");
    check("--token-file", "short-secret\n", "credentials:1: the token is shorter than 16 characters");
    check("--users-file", "", "there are no users in");
    check("--users-file", "# a comment\nann:secret\n", "credentials:2: this is not a user");
    check("--users-file", &format!(":{}", bcrypt::hash("x", 4).unwrap()), "credentials:1: this is not a user");
    check("--users-file", "ann:$2b$10$tooshort", "--hash-password");
}

#[test]
fn tls_encrypts_connections() {
    let directory = tempfile::tempdir().unwrap();
    let (certificate, key) = certificate(&directory);
    let webhook = Webhook::start(&["--tls-certificate", &certificate, "--tls-key", &key]);
    assert!(webhook.url.starts_with("https://"), "{}", webhook.url);
    let agent = trusting(&certificate);
    let request = agent.post(format!("{}/webhook", webhook.url)).header("content-type", "application/json");
    assert_eq!(Answer::of(request.send(payload(&[firing(1)]).to_string())).status, 200);
    assert_eq!(Answer::of(agent.get(format!("{}/api/alerts", webhook.url)).call()).json()["total"], 1);

    let other = tempfile::tempdir().unwrap();
    let stranger = trusting(&self::certificate(&other).0);
    let refused = stranger.get(format!("{}/healthz", webhook.url)).call();
    assert!(matches!(refused, Err(Error::Rustls(_) | Error::Io(_))), "{refused:?}");
    let plain = crate::support::agent().get(format!("{}/healthz", webhook.url.replace("https", "http"))).call();
    assert!(plain.is_err(), "{plain:?}");
    assert_eq!(Answer::of(agent.get(format!("{}/healthz", webhook.url)).call()).status, 200);
}

#[test]
fn sighup_reloads_the_files() {
    let directory = tempfile::tempdir().unwrap();
    let (pem, key) = certificate(&directory);
    let tokens = file(&directory, "tokens", TOKEN);
    let arguments = ["--tls-certificate", &pem, "--tls-key", &key, "--token-file", tokens.to_str().unwrap()];
    let webhook = Webhook::start(&arguments);
    let status = |agent: &Agent, token: &str| {
        let request = agent.get(format!("{}/api/alerts", webhook.url));
        request.header("authorization", format!("Bearer {token}")).call().ok().map(|it| it.status().as_u16())
    };
    let before = trusting(&pem);
    assert_eq!(status(&before, TOKEN), Some(200));

    // An invalid file changes nothing.
    file(&directory, "tokens", "");
    webhook.signal("HUP");
    let kept = "kept the previous credentials and certificate: there are no tokens";
    wait("a line in the log", || webhook.log().contains(kept).then_some(()));
    assert_eq!(status(&before, TOKEN), Some(200));

    let old = trusting(&pem);
    certificate(&directory);
    file(&directory, "tokens", "another-token-0123456789");
    webhook.signal("HUP");
    wait("a line in the log", || webhook.log().contains("reloaded credentials and certificate").then_some(()));
    let after = trusting(&pem);
    assert_eq!(status(&after, "another-token-0123456789"), Some(200));
    assert_eq!(status(&after, TOKEN), Some(401));
    assert_eq!(status(&old, TOKEN), None, "the old certificate is not used any more");
}

/// The format and the errors of the web configuration are the same as for the exporter's endpoint.
#[test]
fn a_web_configuration_says_all_of_it_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let (pem, _) = certificate(&directory);
    let tls = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n";
    let headers = "http_server_config:\n  headers:\n    Strict-Transport-Security: max-age=60\n    \
                   X-Frame-Options: DENY\n";
    let users = |password: &str| format!("basic_auth_users:\n  ann: {}\n", bcrypt::hash(password, 4).unwrap());
    let path = file(&directory, "web.yml", &format!("{tls}{headers}{}", users("first")));
    let webhook = Webhook::start(&["--web-config-file", path.to_str().unwrap()]);
    assert!(webhook.url.starts_with("https://"), "{}", webhook.url);
    let agent = trusting(&pem);
    let ask = |path: &str, authorization: &str| {
        let answer =
            Answer::of(agent.get(format!("{}{path}", webhook.url)).header("authorization", authorization).call());
        assert_eq!(answer.header("strict-transport-security"), "max-age=60", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        answer
    };
    for path in ["/", "/api/alerts", "/metrics"] {
        assert_eq!(ask(path, &basic("ann:first")).status, 200, "{path}");
        for wrong in ["", "Basic", &basic("ann:second"), &basic("eve:first"), &format!("Bearer {TOKEN}")] {
            let refused = ask(path, wrong);
            assert_eq!(refused.status, 401, "{path} {wrong}");
            assert_eq!(refused.header("www-authenticate"), "Basic realm=\"alerts\", charset=\"UTF-8\"");
        }
    }
    assert_eq!(ask("/healthz", "").status, 200);
    let post = agent.post(format!("{}/webhook", webhook.url)).header("content-type", "application/json");
    let post = post.header("authorization", basic("ann:first"));
    assert_eq!(Answer::of(post.send(payload(&[firing(1)]).to_string())).status, 200);

    // An invalid file, or one that would disable authentication, changes nothing. A valid one is used without a signal.
    for (bad, says) in [
        ("basic_auth_users:\n  ann: secret\n", "web.yml:2: the password of `ann` is not a bcrypt hash"),
        ("", "the new files would disable authentication"),
    ] {
        file(&directory, "web.yml", bad);
        wait("a line in the log", || {
            assert_eq!(ask("/", &basic("ann:first")).status, 200);
            webhook.log().contains(says).then_some(())
        });
    }
    assert!(!webhook.log().contains("secret"), "{}", webhook.log());
    file(&directory, "web.yml", &format!("{tls}{headers}{}", users("second")));
    wait("the new password", || (ask("/", &basic("ann:second")).status == 200).then_some(()));
    assert_eq!(ask("/", &basic("ann:first")).status, 401);
    assert_eq!(ask("/api/alerts", &basic("ann:second")).json()["total"], 1);
}

#[test]
fn an_invalid_web_configuration_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let check = |text: Option<&str>, says: &str| {
        let path = directory.path().join("web.yml");
        let _missing = std::fs::remove_file(&path);
        if let Some(text) = text {
            file(&directory, "web.yml", text);
        }
        let mut command = crate::support::command();
        // By the option's name in Prometheus' exporters, and by the environment variable.
        let by_name = command.args(["--listen", "127.0.0.1:0", "--web.config.file"]).arg(&path).output().unwrap();
        let mut command = crate::support::command();
        command.args(["--listen", "127.0.0.1:0"]).env("MEASURAND_WEBHOOK_WEB_CONFIG_FILE", &path);
        for output in [by_name, command.output().unwrap()] {
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{text:?}: {error}");
            assert!(error.starts_with("error: ") && error.contains(says) && error.lines().count() == 1, "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    };
    check(None, "cannot read the web configuration in");
    check(Some("basic_auth_users:\n  ann: secret\n"), "web.yml:2: the password of `ann` is not a bcrypt hash");
    check(Some("tls_server_config:\n  cert_file: server.pem\n"), "write `cert_file` and `key_file`");
    check(Some("tls_server_config:\n  cert_file: a.pem\n  key_file: a.key\n"), "cannot use the certificate in");
    check(Some("http_server_config:\n  http2: true\n"), "web.yml:2: only HTTP/1.1 is supported");
}
