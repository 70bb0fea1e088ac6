//! TLS handshakes: client certificates, versions, reloaded certificates and time limits.

use crate::support::{LONG, Served, WIDE, goes_on_sending, read};
use measurand_server::{Access, AccessFiles, Event, Limits};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::fs;
use std::io::{ErrorKind, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::WantsClientCert;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, ConfigBuilder, RootCertStore, SupportedProtocolVersion};

/// A certificate authority.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Writes a signed certificate and its key.
    fn sign(&self, directory: &Path, name: &str) {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        fs::write(directory.join(format!("{name}.key")), key.serialize_pem()).unwrap();
        fs::write(directory.join(format!("{name}.pem")), certificate.pem()).unwrap();
    }
}

/// Returns a client that trusts only this authority.
fn client(
    authority: &Authority,
    versions: &[&'static SupportedProtocolVersion],
) -> ConfigBuilder<ClientConfig, WantsClientCert> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.0.pem().as_bytes()).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    builder.with_protocol_versions(versions).unwrap().with_root_certificates(roots)
}

/// Returns the status of the answer that a client gets; empty without an answer.
async fn status(
    served: &Served,
    authority: &Authority,
    versions: &[&'static SupportedProtocolVersion],
    client: Option<&Path>,
) -> String {
    try_status(served, authority, versions, client).await.unwrap_or_default()
}

async fn try_status(
    served: &Served,
    authority: &Authority,
    versions: &[&'static SupportedProtocolVersion],
    client: Option<&Path>,
) -> Option<String> {
    let builder = self::client(authority, versions);
    let config = match client {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let certificate = CertificateDer::from_pem_file(path.with_extension("pem")).unwrap();
            let key = PrivateKeyDer::from_pem_file(path.with_extension("key")).unwrap();
            builder.with_client_auth_cert(vec![certificate], key).unwrap()
        }
    };
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, served.connect().await).await.ok()?;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.ok()?;
    read(&mut stream).await.split(' ').nth(1).map(str::to_owned)
}

const BOTH: &[&SupportedProtocolVersion] = &[&TLS12, &TLS13];

fn files(directory: &TempDir, more: &str) -> AccessFiles {
    let path = directory.path().join("web.yml");
    fs::write(&path, format!("tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n{more}")).unwrap();
    AccessFiles { web_config: Some(path), ..AccessFiles::default() }
}

static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

async fn start(files: AccessFiles) -> (Served, Arc<Access>) {
    start_with(files, WIDE).await
}

async fn start_with(files: AccessFiles, limits: Limits) -> (Served, Arc<Access>) {
    let access = Arc::new(Access::read(files, |it| SAID.lock().unwrap().push(it.to_owned())).unwrap());
    let served = Served::start_with(limits, |it| it.access(Arc::clone(&access))).await;
    (served, access)
}

#[tokio::test]
async fn clients_without_a_certificate_stay_outside_where_one_is_wanted() {
    let (directory, authority, stranger) = (tempfile::tempdir().unwrap(), Authority::new(), Authority::new());
    let path = |name: &str| -> PathBuf { directory.path().join(name) };
    authority.sign(directory.path(), "server");
    authority.sign(directory.path(), "client");
    stranger.sign(directory.path(), "stranger");
    fs::write(path("ca.pem"), authority.0.pem()).unwrap();
    let required = "  client_ca_file: ca.pem\n  client_auth_type: RequireAndVerifyClientCert\n  min_version: TLS13\n";
    let (served, _) = start(files(&directory, required)).await;
    assert_eq!(status(&served, &authority, BOTH, Some(&path("client"))).await, "200");
    assert_eq!(status(&served, &authority, BOTH, None).await, "");
    assert_eq!(status(&served, &authority, BOTH, Some(&path("stranger"))).await, "");
    assert_eq!(status(&served, &authority, &[&TLS12], Some(&path("client"))).await, "", "the version is too old");
    assert_eq!(served.events(), [Event::Tls; 3]);

    let given = "  client_ca_file: ca.pem\n  client_auth_type: VerifyClientCertIfGiven\n";
    let (served, _) = start(files(&directory, given)).await;
    assert_eq!(status(&served, &authority, BOTH, None).await, "200");
    assert_eq!(status(&served, &authority, BOTH, Some(&path("stranger"))).await, "");
    assert_eq!(status(&served, &authority, &[&TLS12], None).await, "200");
}

#[tokio::test]
async fn a_certificate_is_replaced_while_the_server_runs() {
    let (directory, old, new) = (tempfile::tempdir().unwrap(), Authority::new(), Authority::new());
    old.sign(directory.path(), "server");
    let files = files(&directory, "");
    let web_config = files.web_config.clone().unwrap();
    let (served, access) = start(files).await;
    assert_eq!(status(&served, &old, BOTH, None).await, "200");
    assert_eq!(status(&served, &new, BOTH, None).await, "");
    let mut plain = served.asked("/").await;
    assert!(!read(&mut plain).await.starts_with("HTTP"), "no answer without TLS");

    // An incomplete change is ignored.
    let key = fs::read(directory.path().join("server.key")).unwrap();
    new.sign(directory.path(), "server");
    let whole = fs::read(directory.path().join("server.key")).unwrap();
    fs::write(directory.path().join("server.key"), key).unwrap();
    assert!(access.reload().is_err());
    assert_eq!(status(&served, &old, BOTH, None).await, "200");

    fs::write(directory.path().join("server.key"), whole).unwrap();
    let begin = Instant::now();
    while status(&served, &new, BOTH, None).await.is_empty() {
        assert!(begin.elapsed() < Duration::from_secs(20), "the change is not seen: {:?}", SAID.lock().unwrap());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(status(&served, &old, BOTH, None).await, "");
    assert!(SAID.lock().unwrap().iter().any(|it| it.contains("were reloaded")));

    // TLS is not disabled by a file that is empty for a moment.
    fs::write(&web_config, "").unwrap();
    let error = access.reload().unwrap_err();
    assert!(error.contains("would enable or disable TLS"), "{error}");
    assert_eq!(status(&served, &new, BOTH, None).await, "200");
}

#[tokio::test]
async fn a_door_that_was_closed_is_not_opened_by_an_empty_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("web.yml");
    let hash = bcrypt::hash("password", 4).unwrap();
    fs::write(&path, format!("basic_auth_users:\n  ann: {hash}\n")).unwrap();
    let access =
        Access::read(AccessFiles { web_config: Some(path.clone()), ..AccessFiles::default() }, |_| ()).unwrap();
    for bad in ["", "# later\n", "basic_auth_users: {}\n", "basic_auth_users:\n  ann: x\n"] {
        fs::write(&path, bad).unwrap();
        assert!(access.reload().is_err(), "{bad}");
        assert!(!access.current().authentication.is_open(), "{bad}");
    }
    fs::remove_file(&path).unwrap();
    let error = access.reload().unwrap_err();
    assert!(error.contains("cannot read the web configuration in"), "{error}");
}

/// Returns the first message of a handshake.
fn hello(authority: &Authority) -> Vec<u8> {
    let config = client(authority, BOTH).with_no_client_auth();
    let mut client = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap();
    let mut bytes = Vec::new();
    client.write_tls(&mut bytes).unwrap();
    bytes
}

#[tokio::test]
async fn between_two_handshakes_all_the_rest_has_its_turn() {
    // Fewer clients than the listener's backlog of the operating system.
    const CLIENTS: u32 = 100;
    let (directory, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    authority.sign(directory.path(), "server");
    let hello = hello(&authority);
    let (served, _) = start_with(files(&directory, ""), Limits { connections: CLIENTS, ..WIDE }).await;
    // All clients send their message before the server, which shares this thread, sees the first one.
    let mut waiting: Vec<TcpStream> = (0..CLIENTS)
        .map(|_| {
            let mut client = TcpStream::connect(served.address).unwrap();
            client.write_all(&hello).unwrap();
            client.set_nonblocking(true).unwrap();
            client
        })
        .collect();
    let is_unanswered = |it: &TcpStream| it.peek(&mut [0]).is_err_and(|it| it.kind() == ErrorKind::WouldBlock);
    // Clients stay connected: the server reports those that leave during a handshake.
    let (begin, mut most, mut answered) = (Instant::now(), 0, Vec::new());
    while !waiting.is_empty() {
        tokio::task::yield_now().await;
        let (now, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|it| !is_unanswered(it));
        waiting = later;
        most = most.max(now.len());
        answered.extend(now);
        assert!(begin.elapsed() < LONG, "{} are not answered", waiting.len());
    }
    assert!(most <= 2, "{most} handshakes while another task had no turn");
    assert_eq!(served.events(), [], "no connection was closed or refused");
}

#[tokio::test]
async fn a_handshake_has_a_time() {
    let (directory, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    authority.sign(directory.path(), "server");
    let limits = Limits { headers: Duration::from_millis(400), ..WIDE };
    let (served, _) = start_with(files(&directory, ""), limits).await;
    let hello = hello(&authority);
    for said in [&hello[..0], &hello[..hello.len() / 2], &hello] {
        let mut stream = served.connect().await;
        stream.write_all(said).await.unwrap();
        // The server's part of the handshake, if it answers.
        while !read(&mut stream).await.is_empty() {}
    }
    assert_eq!(served.events(), [Event::Headers; 3]);
    assert_eq!(status(&served, &authority, BOTH, None).await, "200");
}

#[tokio::test]
async fn an_answer_is_not_lost_on_who_is_still_sending() {
    let (directory, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    authority.sign(directory.path(), "server");
    let (served, _) = start(files(&directory, "")).await;
    for version in [&TLS12, &TLS13] {
        let config = Arc::new(client(&authority, &[version]).with_no_client_auth());
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(config).connect(name, served.connect().await).await.unwrap();
        let begin = format!("GET / HTTP/1.1\r\nhost: localhost\r\nx: {}", "y".repeat(40 * 1024));
        goes_on_sending(stream, &begin, "431").await;
    }
}

#[tokio::test]
async fn http_2_is_not_offered() {
    let (directory, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    authority.sign(directory.path(), "server");
    let (served, _) = start(files(&directory, "")).await;
    let shake = async |offered: &[&[u8]]| {
        let mut config = client(&authority, BOTH).with_no_client_auth();
        config.alpn_protocols = offered.iter().map(|it| it.to_vec()).collect();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, served.connect().await).await
    };
    // The handshake fails for a client that offers only HTTP/2.
    let refused = shake(&[b"h2"]).await.unwrap_err().to_string();
    assert!(refused.contains("NoApplicationProtocol"), "{refused}");
    for offered in [&[b"h2".as_slice(), b"http/1.1"][..], &[b"http/1.1", b"h2"], &[b"http/1.1"]] {
        let mut stream = shake(offered).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_slice()));
        stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        assert!(read(&mut stream).await.starts_with("HTTP/1.1 200"));
    }
    // A client that speaks HTTP/2 anyway gets no answer, with or without negotiation.
    for offered in [&[b"h2".as_slice(), b"http/1.1"][..], &[]] {
        let mut stream = shake(offered).await.unwrap();
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
        assert_eq!(read(&mut stream).await, "");
    }
    assert_eq!(served.events(), [Event::Tls, Event::Malformed, Event::Malformed]);
}
