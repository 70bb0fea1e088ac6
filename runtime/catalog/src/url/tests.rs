use super::*;
use crate::families::DATABASE;
use crate::record::{BEGIN, families_length, families_record};
use std::io::Write;
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

const SHORT: Limits = Limits { connect: Duration::from_secs(2), all: Duration::from_secs(2), body_bytes: 64 << 10 };

fn catalog() -> Catalog {
    const LENGTH: usize = families_length(&[&DATABASE]);
    let site =
        "site|crate|app|version|1|module|app|file|a.rs|line|1|function|load|attribute|timed_query|family|database";
    let site = format!("{BEGIN}{}\u{3}", site.replace('|', "\u{1f}"));
    crate::parse(&[&families_record::<LENGTH>(&[&DATABASE]), site.as_bytes()].concat()).unwrap()
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// Answers one connection and returns the host and port, and the head of the request once it came.
fn serve(answer: impl FnOnce(&mut dyn Write) + Send + 'static) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
            head.push(byte[0]);
        }
        let _ = sender.send(String::from_utf8_lossy(&head).into_owned());
        answer(&mut stream);
    });
    (address, receiver)
}

fn answer(text: String) -> (String, mpsc::Receiver<String>) {
    serve(move |stream| {
        let _ = stream.write_all(text.as_bytes());
    })
}

fn message(error: &UrlError, expected: &str) {
    let text = error.to_string();
    assert!(text.contains(expected), "{text}\nlacks: {expected}");
    assert!(!text.chars().any(char::is_control) && !text.ends_with('.') && !text.contains("secret"), "{text:?}");
}

/// Checks the message for this answer.
fn check(text: String, expected: &str) {
    let (host, _) = answer(text);
    message(&fetch(&format!("http://{host}"), &SHORT).unwrap_err(), expected);
}

#[test]
fn a_running_program_gives_its_catalog() {
    for (path, asked) in [
        ("", "/catalog.json"),
        ("/", "/catalog.json"),
        ("/team/app/", "/team/app/catalog.json"),
        ("/team/app.json", "/team/app.json"),
        ("/team?token=secret", "/team/catalog.json?token=secret"),
    ] {
        let (host, request) = answer(ok(&catalog().to_json()));
        assert_eq!(read_url(&format!("http://{host}{path}")).unwrap(), catalog());
        let request = request.recv().unwrap();
        assert!(request.starts_with(&format!("GET {asked} HTTP/1.1\r\n")), "{request}");
    }
}

#[test]
fn a_user_and_password_are_sent_and_not_shown() {
    let (host, request) = answer("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n".to_owned());
    let error = fetch(&format!("http://user:secret@{host}/?token=secret"), &SHORT).unwrap_err();
    message(&error, &format!("`http://{host}/catalog.json` answered with status 401; add a user and password"));
    // `user:secret` in base 64.
    let request = request.recv().unwrap();
    assert!(request.to_lowercase().contains("authorization: basic dxnlcjpzzwnyzxq="), "{request}");
}

#[test]
fn wrong_answers_say_what_is_wrong() {
    check(
        "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(),
        "answered with status 404; is this the address of the exporter",
    );
    check("HTTP/1.1 204 No Content\r\n\r\n".to_owned(), "answered with status 204");
    let moved = "HTTP/1.1 302 Found\r\nlocation: https://a:secret@example.org/x?secret\r\ncontent-length: 0\r\n\r\n";
    check(moved.to_owned(), "has moved to `https://example.org/x`; use that address, if you trust it");
    check(ok("<html>\u{1b}[2J</html>"), "cannot use the answer of");
    check(ok("<html></html>"), "not a catalog: expected value at line 1 column 1; name the address of an exporter");
    check(
        ok(&catalog().to_json().replacen("\"format\": 1", "\"format\": 9", 1)),
        "the catalog has format 9, but this tool reads format 1; update it",
    );
    check(
        ok(&catalog().to_json().replace("\"load\"", r#""lo\u001b[2Jad""#)),
        r"has the invalid function `lo\u{1b}[2Jad`",
    );
    check("SSH-2.0-OpenSSH_9.6\r\n\r\n".to_owned(), "no answer from");
    check(
        String::new(),
        "is the program running, and does it install the exporter (`measurand::exporter::install()`)?",
    );
    check("HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{".to_owned(), "the connection ended too early");
}

#[test]
fn an_answer_is_bounded_in_size() {
    let (host, _) = serve(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b' '; 4096]).is_ok() {}
    });
    let error = fetch(&format!("http://{host}"), &SHORT).unwrap_err();
    message(&error, "sends more than 65536 bytes, too many for a catalog");
    // The limit is exact to the byte.
    for (length, fits) in [(64 << 10, true), ((64 << 10) + 1, false)] {
        let json = catalog().to_json();
        let (host, _) = answer(ok(&(json.clone() + &" ".repeat(length - json.len()))));
        assert_eq!(fetch(&format!("http://{host}"), &SHORT).is_ok(), fits);
    }
}

#[test]
fn an_answer_is_bounded_in_time() {
    let limits = Limits { all: Duration::from_millis(400), ..SHORT };
    let slow_head = serve(|_| thread::sleep(Duration::from_secs(5)));
    let slow_body = serve(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(b" ").is_ok() {
            thread::sleep(Duration::from_millis(50));
        }
    });
    for (host, _) in [slow_head, slow_body] {
        let begin = Instant::now();
        let error = fetch(&format!("http://{host}"), &limits).unwrap_err();
        message(&error, "not complete within 0.4 s; is the program running");
        assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
    }
}

#[test]
fn no_program_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap();
    drop(listener);
    let expected = format!(
        "no answer from `http://{host}/catalog.json`: connection refused; is the program running, and does it install \
         the exporter (`measurand::exporter::install()`)?"
    );
    message(&read_url(&format!("http://user:secret@{host}")).unwrap_err(), &expected);
    // The server answers in plain text where the client expects TLS.
    let (host, _) = answer(ok("{}"));
    message(
        &fetch(&format!("https://{host}"), &SHORT).unwrap_err(),
        &format!("no answer from `https://{host}/catalog.json`"),
    );
}

#[test]
fn an_invalid_address_is_shown_without_its_password() {
    for (url, shown) in [
        ("ftp://host", "ftp://host"),
        ("host:3000", "host:3000"),
        ("", ""),
        ("http://", "http://"),
        ("http://:80", "http://:80"),
        ("http://a b", "http://a b"),
        ("http://host\u{1b}[2J", r"http://host\u{1b}[2J"),
        ("http://user:sec/secret@host:1/x", "http://host:1/x"),
        ("http://user:sec?secret@host", "http://host"),
        ("http://user:secret @host", "http://host"),
        ("http://user:secret@host:port?secret", "http://host:port"),
        ("ftp://user:secret@host?secret", "ftp://host"),
        ("user:secret@host", "host"),
    ] {
        message(
            &read_url(url).unwrap_err(),
            &format!("`{shown}` is not the address of a program; write `http://host:port`"),
        );
    }
}
