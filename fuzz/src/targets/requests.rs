//! Any bytes on a connection of the endpoint, in any pieces: answers of HTTP, a connection that ends, and an endpoint that
//! still serves.

use measurand_catalog::Catalog;
use measurand_exporter::{Builder, Exporter, Program};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::OnceLock;
use std::time::Duration;

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends the bytes, says that there are no more, and reads until the endpoint closes. A `\xff` parts two packets.
pub fn run(bytes: &[u8]) {
    let mut stream = TcpStream::connect(exporter().address()).expect("the endpoint takes no connection");
    stream.set_nodelay(true).expect("a socket");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    for piece in bytes.split(|it| *it == 0xff) {
        // The endpoint may have closed by now, and has every right to.
        if stream.write_all(piece).is_err() {
            break;
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the endpoint neither answers nor closes: {error}"),
    }
    if !answer.is_empty() {
        check(&answer);
    }
}

/// What comes back is HTTP, and no fault of the endpoint's.
fn check(answer: &[u8]) {
    let head = answer.split(|it| *it == b'\r').next().unwrap_or_default();
    let head = String::from_utf8_lossy(head);
    let status: u16 = head
        .strip_prefix("HTTP/1.1 ")
        .or_else(|| head.strip_prefix("HTTP/1.0 "))
        .and_then(|it| it.get(..3))
        .and_then(|it| it.parse().ok())
        .unwrap_or_else(|| panic!("no answer of HTTP: {head}"));
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
        Builder::new(program).listen("127.0.0.1:0").install().expect("nothing else listens there")
    })
}
