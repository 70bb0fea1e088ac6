//! Arbitrary bytes on a connection to the endpoint, in arbitrary pieces. Responses are valid HTTP, the endpoint closes
//! the connection and keeps serving.

use measurand_catalog::Catalog;
use measurand_exporter::{Builder, Exporter, Program};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::OnceLock;
use std::time::Duration;

/// Timeout for a response.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends the bytes, shuts down the sending side and reads until the endpoint closes. A `\xff` separates two packets.
pub fn run(bytes: &[u8]) {
    let mut stream = TcpStream::connect(exporter().address()).expect("a connection to the endpoint");
    stream.set_nodelay(true).expect("a socket");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    for piece in bytes.split(|it| *it == 0xff) {
        // The endpoint may close the connection early.
        if stream.write_all(piece).is_err() {
            break;
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the endpoint neither responds nor closes: {error}"),
    }
    if !answer.is_empty() {
        check(&answer);
    }
}

/// Checks that the response is HTTP without a server error.
fn check(answer: &[u8]) {
    let head = answer.split(|it| *it == b'\r').next().unwrap_or_default();
    let head = String::from_utf8_lossy(head);
    let status: u16 = head
        .strip_prefix("HTTP/1.1 ")
        .or_else(|| head.strip_prefix("HTTP/1.0 "))
        .and_then(|it| it.get(..3))
        .and_then(|it| it.parse().ok())
        .unwrap_or_else(|| panic!("not an HTTP response: {head}"));
    assert!((200..500).contains(&status) || status == 503 || status == 505, "{head}");
}

fn exporter() -> &'static Exporter {
    static EXPORTER: OnceLock<Exporter> = OnceLock::new();
    EXPORTER.get_or_init(|| {
        let program = Program {
            families: measurand_catalog::families::ALL.to_vec(),
            catalog: Catalog { format: Catalog::FORMAT, families: Vec::new(), sites: Vec::new() },
            binary: Some(("fuzz", "0")),
            initialize: || (),
            limit_series: |_| (),
        };
        Builder::new(program).listen("127.0.0.1:0").install().expect("a free port")
    })
}
