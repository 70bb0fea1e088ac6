//! A local mail server that accepts mail only after STARTTLS and authentication.

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A received mail.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Sender of the envelope.
    pub from: String,
    /// Recipients of the envelope.
    pub to: Vec<String>,
    /// Headers and body, decoded.
    pub text: String,
}

/// A mail server that runs until the test process ends.
#[derive(Debug, Clone)]
pub struct Smtp {
    /// Port of the server on localhost.
    pub port: u16,
    /// The server's certificate as PEM, for clients to trust.
    pub certificate: String,
    mails: Arc<Mutex<Vec<Mail>>>,
}

impl Smtp {
    /// Starts a server on a free port with one user.
    ///
    /// # Panics
    /// If no port is free.
    #[must_use]
    pub fn start(user: &str, password: &str) -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key);
        let config = Arc::new(config.expect("a key that matches the certificate"));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let smtp = Self { port, certificate: cert.pem(), mails: Arc::default() };
        let (mails, login) = (Arc::clone(&smtp.mails), format!("\0{user}\0{password}"));
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let (config, mails, login) = (Arc::clone(&config), Arc::clone(&mails), login.clone());
                thread::spawn(move || {
                    // A client that hung up early has sent no mail.
                    let _ = session(connection, config, &mails, &login);
                });
            }
        });
        smtp
    }

    /// All mails received so far.
    ///
    /// # Panics
    /// If a thread panicked while it held the lock of the mails.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().expect("no panic").clone()
    }
}

fn session(tcp: TcpStream, config: Arc<ServerConfig>, mails: &Mutex<Vec<Mail>>, login: &str) -> std::io::Result<()> {
    tcp.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut plain = BufReader::new(tcp);
    say(plain.get_mut(), "220 localhost ESMTP")?;
    loop {
        match command(&mut plain)?.as_str() {
            it if it.starts_with("EHLO") => say(plain.get_mut(), "250-localhost\r\n250 STARTTLS")?,
            "STARTTLS" => break say(plain.get_mut(), "220 go ahead")?,
            "QUIT" | "" => return say(plain.get_mut(), "221 bye"),
            _ => say(plain.get_mut(), "530 Must issue a STARTTLS command first")?,
        }
    }
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut secure = BufReader::new(StreamOwned::new(connection, plain.into_inner()));
    let (mut known, mut from, mut to) = (false, String::new(), Vec::new());
    loop {
        let line = command(&mut secure)?;
        let out = secure.get_mut();
        match line.split_once([' ', ':']).map_or((line.as_str(), ""), |(verb, rest)| (verb, rest)) {
            ("EHLO", _) => say(out, "250-localhost\r\n250 AUTH PLAIN")?,
            ("AUTH", rest) => {
                let given = rest.strip_prefix("PLAIN ").and_then(decoded);
                known = given.as_deref() == Some(login.as_bytes());
                say(out, if known { "235 welcome" } else { "535 Authentication credentials invalid" })?;
            }
            ("QUIT" | "", _) => return say(out, "221 bye"),
            _ if !known => say(out, "530 Authentication required")?,
            ("MAIL", rest) => {
                from = address(rest);
                say(out, "250 ok")?;
            }
            ("RCPT", rest) => {
                to.push(address(rest));
                say(out, "250 ok")?;
            }
            ("DATA", _) => {
                say(out, "354 end with a dot")?;
                let text = body(&mut secure)?;
                mails.lock().expect("no panic").push(Mail { from: from.clone(), to: std::mem::take(&mut to), text });
                say(secure.get_mut(), "250 kept")?;
            }
            _ => say(out, "502 Command not implemented")?,
        }
    }
}

fn say(out: &mut impl Write, line: &str) -> std::io::Result<()> {
    out.write_all(format!("{line}\r\n").as_bytes())?;
    out.flush()
}

fn command(reader: &mut impl BufRead) -> std::io::Result<String> {
    let mut line = String::new();
    reader.take(1024).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

/// The address in `FROM:<a@b>`.
fn address(text: &str) -> String {
    text.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}

fn body(reader: &mut impl BufRead) -> std::io::Result<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == ".\r\n" {
            return Ok(quoted_printable(&text));
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

/// Decodes quoted-printable text: joins soft line breaks and replaces `=3D` by `=`.
fn quoted_printable(text: &str) -> String {
    let text = text.replace("=\r\n", "");
    let mut parts = text.split('=');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        if let Some(byte) = part.get(..2).and_then(|it| u8::from_str_radix(it, 16).ok()) {
            bytes.push(byte);
            bytes.extend_from_slice(&part.as_bytes()[2..]);
        } else {
            bytes.push(b'=');
            bytes.extend_from_slice(part.as_bytes());
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}
