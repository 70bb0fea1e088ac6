//! Requests of a website whose name resolves to this machine (DNS rebinding).

mod support;

use measurand_exporter::Builder;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use support::{check_scrape, get, program};
use tokio::runtime::Runtime;

/// Returns the answer to a request with this host.
fn named(address: SocketAddr, path: &str, host: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the endpoint listens");
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").expect("the request is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the answer is read");
    answer
}

async fn serve(builder: Builder) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    tokio::spawn(async move { axum::serve(listener, builder.router()).await });
    address
}

fn refused(address: SocketAddr) -> f64 {
    check_scrape(get(address, "/metrics").text())[r#"measurand_http_refused_total{reason="host"}"#]
}

#[test]
fn a_website_that_leads_here_reads_nothing() {
    let runtime = Runtime::new().expect("threads start");
    let own =
        Builder::new(program()).hosts(["Shop.example"]).listen("127.0.0.1:0").install().expect("it listens").address();
    let (open, asked) = runtime.block_on(async {
        (serve(Builder::new(program())).await, serve(Builder::new(program()).hosts(["shop.example"])).await)
    });
    for address in [own, asked] {
        for path in ["/metrics", "/catalog.json", "/live/alerts", "/live/app.js", "/healthz"] {
            let before = refused(address);
            let answer = named(address, path, "evil.example:3000");
            assert!(answer.starts_with("HTTP/1.1 421 ") && answer.contains("MEASURAND_HOSTS"), "{answer}");
            assert!(answer.contains("x-content-type-options: nosniff\r\n"), "{answer}");
            assert!(refused(address) >= before + 1.0, "{path}");
        }
        for host in ["localhost", "127.0.0.1:3000", "[::1]:3000", "shop.example", ""] {
            assert!(named(address, "/healthz", host).starts_with("HTTP/1.1 200 "), "{host}");
        }
    }
    // Behind an application's own server any host is allowed until hosts are configured.
    assert!(named(open, "/healthz", "evil.example").starts_with("HTTP/1.1 200 "));
}
