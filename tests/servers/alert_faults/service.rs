//! The monitored service and its faults.

use crate::prometheus::free_address;
use measurand_tests::{Running, get, wait};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

/// An instance of the service that can be killed and restarted at the same address.
pub(crate) struct Service {
    program: PathBuf,
    log: PathBuf,
    pub(crate) address: String,
    arguments: Vec<String>,
    running: Option<Running>,
}

impl Service {
    /// Starts an instance with a low limit of file descriptors.
    pub(crate) fn start(program: &Path, log: PathBuf, arguments: &[&str]) -> Self {
        let address = free_address();
        let arguments = arguments.iter().map(|it| (*it).to_owned()).collect();
        let mut this = Self { program: program.to_owned(), log, address, arguments, running: None };
        this.run();
        this
    }

    pub(crate) fn run(&mut self) {
        let log = std::fs::File::options().create(true).append(true).open(&self.log).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", r#"ulimit -n 256; exec "$0" "$@""#]).arg(&self.program);
        command.args(["--listen", &self.address]).args(&self.arguments).stderr(log);
        // With backtraces the standard library keeps 80 MB of debug information in memory, so the memory alert would
        // not resolve.
        command.env("RUST_BACKTRACE", "0");
        self.running = Some(Running::serving(&mut command).0);
        wait("the service to answer", || ureq::get(format!("http://{}/healthz", self.address)).call().ok());
    }

    pub(crate) fn kill(&mut self) {
        self.running = None;
    }
}

/// Sets faults of the service at this address, each as `name=value`.
pub(crate) fn set(address: &str, faults: &[&str]) {
    let pair = |it: &&str| it.split_once('=').map(|(name, value)| (name.to_owned(), Value::from(value))).unwrap();
    let body = Value::Object(faults.iter().map(pair).collect::<Map<_, _>>()).to_string();
    let url = format!("http://{address}/faults");
    let post = || ureq::post(&url).header("content-type", "application/json").send(&body);
    // The request can fail while the runtime is blocked or no connection is free.
    for _ in 0..20 {
        match post() {
            Ok(_) => return,
            Err(ureq::Error::StatusCode(status)) => panic!("{faults:?}: {status}"),
            Err(_) => thread::sleep(Duration::from_millis(250)),
        }
    }
    panic!("{faults:?}: no answer");
}

/// The names of all faults with the alerts that they trigger according to the service.
pub(crate) fn described(address: &str) -> Vec<(String, Vec<String>)> {
    let faults: Value = serde_json::from_str(&get(&format!("http://{address}/faults"))).unwrap();
    let text = |it: &Value| it.as_str().unwrap().to_owned();
    let alerts = |it: &Value| it["alerts"].as_array().unwrap().iter().map(text).collect();
    faults.as_array().unwrap().iter().map(|it| (text(&it["name"]), alerts(it))).collect()
}
