//! From an occupied port to a shutdown and a restart, in one test, since a process has one endpoint.

mod support;

use measurand_exporter::{Builder, Error, ServerLimits};
use metrics::counter;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};
use support::{get, program};

#[test]
fn the_endpoint_survives_what_happens_to_it() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();

    // The port is taken: the error says what to do, and metrics are recorded.
    let error = Builder::new(program()).listen(address).install().unwrap_err();
    assert!(matches!(error, Error::Listen { .. }));
    assert_eq!(
        error.to_string(),
        format!(
            "cannot listen on {address}: address already in use; choose another address with \
             `MEASURAND_LISTEN=127.0.0.1:0` or `.listen(..)`; metrics are still recorded"
        )
    );
    counter!("orders_total").increment(3);

    // Invalid addresses.
    for (given, reason) in [
        ("3000", "it has no port"),
        (":3000", "it has no host"),
        ("localhost:", "its port is not a number from 0 to 65535"),
        ("127.0.0.1:70000", "its port is not a number from 0 to 65535"),
        ("", "it has no port"),
    ] {
        let error = Builder::new(program()).listen(given).install().unwrap_err().to_string();
        assert!(error.starts_with(&format!("cannot listen on `{given}`: {reason}; write ")), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }

    // Another address works, and shows the earlier recordings.
    let limits = ServerLimits { shutdown: Duration::from_secs(30), ..ServerLimits::default() };
    let builder = Builder::new(program()).limits(limits).series_limit(20_000);
    let exporter = builder.listen("localhost:0").install().unwrap();
    assert!(get(exporter.address(), "/metrics").text().contains("\norders_total 3\n"));

    // The shutdown waits for a started answer, but not for idle connections. The answer is larger than the system's
    // buffers, so it cannot end before it is read.
    for function in 0..10_000 {
        counter!("function_calls_total", "function" => format!("{function:04000}")).increment(1);
    }
    let idle = TcpStream::connect(exporter.address()).unwrap();
    let mut reader = TcpStream::connect(exporter.address()).unwrap();
    reader.write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut answer = vec![0; 1024];
    reader.read_exact(&mut answer).unwrap();
    let started = Instant::now();
    let ending = thread::spawn({
        let exporter = exporter.clone();
        move || exporter.shutdown()
    });
    thread::sleep(Duration::from_millis(200));
    assert!(!ending.is_finished(), "the shutdown waits for the answer");
    assert!(TcpStream::connect(exporter.address()).is_err(), "the endpoint no longer listens");
    reader.read_to_end(&mut answer).unwrap();
    ending.join().unwrap();
    assert!(started.elapsed() < limits.shutdown, "{:?}", started.elapsed());
    assert!(answer.ends_with(b"\n") && answer.windows(14).any(|it| it == b"orders_total 3"), "the answer is whole");
    exporter.shutdown();
    drop(idle);

    // It can be installed again, even on the same address.
    let again = Builder::new(program()).listen(exporter.address()).install().unwrap();
    assert_eq!(again.address(), exporter.address());
    counter!("orders_total").increment(1);
    assert!(get(again.address(), "/metrics").text().contains("\norders_total 4\n"));
    again.shutdown();
}
