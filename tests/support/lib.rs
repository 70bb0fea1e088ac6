//! Shared helpers of the tests: a scrape as a map, free ports, programs that stop with their test, alert receivers.

mod http;
mod prometheus;
mod receivers;
mod smtp;

pub use http::{Answer, HttpServer, Request};
pub use prometheus::Prometheus;
pub use receivers::{WEBHOOK_TOKEN, mailbox, receivers, routes, slack_channel};
pub use smtp::{Mail, Smtp};

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The longest time that a busy machine keeps a page from answering.
const BUSY: Duration = Duration::from_secs(120);

/// One scrape: every sample by its series, for example `up{job="a"}`, labels sorted by name.
#[derive(Debug, Clone)]
pub struct Scrape(pub BTreeMap<String, f64>);

impl Scrape {
    /// Fetches and parses `<url>/metrics`.
    ///
    /// # Panics
    /// If the request fails or a line is not a sample.
    #[must_use]
    pub fn fetch(url: &str) -> Self {
        Self::parse(&get(&format!("{url}/metrics")))
    }

    /// Parses an exposition with `rsplit` only, so a mistake in our own parser cannot hide one in the exporter.
    ///
    /// # Panics
    /// If a line is not a sample.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|it| !it.is_empty() && !it.starts_with('#'));
        let sample = |line: &str| {
            let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("not a sample: {line}"));
            (normal(series), value.parse().unwrap_or_else(|_| panic!("not a number: {line}")))
        };
        Self(lines.map(sample).collect())
    }

    /// The value of one series.
    ///
    /// # Panics
    /// If the series does not exist.
    #[must_use]
    pub fn value(&self, series: &str) -> f64 {
        let found = self.0.get(&normal(series)).copied();
        found.unwrap_or_else(|| panic!("no series {series} in {:#?}", self.0.keys().collect::<Vec<_>>()))
    }
}

/// Sorts the labels of a series by name. Label values must not contain commas.
fn normal(series: &str) -> String {
    let Some((name, labels)) = series.strip_suffix('}').and_then(|it| it.split_once('{')) else {
        return series.to_owned();
    };
    let mut labels: Vec<&str> = labels.split(',').filter(|it| !it.is_empty()).collect();
    labels.sort_unstable();
    format!("{name}{{{}}}", labels.join(","))
}

/// The body of a GET request. Asks again while the server answers 503, as its `Retry-After` says: the thread of a live
/// page has a low priority, so on a busy machine an answer can take longer than the time limit.
///
/// # Panics
/// If the request fails.
#[must_use]
pub fn get(url: &str) -> String {
    let (mut body, begin) = (String::new(), Instant::now());
    let response = loop {
        match ureq::get(url).call() {
            Ok(response) => break response,
            Err(ureq::Error::StatusCode(503)) if begin.elapsed() < BUSY => sleep(Duration::from_secs(1)),
            Err(error) => panic!("GET {url}: {error}"),
        }
    };
    let mut reader = response.into_body().into_reader();
    reader.read_to_string(&mut body).unwrap_or_else(|error| panic!("GET {url}: {error}"));
    body
}

/// Builds a program of the workspace, like `cargo run` does, and returns its path.
///
/// `tests/run` builds all programs together with the tests and sets `MEASURAND_PROGRAMS` to their folder. Building each
/// program alone would compile its libraries again with fewer features.
///
/// # Panics
/// If the program does not build.
#[must_use]
pub fn program(package: &str, binary: &str, profile: &str) -> PathBuf {
    if let (Some(folder), "dev") = (std::env::var_os("MEASURAND_PROGRAMS"), profile) {
        let path = Path::new(&folder).join(binary);
        assert!(path.exists(), "{} is missing\nhelp: build it, or unset MEASURAND_PROGRAMS", path.display());
        return path;
    }
    let status = Command::new(env!("CARGO")).args(["build", "--quiet", "-p", package, "--profile", profile]).status();
    assert!(status.expect("cargo runs").success(), "`cargo build -p {package} --profile {profile}` failed");
    let directory = if profile == "dev" { "debug" } else { profile };
    target_directory().join(directory).join(binary)
}

/// The target directory of this test.
///
/// # Panics
/// If the test was not built by Cargo.
#[must_use]
pub fn target_directory() -> PathBuf {
    let executable = std::env::current_exe().expect("a path");
    // target/debug/deps/test-0123456789abcdef
    executable.ancestors().nth(3).expect("a target directory").to_owned()
}

/// The folder of the workspace.
#[must_use]
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

/// A program that runs in the background. It is killed when the value is dropped, also if the test fails.
#[derive(Debug)]
pub struct Running {
    child: Child,
}

impl Running {
    /// Starts a program with a pipe as its standard input.
    ///
    /// # Panics
    /// If the program does not start; the message names the Debian package to install.
    #[must_use]
    pub fn start(command: &mut Command, package: &str) -> Self {
        let child = command.stdin(Stdio::piped()).spawn();
        let program = command.get_program().to_owned();
        Self {
            child: child.unwrap_or_else(|error| {
                panic!("{}: {error}\nhelp: install it by `apt-get install {package}`", program.display())
            }),
        }
    }

    /// Starts one of our own programs and returns it with the first URL that it prints.
    ///
    /// # Panics
    /// If the program prints no URL.
    #[must_use]
    pub fn serving(command: &mut Command) -> (Self, String) {
        let mut running = Self::start(command.stdout(Stdio::piped()), "cargo");
        let output = running.child.stdout.take().expect("piped");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let line = lines.by_ref().find(|it| it.contains("http://")).expect("a line with an address");
        // Reads further output, so the pipe does not fill up.
        std::thread::spawn(move || lines.for_each(drop));
        let start = line.find("http://").unwrap_or_default();
        let url = line[start..].split_whitespace().next().unwrap_or_default();
        (running, url.trim_end_matches("/metrics").to_owned())
    }

    /// Kills the program now.
    pub fn stop(self) {}

    /// The exit status of the program, if it has ended by itself.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// Reserves a port for a server that a test starts and restarts.
///
/// The kernel uses ports from 32768 for outgoing connections, so a killed server could find its port in use by another
/// test's connection. The ports returned here are lower, and a file lock reserves each for one process.
///
/// # Panics
/// If no port is free.
#[must_use]
pub fn free_port() -> u16 {
    static HELD: Mutex<Vec<File>> = Mutex::new(Vec::new());
    const PORTS: Range<u16> = 20_000..32_000;
    let folder = std::env::temp_dir().join("measurand-test-ports");
    std::fs::create_dir_all(&folder).expect("a folder for the locks of ports");
    let start = u16::try_from(std::process::id() * 101 % u32::from(PORTS.end - PORTS.start)).expect("a port");
    let ports = (PORTS.start + start..PORTS.end).chain(PORTS.start..PORTS.start + start);
    let lock = |port: &u16| {
        let file = File::create(folder.join(port.to_string())).ok()?;
        file.try_lock().ok()?;
        std::net::TcpListener::bind(("127.0.0.1", *port)).ok()?;
        Some((*port, file))
    };
    let (port, file) = ports.into_iter().find_map(|port| lock(&port)).expect("a free port");
    HELD.lock().unwrap_or_else(PoisonError::into_inner).push(file);
    port
}

/// Calls `ask` repeatedly until it returns a value.
///
/// # Panics
/// If it returns none within five minutes. The limit is far above what any machine needs, so that a busy one passes.
pub fn wait<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    const LIMIT: Duration = Duration::from_secs(300);
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < LIMIT, "waited {LIMIT:?} for {what}");
        sleep(Duration::from_millis(200));
    }
}
