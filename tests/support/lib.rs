//! Shared helpers of the tests: a scrape as a map, free ports, servers that end with their test, and those who are called.

mod http;
mod prometheus;
mod receivers;
mod smtp;

pub use http::{Answer, HttpServer, Request};
pub use prometheus::Prometheus;
pub use receivers::{WEBHOOK_TOKEN, mailbox, receivers, routes};
pub use smtp::{Mail, Smtp};

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One scrape: every sample by its series, for example `up{job="a"}`, labels sorted by name.
#[derive(Debug, Clone)]
pub struct Scrape(pub BTreeMap<String, f64>);

impl Scrape {
    /// Fetches and parses `<url>/metrics`.
    ///
    /// # Panics
    /// When there is no answer, or a line is no sample.
    #[must_use]
    pub fn fetch(url: &str) -> Self {
        Self::parse(&get(&format!("{url}/metrics")))
    }

    /// Parses an exposition with nothing but `rsplit`: an own parser would share our own misunderstandings.
    ///
    /// # Panics
    /// When a line is no sample.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|it| !it.is_empty() && !it.starts_with('#'));
        let sample = |line: &str| {
            let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line}"));
            (normal(series), value.parse().unwrap_or_else(|_| panic!("no number: {line}")))
        };
        Self(lines.map(sample).collect())
    }

    /// The value of one series.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn value(&self, series: &str) -> f64 {
        let found = self.0.get(&normal(series)).copied();
        found.unwrap_or_else(|| panic!("no series {series} in {:#?}", self.0.keys().collect::<Vec<_>>()))
    }
}

/// Labels in the order of their names. Only for values without commas, which the tests use.
fn normal(series: &str) -> String {
    let Some((name, labels)) = series.strip_suffix('}').and_then(|it| it.split_once('{')) else {
        return series.to_owned();
    };
    let mut labels: Vec<&str> = labels.split(',').filter(|it| !it.is_empty()).collect();
    labels.sort_unstable();
    format!("{name}{{{}}}", labels.join(","))
}

/// The body of a successful GET.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn get(url: &str) -> String {
    let mut body = String::new();
    let response = ureq::get(url).call().unwrap_or_else(|error| panic!("GET {url}: {error}"));
    let mut reader = response.into_body().into_reader();
    reader.read_to_string(&mut body).unwrap_or_else(|error| panic!("GET {url}: {error}"));
    body
}

/// A program of the workspace, built as `cargo run` would build it.
///
/// `tests/run` builds all of them with the libraries that the tests have anyway, and names their folder in
/// `MEASURAND_PROGRAMS`: to build each alone is to build those libraries again, with fewer features.
///
/// # Panics
/// When it does not build.
#[must_use]
pub fn program(package: &str, binary: &str, profile: &str) -> PathBuf {
    if let (Some(folder), "dev") = (std::env::var_os("MEASURAND_PROGRAMS"), profile) {
        let path = Path::new(&folder).join(binary);
        assert!(path.exists(), "{} is missing; build it, or unset MEASURAND_PROGRAMS", path.display());
        return path;
    }
    let status = Command::new(env!("CARGO")).args(["build", "--quiet", "-p", package, "--profile", profile]).status();
    assert!(status.expect("cargo runs").success(), "`cargo build -p {package} --profile {profile}` failed");
    let directory = if profile == "dev" { "debug" } else { profile };
    target_directory().join(directory).join(binary)
}

/// The target directory that this test was built in.
///
/// # Panics
/// When the test was not built by Cargo.
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

/// A program that runs in the background and ends with the test, whatever the test's end.
#[derive(Debug)]
pub struct Running {
    child: Child,
}

impl Running {
    /// Starts a program, its output thrown away.
    ///
    /// # Panics
    /// When it does not start; the message names the package that has it.
    #[must_use]
    pub fn start(command: &mut Command, package: &str) -> Self {
        let child = command.stdin(Stdio::piped()).spawn();
        let program = command.get_program().to_owned();
        Self {
            child: child.unwrap_or_else(|error| {
                panic!("{}: {error}; install it: apt-get install {package}", program.display())
            }),
        }
    }

    /// Starts one of our own programs, and returns the first line that it prints with the address it serves at.
    ///
    /// # Panics
    /// When it prints no address.
    #[must_use]
    pub fn serving(command: &mut Command) -> (Self, String) {
        let mut running = Self::start(command.stdout(Stdio::piped()), "cargo");
        let output = running.child.stdout.take().expect("piped");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let line = lines.by_ref().find(|it| it.contains("http://")).expect("a line with an address");
        // Whatever else it prints must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let start = line.find("http://").unwrap_or_default();
        let url = line[start..].split_whitespace().next().unwrap_or_default();
        (running, url.trim_end_matches("/metrics").to_owned())
    }

    /// Ends it now.
    pub fn stop(self) {}

    /// Its exit status, if it has ended by itself.
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

/// A port for a server that this test process starts, and starts again.
///
/// The kernel gives outgoing connections ports from 32768 up. A server that listened there and was killed can find its port
/// taken by the connection of another test. So these ports are lower, and a lock on a file keeps each for one process.
///
/// # Panics
/// When there is none.
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

/// Asks again and again until there is an answer.
///
/// # Panics
/// When there is none within so many seconds.
pub fn wait<T>(what: &str, seconds: u64, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < Duration::from_secs(seconds), "{what}: not within {seconds} s");
        std::thread::sleep(Duration::from_millis(200));
    }
}
